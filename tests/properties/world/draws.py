"""What the worlds of the model tests are drawn from: few names, so that they meet, and times around boundaries."""

from itertools import product

from hypothesis import strategies as st
from tests.properties.simulator.every_timestamp import MINUTE, QUARTER, SECOND
from tests.properties.world.model import NO_PATTERNS
from tests.properties.world.stock_model import Identity, Line

from kibo_scenarios.moments import format_utc
from kibo_scenarios.replay_file import Opening, StockLine, TenantLine
from kibo_simulator import AccessSettings, InventorySettings, LimitsDocument, PoolLimit, Settings
from kibo_simulator.jobs import JobSettings
from kibo_simulator.rate_limits import UNLIMITED

START = 1_772_427_600 * SECOND  # 2026-03-02T05:00:00Z, a whole hour
TENANTS = (11, 22)
LOCATIONS = ("EAST", "NORTH", "WEST")
NOWHERE = "ATLANTIS"
PREFIXES = ("v5", "v1", "api/v5", "api/v1")

PARTS = ("A-1", "A-2", "B-1", "B.1", "a-1")
UPCS = ("100", "101", "200")
SKUS = ("S1", "S2")
PATTERNS = ("^A", "1$", "A.1", "^A-1$", "[AB]-1", "A-?1", ".*", "^B[.]1$", "[^a]-", "0+", "S[12]", "^$")

named_identities: st.SearchStrategy[Identity] = st.sampled_from(
    [names for names in product((None, *PARTS), (None, *UPCS), (None, *SKUS)) if names != (None, None, None)]
)
identities = st.one_of(named_identities, named_identities, named_identities, st.just((None, None, None)))

_one_plain: st.SearchStrategy[Identity] = st.one_of(
    st.sampled_from(PARTS).map(lambda text: (text, None, None)),
    st.sampled_from(UPCS).map(lambda text: (None, text, None)),
    st.sampled_from(SKUS).map(lambda text: (None, None, text)),
)
_one_pattern: st.SearchStrategy[Identity] = st.tuples(st.sampled_from(PATTERNS), st.integers(0, 2)).map(
    lambda drawn: (
        drawn[0] if drawn[1] == 0 else None,
        drawn[0] if drawn[1] == 1 else None,
        drawn[0] if drawn[1] == 2 else None,
    )
)
_no_pattern: st.SearchStrategy[Identity] = st.sampled_from(sorted(NO_PATTERNS)).map(lambda text: (text, None, None))
single_items = st.one_of(_one_plain, _one_plain, _one_pattern, _one_pattern, _no_pattern)
deleted_items = st.one_of(_one_plain, _one_plain, _one_pattern, _one_pattern, identities)

lines = st.lists(
    st.builds(
        Line,
        identity=named_identities,
        quantity=st.integers(0, 9),
        safety_stock=st.sampled_from((None, None, 0, 3)),
        floor=st.sampled_from((None, None, 1)),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
additions = st.lists(
    st.builds(Line, identity=named_identities, quantity=st.integers(-5, 9)), min_size=1, max_size=4
).map(tuple)

locations = st.sampled_from((*LOCATIONS * 4, NOWHERE))
scopes = st.one_of(
    st.just(()),
    st.lists(st.sampled_from(LOCATIONS), max_size=3).map(tuple),
    st.lists(locations, max_size=3).map(tuple),
)

_ROUTE = "/api/commerce/inventory/"
_limits = st.builds(
    LimitsDocument,
    pools=st.sampled_from(
        (
            (PoolLimit(_ROUTE + "*", 10, 30),),
            (PoolLimit(_ROUTE + "*", 4, 12),),
            (PoolLimit(_ROUTE + "*", 4, None),),
            (PoolLimit(_ROUTE + "*", None, 9), PoolLimit(_ROUTE + "v1/queue/*", 2, 5)),
        )
    ),
    scope=st.sampled_from(("tenant", "tenant", "environment")),
    count_rejected=st.booleans(),
    extension=st.sampled_from(("escalate", "restart", "off")),
    violation_threshold=st.integers(0, 5),
    throttle_body=st.sampled_from(("empty", "json")),
)
_jobs = st.builds(
    JobSettings,
    mode=st.sampled_from(("timed", "timed", "timed", "timed", "immediate", "after_polls")),
    workers=st.integers(1, 3),
    base_s=st.sampled_from((0.5, 0.0, 20.0, 120.0)),
    per_record_s=st.sampled_from((0.001, 0.0, 7.5)),
    jitter=st.just(0.0),
    after_polls=st.integers(1, 3),
    enqueue_unit_s=st.sampled_from((0.00006, 0.00006, 4.0)),
)
_settings = st.builds(
    Settings,
    seed=st.integers(0, 3),
    limits=st.one_of(st.just(UNLIMITED), _limits),
    jobs=_jobs,
    sample=st.none(),
    access=st.builds(
        AccessSettings, token_lifetime_s=st.sampled_from((3_600, 90)), refresh_lifetime_s=st.sampled_from((86_400, 300))
    ),
    inventory=st.builds(
        InventorySettings,
        refresh_zero_missing=st.booleans(),
        safety_stock_included=st.booleans(),
        patterns=st.sampled_from((True, True, True, False)),
        empty_job_list=st.sampled_from(("array", "not_found")),
    ),
)
_stock_lines = st.builds(
    lambda location, identity, on_hand, safety: StockLine(
        location_code=location,
        on_hand=on_hand,
        part_number=identity[0],
        upc=identity[1],
        sku=identity[2],
        safety_stock=safety,
    ),
    st.sampled_from(LOCATIONS),
    named_identities,
    st.integers(0, 20),
    st.sampled_from((0, 0, 4)),
)
openings: st.SearchStrategy[Opening] = st.builds(
    lambda start, settings, stock: Opening(
        start=format_utc(start),
        settings=settings,
        tenants=tuple(
            TenantLine(tenant, f"app.{tenant}", locations=LOCATIONS, inventory=tuple(rows))
            for tenant, rows in zip(TENANTS, stock, strict=True)
        ),
    ),
    st.integers(START, START + QUARTER),
    _settings,
    st.tuples(st.lists(_stock_lines, min_size=4, max_size=12), st.lists(_stock_lines, min_size=1, max_size=6)),
)

Gap = int | str | tuple[int, int]
gaps: st.SearchStrategy[Gap] = st.one_of(
    st.sampled_from(
        [
            1,
            SECOND // 2,
            SECOND,
            5 * SECOND,
            MINUTE - 1,
            MINUTE,
            MINUTE + 1,
            QUARTER - 1,
            QUARTER,
            QUARTER + 1,
            4 * QUARTER,
            86_400 * SECOND,
        ]
    ),
    # To the microsecond before, on and after the next boundary of a minute or a quarter.
    st.tuples(st.sampled_from((MINUTE, QUARTER)), st.integers(-1, 1)),
    st.sampled_from(("event", "event", "before event", "retry", "before retry")),
)
