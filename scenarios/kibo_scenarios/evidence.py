"""What a run leaves behind to be judged by: the server's journal, the stock before and after, the client's own report.

The types here are values: nothing in them decides anything. Times are microseconds since the epoch, UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from kibo_scenarios.errors import JournalError
from kibo_scenarios.moments import SECOND, parse_utc
from kibo_scenarios.profile import GUIDE, Profile

TERMINAL_STATUSES: Final = frozenset({"SUCCESS", "FAILED"})


class Summary(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What the server noted about a request's content; a field is None where the operation has no such thing.

    ``item_hashes`` identify what was asked for; where an item means only some records of a product, ``product_hashes``
    identify the products alone. ``records`` counts the stock records in scope.
    """

    items: int | None = None
    dry_run: bool | None = None
    explicit: bool | None = None
    all_locations: bool | None = None
    location_codes: tuple[str, ...] | None = None
    item_hashes: tuple[str, ...] | None = None
    product_hashes: tuple[str, ...] | None = None
    records: int | None = None
    location_code: str | None = None
    job_id: int | None = None
    job_status: str | None = None
    job_statuses: dict[str, str] | None = None
    batch_job_code: str | None = None
    batch_job_status: str | None = None
    action: str | None = None

    def __post_init__(self) -> None:
        """Refuse product hashes that do not stand for the items one by one."""
        if self.product_hashes is not None and len(self.product_hashes) != len(self.item_hashes or ()):
            raise ValueError("there must be as many productHashes as itemHashes")


NO_SUMMARY: Final = Summary()


class _WireEntry(msgspec.Struct, rename="camel"):
    seq: int
    at: str
    status: int
    method: str = ""
    path: str = ""
    query: str | None = None
    tenant: int | str | None = None
    client: str | None = None
    operation: str | None = None
    pool: str | None = None
    request_hash: str | None = None
    summary: Summary | None = None
    retry_after: int | float | str | None = None
    job_ids: tuple[int, ...] | None = None
    started_at: str | None = None
    finished_at: str | None = None
    fault: str | dict[str, object] | None = None
    response_lost: bool | None = None


class JournalEntry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request as the server saw it.

    Nothing in it could refer back to it, so the collector of cycles need not walk a hundred thousand of them.

    Attributes:
        seq: The server's running number.
        started_at: When the request arrived.
        finished_at: When the answer left the server.
        operation: The server's name for what was asked (``deleteItems``, ``getJob``); None for unknown routes.
        pool: The rate-limit pool it counts against; None outside every pool.
        retry_after_s: The header of a 429 when it was a whole number of seconds, else None.
        response_lost: The answer was cut off by an injected fault: the client never saw it.
        listed: Job and status for every job that a list of jobs shows. Long runs list thousands of jobs again and
            again, and many rules look at them, so names are made numbers once.
        listed_ended: Those of them that are in a terminal status.
    """

    seq: int
    started_at: int
    finished_at: int
    status: int
    method: str = ""
    path: str = ""
    query: str = ""
    tenant: str = ""
    client: str = ""
    operation: str | None = None
    pool: str | None = None
    request_hash: str = ""
    summary: Summary = NO_SUMMARY
    retry_after_s: int | None = None
    job_ids: tuple[int, ...] = ()
    fault: str | None = None
    response_lost: bool = False
    listed: tuple[tuple[int, str], ...] = ()
    listed_ended: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Work out what a list of jobs shows."""
        statuses = self.summary.job_statuses
        if statuses:
            listed = tuple(
                (int(name), status) for name, status in statuses.items() if name.isascii() and name.isdigit()
            )
            ended = tuple(job for job, at in listed if at in TERMINAL_STATUSES)
            msgspec.structs.force_setattr(self, "listed", listed)
            msgspec.structs.force_setattr(self, "listed_ended", ended)

    @property
    def answered(self) -> bool:
        """Whether the client received a success for this request."""
        return 200 <= self.status < 300 and not self.response_lost

    def __str__(self) -> str:
        return f"#{self.seq} {self.operation or f'{self.method} {self.path}'}"


class RecordKey(NamedTuple):
    """Which stock record: one product at one location."""

    location_code: str
    part_number: str | None
    upc: str | None
    sku: str | None

    def __str__(self) -> str:
        return f"{self.location_code}/{self.part_number or self.upc or self.sku}"


class Quantities(NamedTuple):
    """The figures of one stock record, all that a change could touch."""

    on_hand: int
    available: int
    allocated: int
    pending: int
    safety_stock: int
    floor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """The least and the greatest time, in microseconds, that an answer and the next request spend on the way.

    The least proves that two requests overlapped, the greatest excuses a request that was already on its way
    when an answer left the server.
    """

    least: int = 0
    greatest: int = 50_000


