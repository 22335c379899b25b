"""Judges the traffic of one test by the rules of the catalogue, and says what is wrong with it in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from kibo_scenarios.declaration import Declaration
from kibo_scenarios.errors import UsageError
from kibo_scenarios.evidence import Evidence, JournalEntry, PoolLimit, RoundTrip
from kibo_scenarios.grading import Grade, failed, grade
from kibo_scenarios.moments import format_utc
from kibo_scenarios.profile import Profile
from kibo_scenarios.profiles import find_profile
from kibo_scenarios.rules import RULES, Rule, Verdict, select, with_levels

MOST_FINDINGS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a test left behind.

    Attributes:
        journal: What the server saw of it.
        limits: What the server enforced.
        tolerance: How much too early, in microseconds, is forgiven.
        round_trip: How long answers and requests travel.
    """

    journal: tuple[JournalEntry, ...]
    limits: tuple[PoolLimit, ...]
    tolerance: int
    round_trip: RoundTrip


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRequest:
    """By what the traffic of a test is to be judged.

    Attributes:
        rules: The rules that count, with the profile's levels.
        required: Ids of the rules that must have had their opportunity and have passed.
        profile: The figures to judge by.
        strict: Whether S rules fail a test too.
        client: What the client under test does and knows.
    """

    rules: tuple[Rule, ...]
    required: frozenset[str]
    profile: Profile
    strict: bool
    client: Declaration

    def evidence(self, trial: Trial) -> Evidence:
        """Return what the rules look at."""
        return Evidence(
            journal=trial.journal,
            abilities=self.client.abilities,
            limits=trial.limits,
            limits_known=self.client.knows_limits,
            tolerance=trial.tolerance,
            round_trip=trial.round_trip,
            profile=self.profile,
        )

    def grades(self, trial: Trial) -> tuple[Grade, ...]:
        """Return the verdicts in the order of the catalogue."""
        return grade(self.evidence(trial), self.rules)


def grade_request(
    *,
    rules: Sequence[str] = (),
    require: Sequence[str] = (),
    profile: str = "guide",
    strict: bool = False,
    **client: Any,
) -> GradeRequest:
    """Check what a test asks for.

    Args:
        rules: Ids of the rules that count; all when empty.
        require: Ids of the rules for which INCONCLUSIVE is not enough.
        profile: A profile's name, or its file.
        strict: Whether S rules fail a test too.
        client: ``does`` and ``knows_limits``, as in a client's declaration.

    Raises:
        UsageError: A rule, a profile or a declaration that does not exist.
    """
    try:
        declared = msgspec.convert(client, Declaration)
    except msgspec.ValidationError as error:
        raise UsageError(f"kibo_grade: {error}") from None
    found = find_profile(profile)
    chosen = select([*rules, *require]) if rules else RULES
    return GradeRequest(
        rules=with_levels(chosen, found.levels),
        required=frozenset(rule.id for rule in select(require)) if require else frozenset(),
        profile=found,
        strict=strict,
        client=declared,
    )


def complaint(request: GradeRequest, grades: Sequence[Grade]) -> str | None:
    """Return why the test fails, for people: each rule, the moments, and what to do about it; None when it passes."""
    bad = failed(grades, strict=request.strict)
    missed = [one for one in grades if one.rule.id in request.required and one.verdict is not Verdict.PASS]
    missed = [one for one in missed if one not in bad]
    if not bad and not missed:
        return None
    return "\n".join([*_broken(bad), *_unproven(missed)])


def _broken(grades: Iterable[Grade]) -> Iterable[str]:
    for one in grades:
        yield f"{one.rule.id} {one.verdict}: {one.rule.requirement}"
        findings = one.outcome.findings
        for finding in findings[:MOST_FINDINGS]:
            yield f"  {format_utc(finding.at)}  {finding.message}"
        if one.outcome.breaches > MOST_FINDINGS:
            yield f"  and {one.outcome.breaches - MOST_FINDINGS:,} more"
        if not findings:
            yield f"  {one.outcome.actual}"
        yield f"  expected: {one.outcome.expected}"
        yield f"  remedy: {one.rule.remedy}"


def _unproven(grades: Iterable[Grade]) -> Iterable[str]:
    for one in grades:
        yield f"{one.rule.id} {one.verdict}, and a PASS was required: {one.outcome.actual}"


def summary(grades: Iterable[Grade]) -> Mapping[str, int]:
    """Return how many rules came to each verdict."""
    counts = {str(verdict): 0 for verdict in Verdict}
    for one in grades:
        counts[str(one.verdict)] += 1
    return counts
