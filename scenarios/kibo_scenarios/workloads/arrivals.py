"""When the wishes of an open model arrive: a rate that may rise and fall, and bursts on top; a function of the seed.

Arrivals are a Poisson process, as those of many people who do not know of each other are. Where the rate changes along
a stage, candidates of the highest rate are kept in proportion (thinning).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random

from kibo_scenarios.moments import MINUTE


@dataclass(frozen=True, slots=True)
class Stage:
    """A span of ``duration`` microseconds whose rate goes from ``rate`` to ``to``, in arrivals a minute."""

    duration: int
    rate: float
    to: float


@dataclass(frozen=True, slots=True)
class Burst:
    """So many arrivals within a span that begins ``at`` microseconds after the start."""

    at: int
    arrivals: int
    within: int


def arrivals(stages: Sequence[Stage], bursts: Sequence[Burst], seed: str) -> Iterator[int]:
    """Return the arrivals in order, in microseconds after the start."""
    random = Random(f"{seed}/stages")  # noqa: S311 - a repeatable run is the point
    sudden = deque(sorted(chain.from_iterable(_burst(burst, seed) for burst in bursts)))
    for at in _steady(stages, random):
        while sudden and sudden[0] < at:
            yield sudden.popleft()
        yield at
    yield from sudden


def expected(stages: Sequence[Stage], bursts: Sequence[Burst]) -> float:
    """Return how many arrivals there are on the average."""
    steady = sum((stage.rate + stage.to) / 2 * stage.duration / MINUTE for stage in stages)
    return steady + sum(burst.arrivals for burst in bursts)


def _steady(stages: Sequence[Stage], random: Random) -> Iterator[int]:
    begun = 0.0
    for stage in stages:
        highest = max(stage.rate, stage.to) / MINUTE
        at = 0.0
        while highest:
            at += random.expovariate(highest)
            if at >= stage.duration:
                break
            rate = (stage.rate + (stage.to - stage.rate) * at / stage.duration) / MINUTE
            if random.random() * highest <= rate:
                yield int(begun + at)
        begun += stage.duration


def _burst(burst: Burst, seed: str) -> Iterator[int]:
    random = Random(f"{seed}/burst at {burst.at}")  # noqa: S311 - a repeatable run is the point
    return (burst.at + int(random.random() * burst.within) for _ in range(burst.arrivals))
