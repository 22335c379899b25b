"""When nothing works any more, slow the whole run down, and in the end stop it: trouble is bounded (C14, C15)."""

from __future__ import annotations

from kibo_client.budget import Slot
from kibo_client.retry import backoff

# Fewer may well be one request's own fault, which its own attempts bound.
IN_A_ROW_BEFORE_PAUSE = 8
IN_A_ROW_BEFORE_STOP = 3 * IN_A_ROW_BEFORE_PAUSE


class Breaker:
    """Counts useless answers in a row, whatever was asked."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self.pause = Slot(0, "")

    def success(self) -> None:
        """The server did what it was asked."""
        self._in_a_row = 0

    def failure(self, now: int, jitter: float) -> bool:
        """It did not; True once the run had better stop."""
        self._in_a_row += 1
        if self._in_a_row >= IN_A_ROW_BEFORE_PAUSE:
            wait = backoff(self._in_a_row - IN_A_ROW_BEFORE_PAUSE + 1, jitter)
            self.pause = Slot(now + wait, f"{self._in_a_row} requests in a row failed")
        return self._in_a_row >= IN_A_ROW_BEFORE_STOP
