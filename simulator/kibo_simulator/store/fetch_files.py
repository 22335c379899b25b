"""Fetch-file configurations in the database: where import files are picked up and how they are read.

What a configuration says is kept as the JSON document it came in, without its password; that has a column of its own
and leaves the database only through `FetchFileStore.secret`.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

SCHEMA: Final = """
CREATE TABLE fetch_file_configs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    document TEXT NOT NULL,
    secret TEXT,
    modified INTEGER NOT NULL
);
CREATE INDEX fetch_file_configs_by_tenant ON fetch_file_configs (tenant_id, id);
"""


@dataclass(frozen=True, slots=True)
class FetchFileConfig:
    """One configuration; ``document`` is JSON without secrets, ``modified`` microseconds since the epoch."""

    id: int
    tenant_id: int
    document: str
    modified: int


class FetchFileStore:
    """Reads and writes configurations; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def every(self, tenant_id: int) -> list[FetchFileConfig]:
        """All configurations of a tenant, oldest first."""
        rows = self._connection.execute(
            "SELECT id, tenant_id, document, modified FROM fetch_file_configs WHERE tenant_id = ? ORDER BY id",
            (tenant_id,),
        )
        return [FetchFileConfig(*row) for row in rows]

    def get(self, tenant_id: int, config_id: int) -> FetchFileConfig | None:
        """The tenant's configuration with this number, or None."""
        row = self._connection.execute(
            "SELECT id, tenant_id, document, modified FROM fetch_file_configs WHERE tenant_id = ? AND id = ?",
            (tenant_id, config_id),
        ).fetchone()
        return None if row is None else FetchFileConfig(*row)

    def add(self, tenant_id: int, document: str, *, secret: str | None, now: int) -> int:
        """Add a configuration and return its number."""
        cursor = self._connection.execute(
            "INSERT INTO fetch_file_configs (tenant_id, document, secret, modified) VALUES (?, ?, ?, ?)",
            (tenant_id, document, secret, now),
        )
        return int(cursor.lastrowid or 0)

    def update(self, config_id: int, document: str, *, secret: str | None, now: int) -> None:
        """Replace what a configuration says; without a new secret it keeps the old one."""
        self._connection.execute(
            "UPDATE fetch_file_configs SET document = ?, secret = coalesce(?, secret), modified = ? WHERE id = ?",
            (document, secret, now, config_id),
        )

    def delete(self, tenant_id: int, config_id: int) -> bool:
        """Delete a configuration; False when the tenant has none with this number."""
        cursor = self._connection.execute(
            "DELETE FROM fetch_file_configs WHERE tenant_id = ? AND id = ?", (tenant_id, config_id)
        )
        return cursor.rowcount > 0

    def secret(self, config_id: int) -> str | None:
        """The password of a configuration, for whoever must log in with it; never for an answer or a log."""
        row = self._connection.execute("SELECT secret FROM fetch_file_configs WHERE id = ?", (config_id,)).fetchone()
        return None if row is None else row[0]
