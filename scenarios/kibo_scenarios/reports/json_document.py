"""The report as a JSON document: complete, with keys that stay; `format` grows when their meaning changes.

Moments are ISO 8601 UTC with microseconds; spans are seconds.
"""

from typing import Any, Final

import msgspec

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.figures import Checked
from kibo_scenarios.grading import Grade
from kibo_scenarios.moments import SECOND, format_utc
from kibo_scenarios.result import RunResult
from kibo_scenarios.rules import Finding, Verdict

FORMAT: Final = 1


class ScenarioPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which scenario was run."""

    name: str
    title: str
    description: str
    seed: int
    start: str
    testable: tuple[str, ...]
    work: str = "bulk-delete"


class TimePart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How time went: simulated, on the wall, and what was forgiven to clocks and network.

    Within the stalls the machine was held up, and what was noted then was not held against the client.
    """

    mode: str
    started_at: str
    simulated_s: float
    wall_s: float
    speed: float
    tolerance_s: float
    round_trip_s: float
    stalls: int
    stalled_s: float
    makespan_s: float
    optimum_s: float | None
    ratio_to_optimum: float | None


class ScopePart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was to be deleted, what the dry runs found, and what became of it."""

    target_records: int
    target_products: int
    target_locations: int
    dry_run_records: int
    dry_run_items: int
    dry_run_locations: int
    gone: int
    undone: int
    off_target: int = 0
    batch_items: dict[str, int] = {}
    strays: int = 0
    files: int = 0
    files_imported: int = 0


class RefusalPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One 429."""

    at: str
    operation: str
    retry_after_s: int | None
    entry: int


class FindingPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One breach of a rule; `entries` are the numbers of journal entries that prove it."""

    message: str
    at: str | None
    entries: tuple[int, ...]


class RulePart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule and its verdict; `breaches` counts all findings, of which the first ones are kept."""

    id: str
    level: str
    efficiency: bool
    requirement: str
    source: str
    verdict: str
    expected: str
    actual: str
    breaches: int
    findings: tuple[FindingPart, ...]
    evidence: tuple[int, ...]
    needs: str
    remedy: str


class ExpectationPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An expectation of the scenario and the figure that was found."""

    figure: str
    operator: str
    value: float
    actual: float | None
    met: bool


class ReportDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The whole report of one run."""

    format: int
    conclusion: str
    exit_code: int
    safety: str
    efficiency: str
    failures: tuple[str, ...]
    known_failures: tuple[str, ...]
    missed: tuple[str, ...]
    client_failure: str | None
    client: str
    profile: str
    strict: bool
    scenario: ScenarioPart
    time: TimePart
    scope: ScopePart
    batches: int
    requests: dict[str, int]
    refusals: tuple[RefusalPart, ...]
    jobs: dict[str, int]
    verdicts: dict[str, int]
    rules: tuple[RulePart, ...]
    expectations: tuple[ExpectationPart, ...]
    client_report: dict[str, Any]


def report_document(assessment: Assessment) -> ReportDocument:
    """Return the report of a run as a typed document."""
    result, conclusion = assessment.result, assessment.conclusion
    figures = result.figures
    return ReportDocument(
        format=FORMAT,
        conclusion=conclusion.name,
        exit_code=int(conclusion.value),
        safety=str(assessment.safety),
        efficiency=str(assessment.efficiency),
        failures=tuple(failure.text for failure in assessment.failures),
        known_failures=tuple(failure.text for failure in assessment.known_failures),
        missed=tuple(grade.rule.id for grade in result.missed),
        client_failure=result.client_failure,
        client=result.client,
        profile=result.evidence.profile.name,
        strict=assessment.strict,
        scenario=ScenarioPart(
            name=result.scenario.name,
            title=result.scenario.title,
            description=result.scenario.description,
            seed=result.scenario.seed,
            start=format_utc(result.scenario.start),
            testable=result.scenario.testable,
            work=result.scenario.work.kind,
        ),
        time=_time(result),
        scope=ScopePart(
            target_records=figures.targets,
            target_products=figures.target_products,
            target_locations=figures.target_locations,
            dry_run_records=figures.scope_records,
            dry_run_items=figures.scope_items,
            dry_run_locations=figures.scope_locations,
            gone=figures.gone,
            undone=figures.undone,
            off_target=figures.off_target,
            batch_items=dict(figures.batch_items),
            strays=figures.strays,
            files=figures.files,
            files_imported=figures.files_imported,
        ),
        batches=figures.batches,
        requests=dict(figures.requests),
        refusals=tuple(
            RefusalPart(at=format_utc(one.at), operation=one.operation, retry_after_s=one.retry_after_s, entry=one.seq)
            for one in figures.refusals
        ),
        jobs=dict(figures.jobs),
        verdicts={str(verdict): sum(g.verdict is verdict for g in result.grades) for verdict in Verdict},
        rules=tuple(map(_rule, result.grades)),
        expectations=tuple(map(_expectation, result.checked)),
        client_report=dict(result.client_report),
    )


def to_json(assessment: Assessment) -> bytes:
    """Return the report of a run as indented JSON, with a newline at the end."""
    encoded = msgspec.json.encode(report_document(assessment))
    return msgspec.json.format(encoded, indent=2) + b"\n"


def _time(result: RunResult) -> TimePart:
    figures, evidence = result.figures, result.evidence
    ratio = figures.ratio_to_optimum
    return TimePart(
        mode=result.pace,
        started_at=format_utc(result.started_at),
        simulated_s=result.span / SECOND,
        wall_s=round(result.wall_s, 3),
        speed=round(result.span / SECOND / result.wall_s, 1),
        tolerance_s=evidence.tolerance / SECOND,
        round_trip_s=evidence.round_trip.greatest / SECOND,
        stalls=len(evidence.stalls),
        stalled_s=sum(stall.end - stall.start for stall in evidence.stalls) / SECOND,
        makespan_s=figures.makespan / SECOND,
        optimum_s=None if figures.optimum is None else figures.optimum / SECOND,
        ratio_to_optimum=None if ratio is None else round(ratio, 4),
    )


def _rule(grade: Grade) -> RulePart:
    rule, outcome = grade.rule, grade.outcome
    return RulePart(
        id=rule.id,
        level=str(rule.level),
        efficiency=rule.efficiency,
        requirement=rule.requirement,
        source=rule.source,
        verdict=str(outcome.verdict),
        expected=outcome.expected,
        actual=outcome.actual,
        breaches=outcome.breaches,
        findings=tuple(map(_finding, outcome.findings)),
        evidence=outcome.evidence,
        needs=rule.needs,
        remedy=rule.remedy,
    )


def _finding(finding: Finding) -> FindingPart:
    return FindingPart(
        message=finding.message,
        at=format_utc(finding.at) if finding.at else None,
        entries=finding.entries,
    )


def _expectation(checked: Checked) -> ExpectationPart:
    expectation = checked.expectation
    return ExpectationPart(
        figure=expectation.figure,
        operator=expectation.operator,
        value=expectation.value,
        actual=checked.actual,
        met=checked.met,
    )
