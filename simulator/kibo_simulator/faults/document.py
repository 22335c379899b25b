"""What a fault document says: which requests, jobs or items are meant, and the one thing that happens to them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from kibo_simulator.faults.effects import Effect

MOST_FAULTS = 1_000

Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
StatusCode = Annotated[int, Meta(ge=100, le=599)]


class FaultError(ValueError):
    """A fault document that cannot be meant; ``path`` is the JSON path of what is wrong."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


class Match(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Which requests, jobs or items of batch jobs are meant; what is absent does not matter.

    Attributes:
        method: HTTP method, or several.
        path: Glob over the request's path: ``*`` is any text, ``?`` any character.
        operation: The operation's name, or several; all spellings of its path are meant.
        tenant: The tenant's number.
        status: Status of the answer, or several; only where there is an answer already.
        job_type: The job's type, or several.
        location: Glob over the code of the job's location.
        batch_job: Glob over the code of the batch job.
        resource: What the item is about, such as ``Products``, or several.
        item: Glob over the item's key.
        since: From this instant on: ISO 8601, or a span such as ``+90s`` or ``+1h30m`` after the fault was put down.
        until: Up to and without this instant.
        nth: Only these occurrences, counted from 1.
        after: Not the first so many occurrences.
        every: Only each so-manyth occurrence (after ``after``).
        probability: The chance that an occurrence is meant.
        seed: Of the draws for ``probability`` and for delays; the simulator's when absent.
        times: At most so many uses.
        per: Count occurrences and uses for each location, for each location and content of work, or for each request
            that is equal to the byte, or for each item of a batch job, by itself.
    """

    method: Name | Annotated[tuple[Name, ...], Meta(min_length=1, max_length=20)] | None = None
    path: Name | None = None
    operation: Name | Annotated[tuple[Name, ...], Meta(min_length=1, max_length=100)] | None = None
    tenant: int | None = None
    status: StatusCode | Annotated[tuple[StatusCode, ...], Meta(min_length=1, max_length=100)] | None = None
    job_type: Name | Annotated[tuple[Name, ...], Meta(min_length=1, max_length=20)] | None = None
    location: Name | None = None
    batch_job: Name | None = None
    resource: Name | Annotated[tuple[Name, ...], Meta(min_length=1, max_length=100)] | None = None
    item: Name | None = None
    since: Name | None = field(name="from", default=None)
    until: Name | None = None
    nth: Count | Annotated[tuple[Count, ...], Meta(min_length=1, max_length=1_000)] | None = None
    after: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    every: Count = 1
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    seed: int | None = None
    times: Count | None = None
    per: Literal["location", "work", "request", "item"] | None = None


EVERYTHING = Match()


class PlannedFault(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One fault of a document; without an ``id`` it is given one."""

    effect: Effect
    match: Match = EVERYTHING
    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    name: Annotated[str, Meta(max_length=200)] = ""
