"""Seeded draws for faults: chances and delays are functions of seed, fault and count, never of shared state (T-4)."""

import math
from hashlib import blake2b

from kibo_simulator.faults.effects import LONGEST_S, Delay, Lognormal, Normal, Uniform
from kibo_simulator.timestamps import SECOND


def drawn(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    digest = blake2b(":".join(map(str, parts)).encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2**56


def delay_of(delay: Delay | None, *parts: object) -> int:
    """Microseconds to wait; the parts decide where a distribution leaves it open."""
    if delay is None:
        return 0
    if isinstance(delay, Uniform):
        seconds = delay.low + (delay.high - delay.low) * drawn("delay", *parts)
    elif isinstance(delay, Normal):
        seconds = delay.mean + delay.deviation * _standard_normal(*parts)
    elif isinstance(delay, Lognormal):
        seconds = delay.median * math.exp(delay.sigma * _standard_normal(*parts))
    else:
        seconds = delay
    return round(min(max(seconds, 0.0), LONGEST_S) * SECOND)


def _standard_normal(*parts: object) -> float:
    """A draw from the standard normal distribution (Box and Muller)."""
    # 1 - u lies in (0, 1]: its logarithm exists.
    radius = math.sqrt(-2 * math.log(1 - drawn("radius", *parts)))
    return radius * math.cos(2 * math.pi * drawn("angle", *parts))
