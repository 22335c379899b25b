"""Moments and spans of time as people read and write them; inside, both are integer microseconds (T-1)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SPAN: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h|d)", re.ASCII)
_UNITS: Final = {"ms": 1000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}


def parse_utc(text: str) -> int:
    """Return the microseconds since the epoch of an ISO 8601 moment that names its offset.

    Raises:
        ValueError: The text is no such moment; the message says what is accepted.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected a moment such as 2026-03-02T05:00:00Z, got {text!r}") from None
    if moment.tzinfo is None:
        raise ValueError(f"expected a moment with its offset, such as {text}Z, got {text!r}")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def format_utc(at: int) -> str:
    """Return the ISO 8601 form with microseconds and Z, the form of the journal."""
    return (_EPOCH + timedelta(microseconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def clock_time(at: int) -> str:
    """Return date and time of day to the millisecond, for people: ``03-02 05:01:00.250``."""
    return (_EPOCH + timedelta(microseconds=at)).strftime("%m-%d %H:%M:%S.%f")[:-3]


def parse_span(text: str) -> int:
    """Return the microseconds of a span such as ``250ms``, ``90s`` or ``1h30m``.

    Raises:
        ValueError: The text is no such span; the message says what is accepted.
    """
    matches = list(_SPAN.finditer(text))
    if not matches or "".join(match.group() for match in matches) != text:
        raise ValueError(f"expected a span such as 90s, 250ms or 1h30m, got {text!r}")
    return sum(round(float(match["number"]) * _UNITS[match["unit"]]) for match in matches)


def format_span(span: int) -> str:
    """Return a span for people, to the precision that matters at its size: ``0.25 s``, ``1 m 5 s``, ``2 h 3 m``."""
    if span < 0:
        return "-" + format_span(-span)
    if span < MINUTE:
        return f"{span / SECOND:.3f}".rstrip("0").rstrip(".") + " s"
    seconds = round(span / SECOND)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    first = next(index for index, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 3] if number)
