"""The conformance library: every packaged scenario with the reference client, and what the whole of it costs."""

from __future__ import annotations

from time import process_time

from benchmarks.outcome import Section, Table, at_most
from kibo_scenarios.library import packaged
from kibo_scenarios.result import Conclusion
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.workloads import LoadScenario, read_any

HOUR = 3_600_000_000
ALL_S = at_most(20)
QUICK = ("minute-breach", "failed-jobs")
METHOD = """\
Every conformance scenario of the package, one after another, as `kibo-scenarios run --strict` runs them: real HTTP
between `kibo-client` and the simulator in virtual time, graded. The time is that of the processor, and includes
building the world, writing and reading the export, the run and the grading."""


def run(*, quick: bool = False) -> Section:
    """Run the scenarios."""
    results = []
    for name, file in packaged().items():
        scenario = read_any(file)
        if isinstance(scenario, LoadScenario) or (quick and name not in QUICK):
            continue
        begun = process_time()
        result = run_scenario(scenario)
        results.append((name, result, process_time() - begun))
    total_s = sum(took_s for _, _, took_s in results)
    hours = sum(result.span for _, result, _ in results) / HOUR
    missed = [
        f"{name}: {result.conclusion(strict=True)}"
        for name, result, _ in results
        if result.conclusion(strict=True) is not Conclusion.PASSED
    ]
    if not ALL_S.met(total_s):
        missed.append(f"the whole library: {total_s:.1f} s of processor time, and {ALL_S} was wanted")
    rows = [
        (
            name,
            f"{len(result.evidence.before):,}",
            f"{sum(result.figures.requests.values()):,}",
            f"{result.span / HOUR:.2f} h",
            f"{took_s:.2f} s",
            str(result.conclusion(strict=True)),
        )
        for name, result, took_s in results
    ]
    return Section(
        name="library",
        title="The conformance library",
        method=METHOD,
        tables=(
            Table(
                title=f"{len(results)} scenarios, {hours:.0f} simulated hours in {total_s:.1f} s (target {ALL_S} s)",
                columns=("scenario", "records", "requests", "simulated", "processor time", "verdict"),
                rows=rows,
            ),
        ),
        data={
            "seconds": total_s,
            "simulatedHours": hours,
            "scenarios": {name: {"processorSeconds": took_s, "span": result.span} for name, result, took_s in results},
        },
        missed=missed,
    )
