"""Decides which fault, if any, a request, a job or an item meets; counts occurrences and uses (T-4).

Laws of this file
1. Faults are looked at in the order in which they were put down, each at its own place; the first that is meant wins.
2. Every occurrence counts for every fault of that place, whichever of them is used: "the third" is always the third.
3. What happens is a function of the plan, the order of occurrences and their instants; chances follow from seeds.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from fnmatch import translate
from typing import TypeVar

from msgspec import Struct

from kibo_simulator.faults.document import FaultError, PlannedFault
from kibo_simulator.faults.draws import delay_of, drawn
from kibo_simulator.faults.effects import (
    Dribble,
    Effect,
    JobFail,
    Malformed,
    Place,
    TokenExpired,
    TokenRevoked,
    Truncate,
    place_of,
)
from kibo_simulator.faults.window import Window

MOST_KEYS = 100_000
"""Locations or works that one fault counts separately; further ones are left alone."""

MOST_JOBS_TOLD = 100
"""How many of the jobs that a fault was used on it can name: the last ones."""


class RequestFacts(Struct, frozen=True):
    """What is known of a request; ``status`` and ``has_body`` of its answer once there is one.

    ``has_token`` tells that it carries an access token that is good, and ``content`` is a text that equal requests
    share; it may be empty where no fault counts by it.
    """

    method: str
    path: str
    operation: str | None
    tenant: int | None
    has_token: bool = False
    content: str = ""
    status: int | None = None
    has_body: bool = False


class JobFacts(Struct, frozen=True):
    """What is known of a job; ``work`` tells a text that is the same for equal work, ``timed`` if it takes time."""

    job_id: int
    tenant: int
    job_type: str
    location: str
    work: Callable[[], str]
    timed: bool = True


class ItemFacts(Struct, frozen=True):
    """What is known of an item of a batch job that is tried."""

    tenant: int
    batch_job: str
    resource: str
    key: str
    number: int


class Use(Struct, frozen=True):
    """A fault that is put to use: its id, its effect, and the delay that was drawn, in microseconds."""

    fault_id: str
    effect: Effect
    delay: int


class Count(Struct):
    """Occurrences seen, and uses made of them."""

    seen: int = 0
    uses: int = 0


class LoadedFault:
    """A fault in force, with its counts by key (one key unless it counts ``per`` something)."""

    __slots__ = (
        "_batch_job", "_item", "_location", "_methods", "_nth", "_operations", "_path", "_resources", "_statuses",
        "_types", "changed", "counts", "effect", "fault", "id", "jobs", "last_use", "needs_body", "needs_token",
        "place", "position", "seed", "uses", "window",
    )  # fmt: skip

    def __init__(self, position: int, fault_id: str, fault: PlannedFault, window: Window, seed: int) -> None:
        match = fault.match
        self.position = position
        self.id = fault_id
        self.fault = fault
        self.effect = fault.effect
        self.window = window
        self.place = place_of(fault.effect)
        self.needs_body = isinstance(fault.effect, Truncate | Malformed | Dribble)
        self.needs_token = isinstance(fault.effect, TokenExpired | TokenRevoked)
        self.seed = seed if match.seed is None else match.seed
        self.counts: dict[str, Count] = {}
        self.uses = 0
        self.last_use: int | None = None
        self.changed: set[str] = set()
        self.jobs: deque[int] = deque(maxlen=MOST_JOBS_TOLD)
        methods = _several(match.method)
        self._methods = None if methods is None else frozenset(method.upper() for method in methods)
        self._operations = _several(match.operation)
        self._statuses = _several(match.status)
        self._types = _several(match.job_type)
        self._nth = _several(match.nth)
        self._path = _glob(match.path)
        self._location = _glob(match.location)
        self._batch_job = _glob(match.batch_job)
        self._resources = _several(match.resource)
        self._item = _glob(match.item)

    def __repr__(self) -> str:
        return f"<LoadedFault {self.id}, {self.uses} uses>"

    @property
    def left(self) -> int | None:
        """Uses that are left; None where there is no end, or one for each key."""
        most = self.most
        return None if most is None or self.fault.match.per else max(0, most - self.uses)

    @property
    def most(self) -> int | None:
        """The most uses of one key."""
        match = self.fault.match
        if self._nth is None:
            return match.times
        return len(self._nth) if match.times is None else min(match.times, len(self._nth))

    @property
    def consumed(self) -> bool:
        """Whether it has done all it was for: no use is left, or it was used where there is no end to uses."""
        return self.left == 0 if self.left is not None else self.uses > 0

    @property
    def seen(self) -> int:
        """Occurrences seen, over all keys."""
        return sum(count.seen for count in self.counts.values())

    def concerns_request(self, facts: RequestFacts, now: int) -> bool:
        """Whether the request is an occurrence."""
        return (
            (self._methods is None or facts.method in self._methods)
            and (self._operations is None or facts.operation in self._operations)
            and (self._statuses is None or facts.status in self._statuses)
            and self._concerns_tenant(facts.tenant)
            and (facts.has_body or not self.needs_body)
            and (facts.has_token or not self.needs_token)
            and (self._path is None or self._path.match(facts.path) is not None)
            and self.window.holds(now)
        )

    def concerns_job(self, facts: JobFacts, now: int) -> bool:
        """Whether the job is an occurrence."""
        return (
            (self._types is None or facts.job_type in self._types)
            and (facts.timed or isinstance(self.effect, JobFail))
            and self._concerns_tenant(facts.tenant)
            and (self._location is None or self._location.match(facts.location) is not None)
            and self.window.holds(now)
        )

    def concerns_item(self, facts: ItemFacts, now: int) -> bool:
        """Whether the try of an item is an occurrence."""
        return (
            (self._resources is None or facts.resource in self._resources)
            and self._concerns_tenant(facts.tenant)
            and (self._batch_job is None or self._batch_job.match(facts.batch_job) is not None)
            and (self._item is None or self._item.match(facts.key) is not None)
            and self.window.holds(now)
        )

    def key_of(self, facts: JobFacts | RequestFacts | ItemFacts) -> str:
        """Under which key the job, the request or the item counts."""
        if isinstance(facts, RequestFacts):
            return facts.content if self.fault.match.per else ""
        if isinstance(facts, ItemFacts):
            return f"{facts.tenant} {facts.batch_job} {facts.number}" if self.fault.match.per else ""
        match self.fault.match.per:
            case "location":
                return f"{facts.tenant} {facts.location}"
            case "work":
                return f"{facts.tenant} {facts.location} {facts.work()}"
            case _:
                return ""

    def count(self, key: str) -> bool:
        """Count one occurrence; True when it is one of those that are meant."""
        count = self.counts.get(key)
        if count is None:
            if len(self.counts) >= MOST_KEYS:
                return False
            count = self.counts[key] = Count()
        count.seen += 1
        self.changed.add(key)
        match = self.fault.match
        most = self.most
        if most is not None and count.uses >= most:
            return False
        if self._nth is not None:
            due = count.seen in self._nth
        else:
            due = count.seen > match.after and not (count.seen - match.after) % match.every
        return due and (
            match.probability >= 1 or drawn("chance", self.seed, self.id, key, count.seen) < match.probability
        )

    def use(self, key: str, now: int) -> Use:
        """Put the fault to use."""
        self.counts[key].uses += 1
        self.uses += 1
        self.last_use = now
        delay = delay_of(getattr(self.effect, "delay_s", None), self.seed, self.id, key, self.uses)
        return Use(self.id, self.effect, delay)

    def _concerns_tenant(self, tenant: int | None) -> bool:
        wanted = self.fault.match.tenant
        return wanted is None or wanted == tenant


class FaultPlan:
    """The faults in force, in order.

    ``on_requests``, ``on_jobs`` and ``on_items`` tell whether there is anything to look for, ``by_content`` that some
    fault counts equal requests together.
    """

    __slots__ = ("_by_place", "_faults", "by_content", "on_items", "on_jobs", "on_requests")

    def __init__(self) -> None:
        self._faults: dict[str, LoadedFault] = {}
        self._by_place: dict[Place, list[LoadedFault]] = {}
        self.on_requests = False
        self.by_content = False
        self.on_jobs = False
        self.on_items = False

    def __repr__(self) -> str:
        return f"<FaultPlan of {len(self._faults)} faults>"

    def __iter__(self) -> Iterator[LoadedFault]:
        return iter(self._faults.values())

    def __len__(self) -> int:
        return len(self._faults)

    def __getitem__(self, fault_id: str) -> LoadedFault:
        return self._faults[fault_id]

    def __contains__(self, fault_id: object) -> bool:
        return fault_id in self._faults

    @property
    def consumed(self) -> bool:
        """Whether every fault has done all it was for."""
        return all(fault.consumed for fault in self)

    def add(self, fault: LoadedFault) -> None:
        """Put a fault at the end.

        Raises:
            FaultError: the id is taken.
        """
        if fault.id in self._faults:
            raise FaultError("$.id", f"there is a fault {fault.id} already")
        self._faults[fault.id] = fault
        self._sort()

    def remove(self, fault_ids: Iterable[str]) -> None:
        """Take faults out."""
        for fault_id in fault_ids:
            self._faults.pop(fault_id, None)
        self._sort()

    def for_request(self, place: Place, facts: RequestFacts, now: int) -> Use | None:
        """The fault that a request meets at a place."""
        found: Use | None = None
        for fault in self._by_place.get(place, ()):
            if fault.concerns_request(facts, now) and fault.count(key := fault.key_of(facts)) and found is None:
                found = fault.use(key, now)
        return found

    def for_job(self, facts: JobFacts, now: int) -> Use | None:
        """The fault that a job meets as it begins."""
        found: Use | None = None
        for fault in self._by_place.get(Place.JOB, ()):
            if fault.concerns_job(facts, now) and fault.count(key := fault.key_of(facts)) and found is None:
                found = fault.use(key, now)
        return found

    def for_item(self, facts: ItemFacts, now: int) -> Use | None:
        """The fault that a try of an item meets."""
        found: Use | None = None
        for fault in self._by_place.get(Place.ITEM, ()):
            if fault.concerns_item(facts, now) and fault.count(key := fault.key_of(facts)) and found is None:
                found = fault.use(key, now)
        return found

    def _sort(self) -> None:
        self._by_place = {}
        for fault in self:
            self._by_place.setdefault(fault.place, []).append(fault)
        self.on_jobs = Place.JOB in self._by_place
        self.by_content = any(fault.fault.match.per == "request" for fault in self)
        self.on_items = Place.ITEM in self._by_place
        self.on_requests = any(place < Place.JOB for place in self._by_place)


_T = TypeVar("_T", str, int)


def _several(value: "_T | tuple[_T, ...] | None") -> "frozenset[_T] | None":
    if value is None:
        return None
    return frozenset(value) if isinstance(value, tuple) else frozenset((value,))


def _glob(text: str | None) -> "re.Pattern[str] | None":
    if text is None:
        return None
    # Stars and question marks only: brackets are ordinary characters of a path.
    return re.compile(translate(text.replace("[", "[[]")))
