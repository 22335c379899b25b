"""Reads fault documents: from a file, a configuration, a scenario or a request, all of the same shape."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

import msgspec

from kibo_simulator.faults.checks import check_fault
from kibo_simulator.faults.document import MOST_FAULTS, FaultError, Match, PlannedFault
from kibo_simulator.faults.effects import ItemFail, JobEffect, RequestEffect

_PLACED: Final = re.compile(r"(?P<message>.*?)(?: - at `(?:key in )?(?P<path>\$[^`]*)`)?", re.DOTALL)
_FIELD: Final = re.compile(r"field `([^`]*)`")
Operations = Callable[[], Collection[str]]

_KINDS: Final = {kind.__struct_config__.tag: kind for kind in (*RequestEffect.__args__, *JobEffect.__args__, ItemFail)}


def read_faults(value: Any, *, operations: Operations | None = None) -> tuple[PlannedFault, ...]:
    """The faults of a document: a list, a map with the list under ``faults``, or a single fault.

    Args:
        value: plain values, as JSON or YAML has them.
        operations: tells the names that ``match.operation`` may have; absent, any is taken.

    Raises:
        FaultError: with the JSON path of what is wrong and what is accepted.
    """
    root = "$"
    if isinstance(value, dict) and set(value) == {"faults"}:
        root, value = "$.faults", value["faults"]
    rows = [(root, value)] if isinstance(value, dict) else _rows(root, value)
    if len(rows) > MOST_FAULTS:
        raise FaultError(root, f"has {len(rows):,} faults; at most {MOST_FAULTS:,} are taken")
    faults = tuple(_fault(row, path) for path, row in rows)
    named: set[str] = set()
    for (path, _), fault in zip(rows, faults, strict=True):
        check_fault(fault, path)
        check_operations(fault, path, operations)
        if fault.id is not None and fault.id in named:
            raise FaultError(f"{path}.id", f"{fault.id} is there twice")
        named.add(fault.id or "")
    return faults


def check_operations(fault: PlannedFault, path: str, operations: Operations | None) -> None:
    """Refuse names that no operation has.

    Raises:
        FaultError: at the first of them.
    """
    wanted = fault.match.operation
    if operations is None or wanted is None:
        return
    known = operations()
    for name in (wanted,) if isinstance(wanted, str) else wanted:
        if name not in known:
            close = _closest(name, known)
            hint = f"; did you mean {close}?" if close else ""
            raise FaultError(f"{path}.match.operation", f"there is no operation {name[:60]!r}{hint}")


def _closest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415  # only for who has mistyped

    return next(iter(get_close_matches(name[:60], known, n=1)), None)


def _rows(root: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, list):
        raise FaultError(root, "expected a list of faults")
    return [(f"{root}[{index}]", row) for index, row in enumerate(value)]


def _fault(row: Any, path: str) -> PlannedFault:
    if isinstance(row, dict):
        _check_kind(row.get("effect"), path)
    try:
        return msgspec.convert(row, PlannedFault)
    except msgspec.ValidationError as error:
        raise _rejection(str(error), row, path) from None


def _check_kind(effect: Any, path: str) -> None:
    """Name all kinds where none of them is told: nobody knows them by heart."""
    if not isinstance(effect, dict):
        raise FaultError(f"{path}.effect", f"expected a map with a kind: {', '.join(map(str, _KINDS))}")
    kind = effect.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        told = f"{kind!r} is no kind of fault" if "kind" in effect else "the kind is missing"
        raise FaultError(f"{path}.effect.kind", f"{told[:100]}; accepted: {', '.join(map(str, _KINDS))}")


def _rejection(text: str, row: Any, path: str) -> FaultError:
    """What msgspec said, with the place and, for unknown fields, the known ones."""
    found = _PLACED.fullmatch(text)
    assert found is not None
    inner = found["path"] or "$"
    message = found["message"]
    name = _FIELD.search(message)
    if name and "unknown field" in message:
        accepted = ", ".join(_fields(inner, row))
        return FaultError(f"{path}{inner[1:]}.{name[1]}", f"this field is not known here; accepted: {accepted}")
    if name and "missing required field" in message:
        return FaultError(f"{path}{inner[1:]}", f"the field {name[1]} is missing")
    return FaultError(f"{path}{inner[1:]}", message[0].lower() + message[1:].replace("`", ""))


def _fields(inner: str, row: Any) -> tuple[str, ...]:
    if inner == "$.match":
        return Match.__struct_encode_fields__
    if inner == "$.effect":
        return ("kind", *_KINDS[row["effect"]["kind"]].__struct_encode_fields__)
    return PlannedFault.__struct_encode_fields__ if inner == "$" else ("see docs/faults.md",)
