"""What a run will cost: the census against plain counting, the schedule against the limits (C16, C17, C18)."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_client.batching import exact_batches, first_items, full_batches
from kibo_client.census import Census, take_census
from kibo_client.errors import SettingsError
from kibo_client.identifiers import IdentifierIndex
from kibo_client.plan import Pace, Plan, Spending, Work, make_plan
from kibo_client.plan_text import plan_document, plan_lines, read_start
from kibo_client.targets import Target, Wanted
from kibo_client.units import HOUR, MINUTE, SECOND
from kibo_client.windows import DAY, REGIONS, DailyWindow, parse_window

START = 20_000 * DAY

targets = st.lists(
    st.builds(Target, st.sampled_from("NESW"), st.sampled_from(["a", "b", "c.d"]), st.sampled_from(["1", "2"])),
    min_size=1,
    max_size=60,
)


def census(products: int, locations: int) -> Census:
    """Every product at every location."""
    return take_census(Target(f"L{where}", upc=f"u{n}") for n in range(products) for where in range(locations))


def pace(rpm: int | None = 50, rph: int | None = 200, *, size: int = 500, off_peak: DailyWindow | None = None) -> Pace:
    """A pace with the client's own spacing."""
    return Pace(
        requests_per_minute=rpm,
        requests_per_hour=rph,
        spacing=5 * SECOND,
        batch_size=size,
        job_time=SECOND,
        off_peak=off_peak,
    )


@given(targets, st.integers(1, 5))
def test_the_census_counts_what_the_client_would_do(rows: list[Target], size: int) -> None:
    """Records, products, locations, duplicates and requests are those of the structures that a run builds."""
    wanted = Wanted(rows)
    counted = take_census(rows)
    items = first_items(wanted, IdentifierIndex(wanted))

    assert (counted.rows, counted.records, counted.products) == (len(rows), wanted.records, len(wanted))
    assert counted.locations == len(wanted.all_locations)
    assert counted.products_at == Counter(code for codes in wanted.values() for code in codes)
    assert counted.odd_values == sum("." in (product.part_number or "") for product in wanted)
    assert sorted(size for size, _ in counted.groups) == sorted(map(len, set(wanted.values())))
    if len(items) == len(wanted):
        assert counted.full_requests(size) == len(full_batches(items, size))
        assert counted.exact_requests(size) == len(exact_batches(items, size))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 400),
    st.integers(1, 6),
    st.integers(1, 40),
    st.integers(1, 60),
    st.sampled_from([None, *REGIONS.values()]),
    st.integers(0, DAY),
)
def test_a_schedule_keeps_to_the_limits(
    products: int, locations: int, rpm: int, rph: int, off_peak: DailyWindow | None, later: int
) -> None:
    """RL-3, C17: no hour holds more than the limit, no submission lies outside its hours, all are there."""
    plan = make_plan(census(products, locations), Work.DELETE, pace(rpm, rph, size=5, off_peak=off_peak), START + later)
    batches = -(-products // 5)

    assert plan.requests[Spending.DRY_RUN] == plan.requests[Spending.SUBMISSION] == batches
    assert max(hour.requests for hour in plan.hours) <= rph
    assert sum(hour.requests for hour in plan.hours) == sum(plan.requests.values())
    assert plan.begins_at <= plan.last_submission_at <= plan.ends_at
    if off_peak is not None:
        assert sum(window.submissions for window in plan.windows) == batches
        assert all(window.opens_at <= plan.last_submission_at for window in plan.windows)
        assert plan.last_submission_at == off_peak.opens_at(plan.last_submission_at)


def test_a_plan_is_what_the_guide_reckons() -> None:
    """C16: 200 an hour, spent in a burst, come back an hour after the quarter in which they were spent."""
    plan = make_plan(census(75_000, 2), Work.DELETE, pace(), START)

    assert plan.requests[Spending.DRY_RUN] == plan.requests[Spending.SUBMISSION] == 150
    assert plan.most_requests == 450
    assert plan.jobs == 300
    assert [(hour.begins_at - START) // HOUR for hour in plan.hours] == [0, 1]
    assert plan.hours[0].requests == 200


def test_updates_are_planned_by_location() -> None:
    """J-12: one request is for one location, and no dry run comes before it."""
    plan = make_plan(census(2_500, 3), Work.ADJUST, pace(size=1000), START)

    assert (plan.requests[Spending.DRY_RUN], plan.requests[Spending.SUBMISSION], plan.jobs) == (0, 9, 9)


def told(plan: Plan) -> dict[str, str]:
    """The named lines of a plan."""
    return {line[:12].strip(): line[13:] for line in plan_lines(plan) if line[:1].isalpha()}


def test_a_plan_is_told_in_words_and_as_json() -> None:
    """Duplicates, patterns, limits and windows are named; the document has the same numbers."""
    rows = [Target("A", "P.1", "1"), Target("A", "P.1", "1"), Target("B", "Q+")]
    made = make_plan(take_census(rows), Work.DELETE, pace(None, off_peak=REGIONS["US"]), START)
    lines, document = told(made), plan_document(made)

    assert lines["asked for"] == "2 records of 2 products at 2 locations"
    assert lines["duplicates"] == "1 row of 3 named again what others name"
    assert lines["patterns"].startswith("2 products with pattern characters, such as P.1, Q+; 1 of them")
    assert lines["limits"] == "unknown a minute, 200 an hour; give --rpm and --rph for a true schedule"
    assert lines["off-peak"] == "submissions only 05:00-11:00 UTC"
    assert document["requested"] == {"rows": 3, "duplicates": 1, "records": 2, "products": 2, "locations": 2}
    assert document["requests"] == {"dryRuns": 1, "submissions": 1, "polls": 1}
    assert document["offPeak"][0]["submissions"] == 1


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [("US", 300, 660), ("eu", 1320, 240), ("22:30-04:15", 1350, 255), ("00:00-23:59", 0, 1439)],
)
def test_windows_are_named_or_spelt_out(text: str, begins: int, ends: int) -> None:
    """C17: the guide's regions, or hours in UTC."""
    assert parse_window(text) == DailyWindow(begins, ends)


@pytest.mark.parametrize("text", ["", "ASIA", "5:00-11:00", "24:00-01:00", "05:00-05:00", "05:00"])
def test_other_windows_are_refused(text: str) -> None:
    """The message says what is accepted."""
    with pytest.raises(SettingsError, match="give US, EU or hours in UTC"):
        parse_window(text)


@given(st.integers(0, 1439), st.integers(1, 1439), st.integers(0, 10 * DAY))
def test_a_window_opens_when_it_says(begins: int, length: int, moment: int) -> None:
    """The next opening is at or after the moment, inside the window, and nothing inside lies before it."""
    window = DailyWindow(begins, (begins + length) % 1440)
    opens_at = window.opens_at(moment)
    since = (opens_at - begins * MINUTE) % DAY

    assert window.opens_at(opens_at) == opens_at
    assert since < window.length
    assert opens_at == moment or since == 0
    assert 0 <= opens_at - moment < DAY
    assert opens_at < window.closes_at(moment) <= opens_at + window.length


def test_a_start_is_a_moment() -> None:
    """ISO 8601, UTC where no offset is given."""
    assert read_start("2026-03-02T05:00") == read_start("2026-03-02T06:00+01:00") == read_start("2026-03-02T05:00Z")
    with pytest.raises(SettingsError, match="give a moment such as"):
        read_start("tomorrow")
