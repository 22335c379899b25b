"""Watches a client that somebody else runs: says where the server is, and waits until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kibo_scenarios.drivers.task import ClientReport, Task

_STOPS: Final = (signal.SIGINT, signal.SIGTERM)
#: Seconds of the machine's time between two looks at the journal.
LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackBox:
    """A driver that only watches.

    Attributes:
        announce: Is told the task once the server answers.
        for_us: Simulated microseconds after which the run ends by itself; None for no such end.
        idle_us: Simulated microseconds without a request after which it ends, counted from the first request.
    """

    announce: Callable[[Task], None]
    for_us: int | None = None
    idle_us: int | None = None

    async def __call__(self, task: Task) -> ClientReport:
        """Wait for Ctrl-C, SIGTERM, or one of the ends that were asked for."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in _STOPS:
            with suppress(NotImplementedError, RuntimeError):
                loop.add_signal_handler(number, stop.set)
        try:
            self.announce(task)
            await self._wait(task, stop)
        finally:
            for number in _STOPS:
                with suppress(NotImplementedError, RuntimeError):
                    loop.remove_signal_handler(number)
        return ClientReport(asked=False)

    async def _wait(self, task: Task, stop: asyncio.Event) -> None:
        began = task.now()
        seen, last = task.seen(), began
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S * (task.pace.speed or 1.0))
            now = task.now()
            if task.seen() != seen:
                seen, last = task.seen(), now
            if self.for_us is not None and now - began >= self.for_us:
                return
            if self.idle_us is not None and seen and now - last >= self.idle_us:
                return
