"""The planner against an independent server that keeps every timestamp (RL-3 to RL-8, RL-13)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise, product

from hypothesis import given, settings
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

    def ask(self, at: int) -> int | None:
        """Admit (None) or refuse with a Retry-After in seconds."""
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
    latencies: list[tuple[int, int]],
) -> tuple[int, int]:
    """Send so many requests one after another, as early as the planner says; returns refusals and the end (ours)."""
    now, done, refused, turn = start, 0, 0, 0
    while done < requests:
        now = budget.earliest(now).at
        there, back = latencies[turn % len(latencies)]
        turn += 1
        sent_at, arrived = now, now + there
        budget.sent(now)
        retry_after = server.ask(arrived + offset)
        now = arrived + back
        budget.observe_date(sent_at=sent_at, received_at=now, date=(arrived + offset) // SECOND * SECOND)
        if retry_after is None:
            budget.answered(now, counted=True)
            done += 1
        else:
            budget.throttled(now, retry_after)
            refused += 1
    return refused, now


starts = st.one_of(
    st.integers(0, 3600 * SECOND),
    st.sampled_from([0, 1, 59_999_999, 60_000_000, 60_000_001, 899_999_999, 900_000_000, 3_599_999_999]),
).map(lambda t: t + 1_800_000_000 * SECOND)
offsets = st.one_of(st.integers(-2 * QUARTER, 2 * QUARTER), st.sampled_from([0, 1, -1, SECOND, -SECOND, MINUTE // 2]))
delays = st.lists(st.tuples(st.integers(0, 300_000), st.integers(0, 300_000)), min_size=1, max_size=5)


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 60), st.integers(1, 200), st.integers(1, 300), starts, offsets, delays)
def test_known_limits_are_never_broken(
    rpm: int, rph: int, requests: int, start: int, offset: int, latencies: list[tuple[int, int]]
) -> None:
    """Issue: told the limits, the planner is never refused, whatever the phase, the offset and the latency."""
    server = NaiveServer(rpm, rph)
    refused, _ = run(Budget(requests_per_minute=rpm, requests_per_hour=rph), server, requests, start, offset, latencies)

    assert (0, requests) == (refused, len(server.admitted))


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 60), st.integers(1, 200), st.integers(1, 400), starts, offsets)
def test_known_limits_are_used_to_the_full(rpm: int, rph: int, requests: int, start: int, offset: int) -> None:
    """TH-7: the last request leaves within 5 % (and a few seconds of guard) of the optimum."""
    server = NaiveServer(rpm, rph)
    run(
        Budget(requests_per_minute=rpm, requests_per_hour=rph),
        server,
        requests,
        start,
        offset,
        [(20_000, 20_000)],
    )
    first = server.admitted[0]
    # What may have fallen into the next window is charged there, as if work had begun up to that much later.
    ends = [
        earliest_times([40_000] * requests, released_at=release, requests_per_minute=rpm, requests_per_hour=rph)[-1]
        - first
        for release in (first, first + 3 * SECOND)
    ]

    assert server.admitted[-1] - first <= 1.05 * max(ends) + 4 * SECOND


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
        [(20_000, 20_000)],
    )

    assert sum(wait == 60 for wait in server.restrictions) <= 1
    assert sum(wait > 60 for wait in server.restrictions) <= 1
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
