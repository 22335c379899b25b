"""Tenants in the database: who is simulated here (A-1, D-3)."""

from dataclasses import dataclass

from kibo_simulator.store.database import Database


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with its first site."""

    id: int
    name: str
    site: int


class TenantStore:
    """Reads and writes tenants; every method is one step of a caller's transaction."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant: Tenant) -> None:
        """Add a tenant, or rename the one with this number."""
        self._database.connection.execute(
            "INSERT INTO tenants VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET name = ?2, site = ?3",
            (tenant.id, tenant.name, tenant.site),
        )

    def get(self, tenant_id: int) -> Tenant | None:
        """A tenant by number, or None."""
        row = self._database.connection.execute(
            "SELECT id, name, site FROM tenants WHERE id = ?", (tenant_id,)
        ).fetchone()
        return None if row is None else Tenant(*row)

    def every(self) -> list[Tenant]:
        """All tenants, by number."""
        rows = self._database.connection.execute("SELECT id, name, site FROM tenants ORDER BY id")
        return [Tenant(*row) for row in rows]
