"""The real client against the real simulator, whole runs in virtual time: hours a second, ratio, 429s, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import process_time
from typing import Any

import msgspec

from benchmarks.outcome import Section, Table, at_most
from kibo_scenarios.library import find
from kibo_scenarios.result import Conclusion, RunResult
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario import ClientPlan, Scenario, Targets, Work

HOUR = 3_600_000_000
JUDGED_FROM = HOUR // 4
"""In shorter runs the ten seconds that lie between two polls of a job outweigh everything else."""
RATIO = at_most(1.05)
DAY_S = at_most(3)
METHOD = """\
`kibo-client`'s bulk deletion, whole and unchanged, through real HTTP against the simulator in virtual time, graded as
`kibo-scenarios run` grades it: tokens, dry runs, submissions spaced by 5 s, jobs, polls. *Ratio* is the makespan ÷ the
least time for the same requests, but not before the last job had ended. The time is that of the processor, and includes
building the world of 7,200 records, writing and reading the export, the run and the grading. The day is 144 jobs of ten
minutes, one after another, under 50 a minute and 200 an hour."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One run: a packaged scenario with other limits, other work, or a client that knows less."""

    name: str
    per_minute: int
    per_hour: int
    known: bool
    batch_size: int = 500
    jobs: Mapping[str, Any] | None = None
    whole_day: bool = False


CELLS = (
    Cell("2 batches, known", 50, 200, known=True),
    Cell("2 batches, unknown", 50, 200, known=False),
    Cell("60 batches, known", 50, 200, known=True, batch_size=10),
    Cell("60 batches, unknown", 50, 200, known=False, batch_size=10),
    Cell("60 batches, known", 10, 60, known=True, batch_size=10),
    Cell("60 batches, unknown", 10, 60, known=False, batch_size=10),
    Cell(
        "a day of jobs, known",
        50,
        200,
        known=True,
        batch_size=50,
        jobs={"workers": 1, "base_s": 600, "per_record_s": 0.01},
        whole_day=True,
    ),
)
QUICK_CELLS = CELLS[:2]
SAMPLE = {"tenant": 1001, "locations": 12, "products": 600}


def scenario(cell: Cell) -> Scenario:
    """The packaged bulk deletion, changed as the cell says."""
    base = find("bulk-delete")
    pool = {"route": "/api/commerce/inventory/*", "rpm": cell.per_minute, "rph": cell.per_hour}
    simulator = {**base.simulator, "sample": SAMPLE, "limits": {"pools": [pool]}}
    if cell.jobs is not None:
        simulator["jobs"] = dict(cell.jobs)
    return msgspec.structs.replace(
        base,
        simulator=simulator,
        work=Work(targets=Targets(products=1.0)),
        client=ClientPlan(
            rpm=cell.per_minute if cell.known else "unknown",
            rph=cell.per_hour if cell.known else "unknown",
            batch_size=cell.batch_size,
        ),
        testable=(),
        expectations=(),
        time_limit=14 * 24 * HOUR,
    )


def missed(cell: Cell, result: RunResult, took_s: float) -> list[str]:
    """Say which bounds a run breaks."""
    refusals, ratio = len(result.figures.refusals), result.figures.ratio_to_optimum
    where = f"whole client, {cell.name}, {cell.per_minute}/{cell.per_hour}"
    found = []
    if refusals > (0 if cell.known else 2):
        found.append(f"{where}: {refusals} times 429")
    if cell.known and ratio is not None and result.span >= JUDGED_FROM and not RATIO.met(ratio):
        found.append(f"{where}: {ratio:.2f} of the optimum, and {RATIO} was wanted")
    if cell.whole_day and not DAY_S.met(took_s):
        found.append(f"{where}: {took_s:.1f} s of processor time, and {DAY_S} was wanted")
    if result.conclusion() is not Conclusion.PASSED:
        reasons = [failure.text for failure in result.failures()] or ["nothing could be concluded"]
        found.append(f"{where}: {'; '.join(reasons)}")
    return found


def run(*, quick: bool = False) -> Section:
    """Run the cells, one after another."""
    results = []
    for cell in QUICK_CELLS if quick else CELLS:
        begun = process_time()
        result = run_scenario(scenario(cell))
        results.append((cell, result, process_time() - begun))
    rows = []
    for cell, result, took_s in results:
        figures = result.figures
        ratio = figures.ratio_to_optimum
        rows.append(
            (
                cell.name,
                f"{cell.per_minute}/{cell.per_hour}",
                f"{sum(figures.requests.values()):,}",
                f"{result.span / HOUR:.2f} h",
                f"{took_s:.2f} s",
                f"{result.span / HOUR / took_s:,.1f}",
                "–" if ratio is None else f"{ratio:.3f}",
                str(len(figures.refusals)),
                str(result.conclusion()),
            )
        )
    return Section(
        name="whole_client",
        title="Whole runs of the client",
        method=METHOD,
        tables=(
            Table(
                title="kibo-client in virtual time",
                columns=(
                    "work",
                    "limits a minute/hour",
                    "requests",
                    "simulated",
                    "processor time",
                    "simulated hours a second",
                    "ratio",
                    "429s",
                    "verdict",
                ),
                rows=rows,
            ),
        ),
        data=[
            {
                "work": cell.name,
                "limits": {"per_minute": cell.per_minute, "per_hour": cell.per_hour},
                "known": cell.known,
                "requests": dict(result.figures.requests),
                "simulatedHours": result.span / HOUR,
                "processorSeconds": took_s,
                "ratio": result.figures.ratio_to_optimum,
                "refusals": len(result.figures.refusals),
                "verdict": str(result.conclusion()),
            }
            for cell, result, took_s in results
        ],
        missed=[one for cell, result, took_s in results for one in missed(cell, result, took_s)],
    )
