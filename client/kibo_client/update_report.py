"""What a bulk refresh or adjustment tells at its end: what was asked, applied, left undone, and why (C12, C15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kibo_client.lines import Line
from kibo_client.polling import TERMINAL
from kibo_client.report import NOT_COME_TO, NOT_SEEN_TO_END, FailedJob, RunReport
from kibo_client.update_state import UpdateState


@dataclass(frozen=True, slots=True)
class UndoneLine:
    """A line that was not applied, and why; `uncertain` says that nobody knows whether it was."""

    line: Line
    reason: str
    uncertain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateReport(RunReport):
    """The account of one bulk refresh or adjustment; `RunReport` has the rest of its attributes.

    Its outcome is "done" (every line is applied), "undone" (some are not), "stopped" (see there) or "interrupted".
    The lines of its failed jobs were sent again, or are undone.

    Attributes:
        kind: "refresh" or "adjust".
        requested_records: How many records were to be written.
        requested_locations: How many locations they lie at.
        applied_records: Those whose job succeeded.
        undone: Lines not known to be applied, with reasons.
    """

    kind: str
    requested_records: int
    requested_locations: int
    applied_records: int
    undone: tuple[UndoneLine, ...]

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for is done."""
        return self.outcome == "done"

    @property
    def uncertain_records(self) -> int:
        """Of how many lines nobody knows whether they were applied."""
        return sum(entry.uncertain for entry in self.undone)

    def to_json_dict(self) -> dict[str, Any]:
        """The report as plain JSON values; moments as ISO 8601 UTC."""
        return {
            "kind": self.kind,
            "outcome": self.outcome,
            "stopped": self.stopped,
            "requested": {"records": self.requested_records, "locations": self.requested_locations},
            "appliedRecords": self.applied_records,
            "uncertainRecords": self.uncertain_records,
            **self.traffic_as_json(),
            "undone": [
                {
                    "locationCode": entry.line.location_code,
                    "partNumber": entry.line.part_number,
                    "upc": entry.line.upc,
                    "sku": entry.line.sku,
                    "quantity": entry.line.quantity,
                    "uncertain": entry.uncertain,
                    "reason": entry.reason,
                }
                for entry in self.undone
            ],
            **self.times_as_json(),
            "limits": self.limits_as_json(),
        }


def update_report(state: UpdateState, *, unanswered: int | None, began_at: int, ended_at: int) -> UpdateReport:
    """Close the books of an update as they stand.

    Args:
        state: The update.
        unanswered: The batch whose submission is under way.
        began_at: When it began.
        ended_at: When anything last happened.
    """
    undone = tuple(_undone(state, unanswered))
    applied = sum(len(state.batches[number].batch.lines) for number in state.applied)
    ending = "undone" if undone else "done"
    failed = (job.seen for job in state.jobs if job.seen is not None and job.seen.status == "FAILED")
    return UpdateReport(
        kind=state.options.kind.value,
        outcome=ending if state.stopped is None else "stopped",
        stopped=state.stopped,
        requested_records=len(state.lines),
        requested_locations=len({line.location_code for line in state.lines}),
        applied_records=applied,
        batches=state.accepted,
        requests=dict(state.requests),
        throttled=tuple(state.throttled),
        jobs=dict(Counter(job.status for job in state.jobs)),
        failed_jobs=tuple(FailedJob(job.job_id, job.location_code, job.messages) for job in failed),
        open_jobs=tuple(job.job_id for job in state.jobs if job.status not in TERMINAL),
        undone=undone,
        started_at=began_at,
        finished_at=ended_at,
        requests_per_minute=state.budget.requests_per_minute,
        requests_per_hour=state.budget.requests_per_hour,
    )


def _undone(state: UpdateState, unanswered: int | None) -> Iterator[UndoneLine]:
    for entry in state.undone:
        for line in entry.lines:
            yield UndoneLine(line, entry.reason, entry.uncertain)
    at_work = {job.batch for job in state.jobs if job.job_id in state.jobs.polls}
    if unanswered is not None:
        at_work.add(unanswered)
    at_work.update(lost.batch for lost in state.lost.values())
    for number in sorted(at_work):
        for line in state.batches[number].batch.lines:
            yield UndoneLine(line, NOT_SEEN_TO_END, uncertain=True)
    for number in state.to_send:
        if number not in at_work:
            for line in state.batches[number].batch.lines:
                yield UndoneLine(line, state.stopped or NOT_COME_TO, uncertain=False)
