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
    """Ask for so many jobs of the queue, of the kind of the run, newest first, from a position on.

    `location_code` narrows the list to one location; None asks for all.
    """

    limit: int
    start: int
    location_code: str | None = None


class SendLines(msgspec.Struct, frozen=True, tag="send_lines"):
    """Refresh or adjust the quantities of a batch of lines, at one location."""

    batch: int


Request = DryRun | Submit | SendLines | PollJob | ListJobs


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
    item_count: int | None = None


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
    """What would be done if it were confirmed: for a deletion, what the dry runs found.

    `requested` counts the records that were asked for, `ambiguous` the identifiers that match more than one product,
    and that were therefore narrowed down or left alone. `update` is "refresh" or "adjust" where nothing is deleted.
    """

    records: int
    products: int
    locations: int
    batches: int
    not_found: int
    undone: int
    requested: int = 0
    requested_products: int = 0
    ambiguous: int = 0
    update: str | None = None


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The operation has ended; the report says how."""


Action = DryRun | Submit | SendLines | PollJob | ListJobs | Scope | Wait | Done
