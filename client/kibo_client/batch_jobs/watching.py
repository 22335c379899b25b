"""When to look at a job that is under way: seldom, and less and less often (C10, C16)."""

from __future__ import annotations

from kibo_client.units import SECOND

FIRST_WAIT = 10 * SECOND
LONGEST_WAIT = 120 * SECOND


class Watch:
    """The schedule of one job's looks.

    Args:
        scheduled: When the job is due, in microseconds since the epoch; None for at once.
    """

    def __init__(self, scheduled: int | None) -> None:
        self._scheduled = scheduled
        self._wait = FIRST_WAIT

    def __repr__(self) -> str:
        return f"<Watch every {self._wait // SECOND} s>"

    def next_look(self, now: int, *, pending: bool) -> int:
        """When to look next, after a look at `now`.

        A job that waits for its date is left alone until then; after that the waits grow by half each time.
        """
        if pending and self._scheduled is not None and self._scheduled > now:
            return self._scheduled + FIRST_WAIT
        wait, self._wait = self._wait, min(self._wait * 3 // 2, LONGEST_WAIT)
        return now + wait
