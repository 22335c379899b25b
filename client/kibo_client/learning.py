"""Reading a limit off refusals: how many requests did the refusing windows hold (RL-3, RL-4, RL-7)?

The server's count is exact, so one refusal is enough, up to what we do not know of its clock: under each
offset that is still possible the refusal fell into some window, and so many of our requests surely fell there
with it. The least such count is safe to plan with; as the offset narrows, the same evidence is read again and
says more.

A limit that was told and is refused early was either told wrong or is shared. While one constant, lower limit
explains every refusal, that is what is believed, as if no limit had been told: a plan that keeps to it is never
refused again. If it is refused all the same, with fewer requests counted, somebody else draws on the pool.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from kibo_client.clock_offset import ClockOffset
from kibo_client.units import HOUR

# A count below this share of what was told, or below two, may be what a passing visitor left of it: it has to
# come twice before it is believed to be the limit.
BELIEVABLE_SHARE = 20
LEAST_BELIEVABLE = 2
# Limits are changed by people, and a refusal costs between a minute and a quarter of an hour.
BELIEVED_FOR = 24 * HOUR


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


@dataclass(slots=True)
class Limit:
    """One level of the quota: so many requests in the newest `windows` windows of `size`; what is believed of it."""

    name: str
    size: int
    windows: int
    value: int | None
    _taught: bool = False
    _evidence: Refusal | None = None
    """The refusal that taught the value, kept while a better known clock may read more out of it."""
    _suspicion: tuple[int, int] | None = None
    """The least and the greatest count of a refusal that was not believed yet."""
    _strangers: int = 0
    """How many refusals only somebody else's requests explain."""
    _learnt_at: int = 0
    """When the value was last learnt, or put to the test."""
    _outgrown: int | None = None
    """What was believed until a test was admitted: what was told had been far too high before."""
    told: int | None = field(init=False)
    """What the value was before anything was learnt."""

    def __post_init__(self) -> None:
        self.told = self.value

    def refused(self, refusal: Refusal, offset: ClockOffset | None) -> int:
        """Take in a refusal at this level.

        Args:
            refusal: The refusal and what was counted before it.
            offset: What is known of the server's clock; None before the first Date.

        Returns:
            How many requests of others fill the windows, besides ours.
        """
        surely, at_most = self._counted(refusal, offset)
        if not surely:
            # Refused before anything was counted: that is somebody else's doing, and teaches no number.
            return self.value or 0
        if self.value is None or self._is_believable(surely, at_most):
            self.value = surely if self.value is None else min(self.value, surely)
            self._taught = True
            self._learnt_at = refusal.ended_at
            self._evidence = refusal if self.value == surely < at_most else None
            return self.value - surely
        self._strangers += 1
        if self._strangers > 1:
            # They have come to stay: give way, but never by more than half at a time.
            self.value = max(1, min(self.value, max(surely, self.value // 2)))
        self._suspicion = (surely, at_most)
        self._evidence = None
        return max(0, self.value - surely)

    def is_stale(self, now: int) -> bool:
        """Whether the value was learnt, rather than told, so long ago that it is worth one request to test it."""
        return self._taught and now - self._learnt_at >= BELIEVED_FOR

    def tested(self, now: int, *, admitted: bool | None) -> None:
        """One request too many was sent to see whether the limit still stands; None: nobody knows how it fared."""
        self._learnt_at = now
        if admitted:
            # It is higher by now: how high, the next refusal tells.
            self.value, self._outgrown = self.told, self.value
            self._taught = False
            self._evidence = self._suspicion = None
            self._strangers = 0

    def read_again(self, offset: ClockOffset) -> None:
        """Read the evidence again under what is known of the server's clock now."""
        if self._evidence is None or self.value is None:
            return
        surely, at_most = self._counted(self._evidence, offset)
        self.value = max(self.value, surely)
        if surely == at_most:
            self._evidence = None

    def _is_believable(self, surely: int, at_most: int) -> bool:
        assert self.value is not None, "an unknown limit takes any count"
        if self._taught:
            return False
        if at_most >= max(LEAST_BELIEVABLE, self.value // BELIEVABLE_SHARE):
            return True
        if self._outgrown is not None and at_most > self._outgrown:
            return True
        return self._suspicion is not None and max(surely, self._suspicion[0]) <= min(at_most, self._suspicion[1])

    def _counted(self, refusal: Refusal, offset: ClockOffset | None) -> tuple[int, int]:
        if offset is None:
            # Any phase is possible: half of what one window's length saw is as much as can be relied on.
            recent = sum(start > refusal.ended_at - self.size * self.windows for start in refusal.starts)
            return (recent + 1) // 2, recent
        return refusal.surely_counted(offset.at(refusal.ended_at), size=self.size, windows=self.windows)
