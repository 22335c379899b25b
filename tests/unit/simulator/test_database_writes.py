"""Whoever remembers rows is told when they were written, by whatever statement, and when it was undone."""

import sqlite3

import pytest

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


def add_a_location_and_fail(database: Database, stock: StockStore) -> None:
    """Add a location, look at it, and break off the transaction by a tenant's number that is taken."""
    with database.transaction():
        stock.add_location(1, "ST-1", "One")
        assert 1 == len(stock.locations(1))
        database.connection.execute("INSERT INTO tenants (id, name, site) VALUES (1, 'again', 1)")
