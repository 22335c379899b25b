"""Reading an unknown limit off the first refusal: how many requests did the refusing windows hold (RL-3, RL-4, RL-7)?

The server's count is exact, so one refusal is enough, up to what we do not know of its clock: under each
offset that is still possible the refusal fell into some window, and so many of our requests surely fell there
with it. The least such count is safe to plan with; as the offset narrows, the same evidence is read again and
says more.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from kibo_client.clock_offset import ClockOffset


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 429 and the requests counted before it; all moments by our clock, ascending."""

    starts: tuple[int, ...]
    """When each counted request was sent."""
    ends: tuple[int, ...]
    """When each counted request was answered."""
    sent_at: int
    ended_at: int

    def surely_counted(self, offset: ClockOffset, *, size: int, windows: int) -> tuple[int, int]:
        """The least and the greatest number of requests that surely lay in the refusing windows, over all offsets.

        Args:
            offset: What is known of the server's clock.
            size: The length of one window.
            windows: How many windows, the newest included, count together.

        Returns:
            Least and greatest; both 0 where no request can have been there.
        """
        counts: set[int] = set()
        for shift in self._telling_offsets(offset, size):
            for window in range((self.sent_at + shift) // size, (self.ended_at + shift) // size + 1):
                first = (window + 1 - windows) * size - shift
                end = (window + 1) * size - shift
                counts.add(max(0, bisect_left(self.ends, end) - bisect_left(self.starts, first)))
        counts.discard(0)
        return (min(counts), max(counts)) if counts else (0, 0)

    def _telling_offsets(self, offset: ClockOffset, size: int) -> set[int]:
        """The offsets between which no count changes: the interval's ends, and where a request meets an edge."""
        low, high = offset.low, offset.high
        telling = {low, high}
        first = (self.starts or (self.sent_at,))[0]
        for edge in range((first + low) // size, (self.ended_at + high) // size + 2):
            for moments in (self.starts, self.ends, (self.sent_at, self.ended_at)):
                touched = moments[bisect_left(moments, edge * size - high) : bisect_left(moments, edge * size - low)]
                for moment in touched:
                    telling.update(s for s in (edge * size - moment - 1, edge * size - moment) if low <= s <= high)
        return telling
