"""Keeps a client within its share of a tenant's budget, minute by minute and quarter by quarter (RL-3, RL-4)."""

from collections import deque

from kibo_scenarios.moments import MINUTE

_QUARTER = 15 * MINUTE
_QUARTERS = 4


class BudgetShare:
    """Says when the next request may go; whoever asks sends it then.

    Args:
        per_minute: The most requests in a minute; None for no limit.
        per_hour: The most in four quarters of an hour; None for no limit.
    """

    __slots__ = ("_in_minute", "_minute", "_per_hour", "_per_minute", "_quarters", "_taken")

    def __init__(self, per_minute: int | None, per_hour: int | None) -> None:
        self._per_minute = None if per_minute is None else max(1, per_minute)
        self._per_hour = None if per_hour is None else max(1, per_hour)
        self._minute = -1
        self._in_minute = 0
        self._quarters: deque[tuple[int, int]] = deque()
        self._taken = 0

    def __repr__(self) -> str:
        return f"<BudgetShare {self._per_minute} a minute, {self._per_hour} an hour>"

    def take(self, now: int) -> int:
        """Reserve the next request and return the instant at which it may be sent; never before ``now``."""
        at = max(now, self._minute * MINUTE)
        if self._per_hour is not None:
            self._forget(at)
            while self._taken >= self._per_hour:
                # The oldest quarter must leave the window.
                at = max(at, (self._quarters[0][0] + _QUARTERS) * _QUARTER)
                self._forget(at)
        minute = at // MINUTE
        if minute != self._minute:
            self._minute, self._in_minute = minute, 0
        if self._per_minute is not None and self._in_minute >= self._per_minute:
            self._minute, self._in_minute = minute + 1, 0
            at = self._minute * MINUTE
            if self._per_hour is not None:
                self._forget(at)
        self._in_minute += 1
        self._count(at // _QUARTER)
        return at

    def _forget(self, at: int) -> None:
        oldest = at // _QUARTER - _QUARTERS + 1
        while self._quarters and self._quarters[0][0] < oldest:
            self._taken -= self._quarters.popleft()[1]

    def _count(self, quarter: int) -> None:
        self._taken += 1
        if self._quarters and self._quarters[-1][0] == quarter:
            self._quarters[-1] = (quarter, self._quarters[-1][1] + 1)
        else:
            self._quarters.append((quarter, 1))
