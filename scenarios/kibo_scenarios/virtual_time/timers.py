"""Timers counted in whole microseconds: never early, always ahead, and in order at equal times."""

from __future__ import annotations

import math
from asyncio import TimerHandle

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


Due = tuple[int, int, int, TimerHandle]
"""A timer by time, then by tie (0, or a seeded draw), then by age, so that no two are equal.

The standard handle compares times only, and a heap then serves equal times in no particular order. Ties are rare in
real time and the rule in virtual time.
"""
