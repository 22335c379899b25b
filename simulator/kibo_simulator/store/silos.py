"""How many workers of each kind a tenant was given, in the database."""

import sqlite3
from dataclasses import dataclass
from typing import Final

SCHEMA: Final = """
CREATE TABLE silo_configs (
    tenant_id INTEGER PRIMARY KEY REFERENCES tenants(id),
    batch_workers INTEGER NOT NULL,
    event_sender_workers INTEGER NOT NULL,
    non_batch_workers INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class SiloConfig:
    """Workers by kind; one of each is where a tenant starts."""

    batch_workers: int = 1
    event_sender_workers: int = 1
    non_batch_workers: int = 1


class SiloStore:
    """Reads and writes silo configurations; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, tenant_id: int) -> SiloConfig:
        """What the tenant was given, or where it started."""
        row = self._connection.execute(
            "SELECT batch_workers, event_sender_workers, non_batch_workers FROM silo_configs WHERE tenant_id = ?",
            (tenant_id,),
        ).fetchone()
        return SiloConfig() if row is None else SiloConfig(*row)

    def put(self, tenant_id: int, config: SiloConfig) -> None:
        """Give a tenant these workers."""
        self._connection.execute(
            "INSERT OR REPLACE INTO silo_configs VALUES (?, ?, ?, ?)",
            (tenant_id, config.batch_workers, config.event_sender_workers, config.non_batch_workers),
        )
