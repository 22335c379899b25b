"""The rate ledger against a model that keeps every timestamp (RL-1 to RL-10, RL-13)."""

from copy import copy

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.simulator.every_timestamp import MINUTE, QUARTER, SECOND, EveryTimestamp

from kibo_simulator.rate_limits import LADDER, LimitsDocument, Pool, PoolLimit, RateLimiter

ROUTE = "/api/commerce/inventory/*"
PATH = "/api/commerce/inventory/v5/inventory"

BOUNDARIES = (
    0,
    1,
    SECOND,
    MINUTE - 1,
    MINUTE,
    MINUTE + 1,
    QUARTER - 1,
    QUARTER,
    QUARTER + 1,
    4 * QUARTER,
    90_000 * SECOND,
)
gaps = st.one_of(
    st.integers(0, 3 * SECOND),
    st.sampled_from(BOUNDARIES),
    st.integers(0, 2 * QUARTER),
    # To the microsecond before, on and after the next boundary of a minute or a quarter.
    st.tuples(st.sampled_from(("minute", "quarter")), st.integers(-1, 1)),
    st.sampled_from(("retry", "retry early")),
)
documents = st.builds(
    LimitsDocument,
    count_rejected=st.booleans(),
    extension=st.sampled_from(("escalate", "restart", "off")),
    violation_threshold=st.integers(0, 6),
)
limits = st.builds(
    PoolLimit,
    route=st.just(ROUTE),
    rpm=st.one_of(st.none(), st.integers(1, 8)),
    rph=st.one_of(st.none(), st.integers(1, 20)),
)
starts = st.integers(1_700_000_000 * SECOND, 1_700_010_000 * SECOND)


