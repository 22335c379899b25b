"""Tenants in the database: who is simulated here (A-1, D-3)."""

import sqlite3
from dataclasses import dataclass
from typing import Final

SCHEMA: Final = """
CREATE TABLE tenant_settings (
    tenant_id INTEGER PRIMARY KEY REFERENCES tenants(id),
    region TEXT NOT NULL,
    -- HH:MM; absent where the hours are those of the region.
    off_peak_starts TEXT,
    off_peak_ends TEXT,
    -- A limits document as JSON; absent where the tenant is under the limits of all.
    limits TEXT
);
"""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with its first site."""

    id: int
    name: str
    site: int


@dataclass(frozen=True, slots=True)
class TenantChoices:
    """What was chosen for a tenant: its region, quiet hours of its own, limits of its own as JSON."""

    region: str = "US"
    off_peak_starts: str | None = None
    off_peak_ends: str | None = None
    limits: str | None = None


class TenantStore:
    """Reads and writes tenants; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, tenant: Tenant) -> None:
        """Add a tenant, or rename the one with this number."""
        self._connection.execute(
            "INSERT INTO tenants VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET name = ?2, site = ?3",
            (tenant.id, tenant.name, tenant.site),
        )

    def get(self, tenant_id: int) -> Tenant | None:
        """A tenant by number, or None."""
        row = self._connection.execute("SELECT id, name, site FROM tenants WHERE id = ?", (tenant_id,)).fetchone()
        return None if row is None else Tenant(*row)

    def every(self) -> list[Tenant]:
        """All tenants, by number."""
        rows = self._connection.execute("SELECT id, name, site FROM tenants ORDER BY id")
        return [Tenant(*row) for row in rows]

    def choices(self, tenant_id: int) -> TenantChoices:
        """What was chosen for a tenant, or where it starts."""
        row = self._connection.execute(
            "SELECT region, off_peak_starts, off_peak_ends, limits FROM tenant_settings WHERE tenant_id = ?",
            (tenant_id,),
        ).fetchone()
        return TenantChoices() if row is None else TenantChoices(*row)

    def choose(self, tenant_id: int, choices: TenantChoices) -> None:
        """Choose for a tenant."""
        self._connection.execute(
            "INSERT OR REPLACE INTO tenant_settings VALUES (?, ?, ?, ?, ?)",
            (tenant_id, choices.region, choices.off_peak_starts, choices.off_peak_ends, choices.limits),
        )

    def own_limits(self) -> dict[int, str]:
        """The limits, as JSON, of the tenants that have their own."""
        rows = self._connection.execute("SELECT tenant_id, limits FROM tenant_settings WHERE limits IS NOT NULL")
        return {int(number): str(limits) for number, limits in rows}

    def client_ids(self, tenant_id: int) -> list[str]:
        """The applications of a tenant."""
        rows = self._connection.execute(
            "SELECT client_id FROM applications WHERE tenant_id = ? ORDER BY client_id", (tenant_id,)
        )
        return [str(name) for (name,) in rows]

    def of_client(self, client_id: str) -> int | None:
        """The tenant of an application, or None."""
        row = self._connection.execute(
            "SELECT tenant_id FROM applications WHERE client_id = ?", (client_id,)
        ).fetchone()
        return None if row is None else int(row[0])
