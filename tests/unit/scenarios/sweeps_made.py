"""Sweeps that never ran: grids of any shape whose points came out as a test wants."""

from collections.abc import Callable
from itertools import product

from kibo_scenarios.reports.sweep_view import Sweep
from kibo_scenarios.result import Conclusion
from kibo_scenarios.rules import Verdict
from kibo_scenarios.sweeps import Axis, Check, Outcome, Value, parse_axis

CONCLUSIONS = {
    Verdict.PASS: Conclusion.PASSED,
    Verdict.FAIL: Conclusion.FAILED,
    Verdict.INCONCLUSIVE: Conclusion.NOTHING_CONCLUDED,
}


def point(
    values: tuple[Value, ...],
    verdict: Verdict = Verdict.PASS,
    *,
    seconds: float = 60.0,
    throttled: int = 0,
    name: str = "latency: p(95) < 1s",
    first_s: float | None = None,
    seen: str = "was 2.0 s",
    value: float | None = 2.0,
) -> Outcome:
    """A point with one promise that came out so."""
    check = Check(
        name=name,
        verdict=verdict,
        seen=seen,
        reason="Shoppers leave.",
        value=value,
        bound=1.0,
        unit="s",
        first_s=first_s,
    )
    return Outcome(
        values=values,
        conclusion=CONCLUSIONS[verdict],
        seconds=seconds,
        requests=1_000,
        throttled=throttled,
        checks=(check,),
    )


def sweep_of(
    *axes: Axis | str,
    made: Callable[[tuple[Value, ...]], Outcome] = point,
    scenario: str = "shops.yaml",
    name: str = "shops",
    title: str = "How many stores can be added?",
) -> Sweep:
    """A sweep over these axes, each point made from its values."""
    parsed = tuple(axis if isinstance(axis, Axis) else parse_axis(axis) for axis in axes)
    grid = product(*(axis.values for axis in parsed))
    return Sweep(
        scenario=scenario, name=name, title=title, axes=parsed, outcomes=tuple(made(values) for values in grid)
    )


def broken_from(limit: float) -> Callable[[tuple[Value, ...]], Outcome]:
    """Points that break as soon as their first value is so great."""

    def made(values: tuple[Value, ...]) -> Outcome:
        number = float(str(values[0]))
        verdict = Verdict.FAIL if number >= limit else Verdict.PASS
        return point(values, verdict, seconds=number * 60, throttled=int(number), value=number, first_s=12.0)

    return made