def step(now: int, gap: object, waited: int) -> int:
    """The next arrival: after a gap, at a boundary, or when the last header said."""
    if isinstance(gap, int):
        return now + gap
    if gap == "retry":
        return now + waited * SECOND
    if gap == "retry early":
        return now + max(0, waited * SECOND - 1)
    assert isinstance(gap, tuple)
    size = MINUTE if gap[0] == "minute" else QUARTER
    return max(now, (now // size + 1) * size + int(gap[1]))


@settings(max_examples=400, deadline=None)
@given(document=documents, limit=limits, start=starts, plan=st.lists(gaps, min_size=1, max_size=80))
def test_the_ledger_decides_as_a_list_of_all_timestamps_would(
    document: LimitsDocument, limit: PoolLimit, start: int, plan: list[object]
) -> None:
    """RL-2 to RL-10: the counters and the list agree on every admission and on every header."""
    pool, model = Pool("p", limit, document), EveryTimestamp(document, limit)
    now, waited = start, 0
    for gap in plan:
        now = step(now, gap, waited)
        waited = pool.admit(now)

        assert model.request(now) == waited


@settings(max_examples=300, deadline=None)
@given(document=documents, limit=limits, start=starts, plan=st.lists(gaps, min_size=1, max_size=80))
def test_every_header_suffices_and_is_bounded(
    document: LimitsDocument, limit: PoolLimit, start: int, plan: list[object]
) -> None:
    """RL-13 sufficient, bounded, live: whoever waits the header's seconds alone is admitted on the next request."""
    pool = Pool("p", limit, document)
    now, waited = start, 0
    for gap in plan:
        now = step(now, gap, waited)
        waited = pool.admit(now)
        if waited:
            alone = Pool("copy", limit, document, copy(pool.state))

            assert waited in LADDER
            assert alone.admit(now + waited * SECOND) == 0


@settings(max_examples=300, deadline=None)
@given(document=documents, limit=limits, start=starts, plan=st.lists(gaps, min_size=1, max_size=80))
def test_a_new_restriction_is_no_longer_than_it_must_be(
    document: LimitsDocument, limit: PoolLimit, start: int, plan: list[object]
) -> None:
    """RL-13 minimal: one ladder value less than the header that begins a restriction would not have been enough."""
    pool, model = Pool("p", limit, document), EveryTimestamp(document, limit)
    now, waited = start, 0
    for gap in plan:
        now = step(now, gap, waited)
        begins = now >= model.restricted_until
        waited = pool.admit(now)
        model.request(now)
        shorter = max((value for value in LADDER if value < waited), default=0)
        # 60 s may by chance reach over the end of the quarter; 900 s and more always move whole quarters.
        by_chance = waited == 900 and (now + 60 * SECOND) // QUARTER > now // QUARTER
        if waited and begins and not by_chance:
            assert not model.has_room(now + shorter * SECOND)


@settings(max_examples=300, deadline=None)
@given(limit=limits, start=starts, plan=st.lists(gaps, min_size=1, max_size=120))
def test_admissions_never_exceed_either_limit(limit: PoolLimit, start: int, plan: list[object]) -> None:
    """RL-13 exact: at most RPM in a UTC minute and RPH in four consecutive quarters, whatever arrives when."""
    pool = Pool("p", limit, LimitsDocument())
    now, waited = start, 0
    admitted: list[int] = []
    for gap in plan:
        now = step(now, gap, waited)
        waited = pool.admit(now)
        if not waited:
            admitted.append(now)
    for at in admitted:
        if limit.rpm is not None:
            assert sum(1 for other in admitted if other // MINUTE == at // MINUTE) <= limit.rpm
        if limit.rph is not None:
            assert sum(1 for other in admitted if 0 <= at // QUARTER - other // QUARTER <= 3) <= limit.rph


@settings(max_examples=150, deadline=None)
@given(
    scope=st.sampled_from(("tenant", "environment")),
    plan=st.lists(st.tuples(st.integers(1, 3), st.sampled_from((PATH, "/api/platform/x")), gaps), max_size=60),
)
def test_pools_are_apart_by_route_and_by_tenant_unless_the_environment_shares(
    scope: str, plan: list[tuple[int, str, object]]
) -> None:
    """RL-1: each tenant has its own count of each route; with scope environment all tenants share it."""
    routes = (PoolLimit(ROUTE, 3, 7), PoolLimit("/api/platform/*", 2, 5))
    document = LimitsDocument(pools=routes, scope="tenant" if scope == "tenant" else "environment")
    limiter = RateLimiter(document)
    models: dict[tuple[int, str], EveryTimestamp] = {}
    now, waited = 1_700_000_000 * SECOND, 0
    for tenant, path, gap in plan:
        now = step(now, gap, waited)
        limit = routes[0] if path == PATH else routes[1]
        key = (tenant if scope == "tenant" else 0, limit.route)
        pool = limiter.pool_for(tenant, path)
        assert pool is not None
        waited = pool.admit(now)

        assert models.setdefault(key, EveryTimestamp(document, limit)).request(now) == waited


@settings(max_examples=60, deadline=None)
@given(limit=limits, seed=st.integers(0, 2**31))
def test_a_restriction_holds_to_the_microsecond(limit: PoolLimit, seed: int) -> None:
    """RL-8: refused up to the last microsecond before its end, and decided anew exactly at it."""
    pool = Pool("p", limit, LimitsDocument(extension="off"))
    now = 1_700_000_000 * SECOND + seed
    waited = 0
    for _ in range(40):
        waited = pool.admit(now)
        if waited:
            break
    if waited:
        assert pool.admit(now + waited * SECOND - 1) == 60
        assert pool.admit(now + waited * SECOND) == 0


def test_memory_stays_bounded_whatever_the_traffic() -> None:
    """A pool is seven integers after a hundred thousand requests as after one; requests leave nothing behind."""
    limiter = RateLimiter(LimitsDocument(count_rejected=True))
    now = 1_700_000_000 * SECOND
    for number in range(100_000):
        pool = limiter.pool_for(1001, PATH)
        assert pool is not None
        pool.admit(now + number * 7_000_001)

    states = [(owner, route, len(str(state))) for owner, route, state in limiter.states()]

    assert [(owner, route) for owner, route, _ in states] == [(1001, ROUTE)]
    assert states[0][2] < 300