class Stall(NamedTuple):
    """A time in which the harness itself could not note requests when they came; microseconds since the epoch."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimit:
    """The limits that the server really enforced on a pool (RL-2); None is unlimited."""

    route: str
    requests_per_minute: int | None
    requests_per_hour: int | None


class JobFact(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A job as the server's own books have it when the run has settled.

    Attributes:
        finished_at: When it ended; None for unfinished ones.
        added_at: When it was enqueued, where that is known.
        file: The name of the inventory file that it was made of; nobody is handed such a job.
    """

    location_code: str
    status: str
    finished_at: int | None
    added_at: int | None = None
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """A file at a drop point, as the simulator's log has it.

    Attributes:
        folder: Where it lay.
        appeared_at: When it was first seen; no earlier than it appeared.
        complete_at: When its size was last seen to change.
        written: When it was last written, by the drop point's own clock; 0 when that is not known.
        exact: Whether a server saw every write, so that the moments are exact.
        outcome: What came of it; empty when nothing did.
    """

    folder: str
    name: str
    appeared_at: int
    complete_at: int
    written: int = 0
    exact: bool = False
    outcome: str = ""


#: What the reference client does; a rule about anything else does not apply to it.
BULK_DELETE: Final = frozenset({"delete", "jobs", "auth"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the rules may look at; the same evidence always gives the same verdicts.

    Attributes:
        journal: In order of arrival.
        before: The stock before the client started.
        after: The stock when the run had settled.
        targets: The records that the client was told to delete, to adjust, or to send quantities of.
        adjusted_by: What it was told to add to each of them; None when it was to delete them.
        expected: What each of them must have on hand in the end, where it was told to send that; else empty.
        undone: The records that the client's own report names as not deleted.
        jobs: The server's books of its jobs.
        files: What was seen at the drop points, in order of appearance.
        batch_items: Items of batch jobs by their last status, and ``retries``.
        abilities: The kinds of work that the client declares to do; rules about others do not apply.
        limits: What the server enforced; empty when it is not known.
        batch_size: Items per call that the client was told to send; None when it was told nothing.
        shared: Whether others drew on the same budget, so that refusals and lost time are not the client's alone.
        limits_known: Whether the client had been told these limits correctly.
        faults_left: Faults of the scenario that have not done all they were for.
        tolerance: How much too early, in microseconds, is forgiven to clocks and network.
        round_trip: How long answers and requests travel.
        stalls: When the harness was held up for longer than the tolerance; moments noted then prove nothing.
    """

    journal: tuple[JournalEntry, ...] = ()
    before: Mapping[RecordKey, Quantities] = field(default_factory=dict)
    after: Mapping[RecordKey, Quantities] = field(default_factory=dict)
    targets: frozenset[RecordKey] = frozenset()
    adjusted_by: int | None = None
    expected: Mapping[RecordKey, int] = field(default_factory=dict)
    undone: frozenset[RecordKey] = frozenset()
    jobs: Mapping[int, JobFact] = field(default_factory=dict)
    files: tuple[FileFact, ...] = ()
    batch_items: Mapping[str, int] = field(default_factory=dict)
    abilities: frozenset[str] = BULK_DELETE
    limits: tuple[PoolLimit, ...] = ()
    batch_size: int | None = None
    shared: bool = False
    limits_known: bool = False
    faults_left: int = 0
    tolerance: int = SECOND // 20
    round_trip: RoundTrip = RoundTrip()
    stalls: tuple[Stall, ...] = ()
    profile: Profile = GUIDE


def decode_journal(lines: Iterable[bytes]) -> tuple[JournalEntry, ...]:
    """Return the entries of a journal given as one JSON object per line, in order of arrival.

    Raises:
        JournalError: A line is not a journal entry; the message says which line and where in it.
    """
    decoder = msgspec.json.Decoder(_WireEntry)
    entries = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(decoder.decode(line)))
        except (msgspec.DecodeError, ValueError) as error:
            raise JournalError(f"journal line {number}: {error}") from None
    entries.sort(key=lambda entry: (entry.started_at, entry.seq))
    return tuple(entries)


def _entry(wire: _WireEntry) -> JournalEntry:
    at = parse_utc(wire.at)
    started_at = parse_utc(wire.started_at) if wire.started_at else at
    finished_at = parse_utc(wire.finished_at) if wire.finished_at else started_at
    return JournalEntry(
        seq=wire.seq,
        started_at=started_at,
        finished_at=max(started_at, finished_at),
        status=wire.status,
        method=wire.method,
        path=wire.path,
        query=wire.query or "",
        tenant="" if wire.tenant is None else str(wire.tenant),
        client=wire.client or "",
        operation=wire.operation,
        pool=wire.pool,
        request_hash=wire.request_hash or "",
        summary=wire.summary or NO_SUMMARY,
        retry_after_s=whole_seconds(wire.retry_after),
        job_ids=wire.job_ids or (),
        fault=wire.fault if isinstance(wire.fault, str) or wire.fault is None else str(wire.fault),
        response_lost=bool(wire.response_lost),
    )


def whole_seconds(value: object) -> int | None:
    """Return what a Retry-After tells a client to wait; None when that cannot be told."""
    # A fault may have replaced the header by anything; only a plain whole number tells a client how long to wait.
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and value >= 0 else None
