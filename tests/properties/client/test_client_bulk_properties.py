"""Whole bulk deletions without I/O: the state machine against a small server where everything goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import msgspec
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_client.budget import Budget
from kibo_client.bulk import BulkDelete
from kibo_client.events import (
    Accepted,
    Answer,
    Answered,
    Confirmed,
    Done,
    DryRun,
    Event,
    Failed,
    Fault,
    FaultyItem,
    FaultyLocation,
    FoundProduct,
    JobSeen,
    JobsListed,
    ListJobs,
    PollJob,
    Request,
    Scope,
    ScopeFound,
    SendLines,
    Sent,
    Submit,
    Throttled,
    Wait,
)
from kibo_client.options import BulkDeleteOptions
from kibo_client.report import BulkDeleteReport
from kibo_client.retry import AnswerClass
from kibo_client.targets import Product, Target
from kibo_client.windows import DailyWindow

SECOND = 1_000_000
START = 1_800_000_000 * SECOND

Record = tuple[Product, str]


def matcher(pattern: str) -> Callable[[str], bool]:
    """Read an identifier as the API does (I-6): literal, or an unanchored search."""
    if not set(pattern) & set(".*+?^$[]"):
        return pattern.__eq__
    compiled = re2.compile(pattern)
    return lambda value: compiled.search(value) is not None


@dataclass
class Faults:
    """How often what goes wrong, each in [0, 1], and for how many requests in all."""

    server_error: float = 0.0
    lost_before: float = 0.0
    lost_after: float = 0.0
    malformed: float = 0.0
    unauthorized: float = 0.0
    refused: float = 0.0
    failed_job: float = 0.0
    stuck_job: float = 0.0
    budget: int = 0


@dataclass
class Faulty:
    """What the server will not have in a deletion, wherever it meets it, and how many of the places it names."""

    locations: frozenset[str] = frozenset()
    identifiers: frozenset[str] = frozenset()
    named: int = 0

    def refusal(self, machine: BulkDelete, number: int) -> Failed | None:
        """The refusal of a batch that holds any of it."""
        batch = machine.batch(number)
        faults: list[Fault] = [
            FaultyLocation(i, f"no {code}") for i, code in enumerate(batch.locations) if code in self.locations
        ]
        faults += [
            FaultyItem(i, f"bad {pattern}")
            for i, (_, pattern) in enumerate(batch.identities)
            if pattern in self.identifiers
        ]
        if not faults:
            return None
        return Failed(AnswerClass.REFUSED, 400, "no", 0.5, tuple(faults[: self.named]))


@dataclass
class World:
    """A server with stock, jobs, one pool and faults; it answers values instead of HTTP."""

    stock: set[Record]
    faults: Faults
    random: Random
    rpm: int = 10**9
    rph: int = 10**9
    job_time: int = SECOND
    page: int = 1000
    faulty: Faulty = field(default_factory=Faulty)
    names_products: bool = True
    names_jobs: bool = True
    admitted: list[int] = field(default_factory=list)
    restricted_until: int = 0
    restrictions: list[int] = field(default_factory=list)
    early: int = 0
    jobs: list[JobSeen] = field(default_factory=list)
    work: dict[int, set[Record]] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    stuck: set[int] = field(default_factory=set)
    deleted: set[Record] = field(default_factory=set)
    handed_out: set[int] = field(default_factory=set)
    seen_terminal: set[int] = field(default_factory=set)
    polled_at: dict[int, list[int]] = field(default_factory=dict)
    listed_at: list[int] = field(default_factory=list)

    def admit(self, now: int) -> int | None:
        """RL-5 and RL-7, recounted each time."""
        if now < self.restricted_until:
            self.early += 1
            return 60
        recent = [t for t in self.admitted if t // (900 * SECOND) > now // (900 * SECOND) - 4]
        waits = [60] if sum(t // (60 * SECOND) == now // (60 * SECOND) for t in recent) >= self.rpm else []
        if len(recent) >= self.rph:
            ages = [now // (900 * SECOND) - t // (900 * SECOND) for t in recent]
            waits.append(900 * next(k for k in range(1, 5) if sum(age < 4 - k for age in ages) < self.rph))
        if waits:
            self.restricted_until = now + max(waits) * SECOND
            self.restrictions.append(max(waits))
            return max(waits)
        self.admitted = [*recent, now]
        return None

    def advance(self, now: int) -> None:
        """Run the jobs that are due (J-5)."""
        for index, job in enumerate(self.jobs):
            if job.status == "PENDING" and job.job_id not in self.stuck and self.ends[job.job_id] <= now:
                failed = self.random.random() < self.faults.failed_job
                if not failed:
                    self.deleted |= self.work[job.job_id] & self.stock
                    self.stock -= self.work[job.job_id]
                status, messages = ("FAILED", ("deadlock",)) if failed else ("SUCCESS", ())
                self.jobs[index] = msgspec.structs.replace(job, status=status, messages=messages)

    def reach(self, machine: BulkDelete, batch: int) -> set[Record]:
        """Every record that a request for this batch matches (I-1, I-6)."""
        scope = machine.batch(batch)
        patterns = [(item.identifier.kind, matcher(item.identifier.pattern)) for item in scope.items]
        return {
            (product, location)
            for product, location in self.stock
            if location in scope.locations
            and any((value := kind.of(product)) is not None and matches(value) for kind, matches in patterns)
        }

    def answer(self, machine: BulkDelete, request: Request, now: int) -> Answer:
        """One request, with whatever goes wrong on its way."""
        self.advance(now)
        wait = self.admit(now)
        if wait is not None:
            return Throttled(wait)
        fault = self.random.random() if self.faults.budget > 0 else 1.0
        self.faults.budget -= 1
        for name, reason, status in (
            ("server_error", AnswerClass.SERVER_ERROR, 503),
            ("lost_before", AnswerClass.UNKNOWN, 0),
            ("unauthorized", AnswerClass.UNAUTHORIZED, 401),
            ("refused", AnswerClass.REFUSED, 400),
        ):
            share: float = getattr(self.faults, name)
            if fault < share:
                return Failed(reason, status, name, self.random.random())
            fault -= share
        answer = self.carry_out(machine, request, now)
        if fault < self.faults.lost_after:
            return Failed(AnswerClass.UNKNOWN, 0, "reset", self.random.random())
        if fault - self.faults.lost_after < self.faults.malformed:
            return Failed(AnswerClass.MALFORMED, 200, "half a body", self.random.random())
        self.shown(answer)
        return answer

    def shown(self, answer: Answer) -> None:
        """Note what the client really got to see."""
        if isinstance(answer, Accepted):
            self.handed_out |= set(answer.job_ids or ())
        jobs = (answer,) if isinstance(answer, JobSeen) else answer.jobs if isinstance(answer, JobsListed) else ()
        self.seen_terminal |= {job.job_id for job in jobs if job.status in {"SUCCESS", "FAILED"}}

    def carry_out(self, machine: BulkDelete, request: Request, now: int) -> Answer:
        """What the server does when nothing goes wrong."""
        if isinstance(request, (DryRun, Submit)) and (refusal := self.faulty.refusal(machine, request.batch)):
            return refusal
        match request:
            case DryRun(batch=number):
                reach = self.reach(machine, number)
                found: dict[Product, list[str]] = {}
                for product, location in sorted(reach, key=str):
                    found.setdefault(product, []).append(location)
                if not self.names_products:
                    return ScopeFound(None, len(reach))
                products = (FoundProduct(p.part_number, p.upc, p.sku, tuple(ls)) for p, ls in found.items())
                return ScopeFound(tuple(products), len(reach))
            case Submit(batch=number):
                reach = self.reach(machine, number)
                locations = sorted({location for _, location in reach})
                return Accepted(
                    tuple(self.enqueue({r for r in reach if r[1] == where}, where, now) for where in locations)
                    if self.names_jobs
                    else None
                )
            case PollJob(job_id=job_id):
                assert job_id not in self.seen_terminal, "JB-3"
                self.polled_at.setdefault(job_id, []).append(now)
                return self.jobs[job_id - 1]
            case ListJobs(limit=limit, start=start):
                self.listed_at.append(now)
                return JobsListed(tuple(reversed(self.jobs))[start : start + min(limit, self.page)])
            case SendLines():
                raise AssertionError("a deletion sends no lines")

    def enqueue(self, work: set[Record], location: str, now: int) -> int:
        """One job for one location."""
        job_id = len(self.jobs) + 1
        self.work[job_id] = work
        self.ends[job_id] = max([now, *self.ends.values()]) + self.job_time
        if self.random.random() < self.faults.stuck_job:
            self.stuck.add(job_id)
        self.jobs.append(JobSeen(job_id, "PENDING", location, (), now))
        return job_id


@dataclass
class Outcome:
    """A finished run."""

    report: BulkDeleteReport
    events: list[Event]
    sent: list[tuple[int, Request]]
    steps: int


def run(world: World, machine: BulkDelete, latency: int = 20_000, at: int = START) -> Outcome:
    """Drive a machine to its end; every submission is checked against the targets before it is carried out."""
    now, events, sent = at, list[Event](), list[tuple[int, Request]]()
    submitted_at: int | None = None
    for step in range(200_000):
        action = machine.next_action(now)
        match action:
            case Done():
                return Outcome(machine.report(), events, sent, step)
            case Wait(until=until, why=why):
                assert until > now
                assert why
                now = until
                continue
            case Scope():
                event: Event = Confirmed(now, agreed=True)
            case Submit() if submitted_at is not None:
                assert now - submitted_at >= 5 * SECOND, "BA-5"
                event = Sent(now, action)
            case _:
                event = Sent(now, action)
        machine.record(event)
        events.append(event)
        if isinstance(event, Sent):
            sent.append((now, event.request))
            arrived = now + latency
            answer = world.answer(machine, event.request, arrived)
            now = arrived + latency
            if isinstance(event.request, Submit):
                submitted_at = now
            answered = Answered(now, answer, arrived // SECOND * SECOND)
            machine.record(answered)
            events.append(answered)
    raise AssertionError("the run does not end")


def check_manners(world: World, outcome: Outcome) -> None:
    """TH-1, JB-1, JB-4 and the bound on attempts hold in every run."""
    assert world.early == 0, "TH-1"
    for times in [*world.polled_at.values(), world.listed_at]:
        assert all(b - a >= 10 * SECOND for a, b in pairwise(times)), "JB-1"
    unseen = world.handed_out - world.seen_terminal - set(outcome.report.open_jobs)
    assert unseen == set(), "JB-4"
    repeats = Counter(request for _, request in outcome.sent if isinstance(request, (DryRun, Submit)))
    assert max(repeats.values(), default=0) <= 60, "RT-3"


def check_targets(world: World, outcome: Outcome, targets: list[Target]) -> None:
    """ST-1 and ST-2: each target is gone or named as undone, and nothing else was touched."""
    wanted = {(target.product, target.location_code) for target in targets}
    undone = {(entry.target.product, entry.target.location_code) for entry in outcome.report.undone}
    assert world.deleted <= wanted, "ST-2"
    assert {record for record in wanted if record in world.stock} <= undone, "ST-1"
    report = outcome.report
    assert report.deleted_records + report.not_found_records + len(undone) == len(wanted)


# Few letters and every operator, so that identifiers collide and patterns match more than they say.
values = st.one_of(st.none(), st.text("ab.*+?^$[]~", min_size=1, max_size=3))
products = st.builds(Product, values, values, values).filter(lambda p: p != Product(None, None, None))
records = st.sets(st.tuples(products, st.sampled_from(["N", "E", "S", "W"])), min_size=1, max_size=24)
shares = st.sampled_from([0.0, 0.0, 0.02, 0.1, 0.3])
faults = st.builds(
    Faults,
    server_error=shares,
    lost_before=shares,
    lost_after=shares,
    malformed=shares,
    unauthorized=shares,
    refused=st.sampled_from([0.0, 0.0, 0.0, 0.02]),
    failed_job=shares,
    stuck_job=st.sampled_from([0.0, 0.0, 0.0, 0.05]),
    budget=st.integers(0, 300),
)


def targets_of(chosen: list[Record]) -> list[Target]:
    """Rows of an export for these records."""
    return [Target(location, p.part_number, p.upc, p.sku) for p, location in chosen]


@settings(deadline=None, max_examples=400)
@given(stock=records, share=st.floats(0, 1), faults=faults, seed=st.integers(0, 2**32), data=st.data())
def test_every_target_ends_and_nothing_else_is_touched(
    stock: set[Record], share: float, faults: Faults, seed: int, data: st.DataObject
) -> None:
    """ST-1, ST-2, JB-1, JB-4, BA-5, RT-3 hold under any mix of failures, whatever the identifiers look like."""
    ordered = sorted(stock, key=str)
    targets = targets_of([record for record in ordered if Random(str(record)).random() <= share])
    world = World(
        set(stock),
        faults,
        Random(seed),
        names_products=data.draw(st.sampled_from([True, True, True, False])),
        names_jobs=data.draw(st.sampled_from([True, True, True, False])),
        page=data.draw(st.sampled_from([1, 3, 1000])),
        job_time=data.draw(st.sampled_from([1, SECOND, 60 * SECOND])),
    )
    options = BulkDeleteOptions(batch_size=data.draw(st.integers(1, 8)), job_patience_s=600)
    machine = BulkDelete(targets, options, Budget(requests_per_minute=None, requests_per_hour=None))
    outcome = run(world, machine)

    check_manners(world, outcome)
    check_targets(world, outcome, targets)


@settings(deadline=None, max_examples=150)
@given(
    stock=records,
    seed=st.integers(0, 2**32),
    rpm=st.integers(2, 20),
    rph=st.integers(4, 60),
    told=st.sampled_from([1, 1, None, 3, 10]),
)
def test_limits_are_respected_by_the_whole_run(
    stock: set[Record], seed: int, rpm: int, rph: int, told: int | None
) -> None:
    """Told the limits, a run provokes no 429 (TH-6); not told, or told too high, at most one per level (TH-5)."""
    targets = targets_of(sorted(stock, key=str))
    world = World(set(stock), Faults(), Random(seed), rpm=rpm, rph=rph, job_time=7 * SECOND)
    budget = Budget(
        requests_per_minute=None if told is None else told * rpm,
        requests_per_hour=None if told is None else told * rph,
    )
    outcome = run(world, BulkDelete(targets, BulkDeleteOptions(batch_size=1), budget))

    assert outcome.report.outcome == "deleted"
    assert sum(wait == 60 for wait in world.restrictions) <= (told != 1)
    assert sum(wait > 60 for wait in world.restrictions) <= (told != 1)
    check_manners(world, outcome)
    check_targets(world, outcome, targets)


@settings(deadline=None, max_examples=60)
@given(stock=records, faults=faults, seed=st.integers(0, 2**32), cut=st.floats(0, 1))
def test_a_replayed_run_continues_where_it_was_cut(stock: set[Record], faults: Faults, seed: int, cut: float) -> None:
    """C8: from any prefix of its events a run resumes, keeps its manners, and every target ends."""
    targets = targets_of(sorted(stock, key=str))
    options = BulkDeleteOptions(batch_size=2, job_patience_s=600)

    def fresh() -> BulkDelete:
        return BulkDelete(targets, options, Budget(requests_per_minute=None, requests_per_hour=None))

    whole = run(World(set(stock), copy_of(faults), Random(seed)), fresh())
    prefix = whole.events[: int(cut * len(whole.events))]
    world = World(set(stock), copy_of(faults), Random(seed))
    machine = fresh()
    resumed, now, shown = fresh(), START, (set[int](), set[int]())
    for event in prefix:
        machine.record(event)
        resumed.record(event)
        now = event.at
        if isinstance(event, Sent):
            # The same random numbers make the world go the same way as in the whole run.
            shown = set(world.handed_out), set(world.seen_terminal)
            world.answer(machine, event.request, event.at + 20_000)
    if resumed.under_way is not None:
        # The answer came, but nobody was there any more to see it.
        world.handed_out, world.seen_terminal = shown
        lost = Answered(now + 20_000, Failed(AnswerClass.UNKNOWN, 0, "interrupted", 0.5))
        resumed.record(lost)
        now += 20_000
    outcome = run(world, resumed, at=now + 10 * SECOND)

    check_targets(world, outcome, targets)
    assert world.handed_out - world.seen_terminal - set(outcome.report.open_jobs) == set()


@settings(deadline=None, max_examples=200)
@given(
    stock=records,
    absent=records,
    faulty=st.builds(
        Faulty,
        st.frozensets(st.sampled_from(["N", "E", "S", "W", "X", "Y"]), max_size=4),
        st.frozensets(st.text("ab", min_size=1, max_size=2), max_size=3),
        st.sampled_from([0, 1, 2, 100]),
    ),
    faults=faults,
    size=st.integers(1, 30),
)
def test_what_the_server_will_not_have_costs_nothing_else(
    stock: set[Record], absent: set[Record], faulty: Faulty, faults: Faults, size: int
) -> None:
    """ST-1, ST-2: whatever is refused ends undone for it, all else is done, under any other mishap as well."""
    moved = {(product, {"N": "X", "E": "Y"}.get(where, where)) for product, where in absent}
    targets = targets_of(sorted(stock | moved, key=str))
    world = World(set(stock), faults, Random(1), faulty=faulty)
    options = BulkDeleteOptions(batch_size=size, job_patience_s=600)
    outcome = run(world, BulkDelete(targets, options, Budget(requests_per_minute=None, requests_per_hour=None)))

    check_manners(world, outcome)
    check_targets(world, outcome, targets)


@settings(deadline=None, max_examples=100)
@given(
    gone=st.sets(st.integers(0, 39), max_size=6),
    bad=st.sets(st.integers(0, 59), max_size=6),
    named=st.sampled_from([0, 1, 100]),
)
def test_only_what_is_refused_is_left(gone: set[int], bad: set[int], named: int) -> None:
    """C15: with plain identifiers the undone records are exactly those that the server refuses.

    Named, they cost one dry run each at most; without a place items are found by halving, and locations are not.
    """
    gone = gone if named else set()
    here = {(Product(None, f"u{n}", None), f"L{where}") for n in range(60) for where in range(40) if n % 7 <= where % 5}
    targets = targets_of(sorted(here, key=str))
    faulty = Faulty(frozenset(f"L{n}" for n in gone), frozenset(f"u{n}" for n in bad), named)
    world = World(set(here), Faults(), Random(1), faulty=faulty)
    machine = BulkDelete(targets, BulkDeleteOptions(), Budget(requests_per_minute=None, requests_per_hour=None))
    outcome = run(world, machine)
    left = {(entry.target.product.upc, entry.target.location_code) for entry in outcome.report.undone}
    refused = {(p.upc, w) for p, w in here if p.upc in faulty.identifiers or w in faulty.locations}

    assert left == refused
    assert {entry.reason for entry in outcome.report.undone} <= (
        {f"its dry run was refused: 400 no L{n}" for n in gone}
        | {f"its dry run was refused: 400 bad u{n}" for n in bad}
        | {"its dry run failed: 400 no"}
    )
    if named:
        assert sum(isinstance(request, DryRun) for _, request in outcome.sent) <= 6 + len(gone) + len(bad)


@dataclass
class ClosingWorld(World):
    """A server that closes locations once the first submission arrives."""

    closing: frozenset[str] = frozenset()

    def answer(self, machine: BulkDelete, request: Request, now: int) -> Answer:
        """As ever, save for what is closed."""
        if isinstance(request, Submit):
            self.faulty = Faulty(self.closing, named=1)
        return super().answer(machine, request, now)


@settings(deadline=None, max_examples=60)
@given(
    closing=st.frozensets(st.integers(0, 7), max_size=8),
    size=st.integers(1, 40),
    faults=st.one_of(st.builds(Faults), faults),
)
def test_what_closes_after_the_dry_run_costs_nothing_else(closing: frozenset[int], size: int, faults: Faults) -> None:
    """WF-1, ST-1: a refused submission goes on, without what was named, from a dry run of its own."""
    here = {(Product(None, f"u{n}", None), f"L{where}") for n in range(30) for where in range(8) if n % 3 <= where}
    targets = targets_of(sorted(here, key=str))
    nothing_else = faults == Faults()
    world = ClosingWorld(set(here), faults, Random(1), closing=frozenset(f"L{n}" for n in closing))
    budget = Budget(requests_per_minute=None, requests_per_hour=None)
    outcome = run(world, BulkDelete(targets, BulkDeleteOptions(batch_size=size, job_patience_s=600), budget))

    check_manners(world, outcome)
    check_targets(world, outcome, targets)
    if nothing_else:
        left = {entry.target.location_code for entry in outcome.report.undone}
        assert left == world.closing
        reasons = {entry.reason.partition(":")[0] for entry in outcome.report.undone}
        assert reasons <= {"its submission was refused", "its dry run was refused"}


@settings(deadline=None, max_examples=40)
@given(
    begins=st.integers(0, 1439),
    hours=st.integers(1, 12),
    rph=st.integers(4, 60),
    age=st.sampled_from([600.0, 3600.0, 86_400.0]),
    faults=faults,
)
def test_submissions_keep_to_off_peak_hours_and_to_fresh_dry_runs(
    begins: int, hours: int, rph: int, age: float, faults: Faults
) -> None:
    """C17, WF-2: nothing is submitted outside the window, nor on a dry run that has grown too old."""
    window = DailyWindow(begins, (begins + 60 * hours) % 1440)
    here = {(Product(None, f"u{n}", None), where) for n in range(12) for where in "NS"}
    targets = targets_of(sorted(here, key=str))
    world = World(set(here), faults, Random(1), rph=rph)
    options = BulkDeleteOptions(batch_size=2, off_peak=window, recheck_after_s=age)
    outcome = run(world, BulkDelete(targets, options, Budget(requests_per_minute=None, requests_per_hour=None)))
    checked: dict[int, int] = {}
    for at, request in outcome.sent:
        if isinstance(request, DryRun):
            checked[request.batch] = at
        elif isinstance(request, Submit):
            assert window.opens_at(at) == at, "WF-2"
            assert at - checked[request.batch] <= (age + 1) * SECOND, "WF-1"

    check_manners(world, outcome)
    check_targets(world, outcome, targets)


def test_where_everything_is_refused_the_end_comes_soon() -> None:
    """C15: a refusal that is about the tenant rather than the batch must not eat the quota."""
    here = {(Product(None, f"u{n}", None), f"L{where}") for n in range(3_000) for where in range(4)}
    targets = targets_of(sorted(here, key=str))
    world = World(here, Faults(), Random(1), faulty=Faulty(frozenset(f"L{n}" for n in range(4))))
    machine = BulkDelete(targets, BulkDeleteOptions(), Budget(requests_per_minute=None, requests_per_hour=None))
    outcome = run(world, machine)

    assert len(outcome.report.undone) == len(targets)
    assert len(outcome.sent) <= 50


def copy_of(faults: Faults) -> Faults:
    """Faults of one's own: their budget is spent by a run."""
    return Faults(**vars(faults))


def test_replaying_all_events_gives_the_same_report() -> None:
    """State is a fold over the events: the same events, the same report; also through their JSON."""
    stock = {(Product(f"P{n}", f"U{n}", None), where) for n in range(40) for where in ("N", "S")}
    targets = targets_of(sorted(stock, key=str))
    faults = Faults(server_error=0.1, lost_after=0.1, failed_job=0.2, budget=50)

    def fresh() -> BulkDelete:
        return BulkDelete(
            targets, BulkDeleteOptions(batch_size=7), Budget(requests_per_minute=20, requests_per_hour=90)
        )

    outcome = run(World(set(stock), faults, Random(3)), fresh())
    replayed = fresh()
    for event in outcome.events:
        replayed.record(msgspec.json.decode(msgspec.json.encode(event), type=Event))

    assert replayed.report() == outcome.report
