"""What happens in a run, as values: requests, their answers, and the events whose fold is the state of an operation.

They are what a run journal holds, so they are plain and complete: replaying them needs nothing else but the targets.
"""

from __future__ import annotations

import msgspec

from kibo_client.retry import AnswerClass


class DryRun(msgspec.Struct, frozen=True, tag="dry_run"):
    """Ask what a batch would delete."""

    batch: int


class Submit(msgspec.Struct, frozen=True, tag="submit"):
    """Delete a batch for good."""

    batch: int


class PollJob(msgspec.Struct, frozen=True, tag="poll_job"):
    """Ask for one job."""

    job_id: int


class ListJobs(msgspec.Struct, frozen=True, tag="list_jobs"):
    """Ask for so many deletion jobs of the queue, newest first, from a position on."""

    limit: int
    start: int


Request = DryRun | Submit | PollJob | ListJobs


class FoundProduct(msgspec.Struct, frozen=True):
    """One product in the scope that a dry run reports, and the locations where it would be deleted."""

    part_number: str | None
    upc: str | None
    sku: str | None
    locations: tuple[str, ...]


class ScopeFound(msgspec.Struct, frozen=True, tag="scope_found"):
    """The answer to a dry run; `products` is None where the API gave totals without products and locations."""

    products: tuple[FoundProduct, ...] | None
    entries: int


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """A live deletion was taken on; `job_ids` is None where the API said so without naming the jobs."""

    job_ids: tuple[int, ...] | None


class JobSeen(msgspec.Struct, frozen=True, tag="job_seen"):
    """A job as the queue reports it; moments and durations in microseconds, None where not told.

    `ended_ago` is by the server's clock: its Date less the job's own stamp.
    """

    job_id: int
    status: str
    location_code: str | None = None
    messages: tuple[str, ...] = ()
    added_at: int | None = None
    took: int | None = None
    ended_ago: int | None = None


class JobsListed(msgspec.Struct, frozen=True, tag="jobs_listed"):
    """A page of the queue."""

    jobs: tuple[JobSeen, ...]


class Throttled(msgspec.Struct, frozen=True, tag="throttled"):
    """Refused with 429; `retry_after_s` is None where the header was missing or malformed."""

    retry_after_s: int | None


class FaultyLocation(msgspec.Struct, frozen=True, tag="location"):
    """A refusal names a location by its place in the request's list, from 0, and says what is wrong with it."""

    index: int
    said: str


class FaultyItem(msgspec.Struct, frozen=True, tag="item"):
    """A refusal names an item, likewise."""

    index: int
    said: str


Fault = FaultyLocation | FaultyItem


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """Any other end of a request.

    `status` is 0 without an answer, `jitter` in [0, 1) is for the wait after it, `faults` are the places that the
    server named.
    """

    reason: AnswerClass
    status: int
    message: str
    jitter: float
    faults: tuple[Fault, ...] = ()


Answer = ScopeFound | Accepted | JobSeen | JobsListed | Throttled | Failed


class Sent(msgspec.Struct, frozen=True, tag="sent"):
    """A request is about to leave."""

    at: int
    request: Request


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The request under way has ended; `date` is the server's own stamp in microseconds, None where it gave none."""

    at: int
    answer: Answer
    date: int | None = None


class Confirmed(msgspec.Struct, frozen=True, tag="confirmed"):
    """Whoever was asked has agreed to the scope, or not."""

    at: int
    agreed: bool


Event = Sent | Answered | Confirmed


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """Nothing may or need be done before a moment."""

    until: int
    why: str


class Scope(msgspec.Struct, frozen=True, tag="scope"):
    """What the dry runs found: what would be deleted if it were confirmed."""

    records: int
    products: int
    locations: int
    batches: int
    not_found: int
    undone: int


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The operation has ended; the report says how."""


Action = DryRun | Submit | PollJob | ListJobs | Scope | Wait | Done
