"""Refuses faults that are of the right types and yet make no sense, with the place and what is accepted."""

import re
from collections.abc import Iterator
from typing import Final

from kibo_simulator.faults.document import FaultError, PlannedFault
from kibo_simulator.faults.effects import (
    Effect,
    JobSlow,
    Place,
    RetryAfterHeader,
    Status,
    Throttle,
    Uniform,
    place_of,
)
from kibo_simulator.faults.window import check_window
from kibo_simulator.plain_text import control_in

MOST_BODY: Final = 1 << 20

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", re.ASCII)
_BODILESS: Final = frozenset({204, 205, 304})
_OURS: Final = frozenset({"content-length", "transfer-encoding", "connection", "date"})
_ANSWERED: Final = frozenset({Place.REFUSED, Place.CARRIED_OUT, Place.LEAVING})
# For each kind of thing that meets faults: the fields that choose among them, and what can be counted by itself.
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "requests": ("method", "path", "operation", "status"),
    "jobs": ("job_type", "location"),
    "items": ("batch_job", "resource", "item"),
}
_PER: Final[dict[str, tuple[str, ...]]] = {
    "requests": ("request",),
    "jobs": ("location", "work"),
    "items": ("item",),
}


def check_fault(fault: PlannedFault, path: str = "$") -> None:
    """Refuse what is of the right types and yet makes no sense.

    Raises:
        FaultError: at the first place that cannot be meant.
    """
    for name in ("id", "name"):
        problem = control_in(getattr(fault, name) or "")
        if problem is not None:
            raise FaultError(f"{path}.{name}", problem)
    match = fault.match
    place = place_of(fault.effect)
    kind = {Place.JOB: "jobs", Place.ITEM: "items"}.get(place, "requests")
    for name in (name for other, names in _FIELDS.items() if other != kind for name in names):
        if getattr(match, name) is not None:
            raise FaultError(f"{path}.match.{name}", f"means nothing to a fault of {kind}")
    if match.per is not None and match.per not in _PER[kind]:
        raise FaultError(f"{path}.match.per", f"expected {' or '.join(_PER[kind])} for this kind of fault")
    if match.status is not None and place not in _ANSWERED:
        raise FaultError(f"{path}.match.status", "this kind of fault comes before there is an answer with a status")
    if match.nth is not None and (match.after or match.every != 1):
        raise FaultError(f"{path}.match.nth", "goes without after and every")
    check_window(match, path)
    for inner, problem in _effect_problems(fault.effect):
        raise FaultError(f"{path}.effect{inner}", problem)


def _effect_problems(effect: Effect) -> Iterator[tuple[str, str]]:
    delay = getattr(effect, "delay_s", None)
    if isinstance(delay, Uniform) and delay.low > delay.high:
        yield ".delay_s", "low is above high"
    if isinstance(effect, Throttle | RetryAfterHeader):
        yield from _header_problems(effect)
    elif isinstance(effect, JobSlow) and effect.factor == 1 and not effect.extra_s:
        yield "", "needs a factor other than 1, or extra_s"
    elif isinstance(effect, Status):
        if len(effect.headers) > 50:
            yield ".headers", "at most 50 headers are taken"
        for name, value in effect.headers.items():
            if not _TOKEN.fullmatch(name):
                yield f".headers.{name[:40]}", "is not the name of a header"
            if name.lower() in _OURS:
                yield f".headers.{name}", "is set by the server; see the kind truncate for a wrong length"
            if len(value) > 4_096 or not _printable(value):
                yield f".headers.{name}", "a header's value is up to 4,096 printable ASCII characters"
        if effect.status in _BODILESS and effect.body not in (None, ""):
            yield ".body", f"an answer with status {effect.status} has none"
        if isinstance(effect.body, str) and len(effect.body) > MOST_BODY:
            yield ".body", f"at most {MOST_BODY:,} characters are taken"


def _header_problems(effect: Throttle | RetryAfterHeader) -> Iterator[tuple[str, str]]:
    value = effect.retry_after
    number = isinstance(value, int | float)
    if effect.as_date and not (number and 0 <= float(value or 0) <= 1_000_000_000):
        yield ".as_date", "needs a retry_after of 0 to 1,000,000,000 seconds"
    if isinstance(value, str) and not _printable(value):
        yield ".retry_after", "a header's value is printable ASCII"


def _printable(text: str) -> bool:
    return text.isascii() and (text.isprintable() or not text)
