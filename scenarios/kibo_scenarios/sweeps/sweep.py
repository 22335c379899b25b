"""Runs the cells of a sweep on all cores, each in virtual time, and tells how each came out."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from os import cpu_count

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.moments import SECOND
from kibo_scenarios.result import Conclusion
from kibo_scenarios.rules import Verdict
from kibo_scenarios.sweeps.grid import Cell, Value
from kibo_scenarios.workloads.load_file import checked_any
from kibo_scenarios.workloads.load_run import LoadResult, run_load
from kibo_scenarios.workloads.load_scenario import LoadScenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one cell came out.

    Attributes:
        values: One for each axis.
        seconds: Simulated, from the start until all clients had ended.
        requests: That reached the server.
        throttled: Of those, refused with 429.
        broken: What was not kept: thresholds, rules, expectations, or how a client failed.
    """

    values: tuple[Value, ...]
    conclusion: str
    seconds: float
    requests: int
    throttled: int
    broken: tuple[str, ...]


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
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
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
        return _of_load(cell, run_load(scenario))
    from kibo_scenarios.runner import run_scenario  # noqa: PLC0415 - not wanted for load scenarios

    result = run_scenario(scenario)
    return Outcome(
        values=cell.values,
        conclusion=str(result.conclusion()),
        seconds=result.span / SECOND,
        requests=sum(result.figures.requests.values()),
        throttled=len(result.figures.refusals),
        broken=tuple(failure.text for failure in result.failures()),
    )


def _of_load(cell: Cell, result: LoadResult) -> Outcome:
    counted = result.measured.cells.values()
    missed = [str(one.threshold) for one in result.judged if one.judgement.verdict is Verdict.FAIL]
    unclear = [f"{one.threshold} ({one.judgement.because})" for one in result.judged if _unclear(one.judgement.verdict)]
    failures = [f"{name} {failure}" for name, failure in result.failures.items()]
    return Outcome(
        values=cell.values,
        conclusion=str(result.conclusion),
        seconds=result.span / SECOND,
        requests=sum(one.requests for one in counted),
        throttled=sum(one.throttled for one in counted),
        broken=tuple(failures + missed + (unclear if result.conclusion is Conclusion.NOTHING_CONCLUDED else [])),
    )


def _unclear(verdict: Verdict) -> bool:
    return verdict is Verdict.INCONCLUSIVE
