"""The ledger and planner of one pool, by worked cases."""

from kibo_client.budget import Budget, Slot, parse_retry_after
from kibo_client.units import MINUTE, QUARTER, SECOND

EPOCH = 1_800_000_000 * SECOND


def spend(budget: Budget, at: int, count: int) -> None:
    """Send and answer so many requests at one moment, on a server whose clock is ours."""
    for _ in range(count):
        budget.sent(at)
        budget.answered(at, counted=True)
        budget.observe_date(sent_at=at, received_at=at, date=at // SECOND * SECOND)


def test_an_empty_ledger_admits_at_once() -> None:
    """Nothing holds back the first request."""
    budget = Budget(requests_per_minute=1, requests_per_hour=1)

    assert Slot(EPOCH, "") == budget.earliest(EPOCH)


def test_the_minute_is_left_before_the_next_request() -> None:
    """RL-3: with the minute spent, the next request goes just after the next minute has surely begun."""
    budget = Budget(requests_per_minute=2, requests_per_hour=None, guard=0)
    spend(budget, EPOCH + 500_000, 2)

    slot = budget.earliest(EPOCH + 500_000)

    assert EPOCH + MINUTE <= slot.at <= EPOCH + MINUTE + SECOND
    assert slot.why == "the minute's 2 requests are spent"


def test_the_hour_is_left_bucket_by_bucket() -> None:
    """RL-4: a request at the end of a quarter is forgiven after three more quarters, not after an hour."""
    budget = Budget(requests_per_minute=None, requests_per_hour=1, guard=0)
    spend(budget, EPOCH + QUARTER - 10 * SECOND, 1)

    slot = budget.earliest(EPOCH + QUARTER)

    assert EPOCH + 4 * QUARTER <= slot.at <= EPOCH + 4 * QUARTER + 2 * SECOND


def test_an_unknown_phase_means_a_whole_window() -> None:
    """Without a Date header the worst phase is assumed."""
    budget = Budget(requests_per_minute=1, requests_per_hour=None, guard=0)
    budget.sent(EPOCH)
    budget.answered(EPOCH + 7, counted=True)

    assert budget.earliest(EPOCH + 7).at == EPOCH + 7 + MINUTE


def test_a_refusal_closes_the_gate_for_the_whole_wait() -> None:
    """TH-1, TH-3: 3,600 s are waited out in full, from the answer on, and not noticeably longer."""
    budget = Budget(requests_per_minute=None, requests_per_hour=None)
    budget.sent(EPOCH)
    budget.throttled(EPOCH + 40_000, 3600)

    slot = budget.earliest(EPOCH + 50_000)

    assert slot.why == "Retry-After 3600 s"
    assert 3600 * SECOND <= slot.at - (EPOCH + 40_000) <= 3601 * SECOND


def test_a_refusal_without_a_header_costs_a_minute() -> None:
    """TH-4: no readable Retry-After means at least 60 s."""
    budget = Budget(requests_per_minute=None, requests_per_hour=None)
    budget.sent(EPOCH)
    budget.throttled(EPOCH, None)

    assert budget.earliest(EPOCH).at - EPOCH >= MINUTE


def test_a_shorter_wait_never_reopens_the_gate() -> None:
    """TH-2: the longer of two restrictions holds."""
    budget = Budget(requests_per_minute=None, requests_per_hour=None)
    budget.sent(EPOCH)
    budget.throttled(EPOCH, 900)
    until = budget.earliest(EPOCH).at
    budget.sent(EPOCH + 1)
    budget.throttled(EPOCH + 1, 60)

    assert until == budget.earliest(EPOCH + 1).at


def test_an_unknown_minute_limit_is_read_off_the_first_refusal() -> None:
    """The requests counted in the refused minute are the limit."""
    budget = Budget(requests_per_minute=None, requests_per_hour=None)
    spend(budget, EPOCH + 10 * SECOND, 7)
    budget.sent(EPOCH + 20 * SECOND)
    budget.throttled(EPOCH + 20 * SECOND, 60)

    assert budget.requests_per_minute == 7
    assert budget.requests_per_hour is None


def test_an_unknown_hour_limit_is_read_off_the_first_refusal() -> None:
    """The requests counted in the four buckets are the limit; older ones are not."""
    budget = Budget(requests_per_minute=None, requests_per_hour=None)
    spend(budget, EPOCH + 10 * SECOND, 3)
    spend(budget, EPOCH + 4 * QUARTER + 10 * SECOND, 5)
    spend(budget, EPOCH + 6 * QUARTER + 10 * SECOND, 4)
    at = EPOCH + 7 * QUARTER + 20 * SECOND
    budget.sent(at)
    budget.throttled(at, 1800)

    assert budget.requests_per_hour == 9


def test_a_refusal_before_anything_was_counted_teaches_no_number() -> None:
    """A pool found throttled by somebody else says nothing about its size."""
    budget = Budget(requests_per_minute=None, requests_per_hour=None)
    budget.sent(EPOCH)
    budget.throttled(EPOCH, 60)

    assert budget.requests_per_minute is None


def test_a_surprise_is_explained_by_ghosts() -> None:
    """Somebody else's spending fills the bucket that the refusal points to, and ages out with it."""
    budget = Budget(requests_per_minute=None, requests_per_hour=10, guard=0)
    spend(budget, EPOCH + 2 * QUARTER + SECOND, 1)
    at = EPOCH + 3 * QUARTER + 5 * SECOND
    budget.sent(at)
    budget.throttled(at, 1800)

    assert budget.requests_per_hour == 10
    assert budget.hour_room(at) == 0
    # 1,800 s point to the bucket two quarters back from the newest but one: gone after two more quarters.
    assert budget.hour_room(EPOCH + 5 * QUARTER + 10 * SECOND) == 8


def refuse(budget: Budget, at: int, retry_after_s: int) -> None:
    """Have a request refused, on a server whose clock is ours."""
    budget.sent(at)
    budget.observe_date(sent_at=at, received_at=at, date=at // SECOND * SECOND)
    budget.throttled(at, retry_after_s)


def test_a_limit_told_too_high_is_corrected_by_the_first_refusal() -> None:
    """TH-5: a constant limit lower than told explains the refusal, so that is what is planned with."""
    budget = Budget(requests_per_minute=50, requests_per_hour=200)
    spend(budget, EPOCH + 10 * SECOND, 5)
    refuse(budget, EPOCH + 11 * SECOND, 60)
    spend(budget, EPOCH + 100 * SECOND, 5)
    spend(budget, EPOCH + 160 * SECOND, 5)
    refuse(budget, EPOCH + 161 * SECOND, 3600)

    assert (budget.requests_per_minute, budget.requests_per_hour) == (5, 15)


def test_a_count_too_low_to_believe_has_to_come_twice() -> None:
    """2 of 1,000 requests may be what a visitor left; the same again is the limit."""
    budget = Budget(requests_per_minute=1000, requests_per_hour=None)
    learnt = []
    for minute in (0, 3):
        at = EPOCH + minute * MINUTE + 10 * SECOND
        spend(budget, at, 2)
        refuse(budget, at + SECOND, 60)
        learnt.append(budget.requests_per_minute)

    assert learnt == [1000, 2]


def test_fewer_than_the_corrected_limit_are_somebody_elses_doing() -> None:
    """A refusal below a limit that was read off another one contradicts it: once it passes, then half is given way."""
    budget = Budget(requests_per_minute=50, requests_per_hour=None)
    learnt = []
    for turn, count in enumerate((20, 6, 5, 5)):
        at = EPOCH + turn * 3 * MINUTE + 10 * SECOND
        spend(budget, at, count)
        refuse(budget, at + SECOND, 60)
        learnt.append(budget.requests_per_minute)

    assert learnt == [20, 20, 10, 5]


def test_an_answers_stamp_tells_its_window() -> None:
    """RL-4: sent just before a quarter ends and stamped before its end, a request is forgiven with that quarter."""
    budget = Budget(requests_per_minute=None, requests_per_hour=1)
    at = EPOCH + QUARTER - SECOND // 10
    budget.sent(at)
    budget.observe_date(sent_at=at, received_at=at + 200_000, date=EPOCH + QUARTER - SECOND)
    budget.answered(at + 200_000, counted=True)

    assert EPOCH + 4 * QUARTER <= budget.earliest(at).at <= EPOCH + 4 * QUARTER + 2 * SECOND


def test_a_stamp_that_contradicts_the_clock_proves_nothing() -> None:
    """A stepped clock or another machine's stamps: no window of an earlier request stands on the old ones."""
    budget = Budget(requests_per_minute=None, requests_per_hour=1)
    at = EPOCH + QUARTER - SECOND // 10
    budget.sent(at)
    budget.observe_date(sent_at=at, received_at=at + 200_000, date=EPOCH + QUARTER - SECOND)
    budget.answered(at + 200_000, counted=True)
    later = at + 10 * SECOND
    budget.observe_date(sent_at=later, received_at=later, date=later // SECOND * SECOND + 3 * SECOND)

    assert budget.earliest(later).at >= EPOCH + 5 * QUARTER - 4 * SECOND


def test_room_counts_down() -> None:
    """The room shown is what still fits before the limit holds."""
    budget = Budget(requests_per_minute=5, requests_per_hour=200)
    spend(budget, EPOCH + 10 * SECOND, 3)

    assert (budget.minute_room(EPOCH + 10 * SECOND), budget.hour_room(EPOCH + 10 * SECOND)) == (2, 197)


def test_only_whole_positive_seconds_are_a_retry_after() -> None:
    """TH-4: dates, fractions, zero, negatives and absurd values are malformed."""
    given = [
        "60",
        " 900 ",
        None,
        "",
        "0",
        "-5",
        "1.5",
        "Sat, 21 Nov 2026 10:00:00 GMT",
        "9" * 30,
        "soon",
        "٦٠",
    ]

    assert [parse_retry_after(header) for header in given] == [60, 900] + [None] * 9
