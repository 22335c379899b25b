"""Export settings and their deliveries in the database.

What the settings say is kept as the JSON document it came in, without secrets; those have a column of their own and
leave the database only through `ExportSettingsStore.secret`.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

SCHEMA: Final = """
CREATE TABLE export_settings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (tenant_id, name)
);
CREATE TABLE export_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    settings_id INTEGER NOT NULL REFERENCES export_settings(id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    secret TEXT,
    UNIQUE (settings_id, kind, name)
);
"""

DeliveryKind = Literal["ftp", "s3", "gcs"]

_SELECT: Final = "SELECT id, tenant_id, name, document FROM export_settings WHERE tenant_id = ?"
_SELECT_DELIVERY: Final = "SELECT id, settings_id, kind, name, document FROM export_deliveries WHERE settings_id = ?"


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What is exported, under a name that is unique for its tenant; ``document`` is JSON."""

    id: int
    tenant_id: int
    name: str
    document: str


@dataclass(frozen=True, slots=True)
class ExportDelivery:
    """One place that an export is sent to; ``document`` is JSON and holds no secret."""

    id: int
    settings_id: int
    kind: DeliveryKind
    name: str
    document: str


class ExportSettingsStore:
    """Reads and writes export settings; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # -- settings -------------------------------------------------------------------------------------------------

    def every(self, tenant_id: int) -> list[ExportSettings]:
        """All settings of a tenant, oldest first."""
        rows = self._connection.execute(f"{_SELECT} ORDER BY id", (tenant_id,))
        return [ExportSettings(*row) for row in rows]

    def get(self, tenant_id: int, settings_id: int) -> ExportSettings | None:
        """The tenant's settings with this number, or None."""
        return self._first(f"{_SELECT} AND id = ?", (tenant_id, settings_id))

    def named(self, tenant_id: int, name: str) -> ExportSettings | None:
        """The tenant's settings with this exact name, or None."""
        return self._first(f"{_SELECT} AND name = ?", (tenant_id, name))

    def add(self, tenant_id: int, name: str, document: str) -> int:
        """Add settings under a name that is free and return their number."""
        cursor = self._connection.execute(
            "INSERT INTO export_settings (tenant_id, name, document) VALUES (?, ?, ?)", (tenant_id, name, document)
        )
        return int(cursor.lastrowid or 0)

    def update(self, settings_id: int, name: str, document: str) -> None:
        """Replace what settings say; their deliveries stay."""
        self._connection.execute(
            "UPDATE export_settings SET name = ?, document = ? WHERE id = ?", (name, document, settings_id)
        )

    def delete(self, settings_id: int) -> None:
        """Delete settings and their deliveries."""
        self._connection.execute("DELETE FROM export_deliveries WHERE settings_id = ?", (settings_id,))
        self._connection.execute("DELETE FROM export_settings WHERE id = ?", (settings_id,))

    # -- deliveries -----------------------------------------------------------------------------------------------

    def deliveries(self, settings_id: int, kind: DeliveryKind | None = None) -> list[ExportDelivery]:
        """The deliveries of settings, oldest first, all or those of one kind."""
        rows = self._connection.execute(f"{_SELECT_DELIVERY} ORDER BY id", (settings_id,))
        return [ExportDelivery(*row) for row in rows if kind is None or row[2] == kind]

    def add_delivery(
        self, settings_id: int, kind: DeliveryKind, *, name: str, document: str, secret: str | None
    ) -> int:
        """Add a delivery under a name that is free for its kind and return its number."""
        cursor = self._connection.execute(
            "INSERT INTO export_deliveries (settings_id, kind, name, document, secret) VALUES (?, ?, ?, ?, ?)",
            (settings_id, kind, name, document, secret),
        )
        return int(cursor.lastrowid or 0)

    def update_delivery(self, delivery_id: int, *, name: str, document: str, secret: str | None) -> None:
        """Replace what a delivery says; without a new secret it keeps the old one."""
        self._connection.execute(
            "UPDATE export_deliveries SET name = ?, document = ?, secret = coalesce(?, secret) WHERE id = ?",
            (name, document, secret, delivery_id),
        )

    def delete_delivery(self, delivery_id: int) -> None:
        """Delete one delivery."""
        self._connection.execute("DELETE FROM export_deliveries WHERE id = ?", (delivery_id,))

    def secret(self, delivery_id: int) -> str | None:
        """The password of a delivery, for whoever must log in with it; never for an answer or a log."""
        row = self._connection.execute("SELECT secret FROM export_deliveries WHERE id = ?", (delivery_id,)).fetchone()
        return None if row is None else row[0]

    def _first(self, query: str, values: Sequence[Any]) -> ExportSettings | None:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else ExportSettings(*row)
