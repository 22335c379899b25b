"""The lower bound is feasible, and no feasible schedule is ahead of it anywhere (RL-3 to RL-5)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.moments import HOUR, MINUTE, SECOND
from kibo_scenarios.optimum import QUARTER_HOUR, earliest_times, next_off_peak


def admitted(times: list[int], now: int, rpm: int | None, rph: int | None) -> bool:
    """Decide by the definition: count the requests of this minute and of the last four quarters."""
    minute = sum(at // MINUTE == now // MINUTE for at in times)
    hour = sum(now // QUARTER_HOUR - 3 <= at // QUARTER_HOUR <= now // QUARTER_HOUR for at in times)
    return (rpm is None or minute < rpm) and (rph is None or hour < rph)


limits = st.none() | st.integers(min_value=1, max_value=5)


@settings(deadline=None)
@given(
    start=st.integers(min_value=0, max_value=HOUR),
    submissions=st.lists(st.booleans(), max_size=25),
    spacing=st.sampled_from([0, SECOND, 5 * SECOND, MINUTE, HOUR]),
    rpm=limits,
    rph=limits,
)
def test_the_bound_is_what_the_greediest_client_achieves(
    start: int, submissions: list[bool], spacing: int, rpm: int | None, rph: int | None
) -> None:
    """Sending each request at the first moment the definition admits gives exactly the recursion's times."""
    times: list[int] = []
    now = start
    may_submit = start
    for is_submission in submissions:
        now = max(now, may_submit) if is_submission else now
        while not admitted(times, now, rpm, rph):
            now = (now // MINUTE + 1) * MINUTE
        times.append(now)
        may_submit = now + spacing if is_submission else may_submit

    assert times == earliest_times(
        submissions, start=start, spacing=spacing, requests_per_minute=rpm, requests_per_hour=rph
    )


@settings(deadline=None)
@given(
    start=st.integers(min_value=0, max_value=HOUR),
    delays=st.lists(st.integers(min_value=0, max_value=20 * MINUTE), max_size=15),
    rpm=limits,
    rph=limits,
)
def test_no_admitted_schedule_is_ahead_of_the_bound(
    start: int, delays: list[int], rpm: int | None, rph: int | None
) -> None:
    """Whenever a client sends, its i-th admitted request is not earlier than the i-th time of the bound."""
    times: list[int] = []
    now = start
    for delay in delays:
        now += delay
        if admitted(times, now, rpm, rph):
            times.append(now)
    bound = earliest_times([False] * len(times), start=start, spacing=0, requests_per_minute=rpm, requests_per_hour=rph)

    assert all(least <= at for least, at in zip(bound, times, strict=True))


@pytest.mark.parametrize(
    ("at", "hours", "expected"),
    [(4, (5, 11), 5), (5, (5, 11), 5), (10.99, (5, 11), 10.99), (11, (5, 11), 29), (23, (22, 4), 23), (4, (22, 4), 22)],
)
def test_the_next_quiet_hour(at: float, hours: tuple[int, int], expected: float) -> None:
    """C17: the first hour belongs to the quiet time and the last does not; it may lie across midnight."""
    assert round(expected * HOUR) == next_off_peak(round(at * HOUR), hours)


def test_only_submissions_wait_for_quiet_hours() -> None:
    """C17: a dry run goes at once, the submission at five, and the next one with its spacing after that."""
    times = earliest_times(
        [False, True, True],
        start=2 * HOUR,
        spacing=5 * SECOND,
        requests_per_minute=None,
        requests_per_hour=None,
        off_peak_hours_utc=(5, 11),
    )

    assert [2 * HOUR, 5 * HOUR, 5 * HOUR + 5 * SECOND] == times
