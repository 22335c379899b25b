"""What clients of load scenarios want: as much as their file says, in each store where it says so."""

import pytest

from kibo_scenarios.moments import HOUR
from kibo_scenarios.workloads.clients import Adjusts, BurstDocument, Lookups, Orders, StageDocument
from kibo_scenarios.workloads.wishes import Shop, wishes_of

SHOP = Shop(["A", "B", "C"], ["s1", "s2"], [("A", ["s1"])])


@pytest.mark.parametrize("kind", [Lookups, Adjusts, Orders])
@pytest.mark.parametrize(("per_store", "burst"), [(False, 40), (True, 120)])
def test_rates_and_bursts_of_one_store_are_there_in_each(
    kind: type[Lookups | Adjusts | Orders], *, per_store: bool, burst: int
) -> None:
    """Three stores want three times as much; bursts to the number, Poisson arrivals within six standard deviations."""
    bursts = (BurstDocument(at="0s", requests=40),)
    busy = (StageDocument(lasts="1h", rate=10, to=20),)
    first = [
        wish
        for wish in wishes_of(kind(bursts=bursts, per_store=per_store), SHOP, "7", 0)
        if wish.operation != "fulfill"
    ]
    steady = [
        wish for wish in wishes_of(kind(stages=busy, per_store=per_store), SHOP, "7", 0) if wish.operation != "fulfill"
    ]
    expected = 15 * 60 * (3 if per_store else 1)

    assert burst == len(first)
    assert abs(len(steady) - expected) < 6 * expected**0.5
    assert all(wish.at <= HOUR for wish in steady)
