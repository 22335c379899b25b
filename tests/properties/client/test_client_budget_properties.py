"""The planner against an independent server that keeps every timestamp (RL-3 to RL-8, RL-13)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise, product

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kibo_client.budget import Budget
from kibo_client.optimum import earliest_times

SECOND = 1_000_000
MINUTE = 60 * SECOND
QUARTER = 900 * SECOND


@dataclass
class NaiveServer:
    """A pool that keeps the time of every request it counted and recounts them all each time."""

    rpm: int
    rph: int
    count_rejected: bool = False
    counted: list[int] = field(default_factory=list)
    admitted: list[int] = field(default_factory=list)
    restricted_until: int = 0
    restrictions: list[int] = field(default_factory=list)
    early: int = 0
    others: list[int] = field(default_factory=list)
    """When somebody else's requests arrive, ascending."""

    def ask(self, at: int) -> int | None:
        """Admit (None) or refuse with a Retry-After in seconds."""
        while self.others and self.others[0] < at:
            self.counted.append(self.others.pop(0))
        if at < self.restricted_until:
            self.early += 1
            return next(v for v in (60, 900, 1800, 2700, 3600) if v * SECOND >= self.restricted_until - at or v == 3600)
        minute = [t for t in self.counted if t // MINUTE == at // MINUTE]
        buckets = [sum(t // QUARTER == at // QUARTER - age for t in self.counted) for age in range(4)]
        waits = [60] if len(minute) >= self.rpm else []
        if sum(buckets) >= self.rph:
            waits.append(900 * next(k for k in range(1, 5) if sum(buckets[: 4 - k]) < self.rph))
        if not waits or self.count_rejected:
            self.counted.append(at)
        if not waits:
            self.admitted.append(at)
            return None
        self.restricted_until = at + max(waits) * SECOND
        self.restrictions.append(max(waits))
        return max(waits)


def run(
    budget: Budget,
    server: NaiveServer,
    requests: int,
    start: int,
    offset: int,
    latencies: list[tuple[int, int, int]],
) -> tuple[int, int]:
    """Send so many requests one after another, as early as the planner says; returns refusals and the end (ours).

    A latency is the way there, the time between admission and the Date stamp, and the way back.
    """
    now, done, refused, turn = start, 0, 0, 0
    while done < requests:
        now = budget.earliest(now).at
        there, thinking, back = latencies[turn % len(latencies)]
        turn += 1
        sent_at, arrived = now, now + there
        budget.sent(now)
        retry_after = server.ask(arrived + offset)
        stamped = arrived + thinking
        now = stamped + back
        budget.observe_date(sent_at=sent_at, received_at=now, date=(stamped + offset) // SECOND * SECOND)
        if retry_after is None:
            budget.answered(now, counted=True)
            done += 1
        else:
            budget.throttled(now, retry_after)
            refused += 1
    return refused, now


def days(server: NaiveServer) -> int:
    """How many whole days a run took: a limit that was learnt is put to the test once a day."""
    return (server.admitted[-1] - server.admitted[0]) // (24 * 60 * MINUTE) if server.admitted else 0


starts = st.one_of(
    st.integers(0, 3600 * SECOND),
    st.sampled_from([0, 1, 59_999_999, 60_000_000, 60_000_001, 899_999_999, 900_000_000, 3_599_999_999]),
).map(lambda t: t + 1_800_000_000 * SECOND)
offsets = st.one_of(st.integers(-2 * QUARTER, 2 * QUARTER), st.sampled_from([0, 1, -1, SECOND, -SECOND, MINUTE // 2]))
delay = st.integers(0, 300_000)
delays = st.lists(st.tuples(delay, st.one_of(st.just(0), delay, st.just(1)), delay), min_size=1, max_size=5)
brief = [(20_000, 0, 20_000)]
# Work that begins in the last moments of a minute and of a quarter, by the server's clock.
corners = st.builds(
    lambda window, before: (window * MINUTE - before, 0),
    st.integers(30_000_000, 30_000_060),
    st.one_of(st.integers(1, 3 * SECOND), st.sampled_from([1, SECOND // 10, SECOND - 1, SECOND, SECOND + 1])),
)
phases = st.one_of(st.tuples(starts, offsets), corners)


@settings(deadline=None, max_examples=10)
@given(st.integers(2, 6), st.integers(2, 6), starts, offsets)
def test_a_limit_that_was_raised_is_found_out_within_days(before: int, more: int, start: int, offset: int) -> None:
    """TH-7: what was learnt from a refusal is put to the test once a day, at the cost of one restriction at most."""
    server = NaiveServer(10**6, before)
    budget = Budget(requests_per_minute=None, requests_per_hour=None)
    _, now = run(budget, server, 30 * before, start, offset, brief)
    learnt = budget.requests_per_hour
    server.rph, known = before + more, len(server.restrictions)
    run(budget, server, 30 * (before + more), now, offset, brief)

    assert learnt == before
    assert budget.requests_per_hour == before + more
    assert len(server.restrictions) - known <= 1 + days(server)
    assert server.early == 0


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 60), st.integers(1, 200), st.integers(1, 300), phases, delays)
def test_known_limits_are_never_broken(
    rpm: int, rph: int, requests: int, phase: tuple[int, int], latencies: list[tuple[int, int, int]]
) -> None:
    """TH-6: told the limits, the planner is never refused, whatever the phase, the offset and the latency."""
    start, offset = phase
    server = NaiveServer(rpm, rph)
    refused, _ = run(Budget(requests_per_minute=rpm, requests_per_hour=rph), server, requests, start, offset, latencies)

    assert (0, requests) == (refused, len(server.admitted))


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 60), st.integers(1, 200), st.integers(1, 400), phases)
@example(100, 100, 101, (2_000_000 * QUARTER - SECOND // 10, 0))
def test_known_limits_are_used_to_the_full(rpm: int, rph: int, requests: int, phase: tuple[int, int]) -> None:
    """TH-7: the last request leaves within 5 % (and a few seconds of guard) of the optimum, from any moment on."""
    start, offset = phase
    server = NaiveServer(rpm, rph)
    refused, _ = run(Budget(requests_per_minute=rpm, requests_per_hour=rph), server, requests, start, offset, brief)
    first = server.admitted[0]
    optimum = earliest_times([40_000] * requests, released_at=first, requests_per_minute=rpm, requests_per_hour=rph)[-1]

    assert refused == 0
    assert server.admitted[-1] - first <= 1.05 * (optimum - first) + 4 * SECOND


@settings(deadline=None, max_examples=100)
@given(st.integers(2, 60), st.integers(2, 200), st.integers(1, 500), starts, offsets, st.booleans())
def test_unknown_limits_cost_one_restriction_each(
    rpm: int,
    rph: int,
    requests: int,
    start: int,
    offset: int,
    count_rejected: bool,  # noqa: FBT001 - drawn
) -> None:
    """TH-5: of constant limits, each level is provoked once at most, and no request comes early (TH-1)."""
    server = NaiveServer(rpm, rph, count_rejected)
    run(
        Budget(requests_per_minute=None, requests_per_hour=None),
        server,
        requests,
        start,
        offset,
        brief,
    )

    assert sum(wait == 60 for wait in server.restrictions) <= 1 + days(server)
    assert sum(wait > 60 for wait in server.restrictions) <= 1 + days(server)
    assert server.early == 0
    assert len(server.admitted) == requests


@settings(deadline=None, max_examples=150)
@given(st.integers(2, 60), st.integers(2, 200), st.integers(1, 20), st.integers(1, 20), st.integers(1, 400), phases)
@example(5, 16, 10, 13, 100, (2_000_000 * QUARTER + 5 * SECOND, 0))
def test_limits_told_too_high_cost_one_restriction_each(
    rpm: int, rph: int, minute_factor: int, hour_factor: int, requests: int, phase: tuple[int, int]
) -> None:
    """TH-5: of constant limits lower than told, each level is provoked once, and planned with from then on."""
    start, offset = phase
    server = NaiveServer(rpm, rph)
    budget = Budget(requests_per_minute=rpm * minute_factor, requests_per_hour=rph * hour_factor)
    run(budget, server, requests, start, offset, brief)

    assert sum(wait == 60 for wait in server.restrictions) <= 1 + days(server)
    assert sum(wait > 60 for wait in server.restrictions) <= 1 + days(server)
    assert server.early == 0
    assert len(server.admitted) == requests


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(40, 1000), st.integers(1, 60), phases)
@example(1, 2, 60, 30, (1_800_000_000 * SECOND - 20_001, 0))
def test_limits_told_far_too_high_cost_two_restrictions_each(
    rpm: int, rph: int, factor: int, requests: int, phase: tuple[int, int]
) -> None:
    """TH-5: a count so low that it may be a visitor's leavings has to come twice; then it is the limit."""
    start, offset = phase
    server = NaiveServer(rpm, rph)
    run(Budget(requests_per_minute=factor, requests_per_hour=factor), server, requests, start, offset, brief)

    assert sum(wait == 60 for wait in server.restrictions) <= 2 + days(server)
    assert sum(wait > 60 for wait in server.restrictions) <= 2 + days(server)
    assert server.early == 0


@settings(deadline=None, max_examples=60)
@given(
    st.integers(2, 60),
    st.integers(2, 120),
    st.integers(1, 300),
    st.lists(st.tuples(st.integers(0, 3600), st.integers(1, 150)), max_size=6),
    phases,
)
def test_somebody_elses_requests_are_given_way_to(
    rpm: int, rph: int, requests: int, visits: list[tuple[int, int]], phase: tuple[int, int]
) -> None:
    """TH-1, RL-13: in a shared pool every wait is kept, and all requests are admitted in the end."""
    start, offset = phase
    others = sorted(start + offset + after * SECOND for after, count in visits for _ in range(min(count, rph)))
    server = NaiveServer(rpm, rph, others=others)
    run(Budget(requests_per_minute=rpm, requests_per_hour=rph), server, requests, start, offset, brief)

    assert server.early == 0
    assert len(server.admitted) == requests


def admissible(times: tuple[int, ...], rpm: int, rph: int) -> bool:
    """Whether a scaled-down pool (minute of 3 ticks, bucket of 6) admits requests at these times."""
    return all(
        sum(t // 3 == now // 3 for t in times[: i + 1]) <= rpm
        and sum(now // 6 - 3 <= t // 6 <= now // 6 for t in times[: i + 1]) <= rph
        for i, now in enumerate(times)
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 23), st.integers(0, 2), st.integers(2, 3))
def test_the_recursion_is_the_optimum(rpm: int, rph: int, start: int, gap: int, count: int) -> None:
    """Exhaustive search over every schedule of small instances finds none that ends sooner."""
    planned = earliest_times(
        [gap] * count, released_at=start, requests_per_minute=rpm, requests_per_hour=rph, minute=3, quarter=6
    )
    best = min(
        times[-1]
        for times in product(range(start, planned[-1] + 1), repeat=count)
        if all(b - a >= gap for a, b in pairwise(times))
        and list(times) == sorted(times)
        and admissible(times, rpm, rph)
    )

    assert admissible(tuple(planned), rpm, rph)
    assert best == planned[-1]
