"""The rate ledger by example: the worked values of the clauses and the shape of its documents."""

import pytest

from kibo_simulator.rate_limits import (
    LimitsDocument,
    LimitsError,
    Pool,
    PoolLimit,
    PoolState,
    RateLimiter,
    covering_rung,
    next_rung,
)

SECOND = 1_000_000
NOON = 1_772_452_800 * SECOND  # 2026-03-02T12:00:00Z: the first instant of a minute and of a quarter
ROUTE = "/api/commerce/inventory/*"
PATH = "/api/commerce/inventory/v5/inventory/deleteItems"


def pool_with(buckets: tuple[int, int, int, int], *, rpm: int | None = None, rph: int | None = 200) -> Pool:
    """A pool whose four quarters are already filled, at noon."""
    state = PoolState(minute=NOON // (60 * SECOND), quarter=NOON // (900 * SECOND), buckets=buckets)
    return Pool("p", PoolLimit(ROUTE, rpm, rph), LimitsDocument(), state)


@pytest.mark.parametrize(
    ("buckets", "retry_after"),
    [
        ((200, 0, 0, 0), 3600),
        ((100, 100, 0, 0), 2700),
        ((0, 0, 200, 0), 1800),
        ((1, 199, 0, 0), 2700),
        ((0, 0, 0, 200), 900),
        ((50, 50, 50, 50), 900),
    ],
)
def test_the_worked_values_of_rl_13(buckets: tuple[int, int, int, int], retry_after: int) -> None:
    """RL-7: the hour's Retry-After is 900 s for each boundary that must pass."""
    assert pool_with(buckets).admit(NOON) == retry_after


def test_fifty_a_minute_then_sixty_seconds() -> None:
    """RL-5 and RL-7: the fifty-first request of a minute waits 60 s, although the next minute is nearer."""
    pool = Pool("p", PoolLimit(ROUTE, 50, 200), LimitsDocument())
    answers = [pool.admit(NOON + 30 * SECOND + number) for number in range(51)]

    assert answers == [0] * 50 + [60]


def test_a_new_minute_starts_at_zero() -> None:
    """RL-3: the count is the minute's, not the last sixty seconds'."""
    pool = Pool("p", PoolLimit(ROUTE, 2, None), LimitsDocument())
    last, first = NOON - 1, NOON

    assert [pool.admit(at) for at in (last, last, first, first)] == [0, 0, 0, 0]


def test_four_minutes_of_bursts_exhaust_the_hour() -> None:
    """RL-4: 50 a minute lasts four minutes under 200 an hour; then the whole burst must age out."""
    pool = Pool("p", PoolLimit(ROUTE, 50, 200), LimitsDocument())
    for minute in range(4):
        for number in range(50):
            assert pool.admit(NOON + minute * 60 * SECOND + number) == 0

    assert pool.admit(NOON + 4 * 60 * SECOND) == 3600


def test_both_limits_breached_give_the_larger_wait() -> None:
    """RL-7: not the first denier but the larger wait."""
    pool = pool_with((200, 0, 0, 0), rpm=0)

    assert pool.admit(NOON) == 3600


def test_an_hour_limit_of_zero_never_admits() -> None:
    """RL-7: with RPH 0 the wait is four quarters."""
    assert pool_with((0, 0, 0, 0), rph=0).admit(NOON) == 3600


def test_inside_a_restriction_the_header_covers_what_is_left() -> None:
    """RL-9: the smallest ladder value that is at least the time left."""
    pool = pool_with((200, 0, 0, 0))
    pool.admit(NOON)

    assert [pool.admit(NOON + seconds * SECOND) for seconds in (1, 899, 900, 3540)] == [3600, 3600, 2700, 60]


def test_the_sixth_rejection_inside_a_restriction_escalates() -> None:
    """RL-10: five are tolerated after the one that began it, the next restarts with the next value."""
    pool = Pool("p", PoolLimit(ROUTE, 1, None), LimitsDocument())
    answers = [pool.admit(NOON + number * SECOND) for number in range(8)]

    assert answers == [0, 60, 60, 60, 60, 60, 60, 900]
    assert pool.status(NOON + 8 * SECOND).restricted_until == NOON + 907 * SECOND


def test_restart_keeps_the_value_and_off_keeps_the_end() -> None:
    """RL-10: the two other settings of ``extension``."""
    ends = {}
    for extension in ("restart", "off"):
        document = LimitsDocument(extension=extension)
        pool = Pool("p", PoolLimit(ROUTE, 1, None), document)
        for number in range(8):
            pool.admit(NOON + number * SECOND)
        ends[extension] = pool.status(NOON + 8 * SECOND).restricted_until

    assert ends == {"restart": NOON + 67 * SECOND, "off": NOON + 61 * SECOND}


def test_rejected_requests_are_free_unless_they_count() -> None:
    """RL-6: with ``count_rejected`` the refusals fill the window too."""
    used = {}
    for count_rejected in (False, True):
        pool = Pool("p", PoolLimit(ROUTE, 1, 10), LimitsDocument(count_rejected=count_rejected))
        for number in range(5):
            pool.admit(NOON + number)
        used[count_rejected] = pool.status(NOON + 5).hour_used

    assert used == {False: 1, True: 5}


def test_the_longest_route_owns_a_request() -> None:
    """RL-1: a narrower glob is cut out of a wider one, and what no glob covers is free."""
    limiter = RateLimiter(
        LimitsDocument(pools=(PoolLimit(ROUTE, 50, 200), PoolLimit("/api/commerce/inventory/v5/inventory/refresh", 5)))
    )
    names = [
        pool.name if (pool := limiter.pool_for(7, path)) else None
        for path in (PATH, "/api/commerce/inventory/v5/inventory/refresh", "/api/platform/tenants/7")
    ]

    assert names == [f"7 {ROUTE}", "7 /api/commerce/inventory/v5/inventory/refresh", None]


def test_status_shows_what_the_dev_center_would() -> None:
    """R10 of the guide: counts, buckets newest first, OK or Throttled."""
    pool = Pool("p", PoolLimit(ROUTE, 2, 200), LimitsDocument())
    pool.admit(NOON - 1)
    calm = pool.status(NOON)
    pool.admit(NOON)
    pool.admit(NOON)
    pool.admit(NOON)
    strained = pool.status(NOON)

    assert (calm.state, calm.minute_used, calm.hour_used, calm.buckets) == ("OK", 0, 1, (0, 1, 0, 0))
    assert (strained.state, strained.restricted_until) == ("Throttled", NOON + 60 * SECOND)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (LimitsDocument(pools=(PoolLimit("inventory/*"),)), "$.pools[0].route"),
        (LimitsDocument(pools=(PoolLimit("/a*b"),)), "$.pools[0].route"),
        (LimitsDocument(pools=(PoolLimit("/a"), PoolLimit("/a"))), "$.pools[1].route"),
        (LimitsDocument(pools=(PoolLimit("/a", rpm=-1),)), "$.pools[0].rpm"),
        (LimitsDocument(violation_threshold=-1), "$.violation_threshold"),
    ],
)
def test_a_document_that_cannot_be_meant_is_refused_with_its_path(document: LimitsDocument, path: str) -> None:
    """A limits document names the place of its fault."""
    with pytest.raises(LimitsError) as caught:
        document.validate()

    assert caught.value.path == path


def test_the_ladder() -> None:
    """RL-9, RL-10: rungs above and rungs that cover."""
    assert [next_rung(value) for value in (60, 900, 1800, 2700, 3600)] == [900, 1800, 2700, 3600, 3600]
    assert [covering_rung(value) for value in (1, 60 * SECOND, 60 * SECOND + 1, 3601 * SECOND)] == [60, 60, 900, 3600]
