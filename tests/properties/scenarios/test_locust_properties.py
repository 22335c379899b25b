"""Clients split over Locust's workers: all parts together are what the file says, whatever the numbers are."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.locust_users.collected import Collected
from kibo_scenarios.locust_users.messages import Batch, Done, Exchange, Go, Outcome, packed, unpacked
from kibo_scenarios.locust_users.outbox import MOST_RECORDS, Outbox
from kibo_scenarios.locust_users.splitting import Budget, deal, parts_of, taken
from kibo_scenarios.moments import MINUTE, SECOND
from kibo_scenarios.thresholds import parse_selector
from kibo_scenarios.workloads.budget_share import BudgetShare
from kibo_scenarios.workloads.clients import AnyClient, BulkDelete, BurstDocument, Lookups, Orders, Polls, Refreshes
from kibo_scenarios.workloads.measurements import Measurements
from kibo_scenarios.workloads.wishes import Shop, wishes_of

SHOP = Shop(["A", "B"], ["S1", "S2", "S3"], [("A", ["S1", "S2"])])
numbers = st.integers(1, 400) | st.none()
budgets = st.tuples(numbers, numbers)
users = st.integers(1, 40)
lookups = st.builds(
    lambda workers, requests: Lookups(workers=workers, bursts=(BurstDocument(at="0s", requests=requests),)),
    users,
    st.integers(1, 60),
)
whole = st.sampled_from([Polls(), Refreshes(at=("05:00",)), BulkDelete()])


@settings(deadline=None, max_examples=100)
@given(lookups, budgets, st.integers(1, 12), st.integers(0, 99))
def test_the_parts_take_every_wish_exactly_once(client: Lookups, budget: Budget, workers: int, seed: int) -> None:
    """The union over all workers is the sequence of the file, and each part keeps its order."""
    every = list(wishes_of(client, SHOP, str(seed), 0))
    parts = parts_of(client, budget, workers)
    found = [list(taken(wishes_of(client, SHOP, str(seed), 0), part)) for part in parts]

    assert Counter(every) == Counter(wish for one in found for wish in one)
    assert all(sorted(one, key=lambda wish: wish.at) == one for one in found)
    assert max(map(len, found)) - min(map(len, found)) <= 1


@settings(deadline=None, max_examples=50)
@given(users, st.integers(1, 60), st.integers(1, 12), st.integers(0, 99))
def test_an_order_stays_with_one_worker(many: int, requests: int, workers: int, seed: int) -> None:
    """It is held before it is fulfilled; all orders together are those of the file."""
    client = Orders(workers=many, bursts=(BurstDocument(at="0s", requests=requests, within="1h"),))
    every = list(wishes_of(client, SHOP, str(seed), 0))
    found = [list(taken(iter(every), part)) for part in parts_of(client, (None, None), workers)]

    assert Counter(every) == Counter(wish for one in found for wish in one)
    assert 2 * requests == len(every)
    for one in found:
        for order in {wish.thread for wish in one}:
            assert ["allocate", "fulfill"] == [wish.operation for wish in one if wish.thread == order]


@settings(deadline=None, max_examples=200)
@given(lookups | whole, budgets, st.integers(1, 12))
def test_the_parts_of_a_budget_add_up_to_it(client: AnyClient, budget: Budget, workers: int) -> None:
    """RL-3, RL-4: requests at a time, a minute and an hour; no part has nothing, and there are not too many parts."""
    parts = parts_of(client, budget, workers)
    shares = [(part.users, part.per_minute, part.per_hour) for part in parts]
    added = [None if None in column else sum(column) for column in zip(*shares, strict=True)]

    assert [1 if isinstance(client, BulkDelete) else client.workers, *budget] == added
    assert all(number is None or number >= 1 for share in shares for number in share)
    assert 1 <= len(parts) <= workers
    assert list(range(len(parts))) == [part.index for part in parts]


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 6), st.integers(6, 30), st.integers(0, 3 * MINUTE))
def test_parts_that_keep_their_shares_keep_the_whole(workers: int, per_minute: int, start: int) -> None:
    """RL-3: whatever all parts send as early as they may is within the client's budget, minute by minute."""
    sent: Counter[int] = Counter()
    for part in parts_of(Lookups(workers=40), (per_minute, None), workers):
        share = BudgetShare(part.per_minute, part.per_hour)
        now = start
        for _ in range(3 * per_minute):
            now = share.take(now)
            sent[now // MINUTE] += 1

    assert max(sent.values()) <= per_minute


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(lookups | whole, budgets), min_size=1, max_size=6), st.integers(1, 6))
def test_every_part_is_dealt_to_one_worker(drawn: list[tuple[AnyClient, Budget]], workers: int) -> None:
    """Nobody plays two parts of one client, and what cannot be split is played once."""
    clients = {f"c{number}": client for number, (client, _) in enumerate(drawn)}
    of = {f"c{number}": budget for number, (_, budget) in enumerate(drawn)}
    hands = deal(clients, of, workers)

    assert workers == len(hands)
    for name, client in clients.items():
        expected = parts_of(client, of[name], workers)
        assert sorted(expected, key=lambda part: part.index) == sorted(
            (hand[name] for hand in hands if name in hand), key=lambda part: part.index
        )
        assert isinstance(client, Lookups) or len(expected) == 1


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 200, 429, 500])), max_size=80), st.integers(1, 9))
def test_nothing_is_lost_or_counted_twice_on_the_way(drawn: list[tuple[int, int]], every: int) -> None:
    """What workers noted is what the master has counted, however it was cut into batches."""
    collected = Collected(Measurements(), books=False)
    collected.expect([f"w{number}" for number in range(4)])
    boxes = {f"w{number}": Outbox(1) for number in range(4)}
    for number, (worker, status) in enumerate(drawn):
        name = f"w{worker}"
        boxes[name].put(Exchange("shop", "getInventory", number * SECOND, 5, status))
        boxes[name].put(Outcome("shop", "getInventory", 0, number, status, 1, status != 200))
        if number % every == 0 and (batch := boxes[name].batch()) is not None:
            collected.batch(name, unpacked(packed(batch), Batch))
    for name, box in boxes.items():
        if (batch := box.batch()) is not None:
            collected.batch(name, batch)
        collected.done(name, Done(1, box.batches, sum(name == f"w{worker}" for worker, _ in drawn), []))
    statuses = Counter(status for _, status in drawn)
    samples = collected.measured.samples(parse_selector("http_429_rate"))

    assert collected.complete
    assert (statuses[429], len(drawn)) == (samples.hits, samples.total)
    assert statuses[429] == collected.throttled["shop"]
    assert len(drawn) - statuses[0] == collected.answered
    assert len(drawn) - statuses[200] == collected.measured.samples(parse_selector("given_up")).hits
    assert collected.doubt(len(drawn)) is None


def test_a_batch_is_full_before_it_is_large() -> None:
    """Neither memory nor messages grow with the run."""
    box = Outbox(1)
    for number in range(MOST_RECORDS):
        assert not box.full
        box.put(Exchange("shop", "getInventory", number, 5, 200))

    assert box.full
    batch = box.batch()
    assert batch is not None
    assert len(packed(batch)) < 100 * MOST_RECORDS
    assert box.batch() is None


@settings(deadline=None)
@given(st.integers(0, 2**52), st.integers(0, 2**52), st.floats(1, 1000), st.integers(0, 10**12), st.integers(0, 10**9))
def test_the_clock_of_a_run_goes_as_fast_as_it_is_told(
    simulated: int, real: int, speed: float, later: int, step: int
) -> None:
    """It never goes back, and a second of the machine is so many simulated ones."""
    go = Go(simulated, simulated, real, speed)

    assert simulated == go.now(real)
    assert go.now(real + later) <= go.now(real + later + step)
    assert abs(go.now(real + later) - simulated - later * speed) <= 1 + later * speed * 1e-12
