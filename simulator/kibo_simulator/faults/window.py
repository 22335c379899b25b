"""Turns the time window of a fault into instants: ISO 8601 texts, or spans after the fault was put down (T-1)."""

import re
from typing import Final

from msgspec import Struct

from kibo_simulator.faults.document import FaultError, Match
from kibo_simulator.timestamps import DAY, MINUTE, SECOND, InstantError, parse_instant

_PART: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)", re.ASCII)
_UNITS: Final = {"ms": SECOND // 1000, "s": SECOND, "m": MINUTE, "h": 60 * MINUTE, "d": DAY}


class Window(Struct, frozen=True):
    """From an instant up to and without another; None where it is open."""

    since: int | None = None
    until: int | None = None

    def holds(self, now: int) -> bool:
        """Whether ``now`` lies in it."""
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


def window_of(match: Match, now: int, path: str = "$") -> Window:
    """The window of a fault that is put down at ``now``.

    Raises:
        FaultError: a text that is no moment, or a window that ends before it begins.
    """
    since = _moment(match.since, now, f"{path}.match.from")
    until = _moment(match.until, now, f"{path}.match.until")
    if since is not None and until is not None and since >= until:
        raise FaultError(f"{path}.match.until", "the window ends before it begins")
    return Window(since, until)


def check_window(match: Match, path: str = "$") -> None:
    """Refuse texts that are no moments; whether a mixed window makes sense shows when it is put down.

    Raises:
        FaultError: as `window_of`.
    """
    spans = [text.startswith("+") for text in (match.since, match.until) if text is not None]
    if len(set(spans)) == 1:
        window_of(match, 0, path)
        return
    for name, text in (("from", match.since), ("until", match.until)):
        _moment(text, 0, f"{path}.match.{name}")


def _moment(text: str | None, now: int, path: str) -> int | None:
    if text is None:
        return None
    if not text.startswith("+"):
        try:
            return parse_instant(text)
        except InstantError:
            raise _no_moment(text, path) from None
    parts = list(_PART.finditer(text))
    if not parts or "".join(part.group() for part in parts) != text[1:]:
        raise _no_moment(text, path)
    return now + sum(round(float(part[1]) * _UNITS[part[2]]) for part in parts)


def _no_moment(text: str, path: str) -> FaultError:
    return FaultError(path, f"expected an instant such as 2026-03-02T05:00:00Z or a span such as +90s, got {text!r}")
