"""Watches for how long something keeps the event loop to itself, in processor time."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

_BEAT_S = 0.001


class Holding:
    """Beats once a millisecond while it is entered; ``longest_ms`` is the most work that lay between two beats.

    Processor time of the loop's thread is what counts: on a busy machine the wall clock would blame the simulator for
    the time that others had. A beat may come up to a millisecond of work late by itself, so that figures are that much
    too high rather than too low.
    """

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._beat())
        await asyncio.sleep(5 * _BEAT_S)
        self.longest_ms = 0.0
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # One more beat, for what came last.
        await asyncio.sleep(2 * _BEAT_S)
        assert self._task is not None
        self._task.cancel()

    async def _beat(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(_BEAT_S)
            now = time.thread_time()
            self.longest_ms = max(self.longest_ms, (now - last) * 1e3)
            last = now
