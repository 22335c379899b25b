"""Makes a result of what was collected: judges the thresholds that can be judged, and says of the others why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kibo_scenarios.evidence import JournalEntry, RoundTrip
from kibo_scenarios.grading import Grade
from kibo_scenarios.locust_users.collected import Collected
from kibo_scenarios.pace import Pace
from kibo_scenarios.profile import GUIDE
from kibo_scenarios.rules import RULES
from kibo_scenarios.thresholds import Judged, Threshold, judge, untold
from kibo_scenarios.workloads.clients import Polls, Refreshes
from kibo_scenarios.workloads.load_run import LoadResult
from kibo_scenarios.workloads.load_scenario import LoadScenario
from kibo_scenarios.workloads.manners import manners
from kibo_simulator import Settings

#: What only the server's own books tell.
OF_THE_BOOKS: Final = frozenset(
    {
        "jobs_done",
        "jobs_failed",
        "jobs_unfinished",
        "job_wait",
        "restrictions",
        "throttled_time",
        "rules_broken",
    }
)
_NO_BOOKS: Final = "only a target with a control plane tells"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended.

    Attributes:
        span: Simulated microseconds.
        wall_s: Seconds on the machine's clock.
        failures: As in `LoadResult`.
        aborted: The threshold for which it was given up.
        incomplete: Why part of it is not known.
    """

    span: int
    wall_s: float
    failures: Mapping[str, str]
    aborted: str | None = None
    incomplete: str | None = None


def result_of(
    scenario: LoadScenario,
    collected: Collected,
    settings: Settings,
    journal: Sequence[JournalEntry],
    lines: Sequence[bytes],
    *,
    pace: Pace,
    ending: Ending,
) -> LoadResult:
    """Return the result of a run; nothing that is not known is taken for kept.

    Args:
        scenario: What was run.
        collected: What came from the workers, and from the target's books where it has any.
        settings: With the limits that were in force.
        journal: The requests of the clients as the server saw them; empty where it has no books.
        lines: The same as they came.
        pace: For people, and for what is forgiven to clocks.
        ending: How it ended.
    """
    measured = collected.measured
    grades: Mapping[str, Sequence[Grade]] = {}
    if collected.books:
        trip = RoundTrip(greatest=pace.tolerance)
        found = manners(scenario, settings, journal, pace, trip, GUIDE, RULES)
        grades = {name: one.grades for name, one in found.items()}
        for name, one in found.items():
            measured.rules_broken[name] = one.broken
            if one.makespan_s is not None:
                measured.makespans[name] = one.makespan_s
            if one.optimum_s is not None:
                measured.optima[name] = one.optimum_s
    else:
        ends = {name for name, client in scenario.clients.items() if isinstance(client, Polls | Refreshes)}
        measured.makespans |= {name: span for name, span in collected.makespans().items() if name in ends}
    return LoadResult(
        scenario=scenario,
        pace=pace.name,
        judged=tuple(judged(one, collected, ending.incomplete) for one in scenario.thresholds),
        grades=grades,
        measured=measured,
        failures=ending.failures,
        aborted=ending.aborted,
        span=ending.span,
        wall_s=ending.wall_s,
        noted=tuple(lines),
        senders={
            f"worker {number}": handed.requests for number, handed in enumerate(collected.workers.values(), start=1)
        },
        incomplete=ending.incomplete,
    )


def judged(threshold: Threshold, collected: Collected, incomplete: str | None = None) -> Judged:
    """Return the judgement of one threshold; inconclusive where what it asks for cannot be known."""
    if incomplete is not None:
        return untold(threshold, incomplete)
    if not collected.books and threshold.selector.metric.name in OF_THE_BOOKS:
        return untold(threshold, _NO_BOOKS)
    measured = collected.measured
    return judge(threshold, measured.samples(threshold.selector), measured.optimum(threshold.selector))
