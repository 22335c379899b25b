"""The lower bound is feasible, and no feasible schedule is ahead of it anywhere (RL-3 to RL-5)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.moments import HOUR, MINUTE, SECOND
from kibo_scenarios.optimum import QUARTER_HOUR, earliest_times


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
