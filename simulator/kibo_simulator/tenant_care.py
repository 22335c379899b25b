"""Tenants while the simulation runs: added, copied from a snapshot, filled with stock, removed (D-2, D-3).

Everything here is done in steps and all or nothing; nobody else may change anything in between.
"""

import io
import sqlite3
from typing import Literal

from kibo_simulator.files.bulk_load import line_blocks, table_blocks
from kibo_simulator.seeding import adding_tenant, enter_tenant
from kibo_simulator.settings import TenantSettings
from kibo_simulator.simulator import Simulator
from kibo_simulator.steps import Steps
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.tenancy import copy_tenant, remove_stock, remove_tenant

BODY = "the body"


def added(simulator: Simulator, tenant: TenantSettings) -> Steps[None]:
    """Add a tenant whose number and client id are free, with generated stock of the size told."""
    now = simulator.clock.now()
    with simulator.database.transaction():
        yield from adding_tenant(simulator.database, simulator.stock, tenant, simulator.settings.seed, now)
    if tenant.limits is not None:
        simulator.limiter.set_own(tenant.tenant, tenant.limits)


def forked(simulator: Simulator, image: sqlite3.Connection, source: int, tenant: TenantSettings) -> Steps[None]:
    """Add a tenant with all that ``source`` has in a snapshot, its limits and what is used of them included."""
    database = simulator.database
    with database.transaction():
        enter_tenant(database, tenant)
        yield from copy_tenant(image, source, database.connection, tenant.tenant)
    simulator.stock.forget()
    simulator.reload()
    simulator.reload_limits()


def removed(simulator: Simulator, tenant_id: int) -> Steps[None]:
    """Remove a tenant and all it has; its tokens open nothing, its jobs do not go on."""
    with simulator.database.transaction():
        yield from remove_tenant(simulator.database.connection, tenant_id)
    simulator.stock.forget()
    simulator.access.forget(tenant_id)
    simulator.limiter.set_own(tenant_id, None)
    simulator.ended_jobs.clear()
    simulator.reload()


def stocked(simulator: Simulator, tenant_id: int, text: str, mode: Literal["merge", "replace"]) -> Steps[int]:
    """Set the records that a Location Export (CSV) or JSON lines name, creating what they need; return how many.

    With ``replace`` the tenant has no others afterwards; its locations and products stay.

    Raises:
        InventoryFileError: at the first line that cannot be meant; nothing has changed then.
    """
    stock = simulator.stock
    now = simulator.clock.now()
    read = line_blocks if text.lstrip("\ufeff \t\r\n").startswith("{") else table_blocks
    count = 0
    with simulator.database.transaction():
        if mode == "replace":
            yield from remove_stock(simulator.database.connection, tenant_id)
            stock.forget()
        for block in read(
            BODY,
            io.StringIO(text.removeprefix("\ufeff"), newline=""),
            lambda code: stock.add_location(tenant_id, code, code),
            lambda *named: stock.product_for_write(tenant_id, Wanted(*named)),
        ):
            stock.put_plain(block, now)
            count += len(block)
            yield
        if simulator.settings.catalog.tied:
            simulator.catalog.adopt_inventory(tenant_id, now)
    return count
