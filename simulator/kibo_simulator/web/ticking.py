"""Keeps a served simulator up to its schedules: files are looked for when it is time, asked or not.

What happens does not depend on it (T-3): an instant that was missed is made up for by whoever comes next. But a drop
point changes from outside, and a look that comes late sees what was not there yet.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from aiohttp import web

from kibo_simulator.simulator import Simulator
from kibo_simulator.timestamps import SECOND
from kibo_simulator.web.gate import Gate

_LONGEST_SLEEP: Final = 60.0
"""Seconds after which the agenda is looked at again in any case: a request may have put something on it."""
_SHORTEST_SLEEP: Final = 0.001

_log = logging.getLogger("kibo_simulator")


def ticking(simulator: Simulator, gate: Gate) -> Callable[[web.Application], AsyncIterator[None]]:
    """A context of an application that keeps time while the application runs."""

    async def context(_: web.Application) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        if simulator.courier is not None:
            simulator.courier.wake = partial(_wake, loop, gate)
        task = asyncio.create_task(_tick(simulator, gate), name="kibo-simulator schedules")
        yield
        if simulator.courier is not None:
            simulator.courier.wake = None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return context


def _wake(loop: asyncio.AbstractEventLoop, gate: Gate) -> None:
    """From the courier's thread."""
    with suppress(RuntimeError):  # the loop has gone while he was out
        loop.call_soon_threadsafe(gate.clock_set.set)


async def _tick(simulator: Simulator, gate: Gate) -> None:
    while True:
        gate.clock_set.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_pause(simulator)):
                await gate.clock_set.wait()
        try:
            async with gate.turn:
                await gate.advance()
        except Exception:  # noqa: BLE001  # whatever it is must not end the schedules
            # The next request meets the same defect and is told; the schedules must go on.
            _log.exception("a schedule failed")
            await asyncio.sleep(_LONGEST_SLEEP)


def _pause(simulator: Simulator) -> float:
    """Real seconds until something is due."""
    following = simulator.next_event_at()
    speed = simulator.clock.speed
    if following is None or not speed:
        return _LONGEST_SLEEP
    seconds = (following - simulator.clock.now()) / SECOND / speed
    return min(max(seconds, _SHORTEST_SLEEP), _LONGEST_SLEEP)
