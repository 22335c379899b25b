"""Future inventory in the database: what is expected at a location on a date."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

SCHEMA: Final = """
CREATE TABLE future_inventory (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    location_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    variant_id INTEGER NOT NULL,
    delivery_date INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    create_date INTEGER NOT NULL,
    on_hand INTEGER NOT NULL,
    allocated INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,
    UNIQUE (location_id, product_id, variant_id, delivery_date, external_id)
);
"""

# In the order of FutureRecord's fields.
_COLUMNS: Final = (
    "id, location_id, product_id, variant_id, delivery_date, external_id, kind, create_date, on_hand, allocated, "
    "pending"
)


@dataclass(frozen=True, slots=True)
class FutureRecord:
    """Stock expected at a location; instants in microseconds since the epoch, quantities in whole units."""

    id: int
    location_id: int
    product_id: int
    variant_id: int
    delivery_date: int
    external_id: str
    kind: str
    create_date: int
    on_hand: int
    allocated: int
    pending: int

    @property
    def available(self) -> int:
        """Units that may be promised from this delivery."""
        return self.on_hand - self.allocated - self.pending


class FutureStore:
    """Reads and writes future inventory; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(
        self,
        place: tuple[int, int, int],
        *,
        delivery_date: int,
        external_id: str,
        quantity: int,
        kind: str,
        now: int,
    ) -> None:
        """Set (REFRESH) or add to (ADJUST) what is expected of (location, product, variant) on a date."""
        update = "excluded.on_hand" if kind == "REFRESH" else "on_hand + excluded.on_hand"
        self._connection.execute(
            "INSERT INTO future_inventory (location_id, product_id, variant_id, delivery_date, external_id, kind, "  # noqa: S608
            "create_date, on_hand) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (location_id, product_id, variant_id, delivery_date, external_id) "
            f"DO UPDATE SET on_hand = {update}, kind = excluded.kind",
            (*place, delivery_date, external_id, kind, now, quantity),
        )

    def get(self, tenant_id: int, future_id: int) -> FutureRecord | None:
        """One record of a tenant, or None."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM future_inventory WHERE id = ? "  # noqa: S608  # fixed texts only
            "AND location_id IN (SELECT id FROM locations WHERE tenant_id = ?)",
            (future_id, tenant_id),
        ).fetchone()
        return None if row is None else FutureRecord(*row)

    def at_location(
        self, location_id: int, product_ids: Iterable[int], *, after: int | None = None, before: int | None = None
    ) -> list[FutureRecord]:
        """What is expected of the products at a location, by date; both ends of the span are included."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM future_inventory WHERE location_id = ? "  # noqa: S608  # fixed texts only
            "AND product_id IN (SELECT value FROM json_each(?)) AND delivery_date BETWEEN ? AND ? "
            "ORDER BY delivery_date, id",
            (location_id, json.dumps(list(product_ids)), after or 0, (1 << 62) if before is None else before),
        )
        return [FutureRecord(*row) for row in rows]

    def move(self, future_id: int, delivery_date: int) -> None:
        """Expect a record on another date."""
        self._connection.execute(
            "UPDATE future_inventory SET delivery_date = ? WHERE id = ?", (delivery_date, future_id)
        )

    def put_counts(self, future_id: int, *, allocated: int, pending: int) -> None:
        """Set what is promised of a record."""
        self._connection.execute(
            "UPDATE future_inventory SET allocated = ?, pending = ? WHERE id = ?", (allocated, pending, future_id)
        )

    def delete(self, future_ids: Sequence[int]) -> int:
        """Forget records; return how many there were."""
        cursor = self._connection.execute(
            "DELETE FROM future_inventory WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(future_ids)),)
        )
        return int(cursor.rowcount)
