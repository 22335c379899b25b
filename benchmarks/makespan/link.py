"""The simulator's own rate pool at the far end of a line, keeping the books on whoever asks (RL-5 to RL-10, TH-1)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kibo_scenarios.virtual_time import VirtualTimeLoop
from kibo_simulator.rate_limits import Extension, LimitsDocument, PoolLimit, RateLimiter

SECOND = 1_000_000
LATENCY = 25_000
"""One way, in microseconds; that of the packaged scenarios."""
_ROUTE = "/api/commerce/inventory/*"


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests per minute and per hour; None where there is no such limit."""

    per_minute: int | None
    per_hour: int | None

    def __str__(self) -> str:
        return f"{self.per_minute or '–'}/{self.per_hour or '–'}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: seconds to wait (0: admitted), and its Date in microseconds since the epoch."""

    retry_after_s: int
    date: int


class Link:
    """One rate pool, half a round trip away."""

    def __init__(self, loop: VirtualTimeLoop, limits: Limits, extension: Extension) -> None:
        self._loop = loop
        pool = PoolLimit(_ROUTE, rpm=limits.per_minute, rph=limits.per_hour)
        found = RateLimiter(LimitsDocument(pools=(pool,), extension=extension)).pool_for(1, _ROUTE)
        assert found is not None, "the only route has a pool"
        self._pool = found
        self._promised_until = 0
        self.admitted: list[int] = []
        self.refusals = 0
        self.early = 0

    async def ask(self) -> Answer:
        """Send one request and wait for its answer."""
        # Early is whatever leaves although an answer that has arrived says to wait, whoever it was addressed to.
        self.early += self._loop.wall_us() < self._promised_until
        await asyncio.sleep(LATENCY / SECOND)
        arrived = self._loop.wall_us()
        retry_after_s = self._pool.admit(arrived)
        if retry_after_s:
            self.refusals += 1
        else:
            self.admitted.append(arrived)
        await asyncio.sleep(LATENCY / SECOND)
        if retry_after_s:
            self._promised_until = max(self._promised_until, self._loop.wall_us() + retry_after_s * SECOND)
        return Answer(retry_after_s, arrived // SECOND * SECOND)
