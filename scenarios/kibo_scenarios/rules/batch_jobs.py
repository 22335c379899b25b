"""Rule BJ-1: how batch jobs are filled, started and reset (C28)."""

from typing import Final

from kibo_scenarios.evidence import Evidence, JournalEntry
from kibo_scenarios.moments import clock_time
from kibo_scenarios.rules.verdict import Finding, Outcome, inconclusive, judged

#: The calls of the batch job service itself; any other call with a job's code adds to the job.
_SERVICE: Final = frozenset(
    {
        "createBatchJob",
        "getBatchJobs",
        "getBatchSummaryJobs",
        "getBatchJob",
        "updateBatchJob",
        "deleteBatchJob",
        "performBatchAction",
        "getAvailableActions",
        "getBatchSummaryJob",
        "getBatchJobItems",
        "listBatchJobItems",
        "getBatchJobItem",
        "readBatchJobItem",
    }
)
#: What the service answers where a job's status does not allow something; Kibo does not say which of the two.
_REFUSED: Final = frozenset({400, 409})
_ENDED: Final = frozenset({"Completed", "Canceled"})


def filled_then_started(evidence: Evidence) -> Outcome:
    """BJ-1 (C28): items are added by code, then the job is started; it is reset only when completed or canceled.

    What the server did counts, whether its answer arrived or not. A job that is canceled or deleted needs no start.
    """
    expected = "items are added by code, then their job is started; a reset only when it is completed or canceled"
    waiting: dict[tuple[str, str], JournalEntry] = {}
    judgeable: list[JournalEntry] = []
    findings: list[Finding] = []
    for entry in evidence.journal:
        code = entry.summary.batch_job_code
        if code is None or entry.status == 429:
            continue
        job = entry.tenant, code
        done = 200 <= entry.status < 300
        if entry.operation == "performBatchAction":
            judgeable.append(entry)
            if done and entry.summary.action in {"Start", "Cancel"}:
                waiting.pop(job, None)
            elif entry.status in _REFUSED and entry.summary.action == "Reset":
                findings += _breach(entry, f"asked to reset {code}, which was {entry.summary.batch_job_status}", _ENDED)
        elif entry.operation == "deleteBatchJob" and done:
            waiting.pop(job, None)
        elif entry.operation not in _SERVICE:
            judgeable.append(entry)
            if done:
                waiting.setdefault(job, entry)
            elif entry.status in _REFUSED:
                what = f"added to {code}, which was {entry.summary.batch_job_status} already"
                findings += _breach(entry, what, frozenset({"Ready"}))
    if not judgeable:
        return inconclusive(expected, "no batch job was filled, started or reset")
    findings += [
        Finding(
            message=f"{code} was given items from {entry} on and never started",
            at=entry.started_at,
            entries=(entry.seq,),
        )
        for (_, code), entry in waiting.items()
    ]
    return judged(expected, findings, f"{len(judgeable):,} calls filled and ran batch jobs in order", tuple(judgeable))


def _breach(entry: JournalEntry, what: str, allowed: frozenset[str]) -> list[Finding]:
    """Return the breach that a refusal shows, unless the job's status was not the reason for it."""
    if entry.summary.batch_job_status in allowed or entry.summary.batch_job_status is None:
        return []
    message = f"{entry} {what}, at {clock_time(entry.started_at)}"
    return [Finding(message=message, at=entry.started_at, entries=(entry.seq,))]
