"""Timers counted in whole microseconds: never early, always ahead, and in order at equal times."""

from __future__ import annotations

import math
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable

NEVER_US = 2**62
"""Beyond this (146,000 years) a timer never fires; `inf` becomes it."""

FLOAT_NOISE_US = 0.01
"""What adding floats may have put on top of a whole microsecond; 60 s + 0.1 s carries 7e-9 of it."""

MICROSECONDS = 1_000_000


def seconds_to_us(seconds: float) -> int:
    """Round a time or duration in seconds UP to whole microseconds, forgiving float noise.

    Raises:
        ValueError: for not-a-number.
    """
    microseconds = seconds * MICROSECONDS
    if microseconds >= NEVER_US:
        return NEVER_US
    if microseconds <= -NEVER_US:
        return -NEVER_US
    if math.isnan(microseconds):
        raise ValueError("a timer cannot be set for not-a-number seconds")
    return math.ceil(microseconds - FLOAT_NOISE_US)


class Appointment:
    """A callback at a time, with no more to it: asyncio's timers carry contexts and arguments, at twice the cost."""

    __slots__ = ("_callback", "_cancelled", "_loop", "_scheduled")

    def __init__(self, loop: AbstractEventLoop, callback: Callable[[], object]) -> None:
        self._loop = loop
        self._callback = callback
        self._cancelled = False
        self._scheduled = False

    def __repr__(self) -> str:
        return f"<Appointment {'cancelled' if self._cancelled else 'with'} {self._callback!r}>"

    def cancel(self) -> None:
        """Call nobody back; once is enough."""
        if not self._cancelled:
            self._cancelled = True
            if self._scheduled:
                # The loop's base class is told so by its own timers.
                self._loop._timer_cancelled_count += 1  # type: ignore[attr-defined] # noqa: SLF001

    def cancelled(self) -> bool:
        """Whether nobody is called back."""
        return self._cancelled

    def _run(self) -> None:
        try:
            self._callback()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as the base class treats callbacks
            self._loop.call_exception_handler({"message": f"Exception in {self!r}", "exception": error})


Due = tuple[int, int, int, TimerHandle | Appointment]
"""A timer by time, then by tie (0, or a seeded draw), then by age, so that no two are equal.

The standard handle compares times only, and a heap then serves equal times in no particular order. Ties are rare in
real time and the rule in virtual time.
"""
