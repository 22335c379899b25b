"""The clock and the agenda by example and by rule (T-1 to T-3)."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator.agenda import Agenda
from kibo_simulator.clock import Clock, ClockError
from kibo_simulator.timestamps import InstantError, http_date, iso_microseconds, iso_milliseconds, parse_instant


def test_a_real_clock_follows_its_source() -> None:
    """T-2: real time starts where it is told and runs with the source."""
    source = [5_000]
    clock = Clock(lambda: source[0], start=1_000_000)
    source[0] += 250

    assert clock.now() == 1_000_250


def test_a_scaled_clock_runs_faster_without_losing_fractions() -> None:
    """T-2: sixty times as fast, exactly."""
    source = [0]
    clock = Clock(lambda: source[0], mode="scaled", speed=60, start=0)
    source[0] = 1_000_001

    assert clock.now() == 60_000_060


def test_a_clock_that_runs_while_it_is_moved_does_not_trip_over_itself() -> None:
    """T-2: time that passes between asking and moving is no move backwards."""
    ticks = count(1_000, 7)
    clock = Clock(lambda: next(ticks), mode="scaled", speed=60, start=0)
    before = clock.now()
    jumped = clock.advance(0)
    reached = clock.reach(before)

    assert before <= jumped <= reached <= clock.now()


def test_a_manual_clock_stands_still_until_told() -> None:
    """T-2: manual time moves by order only."""
    source = [0]
    clock = Clock(lambda: source[0], mode="manual", start=10)
    source[0] = 1_000_000
    clock.advance(5)

    assert (clock.now(), clock.speed) == (15, 0.0)


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan"), 1e-9])
def test_a_speed_that_is_no_speed_is_refused(speed: float) -> None:
    """T-2: time must go forwards."""
    with pytest.raises(ClockError):
        Clock(lambda: 0, mode="scaled", speed=speed)


def test_the_clock_refuses_to_go_back() -> None:
    """T-2: an order into the past is refused and changes nothing."""
    clock = Clock(lambda: 0, mode="manual", start=100)
    with pytest.raises(ClockError):
        clock.set_now(99)

    assert clock.now() == 100


orders = st.one_of(
    st.tuples(st.just("source"), st.integers(-10_000, 10_000_000)),
    st.tuples(st.just("mode"), st.sampled_from(("real", "manual", "scaled"))),
    st.tuples(st.just("advance"), st.integers(0, 10_000_000)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(orders, max_size=40), st.floats(0.001, 1000))
def test_whatever_happens_time_never_goes_back(plan: list[tuple[str, object]], speed: float) -> None:
    """T-2: not by a mode change, not by a jump, not by a source that steps back."""
    source = [1_000_000_000]
    clock = Clock(lambda: source[0])
    latest = clock.now()
    for order, value in plan:
        if order == "source" and isinstance(value, int):
            source[0] += value
        elif order == "advance" and isinstance(value, int):
            clock.advance(value)
        elif value in {"real", "manual", "scaled"}:
            clock.set_mode(value, speed)
        now = clock.now()

        assert now >= latest
        latest = now


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=30), st.lists(st.integers(0, 25), min_size=1, max_size=10))
def test_the_agenda_runs_in_order_of_time_then_of_scheduling(due: list[int], stops: list[int]) -> None:
    """T-3: everything due by then, nothing later, ties in order of scheduling."""
    agenda = Agenda()
    ran: list[tuple[int, int]] = []
    for number, at in enumerate(due):
        agenda.schedule(at, lambda when, number=number: ran.append((when, number)))  # type: ignore[misc]
    for stop in sorted(stops):
        agenda.run_due(stop)

        assert ran == sorted((at, number) for number, at in enumerate(due) if at <= stop)
        assert agenda.next_at() == min((at for at in due if at > stop), default=None)


def test_an_action_may_schedule_and_cancel_others() -> None:
    """T-3: what is scheduled on the way and already due runs in the same advance."""
    agenda = Agenda()
    ran: list[str] = []
    doomed = agenda.schedule(5, lambda _: ran.append("doomed"))

    def first(at: int) -> None:
        ran.append("first")
        agenda.cancel(doomed)
        agenda.schedule(at + 1, lambda _: ran.append("second"))

    agenda.schedule(1, first)

    agenda.run_due(10)

    assert ran == ["first", "second"]


def test_a_long_action_pauses_and_nothing_overtakes_it() -> None:
    """T-3: the steps of an action come before whatever is due after it."""
    agenda = Agenda()
    ran: list[str] = []

    def long(_: int) -> Iterator[None]:
        ran.append("begun")
        yield
        ran.append("ended")

    agenda.schedule(1, long)
    agenda.schedule(1, lambda _: ran.append("next"))
    seen = [list(ran) for _ in agenda.steps(1)]

    assert seen == [["begun"], ["begun", "ended"], ["begun", "ended", "next"]]


def test_instants_as_texts() -> None:
    """T-1, J-4: the forms that travel."""
    instant = 1_772_427_600_123_456

    assert iso_microseconds(instant) == "2026-03-02T05:00:00.123456Z"
    assert iso_milliseconds(instant) == "2026-03-02T05:00:00.123Z"
    assert http_date(instant // 1_000_000) == "Mon, 02 Mar 2026 05:00:00 GMT"


@pytest.mark.parametrize(
    "text", ["2026-03-02T05:00:00Z", "2026-03-02 05:00", "2026-03-01T22:00:00-07:00", "2026-03-02T06:00:00+0100"]
)
def test_instants_are_read_in_many_spellings(text: str) -> None:
    """ISO 8601 with or without offset; the same instant each time."""
    assert parse_instant(text) == 1_772_427_600_000_000


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "1969-12-31T23:59:59Z"])
def test_texts_that_are_no_instants(text: str) -> None:
    """What cannot be read is refused with the text."""
    with pytest.raises(InstantError) as caught:
        parse_instant(text)

    assert caught.value.text == text


def test_the_source_is_told_how_long_to_wait() -> None:
    """T-2: in the source's time, rounded up so that nobody wakes too early; unknown while the clock stands still."""
    source = [0]
    clock = Clock(lambda: source[0], mode="scaled", speed=60)
    left = [clock.source_until(instant) for instant in (0, 1, 60, 61, 3_600)]
    source[0] = 60
    arrived = clock.source_until(3_600)
    clock.set_mode("manual")

    assert [0, 1, 1, 2, 60] == left
    assert (0, None, 0) == (arrived, clock.source_until(3_601), clock.source_until(3_600))


def test_watchers_hear_of_jumps_and_modes() -> None:
    """T-2: whoever waits for an instant is told when its arrival has to be worked out anew, and no longer than that."""
    clock = Clock(lambda: 0, mode="manual")
    heard: list[int] = []
    with clock.watched(lambda: heard.append(clock.now())):
        clock.advance(5)
        clock.set_mode("real")
    clock.advance(5)

    assert [5, 5] == heard
