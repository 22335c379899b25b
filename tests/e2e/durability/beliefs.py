"""What an outside observer knows of a simulator that was killed: what was acknowledged, and what may have happened."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from .world import FIRST_ON_HAND, LOCATIONS, OWNERS, Owner

Cell = tuple[str, str]
"""Location code and part number."""

Kind = Literal["REFRESH", "ADJUST", "DELETE"]

Stock = dict[Cell, int]
"""On hand of the records that exist."""

RESTRICTION = 60_000_000


class DurabilityError(AssertionError):
    """Something acknowledged is gone, something is there by half, or an id came twice."""


@dataclass(frozen=True, slots=True)
class Write:
    """A change of stock by one request; ``job_ids`` by location once they are known, empty for a change at once."""

    kind: Kind
    locations: tuple[str, ...]
    quantities: dict[str, int]
    queued: bool

    def apply(self, stock: Stock, location: str) -> None:
        """Carry out the part of the change that concerns one location."""
        for name, quantity in self.quantities.items():
            cell = (location, name)
            if self.kind == "DELETE":
                stock.pop(cell, None)
            else:
                stock[cell] = quantity + (stock[cell] if self.kind == "ADJUST" else 0)

    def applied(self, stock: Stock) -> Stock:
        """The stock after the whole change."""
        changed = dict(stock)
        for location in self.locations:
            self.apply(changed, location)
        return changed


@dataclass(frozen=True, slots=True)
class KnownJob:
    """An acknowledged job, and what it is going to do."""

    id: int
    tenant: int
    location: str
    write: Write


@dataclass(slots=True)
class WriterBelief:
    """One writer's products: how they stood, and what it has asked for since."""

    owner: Owner
    direct: Stock
    settled: Stock
    """Of products changed by jobs, when no job was unfinished."""
    jobs: list[KnownJob] = field(default_factory=list)
    in_flight: Write | None = None

    @classmethod
    def fresh(cls, owner: Owner) -> "WriterBelief":
        """As a new data file has it."""
        return cls(
            owner,
            {(code, name): FIRST_ON_HAND for code in LOCATIONS for name in owner.direct},
            {(code, name): FIRST_ON_HAND for code in LOCATIONS for name in (*owner.queued, *owner.doomed)},
        )

    def after(self, jobs: Iterable[KnownJob]) -> Stock:
        """Products changed by jobs, after these of them have run, in the order given."""
        stock = dict(self.settled)
        for job in jobs:
            job.write.apply(stock, job.location)
        return stock


@dataclass(slots=True)
class PoolBelief:
    """A rate pool: what was counted in this life, and between which instants a restriction surely and possibly ends."""

    base: int = 0
    """The newest quarter's count when this life's work began, and which quarter that was."""
    base_quarter: int = 0
    counted: int = 0
    outstanding: list[int] = field(default_factory=list)
    restricted_at_least: int = 0
    restricted_at_most: int = 0

    def sent(self, at_least: int) -> None:
        """A request has left at an instant not before ``at_least``."""
        self.outstanding.append(at_least)

    def answered(self, at_least: int, status: int, before: int) -> None:
        """It was answered before the instant ``before``."""
        earliest = min(self.outstanding)
        self.outstanding.remove(at_least)
        if status != 429:
            self.counted += 1
        elif earliest > self.restricted_at_most:
            # None before it was refused, so that this or one under way beside it began the restriction.
            self.restricted_at_least = earliest + RESTRICTION
            self.restricted_at_most = before + RESTRICTION


@dataclass(slots=True)
class Token:
    """An access token: whose, until when, and whether it was revoked with (True) or without an answer (None)."""

    tenant: int
    text: str
    expires_at: int
    revoked: bool | None = False


@dataclass(slots=True)
class Beliefs:
    """Everything that is known of one data file."""

    writers: list[WriterBelief] = field(default_factory=lambda: [WriterBelief.fresh(owner) for owner in OWNERS])
    pools: dict[str, PoolBelief] = field(default_factory=dict)
    clock: int = 0
    """An instant that simulated time has certainly reached, in microseconds."""
    highest_job: int = 0
    """No job enqueued from now on may have an id that is not above this one."""
    settled_job: int = 0
    """The highest id when no job was unfinished and all of them were known."""
    archive: dict[int, tuple[int, str, str]] = field(default_factory=dict)
    """Tenant, location and type of every job that was ever seen, by id."""
    finished: set[int] = field(default_factory=set)
    tokens: list[Token] = field(default_factory=list)
    places: dict[tuple[int, str], int] = field(default_factory=dict)
    """By tenant and code: the number that a location was last given in its name and its postal code."""
    places_in_flight: dict[tuple[int, str], int] = field(default_factory=dict)
    counter: int = 0
    acknowledged: Counter[str] = field(default_factory=Counter)

    def pool(self, tenant: int, route: str) -> PoolBelief:
        """The pool of a tenant by its route."""
        return self.pools.setdefault(f"{tenant} {route}", PoolBelief())

    def next_number(self) -> int:
        """A number that has never been written anywhere."""
        self.counter += 1
        return FIRST_ON_HAND * 10 + self.counter

    def note_jobs(self, writer: WriterBelief, write: Write, ids: list[int], floor: int) -> None:
        """Take in acknowledged jobs, one for each location of the write, in order.

        Raises:
            DurabilityError: an id is not above all that were known when the request was sent, or there are too
                many or few.
        """
        if len(ids) != len(write.locations):
            raise DurabilityError(f"J-1: {write} was answered with the jobs {ids}")
        for job_id, location in zip(ids, write.locations, strict=True):
            if job_id <= floor:
                raise DurabilityError(f"J-11: job id {job_id} for {write} is not above {floor}, which was known before")
            writer.jobs.append(KnownJob(job_id, writer.owner.tenant.id, location, write))
        self.highest_job = max(self.highest_job, *ids)
