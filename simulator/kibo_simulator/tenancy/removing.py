"""Removes all that a tenant has, or all its stock, and nothing of anybody else's (D-3)."""

import sqlite3
from typing import Final

from kibo_simulator.file_work import FileWork
from kibo_simulator.job_work import decode_work
from kibo_simulator.steps import Steps
from kibo_simulator.tenancy.tables import TENANT_TABLES, TenantTable

_ROWS_AT_ONCE: Final = 1_000
_STOCK: Final = ("stock", "future_inventory", "bin_stock", "holds")


def remove_tenant(connection: sqlite3.Connection, tenant_id: int) -> Steps[None]:
    """Remove a tenant and all it has; steps of a caller's transaction."""
    _drop_payloads(connection, tenant_id)
    yield from _remove_by_location(connection, tenant_id)
    for table in reversed(TENANT_TABLES):
        yield from _remove_rows(connection, table, tenant_id)


def remove_stock(connection: sqlite3.Connection, tenant_id: int) -> Steps[None]:
    """Remove every record of a tenant, what is expected of it, held of it and lies in bins; its places stay."""
    yield from _remove_by_location(connection, tenant_id)
    for table in reversed(TENANT_TABLES):
        if table.name in _STOCK:
            yield from _remove_rows(connection, table, tenant_id)


def _remove_rows(connection: sqlite3.Connection, table: TenantTable, tenant_id: int) -> Steps[None]:
    """The tenant's rows of a table; the long tables are those with numbers, and go piece by piece."""
    which = table.whose
    if table.numbered:
        some = f"SELECT {table.numbered} FROM {table.name} WHERE {table.whose} LIMIT {_ROWS_AT_ONCE}"  # noqa: S608  # fixed
        which = f"{table.numbered} IN ({some})"
    while True:
        gone = connection.execute(
            f"DELETE FROM {table.name} WHERE {which}",  # noqa: S608  # fixed texts only
            {"tenant": tenant_id},
        ).rowcount
        yield
        if not table.numbered or gone < _ROWS_AT_ONCE:
            return


def _remove_by_location(connection: sqlite3.Connection, tenant_id: int) -> Steps[None]:
    """The many records first, a location at a time: the whole at once would hold everybody up."""
    for (location_id,) in connection.execute("SELECT id FROM locations WHERE tenant_id = ?", (tenant_id,)).fetchall():
        connection.execute("DELETE FROM stock WHERE location_id = ?", (location_id,))
        yield


def _drop_payloads(connection: sqlite3.Connection, tenant_id: int) -> None:
    """What jobs carry, as long as the jobs are there to say whose it is."""
    bodies = connection.execute(
        "DELETE FROM payloads WHERE id IN (SELECT payload_id FROM jobs WHERE tenant_id = ?) RETURNING body",
        (tenant_id,),
    ).fetchall()
    for (body,) in bodies:
        work = decode_work(body)
        if isinstance(work, FileWork):
            connection.execute("DELETE FROM file_rows WHERE batch_id = ?", (work.batch_id,))
