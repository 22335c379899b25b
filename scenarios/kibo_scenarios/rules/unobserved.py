"""Rules FI-1, FI-2 and BJ-1, for as long as a run has nothing to judge them by: they never pass unseen."""

from kibo_scenarios.evidence import Evidence
from kibo_scenarios.rules.verdict import Outcome, Verdict


def files_not_observed(evidence: Evidence) -> Outcome:
    """FI-1 and FI-2 (C25): scenarios do not record drop points yet."""
    del evidence
    return _not_applicable("data files are complete before their trigger, and named by the rule")


def batch_jobs_not_observed(evidence: Evidence) -> Outcome:
    """BJ-1 (C28): scenarios do not record batch jobs yet."""
    del evidence
    return _not_applicable("items are added by code and the job is then started")


def _not_applicable(expected: str) -> Outcome:
    return Outcome(
        verdict=Verdict.NOT_APPLICABLE, expected=expected, actual="runs of this version do not record this kind of work"
    )
