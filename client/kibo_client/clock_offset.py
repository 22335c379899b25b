"""How far the server's clock is ahead of ours, as an interval that is certain, never as a point (RL-3, RL-4).

A response sent at s, received at r (our clock) and stamped D (whole seconds, the server's clock) proves that
D - r < offset < D + 1 s - s. Responses are intersected; age widens the interval by what two clocks may drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from kibo_client.units import SECOND

# Ordinary quartz is good for 20 to 50 parts per million; two of them may part at twice that.
DRIFT_PARTS_PER_MILLION = 100


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """Server clock minus our clock lies in [low, high], both in microseconds, as of `observed_at` (our clock)."""

    low: int
    high: int
    observed_at: int

    @classmethod
    def from_date(cls, *, sent_at: int, received_at: int, date: int) -> ClockOffset:
        """What one response proves; `date` is its Date header in microseconds since the epoch."""
        return cls(low=date - received_at, high=date + SECOND - sent_at, observed_at=received_at)

    def at(self, moment: int) -> ClockOffset:
        """The interval as it is to be trusted at a moment, widened by drift since it was observed."""
        drift = abs(moment - self.observed_at) * DRIFT_PARTS_PER_MILLION // 1_000_000
        return ClockOffset(self.low - drift, self.high + drift, moment)

    def contradicted_by(self, newer: ClockOffset) -> bool:
        """Whether both cannot be true: a clock was stepped, or they are not of one clock."""
        older = self.at(newer.observed_at)
        return max(older.low, newer.low) > min(older.high, newer.high)

    def narrowed(self, newer: ClockOffset) -> ClockOffset:
        """Both proofs together; when they contradict each other, only the newer counts."""
        if self.contradicted_by(newer):
            return newer
        older = self.at(newer.observed_at)
        return ClockOffset(max(older.low, newer.low), min(older.high, newer.high), newer.observed_at)
