"""Runs the grid and puts it into words."""

from __future__ import annotations

from benchmarks.makespan.grid import run_grid
from benchmarks.makespan.plot import plot
from benchmarks.makespan.strategies import KNOWN, STRATEGIES, UNKNOWN, WORKERS
from benchmarks.makespan.summary import cell_by_cell, missed, overview, side_by_side, to_json
from benchmarks.makespan.whole_stack import CELL, PHASE_S, run_whole
from benchmarks.outcome import Section

METHOD = f"""\
N requests have to be admitted by one rate pool. The server is the simulator's own ledger (RL-1 to RL-10) behind a line
of 25 ms each way, its clock 2.4 s ahead of the client's; everything runs in virtual time. The optimum is the proven
recursion for a client that sends one request at a time: no schedule under the same limits ends sooner. Each pair of
limits is begun at several phases of the server's quarter hour.

- *kibo-client* is its own budget, one request at a time.
- The libraries run unchanged with {WORKERS} workers (which may gain a few requests at the edge of a minute), know the
  limits, and sleep every Retry-After in full in the call that got it.
- *Fixed delay* sends one request at a time: 5 s is the least spacing of the bulk deletion guide, 18 s is 200 an hour.
- *Exponential backoff* draws up to 60 s and ignores the header. The server answers that by extending the restriction,
  as Kibo's may; in the last row, for comparison, it does not."""


def run(*, quick: bool = False) -> Section:
    """Run every strategy in every cell at every phase."""
    runs = list(run_grid(quick=quick))
    ours = {strategy.name for strategy in STRATEGIES if strategy.ours}
    whole = [run_whole(strategy) for strategy in ((KNOWN, UNKNOWN) if quick else STRATEGIES)]
    names = {run.strategy for run in whole}
    bare = [run for run in runs if (run.cell, run.phase_s) == (CELL, PHASE_S) and run.strategy in names]
    return Section(
        name="makespan",
        title="Makespan: pacing side by side",
        method=METHOD,
        tables=(overview(runs), cell_by_cell(runs), side_by_side(bare, whole)),
        data={"ledger": to_json(runs), "wholeStack": to_json(whole)},
        missed=missed([*runs, *whole], known=KNOWN.name, unknown=UNKNOWN.name),
        plots={"makespan.svg": plot(runs, ours=ours)},
    )
