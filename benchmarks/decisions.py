"""How fast the bare decisions are, without I/O: what makes it cheap to test them by the million."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from itertools import count
from random import Random
from time import perf_counter

from pyrate_limiter import InMemoryBucket, Rate, RateItem

from benchmarks.outcome import Figure, Section, figures_table, missed_figures
from kibo_client import BulkDeleteOptions, Scope, Target, Wait
from kibo_client.budget import Budget
from kibo_client.bulk import BulkDelete
from kibo_client.events import (
    Accepted,
    Answer,
    Answered,
    Confirmed,
    Done,
    DryRun,
    FoundProduct,
    JobSeen,
    JobsListed,
    ListJobs,
    PollJob,
    Request,
    ScopeFound,
    SendLines,
    Sent,
    Submit,
)
from kibo_simulator.rate_limits import LimitsDocument, PoolLimit, RateLimiter

SECOND = 1_000_000
START = 1_772_427_600 * SECOND
PER_MINUTE, PER_HOUR = 50, 200
ROUNDS = 5
STEPS = 40_000
PLANNED = 10_000
RUNS = 40
LOCATIONS = ("N", "E", "S", "W")
PRODUCTS = 60
BATCH_SIZE = 10
METHOD = """\
Steps a second of the deciding code alone, as the property tests run it: no event loop, no HTTP, time is an argument.
The peer is the in-memory sliding log of pyrate-limiter with the same two rates at the same instants, which decides the
same question (may this request go?) by another rule. A whole run of the client's state machine is one deletion of
240 records in 6 batches at 4 locations: dry runs, submissions, jobs and polls, under 50 a minute and 200 an hour."""


def ledger_admissions() -> float:
    """Requests that the simulator's ledger decides in a second: a mixture of admitted and refused ones."""
    route = "/api/commerce/inventory/*"
    pool = RateLimiter(LimitsDocument(pools=(PoolLimit(route, PER_MINUTE, PER_HOUR),))).pool_for(1, route)
    assert pool is not None, "the only route has a pool"
    instants = _instants()
    begun = perf_counter()
    for now in instants:
        pool.admit(now)
    return len(instants) / (perf_counter() - begun)


