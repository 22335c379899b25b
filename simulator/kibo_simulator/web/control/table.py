"""The routes of the control plane as a table in Markdown, for the page in docs."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from kibo_simulator.web.control.route import ControlRoute

_COLUMNS: Final = ("method", "path", "what it does", "query", "body")


def control_table(routes: Sequence[ControlRoute[Any]]) -> str:
    """A row for each route, paths below ``/_simulator``; in bodies the fields that must be there are bold."""
    lines = [_line(_COLUMNS), _line(["---"] * len(_COLUMNS)), *(_line(_cells(route)) for route in routes)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _cells(route: ControlRoute[Any]) -> tuple[str, ...]:
    query = ", ".join(f"`{parameter.name}`" for parameter in route.query)
    return (route.method, f"`{route.path}`", route.summary, query, _body(route))


def _body(route: ControlRoute[Any]) -> str:
    if route.request is None:
        return ""
    if not issubclass(route.request, msgspec.Struct):
        return " or ".join(f"`{media}`" for media in route.accepts)
    fields = msgspec.structs.fields(route.request)
    return ", ".join(f"**`{field.encode_name}`**" if field.required else f"`{field.encode_name}`" for field in fields)
