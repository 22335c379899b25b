"""The ways to pace requests that are compared: each gets one request after another admitted, however long it takes.

All that obey Retry-After sleep its seconds to the full, counted from the answer. The client libraries are used as their
manuals show, with as many workers as `WORKERS`; only their clocks are the virtual loop's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiolimiter import AsyncLimiter
from pyrate_limiter import InMemoryBucket, Limiter, Rate, SingleBucketFactory
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential
from tenacity.wait import wait_base

from benchmarks.makespan.link import Limits, Line
from kibo_client.budget import Budget
from kibo_scenarios.virtual_time import VirtualTimeLoop
from kibo_simulator.rate_limits import Extension

SECOND = 1_000_000
WORKERS = 4
SKEW = 2_400_000
"""The server's clock is this far ahead of the client's, in microseconds; only a client that plans by phase cares."""

Request = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A way of pacing: `make` returns a function that comes back when one request was admitted.

    `extension` is what the server does about requests during a restriction (RL-10).
    """

    name: str
    ours: bool = False
    workers: int = 1
    extension: Extension = "escalate"
    make: Callable[[Limits, Line, VirtualTimeLoop], Request]


def _budget(limits: Limits, line: Line, loop: VirtualTimeLoop) -> Request:
    budget = Budget(requests_per_minute=limits.per_minute, requests_per_hour=limits.per_hour)

    def now() -> int:
        return loop.wall_us() - SKEW

    async def request() -> None:
        while True:
            slot = budget.earliest(now())
            if slot.at > now():
                await asyncio.sleep((slot.at - now()) / SECOND)
            sent_at = now()
            budget.sent(sent_at)
            answer = await line.ask()
            budget.observe_date(sent_at=sent_at, received_at=now(), date=answer.date)
            if not answer.retry_after_s:
                budget.answered(now(), counted=True)
                return
            budget.throttled(now(), answer.retry_after_s)

    return request


def _unknown(_limits: Limits, line: Line, loop: VirtualTimeLoop) -> Request:
    return _budget(Limits(None, None), line, loop)


async def _obeying(line: Line) -> None:
    while True:
        answer = await line.ask()
        if not answer.retry_after_s:
            return
        await asyncio.sleep(answer.retry_after_s)


def _fixed_delay(delay_s: float) -> Callable[[Limits, Line, VirtualTimeLoop], Request]:
    def make(_limits: Limits, line: Line, _loop: VirtualTimeLoop) -> Request:
        async def request() -> None:
            await _obeying(line)
            await asyncio.sleep(delay_s)

        return request

    return make


def _aiolimiter(limits: Limits, line: Line, _loop: VirtualTimeLoop) -> Request:
    limiters = [
        AsyncLimiter(value, period)
        for value, period in ((limits.per_hour, 3600), (limits.per_minute, 60))
        if value is not None
    ]

    async def request() -> None:
        while True:
            async with AsyncExitStack() as stack:
                for limiter in limiters:
                    await stack.enter_async_context(limiter)
                answer = await line.ask()
            if not answer.retry_after_s:
                return
            await asyncio.sleep(answer.retry_after_s)

    return request


class _BucketInVirtualTime(InMemoryBucket):
    """The library's own bucket, on the loop's clock in milliseconds."""

    def __init__(self, rates: list[Rate], loop: VirtualTimeLoop) -> None:
        super().__init__(rates)
        self._loop = loop

    def now(self) -> int:
        return self._loop.now_us // 1_000


def _pyrate_limiter(limits: Limits, line: Line, loop: VirtualTimeLoop) -> Request:
    per_minute, per_hour = limits.per_minute, limits.per_hour
    rates = [Rate(per_hour, 3_600_000)] if per_hour is not None else []
    # The library refuses a list in which the shorter window allows as much as the longer one: it would say nothing.
    if per_minute is not None and (per_hour is None or per_minute < per_hour):
        rates.append(Rate(per_minute, 60_000))
    # The scheduled leak runs in a thread and only saves memory.
    limiter = Limiter(SingleBucketFactory(_BucketInVirtualTime(rates, loop), schedule_leak=False))

    async def request() -> None:
        while True:
            await limiter.try_acquire_async("inventory")
            answer = await line.ask()
            if not answer.retry_after_s:
                return
            await asyncio.sleep(answer.retry_after_s)

    return request


class _ThrottledError(Exception):
    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


def _wait_as_told(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    assert isinstance(error, _ThrottledError)
    return error.retry_after_s


def _tenacity(
    wait: wait_base | Callable[[RetryCallState], float],
) -> Callable[[Limits, Line, VirtualTimeLoop], Request]:
    def make(_limits: Limits, line: Line, _loop: VirtualTimeLoop) -> Request:
        async def attempt() -> None:
            answer = await line.ask()
            if answer.retry_after_s:
                raise _ThrottledError(answer.retry_after_s)

        async def request() -> None:
            await AsyncRetrying(wait=wait, retry=retry_if_exception_type(_ThrottledError))(attempt)

        return request

    return make


_NO_HEADER = wait_random_exponential(max=60)
KNOWN = Strategy(name="kibo-client, limits known", ours=True, make=_budget)
UNKNOWN = Strategy(name="kibo-client, limits unknown", ours=True, make=_unknown)
STRATEGIES = (
    KNOWN,
    UNKNOWN,
    Strategy(name="pyrate-limiter, both rates", workers=WORKERS, make=_pyrate_limiter),
    Strategy(name="aiolimiter, two nested", workers=WORKERS, make=_aiolimiter),
    Strategy(name="tenacity, Retry-After per call", workers=WORKERS, make=_tenacity(_wait_as_told)),
    Strategy(name="fixed delay 5 s, Retry-After", make=_fixed_delay(5)),
    Strategy(name="fixed delay 18 s, Retry-After", make=_fixed_delay(18)),
    Strategy(name="exponential backoff, no header", workers=WORKERS, make=_tenacity(_NO_HEADER)),
    Strategy(name="the same, lenient server", workers=WORKERS, extension="off", make=_tenacity(_NO_HEADER)),
)
