"""Applies rules to evidence and sums the verdicts up; safety (M and S) and efficiency (E) are never mixed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.evidence import Evidence
from kibo_scenarios.moments import SECOND, format_span
from kibo_scenarios.rules import RULES, Level, Outcome, Rule, Verdict

#: The rules that blame a client for coming too early, which a harness that was held up could imagine.
TIMED: Final = frozenset({"TH-1", "TH-2", "TH-3", "TH-4", "BA-4", "BA-5", "JB-1", "JB-2", "RT-1", "RT-2"})


#: The rules that ask for waits to grow: there a tolerance is held against the client, and must not be all there is.
GROWTH: Final = frozenset({"JB-2"})


def _shortest_wait(evidence: Evidence) -> int:
    """Return the shortest wait that any 429 asked for."""
    asked = [entry.retry_after_s * SECOND for entry in evidence.journal if entry.retry_after_s is not None]
    return min(asked, default=evidence.profile.retry_after_default)


#: The least wait that a rule asks for; a tolerance that is no shorter would excuse everything.
REQUIRED_WAITS: Final[Mapping[str, Callable[[Evidence], int]]] = {
    "TH-1": _shortest_wait,
    "TH-2": _shortest_wait,
    "TH-4": lambda evidence: evidence.profile.retry_after_default,
    "BA-5": lambda evidence: evidence.profile.submission_spacing,
    "JB-1": lambda evidence: evidence.profile.poll_spacing,
    "RT-1": lambda evidence: evidence.profile.retry_wait,
}


@dataclass(frozen=True, slots=True)
class Grade:
    """One rule together with what it said about the run."""

    rule: Rule
    outcome: Outcome

    @property
    def verdict(self) -> Verdict:
        """The verdict of the outcome."""
        return self.outcome.verdict


def grade(evidence: Evidence, rules: Iterable[Rule] = RULES) -> tuple[Grade, ...]:
    """Return the grades in the order of the rules.

    Raises:
        HarnessError: A rule itself failed, which says nothing about the client.
    """
    return tuple(Grade(rule, _judge(rule, evidence)) for rule in rules)


def failed(grades: Sequence[Grade], *, strict: bool = False) -> tuple[Grade, ...]:
    """Return the grades that fail a run: M rules, and S rules too when strict."""
    weighty = {Level.MUST, Level.SHOULD} if strict else {Level.MUST}
    return tuple(one for one in grades if one.verdict is Verdict.FAIL and one.rule.level in weighty)


def _judge(rule: Rule, evidence: Evidence) -> Outcome:
    if rule.ability not in evidence.abilities:
        return Outcome(
            verdict=Verdict.NOT_APPLICABLE, expected=rule.requirement, actual=f"the client does no {rule.ability} work"
        )
    try:
        outcome = rule.judge(evidence)
    except Exception as error:
        raise HarnessError(f"rule {rule.id} itself failed: {type(error).__name__}: {error}") from error
    if outcome.verdict is Verdict.PASS:
        return _told_apart(rule, outcome, evidence)
    if rule.id in GROWTH and evidence.tolerance > SECOND:
        outcome = _growth_told(rule, outcome, evidence)
    return proven(outcome, evidence) if rule.id in TIMED and evidence.stalls else outcome


def _growth_told(rule: Rule, outcome: Outcome, evidence: Evidence) -> Outcome:
    """Return a failure, unless the waits did grow, by less than can be told."""
    if outcome.verdict is not Verdict.FAIL or rule.judge(replace(evidence, tolerance=0)).verdict is Verdict.FAIL:
        return outcome
    tolerance = format_span(evidence.tolerance)
    return Outcome(
        verdict=Verdict.INCONCLUSIVE,
        expected=outcome.expected,
        actual=f"the growth is less than the tolerance of {tolerance}; a lower speed can tell",
    )


def _told_apart(rule: Rule, outcome: Outcome, evidence: Evidence) -> Outcome:
    """Return a pass, unless it is owed to a tolerance as long as the very wait that is asked for."""
    required = REQUIRED_WAITS.get(rule.id)
    if required is None or required(evidence) > evidence.tolerance:
        return outcome
    if rule.judge(replace(evidence, tolerance=0)).verdict is Verdict.PASS:
        return outcome
    return Outcome(
        verdict=Verdict.INCONCLUSIVE,
        expected=outcome.expected,
        actual=(
            f"{format_span(required(evidence))} cannot be told from nothing with a tolerance of "
            f"{format_span(evidence.tolerance)}; a lower speed can tell"
        ),
    )


def proven(outcome: Outcome, evidence: Evidence) -> Outcome:
    """Return what is left of a failure when requests that were noted during a stall prove nothing.

    Nothing left is no pass: the run cannot tell.
    """
    if outcome.verdict is not Verdict.FAIL:
        return outcome
    doubtful = _noted_in_a_stall(evidence)
    kept = tuple(one for one in outcome.findings if not doubtful.intersection(one.entries))
    dropped = len(outcome.findings) - len(kept)
    if not dropped:
        return outcome
    if not kept and outcome.breaches == len(outcome.findings):
        return Outcome(
            verdict=Verdict.INCONCLUSIVE,
            expected=outcome.expected,
            actual=f"this machine was held up where it looked otherwise: {outcome.actual}",
        )
    breaches = outcome.breaches - dropped
    more = f" (and {breaches - 1} more)" if breaches > 1 else ""
    return Outcome(
        verdict=Verdict.FAIL,
        expected=outcome.expected,
        actual=kept[0].message + more if kept else outcome.actual,
        findings=kept,
        breaches=breaches,
        evidence=tuple(dict.fromkeys(seq for finding in kept for seq in finding.entries)),
    )


def _noted_in_a_stall(evidence: Evidence) -> frozenset[int]:
    return frozenset(
        entry.seq
        for entry in evidence.journal
        for stall in evidence.stalls
        if entry.started_at <= stall.end + evidence.tolerance and entry.finished_at >= stall.start
    )
