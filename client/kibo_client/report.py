"""What a run tells at its end: what was asked, found, sent, refused, left undone, and why (C12, C15).

What a deletion has of its own is here as well; for updates see `update_report`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kibo_client.events import Scope
from kibo_client.targets import Target
from kibo_client.units import SECOND

NOT_COME_TO = "the run has not come to it"
NOT_SEEN_TO_END = "submitted, and not seen to the end"
"""Said of records whose deletion is under way: they may be gone by the time this is read."""


@dataclass(frozen=True, slots=True)
class ThrottledRequest:
    """One 429: when it arrived (microseconds since the epoch), what it said, and which operation it refused."""

    at: int
    retry_after_s: int | None
    operation: str


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that ended FAILED, with the server's messages."""

    job_id: int
    location_code: str | None
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UndoneTarget:
    """A target that was not deleted, and why."""

    target: Target
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What every run has to account for. Moments are microseconds since the epoch, by the client's clock.

    Attributes:
        outcome: How it ended, in a word or two.
        stopped: Why the run ended before its time; None if it did not.
        batches: Submissions that were accepted.
        requests: Requests sent, by kind; every one of them spends quota.
        throttled: Every 429.
        jobs: Jobs by last status seen.
        failed_jobs: The jobs that failed, with their messages.
        open_jobs: Jobs handed out and not seen in a terminal status.
        started_at: When the run began.
        finished_at: When it ended.
        requests_per_minute: The pool's limit; None if unknown.
        requests_per_hour: Likewise.
    """

    outcome: str
    stopped: str | None
    batches: int
    requests: dict[str, int]
    throttled: tuple[ThrottledRequest, ...]
    jobs: dict[str, int]
    failed_jobs: tuple[FailedJob, ...]
    open_jobs: tuple[int, ...]
    started_at: int
    finished_at: int
    requests_per_minute: int | None = None
    requests_per_hour: int | None = None

    @property
    def duration_s(self) -> float:
        """How long the run took."""
        return (self.finished_at - self.started_at) / SECOND

    def traffic_as_json(self) -> dict[str, Any]:
        """What was sent and what the server made of it, as plain JSON values."""
        return {
            "batches": self.batches,
            "requests": dict(self.requests),
            "throttled": [
                {"at": iso(entry.at), "retryAfterS": entry.retry_after_s, "operation": entry.operation}
                for entry in self.throttled
            ],
            "jobs": dict(self.jobs),
            "failedJobs": [
                {"jobID": job.job_id, "locationCode": job.location_code, "messages": list(job.messages)}
                for job in self.failed_jobs
            ],
            "openJobs": list(self.open_jobs),
        }

    def times_as_json(self) -> dict[str, Any]:
        """When it ran, and for how long; moments as ISO 8601 UTC."""
        return {
            "startedAt": iso(self.started_at),
            "finishedAt": iso(self.finished_at),
            "durationS": self.duration_s,
        }

    def limits_as_json(self) -> dict[str, Any]:
        """The limits that it kept to."""
        return {"requestsPerMinute": self.requests_per_minute, "requestsPerHour": self.requests_per_hour}


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDeleteReport(RunReport):
    """The account of one bulk deletion; `RunReport` has the rest of its attributes.

    Its outcome is "deleted" (nothing left undone), "undone" (something was), "dry run", "stopped" (see there), or
    "interrupted" (by whoever ran it; said by the command line).

    Attributes:
        requested_records: How many targets were given, each counted once.
        requested_products: How many products they are of.
        requested_locations: How many locations they lie at.
        scope: What the dry runs found; None if they did not come to an end.
        deleted_records: Targets whose job succeeded.
        not_found_records: Targets that were not there (any more).
        undone: Targets not deleted, with reasons.
        optimum_s: The least seconds any client needs under these limits for as many deletions; None if unknown.
    """

    requested_records: int
    requested_products: int
    requested_locations: int
    scope: Scope | None
    deleted_records: int
    not_found_records: int
    undone: tuple[UndoneTarget, ...]
    optimum_s: float | None = None

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for is done."""
        return self.outcome in {"deleted", "dry run"} and not self.undone

    def to_json_dict(self) -> dict[str, Any]:
        """The report as plain JSON values; moments as ISO 8601 UTC."""
        scope = self.scope
        return {
            "outcome": self.outcome,
            "stopped": self.stopped,
            "requested": {
                "records": self.requested_records,
                "products": self.requested_products,
                "locations": self.requested_locations,
            },
            "scope": None
            if scope is None
            else {"records": scope.records, "products": scope.products, "locations": scope.locations},
            "deletedRecords": self.deleted_records,
            "notFoundRecords": self.not_found_records,
            **self.traffic_as_json(),
            "undone": [
                {
                    "locationCode": entry.target.location_code,
                    "partNumber": entry.target.part_number,
                    "upc": entry.target.upc,
                    "sku": entry.target.sku,
                    "reason": entry.reason,
                }
                for entry in self.undone
            ],
            **self.times_as_json(),
            "optimumS": self.optimum_s,
            "limits": self.limits_as_json(),
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an operation stands, for display."""

    phase: str
    batches: int
    checked: int
    submitted: int
    jobs: int
    jobs_open: int
    jobs_failed: int
    requests: int
    throttled: int
    minute_room: int | None
    hour_room: int | None
    ends_at: int | None = None
    """When the last request that is foreseen can leave, in microseconds since the epoch; None where nobody can say."""


def iso(moment: int) -> str:
    """A moment (microseconds since the epoch) in ISO 8601, UTC."""
    whole, micro = divmod(moment, SECOND)
    stamp = datetime.fromtimestamp(whole, tz=UTC).replace(microsecond=micro)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
