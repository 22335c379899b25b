"""Whoever remembers rows is told when they were written, by whatever statement, and when it was undone."""

import sqlite3

import pytest

from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.quantities import Counters
from kibo_simulator.store.database import Database
from kibo_simulator.store.stock import StockStore


def test_every_kind_of_write_is_told() -> None:
    """INSERT, UPDATE and DELETE, with one row or all of them; other tables do not matter."""
    database, told = Database(), list[str]()
    database.on_write("locations", lambda: told.append("first"))
    database.on_write("locations", lambda: told.append("second"))
    execute = database.connection.execute
    execute("INSERT INTO tenants (id, name, site) VALUES (1, 'a', 1)")
    assert [] == told

    for statement in (
        "INSERT INTO locations (tenant_id, code, name) VALUES (1, 'ST-1', 'One')",
        "UPDATE locations SET active = 0",
        "DELETE FROM locations",
    ):
        told.clear()
        execute(statement)

        assert ["first", "second"] == told


def test_locations_are_read_anew_after_a_write_past_the_store() -> None:
    """What another store, or plain SQL, changed is seen; the answer in between is remembered."""
    database = Database()
    stock, other = StockStore(database), StockStore(database)
    with database.transaction():
        database.connection.execute("INSERT INTO tenants (id, name, site) VALUES (1, 'a', 1)")
        stock.add_location(1, "ST-1", "One")
    assert stock.locations(1) is stock.locations(1)

    other.add_location(1, "ST-2", "Two")

    assert ["ST-1", "ST-2"] == [location.code for location in stock.locations(1)]


def test_locations_of_a_transaction_that_failed_are_forgotten() -> None:
    """What was read inside it was never so (D-1)."""
    database = Database()
    stock = StockStore(database)
    database.connection.execute("INSERT INTO tenants (id, name, site) VALUES (1, 'a', 1)")
    with pytest.raises(sqlite3.IntegrityError):
        add_a_location_and_fail(database, stock)

    assert [] == stock.locations(1)


def test_names_and_numbers_of_locations_follow_what_is_written() -> None:
    """A look-up of one product tells the name of now, and a number means whoever has it now."""
    database = Database()
    stock = StockStore(database)
    with database.transaction():
        database.connection.execute("INSERT INTO tenants (id, name, site) VALUES (1, 'a', 1)")
        place = stock.add_location(1, "ST-1", "One")
        product = stock.add_product(1, Wanted(sku="A"))
        stock.put(place, product, 0, Counters(5), 0, {}, 0)
    assert ["One"] == [record.location_name for record in stock.at_location(place, [product])]
    assert "ST-1" == getattr(stock.numbered_location(1, place), "code", None)

    database.connection.execute("UPDATE locations SET name = 'Two', code = 'ST-2'")

    assert ["Two"] == [record.location_name for record in stock.at_location(place, [product])]
    assert "Two" == getattr(stock.record(place, product), "location_name", None)
    assert "ST-2" == getattr(stock.numbered_location(1, place), "code", None)
    assert stock.numbered_location(2, place) is None


def test_a_product_of_a_transaction_that_failed_is_forgotten() -> None:
    """Another one gets its number, and is what it is called itself (D-1)."""
    database = Database()
    stock = StockStore(database)
    database.connection.execute("INSERT INTO tenants (id, name, site) VALUES (1, 'a', 1)")
    numbers: list[int] = []
    with pytest.raises(sqlite3.IntegrityError):
        add_a_product_and_fail(database, stock, numbers)
    numbers.append(stock.add_product(1, Wanted(part_number="second")))

    assert numbers[0] == numbers[1]
    assert ("second", None, None) == stock.identifiers(numbers[1])


def test_a_product_with_a_number_of_one_that_was_removed_is_itself() -> None:
    """Rows that were written past the store are read anew, once it has been told."""
    database = Database()
    stock = StockStore(database)
    database.connection.execute("INSERT INTO tenants (id, name, site) VALUES (1, 'a', 1)")
    number = stock.add_product(1, Wanted(sku="first"))
    assert (None, None, "first") == stock.identifiers(number)

    database.connection.execute("DELETE FROM products")
    stock.forget()

    assert number == stock.add_product(1, Wanted(upc="second"))
    assert (None, "second", None) == stock.identifiers(number)


def add_a_location_and_fail(database: Database, stock: StockStore) -> None:
    """Add a location, look at it, and break off the transaction by a tenant's number that is taken."""
    with database.transaction():
        stock.add_location(1, "ST-1", "One")
        assert 1 == len(stock.locations(1))
        database.connection.execute("INSERT INTO tenants (id, name, site) VALUES (1, 'again', 1)")


def add_a_product_and_fail(database: Database, stock: StockStore, numbers: list[int]) -> None:
    """Add a product, look at it, and break off the transaction in the same way."""
    with database.transaction():
        numbers.append(stock.add_product(1, Wanted(sku="first")))
        assert (None, None, "first") == stock.identifiers(numbers[0])
        database.connection.execute("INSERT INTO tenants (id, name, site) VALUES (1, 'again', 1)")
