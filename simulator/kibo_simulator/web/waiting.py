"""Waits for simulated instants, whatever the clock does meanwhile: real, scaled, moved by hand (T-2, T-3)."""

import asyncio
from collections.abc import Callable
from typing import Final

from kibo_simulator.agenda import Agenda
from kibo_simulator.clock import Clock
from kibo_simulator.timestamps import SECOND

_LOOK_UP: Final = SECOND // 4
"""How long a wait goes on, by the event loop's clock, before it looks whether anybody still waits for it."""


async def wait_until(clock: Clock, agenda: Agenda, instant: int, given_up: Callable[[], bool]) -> None:
    """Return when simulated time has come to ``instant``, or soon after ``given_up`` says so.

    The instant is on the agenda, so that a clock moved "to the next event" stops there. A clock that is moved by hand
    may let it wait for ever.
    """
    moved = asyncio.Event()
    entry = agenda.schedule(instant, lambda _: moved.set())
    try:
        with clock.watched(moved.set):
            while (left := clock.source_until(instant)) != 0 and not given_up():
                moved.clear()
                try:
                    async with asyncio.timeout((_LOOK_UP if left is None else min(left, _LOOK_UP)) / SECOND):
                        await moved.wait()
                except TimeoutError:
                    continue
    finally:
        agenda.cancel(entry)
