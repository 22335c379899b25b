"""One strategy against one pair of limits, begun at one phase of the quarter hour; and the whole grid of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.makespan.link import LATENCY, SECOND, Limits, Line, Link
from benchmarks.makespan.strategies import STRATEGIES, Strategy
from kibo_scenarios.optimum import earliest_times
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

EPOCH = 1_772_427_600 * SECOND
"""A full hour."""
ROUND_TRIP = 2 * LATENCY
GIVE_UP_AT = 8
"""A run is broken off at so many times the optimum: it will hardly come to an end."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Limits, and how many requests are to be sent under them."""

    limits: Limits
    requests: int

    def __str__(self) -> str:
        return f"{self.limits}, N={self.requests:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How one run came out.

    Attributes:
        strategy: Its name.
        cell: The limits and the number of requests.
        phase_s: Seconds into the quarter hour at which work began.
        ratio: Makespan ÷ optimum; None if it was broken off.
        done: Requests admitted.
        refusals: 429s.
        early: Requests sent although a Retry-After that had been received had not expired.
    """

    strategy: str
    cell: Cell
    phase_s: float
    ratio: float | None
    done: int
    refusals: int
    early: int


CELLS = (
    Cell(Limits(50, 200), 650),
    Cell(Limits(20, 200), 650),
    Cell(Limits(60, 1200), 3_000),
    Cell(Limits(200, 500), 2_000),
    Cell(Limits(100, 100), 101),
    Cell(Limits(50, None), 1_500),
)
QUICK_CELLS = CELLS[:2] + CELLS[4:5]
# The beginning of a quarter, just after, the middle of a minute, and just before the end, where phase matters most.
PHASES_S = (0.0, 13.25, 437.0, 887.0, 899.9)
QUICK_PHASES_S = PHASES_S[2:4]


def optimum(cell: Cell, start: int) -> int:
    """The least makespan of a cell's requests, one at a time: from the start to the last arrival, in microseconds."""
    first_arrival = start + LATENCY
    times = earliest_times(
        [True] * cell.requests,
        start=first_arrival,
        spacing=ROUND_TRIP,
        requests_per_minute=cell.limits.per_minute,
        requests_per_hour=cell.limits.per_hour,
    )
    return times[-1] - start


async def drive(strategy: Strategy, cell: Cell, line: Line, loop: VirtualTimeLoop, least: int) -> None:
    """Let a strategy's workers get the cell's requests admitted, or give up after some times the least time."""
    request = strategy.make(cell.limits, line, loop)
    left = iter(range(cell.requests))

    async def work() -> None:
        for _ in left:
            await request()

    try:
        async with asyncio.timeout(GIVE_UP_AT * least / SECOND):
            await asyncio.gather(*(work() for _ in range(strategy.workers)))
    except TimeoutError:
        pass


def judged(strategy: Strategy, cell: Cell, phase_s: float, line: Line) -> Run:
    """Read a run off the books of its line."""
    start = begin(phase_s)
    admitted = line.admitted
    finished = len(admitted) == cell.requests
    return Run(
        strategy=strategy.name,
        cell=cell,
        phase_s=phase_s,
        ratio=(admitted[-1] - start) / optimum(cell, start) if finished else None,
        done=len(admitted),
        refusals=line.refusals,
        early=line.early,
    )


def begin(phase_s: float) -> int:
    """The moment that lies so many seconds into a quarter hour."""
    return EPOCH + round(phase_s * SECOND)


def run_one(strategy: Strategy, cell: Cell, phase_s: float) -> Run:
    """Run a strategy against the bare ledger in virtual time."""
    start = begin(phase_s)
    least = optimum(cell, start)

    async def main(loop: VirtualTimeLoop) -> Line:
        link = Link(loop, cell.limits, strategy.extension)
        await drive(strategy, cell, link, loop, least)
        return link

    return judged(strategy, cell, phase_s, run_virtual(main, start_us=start))


def run_grid(*, quick: bool) -> Iterator[Run]:
    """Run every strategy in every cell at every phase."""
    for strategy in STRATEGIES:
        for cell in QUICK_CELLS if quick else CELLS:
            for phase_s in QUICK_PHASES_S if quick else PHASES_S:
                yield run_one(strategy, cell, phase_s)
