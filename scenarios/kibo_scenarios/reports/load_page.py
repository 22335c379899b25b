"""The report of a load scenario as one HTML file that needs nothing else: promises, clients, and the traffic drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kibo_scenarios.moments import clock_time, format_span
from kibo_scenarios.reports.load_view import Bar, bars, broken, rows, seconds
from kibo_scenarios.workloads import LoadResult

_TEMPLATES: Final = Path(__file__).parent / "templates"
_WIDTH: Final = 1_000
_HEIGHT: Final = 160
_TICKS: Final = 6


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the drawing; ``title`` is shown to who points at it."""

    x: float
    y: float
    width: float
    height: float
    refused: bool
    title: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The traffic over time: rectangles, and labels below them."""

    boxes: tuple[Box, ...]
    labels: tuple[tuple[float, str], ...]
    highest: int


def render_load_page(results: Sequence[LoadResult]) -> bytes:
    """Return the page; the same results always give the same bytes."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    style = Markup((_TEMPLATES / "load.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    runs = [
        {
            "result": result,
            "conclusion": str(result.conclusion),
            "span": format_span(result.span),
            "rows": list(rows(result)),
            "broken": list(broken(result)),
            "drawing": drawn(bars(result)),
        }
        for result in results
    ]
    text = environment.get_template("load.html.j2").render(
        runs=runs, style=style, seconds=seconds, width=_WIDTH, height=_HEIGHT
    )
    return text.encode()


def drawn(traffic: Sequence[Bar]) -> Drawing:
    """Return the rectangles of the traffic: what was admitted, and what was refused on top of it."""
    highest = max((bar.admitted + bar.refused for bar in traffic), default=0)
    if not highest:
        return Drawing((), (), 0)
    step, scale = _WIDTH / len(traffic), _HEIGHT / highest
    boxes = []
    for index, bar in enumerate(traffic):
        title = f"{clock_time(bar.at)}: {bar.admitted} admitted, {bar.refused} refused"
        admitted, refused = bar.admitted * scale, bar.refused * scale
        x, width = index * step, step * 0.9
        if bar.admitted:
            boxes.append(Box(x, _HEIGHT - admitted, width, admitted, refused=False, title=title))
        if bar.refused:
            boxes.append(Box(x, _HEIGHT - admitted - refused, width, refused, refused=True, title=title))
    every = max(1, len(traffic) // _TICKS)
    labels = tuple((index * step, clock_time(traffic[index].at)[:11]) for index in range(0, len(traffic), every))
    return Drawing(tuple(boxes), labels[:_TICKS], highest)
