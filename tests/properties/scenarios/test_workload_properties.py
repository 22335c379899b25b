"""Arrivals, shares of a budget, and what is counted: held against their definitions, whatever happens when."""

from collections import Counter
from itertools import pairwise
from math import sqrt

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.evidence import JournalEntry
from kibo_scenarios.moments import HOUR, MINUTE, SECOND
from kibo_scenarios.thresholds import Samples, parse_selector
from kibo_scenarios.workloads.arrivals import Burst, Stage, arrivals, expected
from kibo_scenarios.workloads.budget_share import BudgetShare
from kibo_scenarios.workloads.measurements import Measurements

QUARTER = 15 * MINUTE
stages = st.builds(Stage, st.integers(0, 2 * HOUR), st.floats(0, 20), st.floats(0, 20))
bursts = st.builds(Burst, st.integers(0, HOUR), st.integers(1, 30), st.integers(0, MINUTE))


@settings(deadline=None, max_examples=100)
@given(st.lists(stages, max_size=3), st.lists(bursts, max_size=2), st.text(max_size=5))
def test_arrivals_are_in_order_within_their_spans_and_as_many_as_the_rates_say(
    steady: list[Stage], extra: list[Burst], seed: str
) -> None:
    """A function of the seed; bursts to the number, Poisson arrivals within six standard deviations."""
    found = list(arrivals(steady, extra, seed))
    length = max([sum(stage.duration for stage in steady), *(burst.at + burst.within for burst in extra)])
    bursting = sum(burst.arrivals for burst in extra)
    mean = expected(steady, []) if steady else 0.0

    assert sorted(found) == found == list(arrivals(steady, extra, seed))
    assert all(0 <= at <= length for at in found)
    assert abs(len(found) - bursting - mean) <= 6 * sqrt(mean) + 6
    for burst in extra:
        assert sum(burst.at <= at <= burst.at + burst.within for at in found) >= burst.arrivals


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_arrivals_follow_a_rate_that_rises(seed: int) -> None:
    """Where the rate goes from 0 to 40 a minute, the last third has five ninths of all."""
    found = list(arrivals([Stage(HOUR, 0, 40)], [], str(seed)))
    late = sum(at >= 40 * MINUTE for at in found)

    assert abs(late - len(found) * 5 / 9) <= 6 * sqrt(len(found) * 20 / 81)


@settings(deadline=None, max_examples=200)
@given(
    st.integers(1, 6) | st.none(),
    st.integers(1, 12) | st.none(),
    st.integers(0, HOUR),
    st.lists(st.integers(0, 40 * SECOND) | st.integers(0, 20 * MINUTE), max_size=60),
)
def test_a_share_is_never_exceeded_and_never_wasted(
    per_minute: int | None, per_hour: int | None, start: int, waits: list[int]
) -> None:
    """Each request goes at the first instant at which minute and four quarters have room (RL-3, RL-4)."""
    share = BudgetShare(per_minute, per_hour)
    sent: list[int] = []
    now = start
    for wait in waits:
        now += wait
        at = share.take(now)

        assert earliest(max([now, *sent[-1:]]), sent, per_minute, per_hour) == at
        sent.append(at)
    assert per_minute is None or all(count <= per_minute for count in Counter(at // MINUTE for at in sent).values())
    quarters = Counter(at // QUARTER for at in sent)
    assert per_hour is None or all(
        sum(quarters[quarter + back] for back in range(4)) <= per_hour
        for quarter in range(max(quarters, default=0) + 1)
    )


def earliest(at: int, sent: list[int], per_minute: int | None, per_hour: int | None) -> int:
    """The first instant from ``at`` on with room, by trying one minute after the other."""
    while True:
        in_minute = sum(one // MINUTE == at // MINUTE for one in sent)
        in_hour = sum(one // QUARTER > at // QUARTER - 4 for one in sent)
        if (per_minute is None or in_minute < per_minute) and (per_hour is None or in_hour < per_hour):
            return at
        at = (at // MINUTE + 1) * MINUTE


@st.composite
def journals(draw: st.DrawFn) -> list[JournalEntry]:
    """Requests of two clients to two pools, in order of time."""
    at, entries = 0, []
    for seq in range(1, draw(st.integers(1, 40)) + 1):
        at += draw(st.integers(0, 90 * SECOND))
        status = draw(st.sampled_from([200, 200, 404, 429, 503]))
        operation = draw(st.sampled_from(["getInventory", "adjust", "getJobs"]))
        entries.append(
            JournalEntry(
                seq=seq, started_at=at, finished_at=at, status=status, client=draw(st.sampled_from("ab")),
                operation=operation, pool=draw(st.sampled_from(["left", "right"])),
                retry_after_s=draw(st.sampled_from([60, 900])) if status == 429 else None,
            )
        )  # fmt: skip
    return entries


@settings(deadline=None, max_examples=150)
@given(journals(), st.sampled_from(["", "{client:a}", "{operation:adjust}", "{client:b,operation:getJobs}"]))
def test_counts_are_what_counting_by_hand_gives(journal: list[JournalEntry], labels: str) -> None:
    """Requests, 429s, failures and other errors, of all or of one client or operation."""
    measured = Measurements()
    for entry in journal:
        measured.saw(entry)
    selected = parse_selector(f"requests{labels}").labels
    meant = [
        entry
        for entry in journal
        if selected.get("client", entry.client) == entry.client
        and selected.get("operation", entry.operation) == entry.operation
    ]

    def samples(name: str) -> Samples:
        return measured.samples(parse_selector(f"{name}{labels}"))

    assert Samples(hits=len(meant)) == samples("requests")
    for name, statuses in (("http_429_rate", {429}), ("http_5xx_rate", {503}), ("error_rate", {404})):
        hits = sum(entry.status in statuses for entry in meant)

        assert Samples(hits=hits, total=len(meant)) == samples(name)


@settings(deadline=None, max_examples=150)
@given(journals())
def test_restricted_time_is_the_union_of_all_waits_of_a_pool(journal: list[JournalEntry]) -> None:
    """Waits that overlap count once; a restriction begins where none was running."""
    measured = Measurements()
    for entry in journal:
        measured.saw(entry)
    seconds, begun = 0, 0
    for pool in ("left", "right"):
        waits = [
            (entry.started_at, entry.started_at + entry.retry_after_s * SECOND)
            for entry in journal
            if entry.pool == pool and entry.retry_after_s
        ]
        edges = sorted({edge for wait in waits for edge in wait})
        for left, right in pairwise(edges):
            if any(begin <= left and right <= end for begin, end in waits):
                seconds += right - left
        begun += sum(not any(begin <= one[0] < end for begin, end in waits[:index]) for index, one in enumerate(waits))

    (throttled,) = measured.samples(parse_selector("throttled_time")).values
    assert abs(throttled - seconds / SECOND) < 1e-6
    assert Samples(hits=begun) == measured.samples(parse_selector("restrictions"))
