"""Properties of the suite on cases drawn by plain random numbers: nothing is shrunk, but ten times as many fit in."""

from random import Random

from tests.properties.client import test_client_bulk_properties as whole_runs
from tests.properties.rerun import body_of
from tests.properties.simulator import test_rate_limits_properties as limits
from tests.properties.simulator.every_timestamp import QUARTER, SECOND

from kibo_client.budget import Budget
from kibo_client.bulk import BulkDelete
from kibo_client.options import BulkDeleteOptions
from kibo_client.targets import Product
from kibo_simulator.rate_limits import Extension, LimitsDocument, PoolLimit

PLAN = 150
"""Requests in one ledger case; the model's work grows with the square of it."""


def ledger(seed: str) -> int:
    """RL-2 to RL-10, RL-13: one long plan of arrivals; returns how many requests were decided."""
    random = Random(seed)
    extensions: tuple[Extension, ...] = ("escalate", "restart", "off")
    document = LimitsDocument(
        count_rejected=random.random() < 0.5,
        extension=random.choice(extensions),
        violation_threshold=random.randint(0, 6),
    )
    limit = PoolLimit(
        limits.ROUTE,
        rpm=random.choice((None, *range(1, 9))),
        rph=random.choice((None, *range(1, 21), 40)),
    )
    start = random.randint(1_700_000_000, 1_700_010_000) * SECOND + random.randint(0, SECOND)
    plan = [_gap(random) for _ in range(PLAN)]
    for test in (
        limits.test_the_ledger_decides_as_a_list_of_all_timestamps_would,
        limits.test_every_header_suffices_and_is_bounded,
    ):
        body_of(test)(document=document, limit=limit, start=start, plan=plan)
    return 2 * PLAN


def _gap(random: Random) -> object:
    match random.randrange(5):
        case 0:
            return random.randint(0, 3 * SECOND)
        case 1:
            return random.choice(limits.BOUNDARIES)
        case 2:
            return random.randint(0, 2 * QUARTER)
        case 3:
            return (random.choice(("minute", "quarter")), random.randint(-1, 1))
        case _:
            return random.choice(("retry", "retry early"))


def client(seed: str) -> int:
    """ST-1, ST-2, JB-1, JB-4, RT-3: one whole bulk deletion with everything going wrong; returns 1."""
    random = Random(seed)
    stock = _stock(random)
    share = random.random()
    targets = whole_runs.targets_of([record for record in sorted(stock, key=str) if random.random() <= share])
    world = whole_runs.World(
        set(stock),
        _faults(random),
        Random(seed),
        names_products=random.random() < 0.75,
        names_jobs=random.random() < 0.75,
        page=random.choice((1, 3, 1000)),
        job_time=random.choice((1, SECOND, 60 * SECOND)),
    )
    options = BulkDeleteOptions(batch_size=random.randint(1, 8), job_patience_s=600)
    outcome = whole_runs.run(
        world, BulkDelete(targets, options, Budget(requests_per_minute=None, requests_per_hour=None))
    )

    whole_runs.check_manners(world, outcome)
    whole_runs.check_targets(world, outcome, targets)
    return 1


def client_under_limits(seed: str) -> int:
    """TH-5, TH-6: one whole bulk deletion under limits that it was told or has to learn; returns 1."""
    random = Random(seed)
    body_of(whole_runs.test_limits_are_respected_by_the_whole_run)(
        stock=_stock(random),
        seed=random.getrandbits(32),
        rpm=random.randint(2, 20),
        rph=random.randint(4, 60),
        told=random.choice((1, 1, None, 3, 10)),
    )
    return 1


def client_resumed(seed: str) -> int:
    """C8: one whole bulk deletion, cut somewhere and taken up again; returns 2, as it runs twice."""
    random = Random(seed)
    body_of(whole_runs.test_a_replayed_run_continues_where_it_was_cut)(
        stock=_stock(random), faults=_faults(random), seed=random.getrandbits(32), cut=random.random()
    )
    return 2


def _stock(random: Random) -> set[whole_runs.Record]:
    stock = set[whole_runs.Record]()
    while not stock:
        products = [Product(_name(random), _name(random), _name(random)) for _ in range(random.randint(1, 24))]
        stock = {(product, random.choice("NESW")) for product in products if product != Product(None, None, None)}
    return stock


def _faults(random: Random) -> whole_runs.Faults:
    shares = (0.0, 0.0, 0.02, 0.1, 0.3)
    return whole_runs.Faults(
        server_error=random.choice(shares),
        lost_before=random.choice(shares),
        lost_after=random.choice(shares),
        malformed=random.choice(shares),
        unauthorized=random.choice(shares),
        refused=random.choice((0.0, 0.0, 0.0, 0.02)),
        failed_job=random.choice(shares),
        stuck_job=random.choice((0.0, 0.0, 0.0, 0.05)),
        budget=random.randint(0, 300),
    )


def _name(random: Random) -> str | None:
    """Few letters and every operator, so that identifiers collide and patterns match more than they say."""
    if random.random() < 0.3:
        return None
    return "".join(random.choice("ab.*+?^$[]~") for _ in range(random.randint(1, 3)))
