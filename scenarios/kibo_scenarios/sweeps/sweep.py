"""Runs the cells of a sweep on all cores, each in virtual time, and tells how each came out."""

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from os import cpu_count

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.sweeps.grid import Cell
from kibo_scenarios.sweeps.outcome import Outcome, of_load, of_run
from kibo_scenarios.workloads.load_file import checked_any
from kibo_scenarios.workloads.load_run import run_load
from kibo_scenarios.workloads.load_scenario import LoadScenario


def sweep(cells: Sequence[Cell], *, processes: int | None = None) -> Iterator[Outcome]:
    """Run all cells and return their outcomes in order, each as soon as those before it are there.

    Raises:
        HarnessError: A run failed for reasons of its own.
    """
    workers = min(len(cells), processes or cpu_count() or 1)
    if workers == 1:
        yield from map(outcome_of, cells)
        return
    # A process that is begun afresh has nothing of this one's threads and loops.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_when_interrupted) as pool:
        try:
            yield from pool.map(outcome_of, cells)
        except BrokenProcessPool as error:
            raise HarnessError(f"a process of the sweep ended before its time: {error}") from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def outcome_of(cell: Cell) -> Outcome:
    """Run one cell to its end."""
    scenario = checked_any(cell.document)
    if isinstance(scenario, LoadScenario):
        return of_load(cell.values, run_load(scenario))
    from kibo_scenarios.runner import run_scenario  # noqa: PLC0415 - not wanted for load scenarios

    return of_run(cell.values, run_scenario(scenario))


def _end_when_interrupted() -> None:
    """Let an interrupt end this process at once, without a word: it has nothing to clear up."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
