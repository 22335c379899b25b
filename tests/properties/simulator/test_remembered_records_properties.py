"""What a store remembers of the records it has read is what the database says, whatever was written or undone."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kibo_simulator.stock.deletion_items import DeletionItems
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.location_attributes import DEFAULT_ATTRIBUTES
from kibo_simulator.stock.quantities import Counters
from kibo_simulator.stock.variants import Variant
from kibo_simulator.store.database import Database
from kibo_simulator.store.places import PlaceStore
from kibo_simulator.store.stock import StockStore
from kibo_simulator.timestamps import DAY

TENANT = 7
PLACES, PRODUCTS, VARIANTS = 2, 2, 3


class _UndoneError(Exception):
    """Undoes what was done."""


def undo(*, when: bool) -> None:
    """Undo what was done since the transaction or its part began."""
    if when:
        raise _UndoneError


class _World:
    """Two stores, two products, each plain and in two lots."""

    def __init__(self) -> None:
        self.database = Database()
        self.stock = StockStore(self.database)
        self.places = PlaceStore(self.database)
        self.locations = [self.stock.add_location(TENANT, f"L{number}", "Store") for number in range(PLACES)]
        self.products = [self.stock.add_product(TENANT, Wanted(upc=str(number))) for number in range(PRODUCTS)]
        self.variants = {
            product: [0, *(self.stock.variant_for_write(product, Variant(lot_code=lot)) for lot in "ab")]
            for product in self.products
        }

    def write(self, kind: str, place: int, item: int, variant: int, amount: int) -> None:
        """One of the ways to write."""
        stock, location, product = self.stock, self.locations[place], self.products[item]
        number = self.variants[product][variant]
        counters = Counters(amount, 0, 0, 0)
        ways: dict[str, Callable[[], Any]] = {
            "put": lambda: stock.put(location, product, number, counters, 0, {"ltd": amount}, amount * DAY),
            "put_counters": lambda: stock.put_counters(location, product, number, counters),
            "add_empty": lambda: stock.add_empty(location, product, number),
            "block": lambda: stock.block(location, product, blocked=amount % 2 == 1),
            "put_plain": lambda: stock.put_plain([(location, product, amount, 0, 0)], amount * DAY),
            "purge": lambda: stock.purge(location, amount),
            "delete": lambda: stock.delete(location, stock.meant(TENANT, DeletionItems(upcs=(str(item),)))),
            "rename": lambda: self.places.put_location(
                location, name=f"Store {amount}", active=True, attributes=DEFAULT_ATTRIBUTES
            ),
            "look": lambda: list(stock.at_location(location, [product])),
        }
        ways[kind]()

    def is_remembered_rightly(self) -> None:
        """Compare what is told of each product by itself with what whole locations are read to hold."""
        for location in self.locations:
            read = list(self.stock.at_location(location))
            for product in self.products:
                alone = list(self.stock.at_location(location, [product]))
                assert alone == [record for record in read if record.product_id == product]


KINDS = ["put", "put_counters", "add_empty", "block", "put_plain", "purge", "delete", "rename", "look"]
WRITES = st.tuples(
    st.sampled_from(KINDS),
    st.integers(0, PLACES - 1),
    st.integers(0, PRODUCTS - 1),
    st.integers(0, VARIANTS - 1),
    st.integers(0, 5),
)


@given(
    st.lists(st.tuples(st.sampled_from(["kept", "undone", "part undone"]), st.lists(WRITES, max_size=4)), max_size=8)
)
@example([("kept", [("put", 0, 0, 0, 1), ("put_counters", 0, 0, 0, 2)])])
def test_records_are_remembered_as_they_are(
    transactions: list[tuple[str, list[tuple[str, int, int, int, int]]]],
) -> None:
    """After every write, and after transactions and parts of them that were undone (D-1, I-1)."""
    world = _World()
    for fate, writes in transactions:
        with suppress(_UndoneError), world.database.transaction():
            try:
                with world.database.savepoint():
                    for write in writes:
                        world.write(*write)
                        world.is_remembered_rightly()
                    undo(when=fate == "part undone")
            except _UndoneError:
                world.is_remembered_rightly()
            undo(when=fate == "undone")
        world.is_remembered_rightly()
    world.database.close()


def test_no_more_is_remembered_than_is_meant_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many records are asked for, one after the other."""
    monkeypatch.setattr("kibo_simulator.store.stock._MOST_READ", 2)
    world = _World()

    for location in world.locations:
        for product in world.products:
            list(world.stock.at_location(location, [product]))
            assert len(world.stock._read) <= 2

    world.database.close()
