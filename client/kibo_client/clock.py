"""The client's clock and the one place where it waits."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import anyio

from kibo_client.units import MINUTE, SECOND


def steady_wall_clock() -> Callable[[], int]:
    """A clock in microseconds since the epoch that is set once and then runs steadily.

    A wait for a Retry-After must not end early because somebody sets the machine's time. A laptop whose lid was closed
    has lost no time by it: dry runs have grown older, and off-peak hours have come, meanwhile.
    """
    steady = _steady_clock()
    epoch = time.time_ns() - steady()
    return lambda: (steady() + epoch) // 1000


def _steady_clock() -> Callable[[], int]:
    """Nanoseconds that nobody sets, those of a suspended machine among them where the system tells."""
    # Linux leaves them out of its monotonic clock. So does Python's on macOS, where the system's own has them.
    name = "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME"
    clock: int | None = getattr(time, name, None)
    if clock is None:
        return time.monotonic_ns
    return lambda: time.clock_gettime_ns(clock)


async def sleep_until(moment: int, now: Callable[[], int]) -> None:
    """Wait until the clock says that the moment has come; never less, however the event loop rounds."""
    while (left := moment - now()) > 0:  # noqa: ASYNC110 - it waits for a time, which no event announces
        # The timers of a suspended machine stand still: look at the clock now and then.
        await anyio.sleep(min(left, MINUTE) / SECOND)
