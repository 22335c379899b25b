"""When a cron expression is due: the instants after, and the last one before (T-1, T-3).

Five fields, as crontab has them; the local time of a zone decides, and an hour that summer time repeats or skips is
treated as Debian's cron does.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from kibo_simulator.timestamps import MINUTE

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS: Final = 5


class CronError(ValueError):
    """An expression that is never due, or no expression at all."""


@lru_cache(maxsize=64)
def check_zone(zone: str) -> ZoneInfo:
    """The time zone of this name.

    Raises:
        CronError: there is none.
    """
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CronError(f"{zone[:60]!r} is not a time zone such as America/Los_Angeles or UTC") from None


@lru_cache(maxsize=64)
def check_cron(expression: str, zone: str = "UTC") -> None:
    """Refuse an expression that cannot be meant.

    Raises:
        CronError: it has not five fields, a field is not understood, or it names no moment in the next fifty years.
    """
    check_zone(zone)
    if len(expression.split()) != _FIELDS:
        raise CronError(f"{expression[:80]!r} is not a cron expression of five fields such as '*/10 * * * *'")
    try:
        next(CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        raise CronError(f"{expression[:80]!r} is not a cron expression such as '0 9 * * *'") from None


def next_due(expression: str, after: int, zone: str = "UTC") -> int:
    """The first instant later than ``after`` (both microseconds since the epoch) at which the expression is due."""
    return _instant(next(CronSim(expression, _local(after, zone))))


def last_due(expression: str, until: int, zone: str = "UTC") -> int:
    """The last instant not later than ``until`` at which the expression was due."""
    minute_after = (until // MINUTE + 1) * MINUTE
    return _instant(next(CronSim(expression, _local(minute_after, zone), reverse=True)))


def _local(instant: int, zone: str) -> datetime:
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(check_zone(zone))


def _instant(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
