"""Notices when the harness itself is held up, so that a busy machine is never held against a client.

A request that arrives while the event loop cannot run is noted late, and the next one then seems to follow too soon.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.evidence import Stall
from kibo_scenarios.moments import SECOND
from kibo_scenarios.pace import TOLERANCE, Clock, Pace

#: Seconds of the machine's time between two looks at its clock.
BEAT_S: Final = 0.01
#: A run that was held up for a greater share of its time says nothing about anybody.
GREATEST_SHARE: Final = 0.25


@asynccontextmanager
async def watched(
    pace: Pace, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
) -> AsyncIterator[list[Stall]]:
    """Collect the stalls of the event loop as long as the context is open; there are none in virtual time.

    `monotonic` is the machine's clock, in seconds.
    """
    stalls: list[Stall] = []
    if pace.speed is None:
        yield stalls
        return
    task = asyncio.create_task(_watch(pace.speed, clock, stalls, monotonic))
    try:
        yield stalls
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _watch(speed: float, clock: Clock, stalls: list[Stall], monotonic: Callable[[], float]) -> None:
    while True:
        before, simulated = monotonic(), clock.wall_us()
        await asyncio.sleep(BEAT_S * speed)
        late = monotonic() - before - BEAT_S
        if late * SECOND > TOLERANCE:
            stalls.append(Stall(simulated, clock.wall_us()))


def refuse_busy_machine(stalls: list[Stall], span: int, pace: Pace) -> None:
    """Refuse a run in which the machine was too busy for its speed.

    Raises:
        HarnessError: Naming the share of the run's time in which nothing could be noted.
    """
    lost = sum(stall.end - stall.start for stall in stalls)
    if lost > span * GREATEST_SHARE:
        share = round(100 * lost / max(1, span))
        raise HarnessError(f"this machine was held up for {share} % of a run at {pace.name}; use a lower --speed")
