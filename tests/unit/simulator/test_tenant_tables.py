"""Every table is known to belong to tenants or to nobody, so that copies and removals miss none (D-3)."""

from kibo_simulator.store.database import Database
from kibo_simulator.tenancy.tables import ENVIRONMENT_TABLES, TENANT_TABLES


def test_every_table_is_listed_once() -> None:
    """A table that is new must say whose its rows are: add it to `tenancy.tables`."""
    database = Database()
    every = {name for (name,) in database.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    listed = [table.name for table in TENANT_TABLES]

    assert sorted(every) == sorted([*listed, *ENVIRONMENT_TABLES])


def test_what_a_table_says_of_itself_is_true() -> None:
    """Conditions, numbers and references are columns that exist, and references lead to tables that come before."""
    database = Database()
    before: set[str] = set()
    for table in TENANT_TABLES:
        columns = {row[1] for row in database.connection.execute(f"PRAGMA table_info({table.name})")}
        database.connection.execute(f"SELECT 1 FROM {table.name} WHERE {table.whose}", {"tenant": 1})

        assert {table.numbered or next(iter(columns)), *table.names} <= columns
        assert set(table.names.values()) <= before
        before.add(table.name)


def test_a_number_of_another_row_is_never_copied_as_it_is() -> None:
    """Whatever is called an id and is not the table's own, the tenant's or somebody outside's, is a reference."""
    database = Database()
    outside = {"tenant_id", "order_id", "order_item_id", "shipment_id", "cart_id", "cart_item_id", "client_id",
               "external_id", "type_id", "status_id"}  # fmt: skip
    for table in TENANT_TABLES:
        if table.copied:
            columns = [row[1] for row in database.connection.execute(f"PRAGMA table_info({table.name})")]
            found = {name for name in columns if name.endswith("_id")} - outside

            assert found <= set(table.names), table.name
