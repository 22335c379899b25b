"""The simulator's own rate pool at the far end of a line, keeping the books on whoever asks (RL-5 to RL-10, TH-1)."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
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


class Line(ABC):
    """A way to the server; it keeps the books on whoever uses it.

    Attributes:
        refusals: 429s received.
        early: Requests that left although a Retry-After that had arrived, whoever it was for, was still running.
    """

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop
        self._promised_until = 0
        self.refusals = 0
        self.early = 0

    @property
    @abstractmethod
    def admitted(self) -> Sequence[int]:
        """When the server admitted requests, on the loop's wall clock."""

    @abstractmethod
    async def _send(self) -> Answer: ...

    async def ask(self) -> Answer:
        """Send one request and wait for its answer."""
        self.early += self._loop.wall_us() < self._promised_until
        answer = await self._send()
        if answer.retry_after_s:
            self.refusals += 1
            self._promised_until = max(self._promised_until, self._loop.wall_us() + answer.retry_after_s * SECOND)
        return answer


class Link(Line):
    """The bare rate pool, half a round trip away."""

    def __init__(self, loop: VirtualTimeLoop, limits: Limits, extension: Extension) -> None:
        super().__init__(loop)
        found = RateLimiter(limits_document(limits, extension)).pool_for(1, _ROUTE)
        assert found is not None, "the only route has a pool"
        self._pool = found
        self._admitted: list[int] = []

    @property
    def admitted(self) -> Sequence[int]:
        """When the pool admitted requests."""
        return self._admitted

    async def _send(self) -> Answer:
        await asyncio.sleep(LATENCY / SECOND)
        arrived = self._loop.wall_us()
        retry_after_s = self._pool.admit(arrived)
        if not retry_after_s:
            self._admitted.append(arrived)
        await asyncio.sleep(LATENCY / SECOND)
        return Answer(retry_after_s, arrived // SECOND * SECOND)


def limits_document(limits: Limits, extension: Extension) -> LimitsDocument:
    """The limits as the simulator takes them."""
    return LimitsDocument(pools=(PoolLimit(_ROUTE, rpm=limits.per_minute, rph=limits.per_hour),), extension=extension)
