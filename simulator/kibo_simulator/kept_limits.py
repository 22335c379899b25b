"""Keeps limits and the state of rate pools in the database, so that a restart forgets neither (D-1)."""

from dataclasses import replace
from typing import Final

import msgspec

from kibo_simulator.rate_limits import LimitsDocument, PoolState, RateLimiter
from kibo_simulator.store.database import Database
from kibo_simulator.store.tenants import TenantStore

_IN_FORCE: Final = "limits"
_INSTEAD_OF: Final = "limits replaced"


def limiter_in_force(database: Database, configured: LimitsDocument) -> RateLimiter:
    """All limits as they are in force, with the pools as `keep_pools` wrote them."""
    own = {
        tenant: msgspec.json.decode(limits, type=LimitsDocument)
        for tenant, limits in TenantStore(database.connection).own_limits().items()
    }
    limiter = RateLimiter(limits_in_force(database, configured), own)
    for owner, route, body in database.connection.execute("SELECT owner, route, state FROM rate_pools"):
        limiter.restore(int(owner) if owner else None, route, msgspec.msgpack.decode(body, type=PoolState))
    return limiter


def limits_in_force(database: Database, configured: LimitsDocument) -> LimitsDocument:
    """What was put into force by hand, unless the configuration has changed since (D-1)."""
    current = database.meta(_IN_FORCE)
    if current is None or database.meta(_INSTEAD_OF) != msgspec.json.encode(configured).decode():
        return configured
    return msgspec.json.decode(current, type=LimitsDocument)


def keep_limits(database: Database, document: LimitsDocument, configured: LimitsDocument) -> None:
    """Note limits that were put into force by hand, in place of the configured ones; all pools start afresh."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM rate_pools")
        database.set_meta(_IN_FORCE, msgspec.json.encode(document).decode())
        database.set_meta(_INSTEAD_OF, msgspec.json.encode(configured).decode())


def keep_pools(database: Database, limiter: RateLimiter) -> None:
    """Write the state of every pool in use; a step of a caller's transaction."""
    database.connection.executemany(
        "INSERT OR REPLACE INTO rate_pools VALUES (?, ?, ?)",
        [
            ("" if owner is None else str(owner), route, msgspec.msgpack.encode(state))
            for owner, route, state in limiter.states()
        ],
    )


def keep_own_limits(database: Database, tenant_id: int, document: LimitsDocument | None) -> None:
    """Note that a tenant is under limits of its own from now on, or under those of all; its pools start afresh."""
    tenants = TenantStore(database.connection)
    with database.transaction() as connection:
        connection.execute("DELETE FROM rate_pools WHERE owner = ?", (str(tenant_id),))
        limits = None if document is None else msgspec.json.encode(document).decode()
        tenants.choose(tenant_id, replace(tenants.choices(tenant_id), limits=limits))