def sliding_log() -> float:
    """The same instants put to pyrate-limiter's bucket."""
    bucket = InMemoryBucket([Rate(PER_MINUTE, 60_000), Rate(PER_HOUR, 3_600_000)])
    instants = [now // 1_000 for now in _instants()]
    begun = perf_counter()
    for now in instants:
        bucket.put(RateItem("inventory", now))
    return len(instants) / (perf_counter() - begun)


def planner_decisions() -> float:
    """Requests that the client's budget plans, sends and accounts for in a second."""
    budget = Budget(requests_per_minute=PER_MINUTE, requests_per_hour=PER_HOUR)
    now = START
    begun = perf_counter()
    for _ in range(PLANNED):
        now = budget.earliest(now).at
        budget.sent(now)
        budget.observe_date(sent_at=now, received_at=now + 50_000, date=(now + 25_000) // SECOND * SECOND)
        now += 50_000
        budget.answered(now, counted=True)
    return PLANNED / (perf_counter() - begun)


def sliding_log_planned() -> float:
    """As many requests through pyrate-limiter's bucket, which tells how long to wait and is asked again."""
    bucket = InMemoryBucket([Rate(PER_MINUTE, 60_000), Rate(PER_HOUR, 3_600_000)])
    now = START // 1_000
    begun = perf_counter()
    for _ in range(PLANNED):
        while not bucket.put(item := RateItem("inventory", now)):
            wait = bucket.waiting(item)
            assert isinstance(wait, int), "the bucket in memory answers at once"
            now += max(1, wait)
        now += 50
    return PLANNED / (perf_counter() - begun)


def state_machine() -> tuple[float, float]:
    """Whole bulk deletions in a second, and actions in them in a second."""
    targets = [
        Target(location, part_number=f"P-{number:04d}", upc=f"{number:012d}", sku=f"S{number:04d}")
        for number in range(PRODUCTS)
        for location in LOCATIONS
    ]
    actions = 0
    begun = perf_counter()
    for _ in range(RUNS):
        budget = Budget(requests_per_minute=PER_MINUTE, requests_per_hour=PER_HOUR)
        actions += _run(BulkDelete(targets, BulkDeleteOptions(batch_size=BATCH_SIZE), budget))
    took = perf_counter() - begun
    return RUNS / took, actions / took


class _Server:
    """Says yes to everything; a job takes a minute."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._jobs: dict[int, tuple[str, int]] = {}

    def answer(self, machine: BulkDelete, request: Request, now: int) -> Answer:
        match request:
            case DryRun(batch=number):
                items = machine.batch(number).items
                found = tuple(
                    FoundProduct(product.part_number, product.upc, product.sku, tuple(sorted(item.locations)))
                    for item in items
                    for product in item.products
                )
                return ScopeFound(found, sum(len(product.locations) for product in found))
            case Submit(batch=number):
                ids = {next(self._ids): location for location in machine.batch(number).locations}
                self._jobs |= {job: (location, now + 60 * SECOND) for job, location in ids.items()}
                return Accepted(tuple(ids))
            case PollJob(job_id=job):
                return self._seen(job, now)
            case ListJobs(limit=limit, start=start):
                newest = sorted(self._jobs, reverse=True)[start : start + limit]
                return JobsListed(tuple(self._seen(job, now) for job in newest))
            case SendLines():
                raise AssertionError("a deletion sends no lines")

    def _seen(self, job: int, now: int) -> JobSeen:
        location, ends_at = self._jobs[job]
        return JobSeen(job, "SUCCESS" if now >= ends_at else "WORKING", location, (), ends_at - 60 * SECOND)


def _run(machine: BulkDelete) -> int:
    server, now, actions = _Server(), START, 0
    while True:
        actions += 1
        action = machine.next_action(now)
        match action:
            case Done():
                assert machine.report().outcome == "deleted", "the server refuses nothing"
                return actions
            case Wait(until=until):
                now = until
            case Scope():
                machine.record(Confirmed(now, agreed=True))
            case _:
                machine.record(Sent(now, action))
                arrived = now + 25_000
                answer = server.answer(machine, action, arrived)
                now = arrived + 25_000
                machine.record(Answered(now, answer, arrived // SECOND * SECOND))


def _instants() -> list[int]:
    """Instants of a day and more, bunched and spread, so that every branch of a decision is taken."""
    random = Random(1)
    now, instants = START, []
    for _ in range(STEPS):
        now += random.choice((0, 1, 200_000, SECOND, 5 * SECOND, 18 * SECOND))
        instants.append(now)
    return instants


def run(*, quick: bool = False) -> Section:
    """Measure each decision beside its peer, in turns."""
    rounds = 2 if quick else ROUNDS
    figures = [
        _figure("the server's ledger: requests decided", ledger_admissions, sliding_log, rounds),
        _figure("the client's budget: requests planned", planner_decisions, sliding_log_planned, rounds),
    ]
    runs = [state_machine() for _ in range(rounds)]
    figures += [
        Figure(what="whole bulk deletions", value=statistics.median(one[0] for one in runs), unit="/s"),
        Figure(what="actions within them", value=statistics.median(one[1] for one in runs), unit="/s"),
    ]
    return Section(
        name="decisions",
        title="Decisions: steps a second without I/O",
        method=METHOD,
        tables=(figures_table("Bare decisions", figures),),
        data=[figure.to_json() for figure in figures],
        missed=missed_figures(figures),
    )


def _figure(what: str, ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> Figure:
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return Figure(
        what=what,
        value=statistics.median(pair[0] for pair in pairs),
        unit="/s",
        peer="pyrate-limiter, in memory",
        peer_value=statistics.median(pair[1] for pair in pairs),
    )
