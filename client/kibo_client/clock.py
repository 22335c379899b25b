"""The client's clock and the one place where it waits."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio

from kibo_client.units import SECOND


def steady_wall_clock() -> Callable[[], int]:
    """A clock in microseconds since the epoch that is set once and then runs steadily.

    A wait for a Retry-After must not end early because somebody sets the machine's time.
    """
    epoch = time.time_ns() - time.monotonic_ns()
    return lambda: (time.monotonic_ns() + epoch) // 1000


async def sleep_until(moment: int, now: Callable[[], int]) -> None:
    """Wait until the clock says that the moment has come; never less, however the event loop rounds."""
    while (left := moment - now()) > 0:  # noqa: ASYNC110 - it waits for a time, which no event announces
        await anyio.sleep(left / SECOND)
