"""How one run of a sweep came out: what was promised, what became of it, and what went wrong first."""

from collections.abc import Iterator
from dataclasses import dataclass

from kibo_scenarios.moments import SECOND
from kibo_scenarios.result import Conclusion, RunResult
from kibo_scenarios.rules import Level, Verdict
from kibo_scenarios.sweeps.grid import Value
from kibo_scenarios.workloads.first_signs import first_sign
from kibo_scenarios.workloads.load_run import LoadResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that a run was to keep: a threshold, an expectation, a rule, or that a client comes to its end.

    Attributes:
        name: As the file writes it, or the rule's id.
        seen: What was seen of it, for people.
        reason: Why it matters, as the file says; may be empty.
        value: What was measured, in seconds where it is a time; None where it is no number.
        bound: What it was compared with; None where that is no number of the file.
        unit: ``s`` for seconds, ``share`` for a share of requests, else empty.
        first_s: When the first sign of it was seen, in seconds after the start; None where only the end tells.
    """

    name: str
    verdict: Verdict
    seen: str
    reason: str = ""
    value: float | None = None
    bound: float | None = None
    unit: str = ""
    first_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one cell came out.

    Attributes:
        values: One for each axis.
        seconds: Simulated, from the start until all clients had ended.
        requests: That reached the server.
        throttled: Of those, refused with 429.
        checks: All that was to be kept, in the order of the file.
    """

    values: tuple[Value, ...]
    conclusion: Conclusion
    seconds: float
    requests: int
    throttled: int
    checks: tuple[Check, ...]

    @property
    def kept(self) -> bool:
        """Whether all was kept."""
        return self.conclusion is Conclusion.PASSED

    @property
    def broken(self) -> tuple[Check, ...]:
        """What was not kept: what failed, or what cannot be told where nothing failed; the first first."""
        worst = Verdict.FAIL if self.conclusion is Conclusion.FAILED else Verdict.INCONCLUSIVE
        found = [check for check in self.checks if check.verdict is worst]
        return tuple(sorted(found, key=lambda check: float("inf") if check.first_s is None else check.first_s))


def of_load(values: tuple[Value, ...], result: LoadResult) -> Outcome:
    """Return how a load scenario came out."""
    counted = result.measured.cells.values()
    return Outcome(
        values=values,
        conclusion=result.conclusion,
        seconds=result.span / SECOND,
        requests=sum(one.requests for one in counted),
        throttled=sum(one.throttled for one in counted),
        checks=tuple(_of_load(result)),
    )


def _of_load(result: LoadResult) -> Iterator[Check]:
    for name, failure in result.failures.items():
        yield Check(name=name, verdict=Verdict.FAIL, seen=failure)
    for one in result.judged:
        threshold, judgement = one.threshold, one.judgement
        expression, metric = threshold.expression, threshold.selector.metric
        timed = metric.unit == "s" and expression.aggregate != "count"
        sign = first_sign(result.measured, threshold) if judgement.verdict is Verdict.FAIL else None
        yield Check(
            name=str(threshold),
            verdict=judgement.verdict,
            seen=judgement.because,
            reason=threshold.reason,
            value=judgement.value,
            bound=None if expression.bound.of_optimum else expression.bound.number,
            unit="s" if timed else "share" if metric.kind == "rate" else "",
            first_s=None if sign is None else max(0, sign - result.scenario.start) / SECOND,
        )


def of_run(values: tuple[Value, ...], result: RunResult) -> Outcome:
    """Return how the scenario of a single client came out: by the rules of level M and its expectations."""
    return Outcome(
        values=values,
        conclusion=result.conclusion(),
        seconds=result.span / SECOND,
        requests=sum(result.figures.requests.values()),
        throttled=len(result.figures.refusals),
        checks=tuple(_of_run(result)),
    )


def _of_run(result: RunResult) -> Iterator[Check]:
    if result.client_failure:
        yield Check(name="the client comes to its end", verdict=Verdict.FAIL, seen=result.client_failure)
    for one in result.checked:
        verdict = Verdict.PASS if one.met else Verdict.FAIL
        seen = "not known" if one.actual is None else f"was {one.actual:g}"
        yield Check(name=str(one.expectation), verdict=verdict, seen=seen)
    missed = {grade.rule.id for grade in result.missed}
    for grade in result.grades:
        weighty = grade.rule.level is Level.MUST and grade.verdict in {Verdict.PASS, Verdict.FAIL}
        if weighty or grade.rule.id in missed:
            findings = grade.outcome.findings
            first = max(0, findings[0].at - result.started_at) / SECOND if findings else None
            yield Check(
                name=grade.rule.id,
                verdict=grade.verdict,
                seen=grade.outcome.actual,
                reason=grade.rule.requirement,
                first_s=first,
            )
