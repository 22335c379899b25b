"""What a run is worth to whoever started it: its verdicts, weighed by strictness and by what was known to fail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kibo_scenarios.grading import Grade
from kibo_scenarios.result import Conclusion, Failure, RunResult
from kibo_scenarios.rules import Level, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One run, as all reports show it.

    Attributes:
        result: The run.
        strict: Whether a failed rule of level S fails the run.
        known: Ids of the failures that a baseline allows.
    """

    result: RunResult
    strict: bool = False
    known: frozenset[str] = frozenset()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The reasons why the run failed, without those that were known."""
        return tuple(one for one in self.result.failures(strict=self.strict) if one.id not in self.known)

    @property
    def known_failures(self) -> tuple[Failure, ...]:
        """The reasons that would have failed the run, had they not been known."""
        return tuple(one for one in self.result.failures(strict=self.strict) if one.id in self.known)

    @property
    def conclusion(self) -> Conclusion:
        """What the run says."""
        return self.result.conclusion(strict=self.strict, known=self.known)

    @property
    def safety(self) -> Verdict:
        """One verdict for all rules but the efficiency ones: FAIL when one is broken that fails a run."""
        grades = [grade for grade in self.result.grades if not grade.rule.efficiency]
        weighty = {Level.MUST, Level.SHOULD} if self.strict else {Level.MUST}
        return _together(grades, (grade for grade in grades if grade.rule.level in weighty), self.result.missed)

    @property
    def efficiency(self) -> Verdict:
        """One verdict for the rules about waste; it has no part in `safety`."""
        grades = [grade for grade in self.result.grades if grade.rule.efficiency]
        return _together(
            grades, (grade for grade in grades if grade.rule.level is not Level.INFORMATION), self.result.missed
        )


def _together(grades: Sequence[Grade], weighty: Iterable[Grade], missed: Sequence[Grade]) -> Verdict:
    if any(grade.verdict is Verdict.FAIL for grade in weighty):
        return Verdict.FAIL
    verdicts = {grade.verdict for grade in grades}
    if any(grade in missed for grade in grades):
        return Verdict.INCONCLUSIVE
    if verdicts & {Verdict.PASS, Verdict.FAIL}:
        return Verdict.PASS
    return Verdict.INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts else Verdict.NOT_APPLICABLE
