"""Loading bins against a dictionary: what each holds, what the location then has, and what a dry run foretells."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator import Settings, Simulator
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.store.bins import BinStore
from kibo_simulator.web.bin_load_routes import load_inventory
from kibo_simulator.web.operations import Call

TENANT = 7
NOW = 1_772_427_600_000_000

Loads = list[list[tuple[str, list[tuple[str, int]]]]]
products = st.lists(st.tuples(st.sampled_from("pqr"), st.integers(0, 50)), max_size=4)
loads = st.lists(st.lists(st.tuples(st.sampled_from(["A", "B"]), products), min_size=1, max_size=3), max_size=5)


def sent(simulator: Simulator, load: list[tuple[str, list[tuple[str, int]]]], *, dry_run: bool) -> Any:
    """The answer to one load, carried out as the gate would."""
    bins = [
        {"binName": name, "products": [{"partNumber": product, "quantity": count} for product, count in held]}
        for name, held in load
    ]
    call = Call(
        simulator=simulator,
        tenant_id=TENANT,
        now=NOW,
        path={},
        query={},
        body=msgspec.json.encode({"locationCode": "W", "bins": bins, "dryRun": dry_run}),
        secure=False,
    )
    with simulator.database.transaction():
        return load_inventory(call).body


def without_numbers(answer: Any) -> Any:
    """The answer without the numbers that only a live run gives out."""
    for row in answer["binQuantities"]:
        for product in row["products"]:
            product.pop("binID", None)
            product.pop("inventoryID", None)
    return answer


def state(simulator: Simulator) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Units by bin and product, and on hand by product."""
    bins = BinStore(simulator.database.connection)
    found, _ = bins.search(TENANT, limit=100, offset=0)
    rows = [(stored.name, *row) for stored in found for row in bins.contents(stored.id)]
    names = {number: str(row.part_number) for number, row in simulator.stock.products(row[1] for row in rows).items()}
    on_hand = {str(record.part_number): record.on_hand for record in simulator.stock_records(TENANT)}
    return {(name, names[product]): count for name, product, _, count in rows}, on_hand


@pytest.mark.slow
@given(loads)
@settings(deadline=None, max_examples=60)
def test_bins_hold_what_was_last_loaded_and_the_location_holds_their_sum(sequence: Loads) -> None:
    """I-3: units added less units removed is what the stock grew by; a dry run tells the same and leaves nothing."""
    simulator = Simulator(Settings(sample=None), wall=lambda: NOW)
    simulator.add_tenant(TENANT, site=1, name="T", client_id="t", shared_secret="t")
    simulator.stock.add_location(TENANT, "W", "W")
    model: dict[tuple[str, str], int] = {}
    moved = 0
    for load in sequence:
        before = state(simulator)
        foretold = sent(simulator, load, dry_run=True)
        after_dry_run = state(simulator)
        answer = sent(simulator, load, dry_run=False)
        model.update({(name, product): count for name, held in load for product, count in held})
        moved += answer["unitsAdded"] - answer["unitsRemoved"]

        assert after_dry_run == before
        assert without_numbers(foretold) == without_numbers(answer)
    held, on_hand = state(simulator)
    simulator.close()

    assert held == model
    assert on_hand == {
        product: sum(count for (_, other), count in model.items() if other == product)
        for product in {product for _, product in model}
    }
    assert moved == sum(model.values())


@pytest.mark.slow
@given(st.lists(st.sampled_from("pq"), max_size=4), st.sets(st.sampled_from("pq")))
@settings(deadline=None, max_examples=25)
def test_a_sweep_takes_out_just_what_has_no_record(loaded: list[str], deleted: set[str]) -> None:
    """After a deletion the bins of the location hold nothing of what was deleted, and all of the rest."""
    simulator = Simulator(Settings(sample=None), wall=lambda: NOW)
    simulator.add_tenant(TENANT, site=1, name="T", client_id="t", shared_secret="t")
    place = simulator.stock.add_location(TENANT, "W", "W")
    if loaded:
        sent(simulator, [("A", [(product, 1) for product in loaded])], dry_run=False)
    gone = simulator.stock.match_any(TENANT, [Wanted(part_number=product) for product in sorted(deleted)])
    simulator.database.connection.executemany("DELETE FROM stock WHERE product_id = ?", [(number,) for number in gone])
    BinStore(simulator.database.connection).sweep(place)
    held, _ = state(simulator)
    simulator.close()

    assert set(held) == {("A", product) for product in set(loaded) - deleted}
