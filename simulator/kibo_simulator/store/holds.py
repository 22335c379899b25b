"""Holds of orders and carts on stock, and what happened to them, in the database (I-4)."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

EventType = Literal["ALLOCATED", "DEALLOCATED", "FULFILLED", "DEALLOCATE_FULFILL"]

SCHEMA: Final = """
CREATE TABLE holds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    location_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    variant_id INTEGER NOT NULL,
    future_id INTEGER,
    order_id INTEGER,
    order_item_id INTEGER,
    shipment_id INTEGER,
    cart_id TEXT NOT NULL,
    cart_item_id TEXT NOT NULL,
    allocated INTEGER NOT NULL,
    pending INTEGER NOT NULL
);
CREATE INDEX holds_by_order_item ON holds (tenant_id, order_item_id);
CREATE INDEX holds_by_shipment ON holds (tenant_id, shipment_id);
CREATE INDEX holds_by_cart ON holds (tenant_id, cart_id, cart_item_id) WHERE cart_id <> '';
CREATE INDEX holds_by_location ON holds (location_id, product_id);
CREATE INDEX holds_pending ON holds (id) WHERE pending > 0;
CREATE TABLE hold_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    order_id INTEGER,
    order_item_id INTEGER,
    location_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX hold_events_by_order ON hold_events (tenant_id, order_id);
"""

# In the order of Hold's fields.
_COLUMNS: Final = (
    "id, tenant_id, location_id, product_id, variant_id, future_id, order_id, order_item_id, shipment_id, cart_id, "
    "cart_item_id, allocated, pending"
)


@dataclass(frozen=True, slots=True)
class Hold:
    """Units of one record that an order item or a cart item has taken; ``future_id`` when of a future delivery."""

    id: int
    tenant_id: int
    location_id: int
    product_id: int
    variant_id: int
    future_id: int | None
    order_id: int | None
    order_item_id: int | None
    shipment_id: int | None
    cart_id: str
    cart_item_id: str
    allocated: int
    pending: int


@dataclass(frozen=True, slots=True)
class HoldEvent:
    """Something that happened to an order item's hold; ``at`` in microseconds since the epoch."""

    order_id: int | None
    order_item_id: int | None
    location_id: int
    product_id: int
    kind: str
    quantity: int
    at: int


class HoldStore:
    """Reads and writes holds; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, hold: Hold) -> None:
        """Add a hold; its ``id`` is given by the database."""
        self._connection.execute(
            f"INSERT INTO holds ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # fixed
            (
                hold.tenant_id,
                hold.location_id,
                hold.product_id,
                hold.variant_id,
                hold.future_id,
                hold.order_id,
                hold.order_item_id,
                hold.shipment_id,
                hold.cart_id,
                hold.cart_item_id,
                hold.allocated,
                hold.pending,
            ),
        )

    def of_order_item(self, tenant_id: int, order_item_id: int) -> list[Hold]:
        """What an order item holds, oldest first."""
        return self._select("tenant_id = ? AND order_item_id = ?", tenant_id, order_item_id)

    def of_order(self, tenant_id: int, order_id: int) -> list[Hold]:
        """What all items of an order hold, oldest first."""
        return self._select("tenant_id = ? AND order_id = ?", tenant_id, order_id)

    def of_shipment(self, tenant_id: int, shipment_id: int) -> list[Hold]:
        """What a shipment holds, oldest first."""
        return self._select("tenant_id = ? AND shipment_id = ?", tenant_id, shipment_id)

    def of_cart_item(self, tenant_id: int, cart_id: str, cart_item_id: str) -> list[Hold]:
        """What a cart item holds, oldest first."""
        return self._select("tenant_id = ? AND cart_id = ? AND cart_item_id = ?", tenant_id, cart_id, cart_item_id)

    def waiting(self) -> list[Hold]:
        """Every hold on present stock with pending units, oldest first."""
        return self._select("pending > 0 AND future_id IS NULL")

    def any_waiting(self) -> bool:
        """Whether any hold on present stock has pending units."""
        row = self._connection.execute("SELECT 1 FROM holds WHERE pending > 0 AND future_id IS NULL LIMIT 1").fetchone()
        return row is not None

    def put_counts(self, hold_id: int, *, allocated: int, pending: int) -> None:
        """Set what a hold holds; one that holds nothing is forgotten."""
        if allocated or pending:
            self._connection.execute(
                "UPDATE holds SET allocated = ?, pending = ? WHERE id = ?", (allocated, pending, hold_id)
            )
        else:
            self._connection.execute("DELETE FROM holds WHERE id = ?", (hold_id,))

    def hand_over(self, hold_id: int, *, order_id: int, order_item_id: int, shipment_id: int) -> None:
        """Make a cart's hold an order's."""
        self._connection.execute(
            "UPDATE holds SET order_id = ?, order_item_id = ?, shipment_id = ?, cart_id = '', cart_item_id = '' "
            "WHERE id = ?",
            (order_id, order_item_id, shipment_id, hold_id),
        )

    def drop_orphans(self, location_id: int) -> None:
        """Forget holds at a location whose record is gone."""
        self._connection.execute(
            "DELETE FROM holds WHERE location_id = ? AND NOT EXISTS (SELECT 1 FROM stock s WHERE "
            "s.location_id = holds.location_id AND s.product_id = holds.product_id "
            "AND s.variant_id = holds.variant_id)",
            (location_id,),
        )

    def note(self, tenant_id: int, event: HoldEvent) -> None:
        """Write down what happened."""
        self._connection.execute(
            "INSERT INTO hold_events (tenant_id, order_id, order_item_id, location_id, product_id, kind, quantity, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                tenant_id,
                event.order_id,
                event.order_item_id,
                event.location_id,
                event.product_id,
                event.kind,
                event.quantity,
                event.at,
            ),
        )

    def events(self, tenant_id: int, order_id: int, product_ids: Iterable[int] | None = None) -> list[HoldEvent]:
        """What happened to an order's items, oldest first, for all products or some."""
        rows = self._connection.execute(
            "SELECT order_id, order_item_id, location_id, product_id, kind, quantity, at FROM hold_events "
            "WHERE tenant_id = ? AND order_id = ? AND (?3 IS NULL OR product_id IN (SELECT value FROM json_each(?3))) "
            "ORDER BY id",
            (tenant_id, order_id, None if product_ids is None else json.dumps(list(product_ids))),
        )
        return [HoldEvent(*row) for row in rows]

    def _select(self, condition: str, *values: object) -> list[Hold]:
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM holds WHERE {condition} ORDER BY id",  # noqa: S608  # fixed texts only
            values,
        )
        return [Hold(*row) for row in rows]
