"""Whole refreshes and adjustments without I/O: the state machine against a server that loses answers, and crashes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_client.budget import Budget
from kibo_client.events import (
    Accepted,
    Answer,
    Answered,
    Confirmed,
    Done,
    DryRun,
    Event,
    Failed,
    FaultyItem,
    JobSeen,
    JobsListed,
    ListJobs,
    PollJob,
    Request,
    Scope,
    SendLines,
    Sent,
    Submit,
    Throttled,
    Wait,
)
from kibo_client.lines import Line, LineBatch
from kibo_client.retry import AnswerClass
from kibo_client.update import BulkUpdate
from kibo_client.update_options import UpdateKind, UpdateOptions

SECOND = 1_000_000
START = 1_800_000_000 * SECOND
LATENCY = 20_000
PATIENCE_S = 120


BATCH_SIZE = 3


@dataclass
class Mishaps:
    """How often what goes wrong, each in [0, 1], and for how many submissions in all."""

    lost_before: float = 0.0
    lost_after: float = 0.0
    lost_late: float = 0.0
    error_after: float = 0.0
    error_before: float = 0.0
    malformed: float = 0.0
    failed_job: float = 0.0
    stuck_job: float = 0.0
    budget: int = 0


@dataclass
class Queue:
    """A server that takes lines and works them as jobs, one after another."""

    mishaps: Mishaps
    random: Random
    rph: int = 10**9
    page: int = 1000
    strangers: bool = False
    faulty: frozenset[str] = frozenset()
    applied: Counter[Line] = field(default_factory=Counter)
    stock: dict[tuple[str, str | None], int] = field(default_factory=dict)
    jobs: list[JobSeen] = field(default_factory=list)
    batches: dict[int, LineBatch] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    late: list[tuple[int, LineBatch, UpdateKind]] = field(default_factory=list)
    kinds: dict[int, UpdateKind] = field(default_factory=dict)
    handed_out: set[int] = field(default_factory=set)
    seen_ended: set[int] = field(default_factory=set)
    admitted: list[int] = field(default_factory=list)
    restricted_until: int = 0
    early: int = 0

    def enqueue(self, batch: LineBatch, kind: UpdateKind, now: int) -> int:
        """One job for the lines, and sometimes one of somebody else's beside it.

        That one has more lines than any batch of ours: with as many, added in the same seconds, nobody could tell.
        """
        if self.strangers and self.random.random() < 0.5:
            stranger = LineBatch(batch.location_code, (*batch.lines, *batch.lines[:1] * BATCH_SIZE))
            self._add(stranger, kind, now, ours=False)
        return self._add(batch, kind, now, ours=True)

    def _add(self, batch: LineBatch, kind: UpdateKind, now: int, *, ours: bool) -> int:
        job_id = len(self.jobs) + 1
        self.ends[job_id] = max([now, *(end for end in self.ends.values() if end < 1 << 62)]) + SECOND
        if ours:
            self.batches[job_id] = batch
            self.kinds[job_id] = kind
            if self.random.random() < self.mishaps.stuck_job:
                self.ends[job_id] = 1 << 62
        self.jobs.append(JobSeen(job_id, "PENDING", batch.location_code, (), now, None, None, len(batch.lines)))
        return job_id

    def advance(self, now: int) -> None:
        """Carry out what arrives late, and the jobs that are due; a failed one changes nothing (J-8)."""
        for entry in [entry for entry in self.late if entry[0] <= now]:
            self.late.remove(entry)
            self.enqueue(entry[1], entry[2], entry[0])
        for index, job in enumerate(self.jobs):
            if job.status != "PENDING" or self.ends[job.job_id] > now:
                continue
            failed = job.job_id in self.batches and self.random.random() < self.mishaps.failed_job
            if not failed and (batch := self.batches.get(job.job_id)) is not None:
                for line in batch.lines:
                    self.applied[line] += 1
                    key = (line.location_code, line.upc)
                    before = self.stock.get(key, 0) if self.kinds[job.job_id] is UpdateKind.ADJUST else 0
                    self.stock[key] = before + line.quantity
            status, said = ("FAILED", ("deadlock",)) if failed else ("SUCCESS", ())
            self.jobs[index] = msgspec.structs.replace(job, status=status, messages=said)

    def admit(self, now: int) -> int | None:
        """RL-4, RL-5 and RL-7 for the hour alone."""
        if now < self.restricted_until:
            self.early += 1
            return 60
        quarter = now // (900 * SECOND)
        self.admitted = [at for at in self.admitted if at // (900 * SECOND) > quarter - 4]
        if len(self.admitted) >= self.rph:
            ages = [quarter - at // (900 * SECOND) for at in self.admitted]
            wait = 900 * next(k for k in range(1, 5) if sum(age < 4 - k for age in ages) < self.rph)
            self.restricted_until = now + wait * SECOND
            return wait
        self.admitted.append(now)
        return None

    def answer(self, machine: BulkUpdate, request: Request, now: int) -> Answer:
        """One request, with whatever goes wrong on its way."""
        self.advance(now)
        if (wait := self.admit(now)) is not None:
            return Throttled(wait)
        match request:
            case SendLines(batch=number):
                return self._take(machine.batch(number), machine.options.kind, now)
            case PollJob(job_id=job_id):
                return self._shown([self.jobs[job_id - 1]])[0]
            case ListJobs(limit=limit, start=start, location_code=code):
                jobs = [job for job in reversed(self.jobs) if code in {None, job.location_code}]
                return JobsListed(tuple(self._shown(jobs[start : start + min(limit, self.page)])))
            case DryRun() | Submit():
                raise AssertionError("an update deletes nothing")

    def _shown(self, jobs: list[JobSeen]) -> list[JobSeen]:
        self.seen_ended |= {job.job_id for job in jobs if job.status != "PENDING"}
        return jobs

    def _take(self, batch: LineBatch, kind: UpdateKind, now: int) -> Answer:
        bad = [FaultyItem(i, f"bad {line.upc}") for i, line in enumerate(batch.lines) if line.upc in self.faulty]
        if bad:
            return Failed(AnswerClass.REFUSED, 400, "no", 0.5, tuple(bad[:1]))
        chance = self.random.random() if self.mishaps.budget > 0 else 1.0
        self.mishaps.budget -= 1
        lost = Failed(AnswerClass.UNKNOWN, 0, "reset", self.random.random())
        error = Failed(AnswerClass.SERVER_ERROR, 503, "later", self.random.random())
        outcomes: tuple[tuple[str, bool, Answer], ...] = (
            ("lost_before", False, lost),
            ("error_before", False, error),
            ("lost_after", True, lost),
            ("error_after", True, error),
            ("malformed", True, Failed(AnswerClass.MALFORMED, 200, "half a body", self.random.random())),
        )
        for name, carried_out, answer in outcomes:
            share: float = getattr(self.mishaps, name)
            if chance < share:
                if carried_out:
                    self.enqueue(batch, kind, now)
                return answer
            chance -= share
        if chance < self.mishaps.lost_late:
            self.late.append((now + self.random.randrange((PATIENCE_S - 1) * SECOND), batch, kind))
            return lost
        job_id = self.enqueue(batch, kind, now)
        self.handed_out.add(job_id)
        return Accepted((job_id,))


class Run:
    """Drives a machine to its end; at chosen events the client dies, and a new one goes on from the events on disk."""

    def __init__(self, queue: Queue, fresh: Callable[[], BulkUpdate], crashes: frozenset[int] = frozenset()) -> None:
        self.queue = queue
        self.fresh = fresh
        self.crashes = crashes
        self.events: list[Event] = []
        self.machine = fresh()
        self.now = START

    def to_the_end(self) -> BulkUpdate:
        """Returns the machine that saw the end."""
        for _ in range(100_000):
            match action := self.machine.next_action(self.now):
                case Done():
                    # Whatever is still on its way has arrived by then.
                    self.queue.advance(self.now + 10**4 * SECOND)
                    return self.machine
                case Wait(until=until, why=why):
                    assert until > self.now
                    assert why
                    self.now = until
                case Scope():
                    self._record(Confirmed(self.now, agreed=True))
                case _:
                    self._send(action)
        raise AssertionError("the run does not end")

    def _send(self, request: Request) -> None:
        sent_to = self.machine
        if self._record(Sent(self.now, request)):
            return
        arrived = self.now + LATENCY
        answer = self.queue.answer(sent_to, request, arrived)
        self.now = arrived + LATENCY
        self._record(Answered(self.now, answer, arrived // SECOND * SECOND), dies_before=True)

    def _record(self, event: Event, *, dies_before: bool = False) -> bool:
        """Take note of an event, or die: before an answer is on disk, or after a sending is. True if it died."""
        dies = len(self.events) in self.crashes
        self.crashes -= {len(self.events)}
        if dies and dies_before:
            # The answer was never written down: the next client finds a request without an outcome.
            self._restart()
            return True
        self.machine.record(event)
        self.events.append(event)
        if dies:
            self._restart()
        return dies

    def _restart(self) -> None:
        self.now += 3 * SECOND
        self.machine = self.fresh()
        for event in self.events:
            self.machine.record(event)
        if self.machine.under_way is not None:
            lost = Answered(self.now, Failed(AnswerClass.UNKNOWN, 0, "interrupted", 0.0))
            self.machine.record(lost)
            self.events.append(lost)


def lines_of(number: int) -> list[Line]:
    """So many lines at four locations, each with a quantity of its own."""
    return [Line(location_code="NESW"[n % 4], upc=f"u{n}", quantity=n + 1) for n in range(number)]


shares = st.sampled_from([0.0, 0.0, 0.1, 0.3])
mishaps = st.builds(
    Mishaps,
    lost_before=shares,
    lost_after=shares,
    lost_late=shares,
    error_after=shares,
    error_before=shares,
    malformed=shares,
    failed_job=shares,
    stuck_job=st.sampled_from([0.0, 0.0, 0.05]),
    budget=st.integers(0, 60),
)
crash_points = st.frozensets(st.integers(0, 60), max_size=12)


def updated(
    kind: UpdateKind, lines: list[Line], queue: Queue, crashes: frozenset[int] = frozenset(), **more: int
) -> BulkUpdate:
    """Carry an update out, crashes and all."""
    chosen = {"batch_size": BATCH_SIZE, "job_patience_s": 600, "answer_patience_s": PATIENCE_S, **more}
    options = UpdateOptions(kind=kind, **chosen)

    def fresh() -> BulkUpdate:
        return BulkUpdate(lines, options, Budget(requests_per_minute=None, requests_per_hour=None))

    return Run(queue, fresh, crashes).to_the_end()


@settings(deadline=None, max_examples=300)
@given(
    number=st.integers(1, 30),
    faults=mishaps,
    crashes=crash_points,
    seed=st.integers(0, 2**32),
    page=st.sampled_from([1, 3, 1000]),
    strangers=st.booleans(),
)
def test_no_adjustment_is_applied_twice(
    number: int, faults: Mishaps, crashes: frozenset[int], seed: int, page: int, *, strangers: bool
) -> None:
    """RT-5, C8: whatever is lost, and wherever the client dies; and what is said to be applied, or not, is so."""
    lines = lines_of(number)
    queue = Queue(faults, Random(seed), page=page, strangers=strangers)
    report = updated(UpdateKind.ADJUST, lines, queue, crashes).report()
    uncertain = {entry.line for entry in report.undone if entry.uncertain}
    undone = {entry.line for entry in report.undone} - uncertain

    assert max(queue.applied.values(), default=0) <= 1
    assert {line for line in lines if not queue.applied[line]} - uncertain == undone
    assert report.applied_records == number - len(undone) - len(uncertain)
    assert queue.handed_out - queue.seen_ended - set(report.open_jobs) == set()


@settings(deadline=None, max_examples=150)
@given(number=st.integers(1, 30), faults=mishaps, crashes=crash_points, seed=st.integers(0, 2**32))
def test_a_refresh_leaves_what_it_says(number: int, faults: Mishaps, crashes: frozenset[int], seed: int) -> None:
    """I-2: what is said to be refreshed has its quantity, however often it was sent."""
    lines = lines_of(number)
    queue = Queue(faults, Random(seed))
    report = updated(UpdateKind.REFRESH, lines, queue, crashes).report()
    left = {(entry.line.location_code, entry.line.upc) for entry in report.undone}

    assert {(line.location_code, line.upc) for line in lines} - set(queue.stock) <= left
    assert {key: value for key, value in queue.stock.items() if key not in left} == {
        (line.location_code, line.upc): line.quantity for line in lines if (line.location_code, line.upc) not in left
    }


def test_killed_at_a_hundred_points_the_end_is_the_same() -> None:
    """C8: a throttled adjustment with faults, killed once at each of 100 points, ends as if nothing had happened."""
    lines = lines_of(180)

    def queue() -> Queue:
        return Queue(Mishaps(lost_before=0.1, error_before=0.1, failed_job=0.05, budget=20), Random(5), rph=20)

    # A throttled client does not hear of jobs for an hour at a time.
    patient = {"max_resubmissions": 20, "job_patience_s": 7200}
    undisturbed = queue()
    updated(UpdateKind.ADJUST, lines, undisturbed, frozenset(), **patient)
    points = Random(1).sample(range(180), 100)
    for point in points:
        disturbed = queue()
        report = updated(UpdateKind.ADJUST, lines, disturbed, frozenset((point,)), **patient).report()

        assert (report.outcome, disturbed.stock) == ("done", undisturbed.stock)
        assert disturbed.early == 0
        assert disturbed.handed_out <= disturbed.seen_ended


@settings(deadline=None, max_examples=60)
@given(number=st.integers(1, 30), bad=st.frozensets(st.integers(0, 29), max_size=5))
def test_only_the_lines_that_are_refused_are_left(number: int, bad: frozenset[int]) -> None:
    """RT-4: what the server names is left out, and the rest of the batch is applied."""
    lines = lines_of(number)
    queue = Queue(Mishaps(), Random(1), faulty=frozenset(f"u{n}" for n in bad))
    report = updated(UpdateKind.ADJUST, lines, queue, batch_size=30).report()
    refused = {line for line in lines if line.upc in queue.faulty}

    assert {entry.line for entry in report.undone} == refused
    assert +queue.applied == Counter(set(lines) - refused)


def test_the_same_events_give_the_same_report() -> None:
    """State is a fold over the events, also through their JSON."""
    lines = lines_of(40)
    options = UpdateOptions(kind=UpdateKind.ADJUST, batch_size=3, job_patience_s=600)

    def fresh() -> BulkUpdate:
        return BulkUpdate(lines, options, Budget(requests_per_minute=20, requests_per_hour=90))

    run = Run(Queue(Mishaps(lost_after=0.2, failed_job=0.2, budget=50), Random(3)), fresh)
    done = run.to_the_end()
    replayed = fresh()
    for event in run.events:
        replayed.record(msgspec.json.decode(msgspec.json.encode(event), type=Event))

    assert replayed.report() == done.report()
