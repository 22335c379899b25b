"""Rule BJ-1, for as long as a run has nothing to judge it by: it never passes unseen."""

from kibo_scenarios.evidence import Evidence
from kibo_scenarios.rules.verdict import Outcome, Verdict


def batch_jobs_not_observed(evidence: Evidence) -> Outcome:
    """BJ-1 (C28): scenarios do not record batch jobs yet."""
    del evidence
    return Outcome(
        verdict=Verdict.NOT_APPLICABLE,
        expected="items are added by code and the job is then started",
        actual="runs of this version do not record this kind of work",
    )
