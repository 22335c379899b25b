"""Applies rules to evidence and sums the verdicts up; safety (M and S) and efficiency (E) are never mixed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.evidence import Evidence
from kibo_scenarios.rules import RULES, Level, Outcome, Rule, Verdict


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
        return rule.judge(evidence)
    except Exception as error:
        raise HarnessError(f"rule {rule.id} itself failed: {type(error).__name__}: {error}") from error
