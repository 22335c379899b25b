"""Turns simulated instants into the texts that travel: ISO 8601 and HTTP dates (T-1, J-4, RL-9).

Inside the simulator an instant is an ``int``: microseconds since the Unix epoch, UTC. Texts exist only at the edges.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

SECOND = 1_000_000
MINUTE = 60 * SECOND
QUARTER_HOUR = 15 * MINUTE
DAY = 24 * 60 * MINUTE
_DAY_S = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))


class InstantError(ValueError):
    """A text that should have been an ISO 8601 instant."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not an ISO 8601 instant such as 2026-03-02T05:00:00Z")
        self.text = text


def _second_text(second: int) -> str:
    day, rest = divmod(second, _DAY_S)
    return f"{_iso_day(day)}T{_time_of_day(rest)}"


# Two instants are written for each request, and a day has 86,400 seconds.
@lru_cache(maxsize=64)
def _iso_day(day: int) -> str:
    return f"{_EPOCH + timedelta(days=day):%Y-%m-%d}"


@lru_cache(maxsize=64)
def _header_day(day: int) -> str:
    moment = _EPOCH + timedelta(days=day)
    return f"{_DAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year:04d}"


def _time_of_day(second: int) -> str:
    minutes, seconds = divmod(second, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{_TWO_DIGITS[hours]}:{_TWO_DIGITS[minutes]}:{_TWO_DIGITS[seconds]}"


def iso_microseconds(instant: int) -> str:
    """``2026-03-02T05:00:00.000000Z``: the form of the journal and the control plane."""
    second, rest = divmod(instant, SECOND)
    return f"{_second_text(second)}.{rest:06d}Z"


def iso_milliseconds(instant: int) -> str:
    """``2026-03-02T05:00:00.000Z``: the form of the API's own answers (J-4)."""
    second, rest = divmod(instant, SECOND)
    return f"{_second_text(second)}.{rest // 1000:03d}Z"


@lru_cache(maxsize=4)
def http_date(second: int) -> str:
    """The ``Date`` header for a whole second since the epoch (T-1); independent of the locale."""
    day, rest = divmod(second, _DAY_S)
    return f"{_header_day(day)} {_time_of_day(rest)} GMT"


def parse_instant(text: str) -> int:
    """Microseconds since the epoch for an ISO 8601 text; without an offset it is taken as UTC.

    Raises:
        InstantError: the text is not ISO 8601, or lies before the epoch.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InstantError(text) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    instant = (moment - _EPOCH) // timedelta(microseconds=1)
    if instant < 0:
        raise InstantError(text)
    return instant
