"""Bins of locations and what lies in them, in the database."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

SCHEMA: Final = """
CREATE TABLE bins (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    location_id INTEGER NOT NULL REFERENCES locations(id),
    name TEXT NOT NULL,
    type_id INTEGER NOT NULL,
    status_id INTEGER NOT NULL,
    UNIQUE (location_id, name)
);
CREATE TABLE bin_stock (
    bin_id INTEGER NOT NULL REFERENCES bins(id),
    product_id INTEGER NOT NULL,
    variant_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (bin_id, product_id, variant_id)
) WITHOUT ROWID;
CREATE INDEX bin_stock_by_product ON bin_stock (product_id);
"""

_SELECT: Final = (
    "SELECT b.id, b.location_id, l.code, b.name, b.type_id, b.status_id "
    "FROM bins b JOIN locations l ON l.id = b.location_id"
)


@dataclass(frozen=True, slots=True)
class Bin:
    """A named place within a location, of one of the tenant-wide types and statuses."""

    id: int
    location_id: int
    location_code: str
    name: str
    type_id: int
    status_id: int


class BinStore:
    """Reads and writes bins; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, tenant_id: int, bin_id: int) -> Bin | None:
        """One bin of a tenant, or None."""
        return self._first(f"{_SELECT} WHERE b.id = ? AND l.tenant_id = ?", (bin_id, tenant_id))

    def named(self, location_id: int, name: str) -> Bin | None:
        """The bin of a location with this exact name, or None."""
        return self._first(f"{_SELECT} WHERE b.location_id = ? AND b.name = ?", (location_id, name))

    def search(
        self,
        tenant_id: int,
        *,
        location_id: int | None = None,
        term: str = "",
        product_ids: Iterable[int] | None = None,
        ascending: bool = True,
        limit: int,
        offset: int,
    ) -> tuple[list[Bin], int]:
        """One page of bins by name, and how many there are on all pages.

        Args:
            tenant_id: whose bins.
            location_id: only those of this location.
            term: only those whose names hold this text, whatever its case (of ASCII letters).
            product_ids: only those in which at least one of these products lies.
            ascending: in order of names, or against it.
            limit: how many at most.
            offset: how many to pass over first.
        """
        conditions = ["l.tenant_id = ?"]
        values: list[object] = [tenant_id]
        if location_id is not None:
            conditions.append("b.location_id = ?")
            values.append(location_id)
        if term:
            conditions.append("instr(lower(b.name), lower(?)) > 0")
            values.append(term)
        if product_ids is not None:
            conditions.append(
                "EXISTS (SELECT 1 FROM bin_stock s WHERE s.bin_id = b.id "
                "AND s.product_id IN (SELECT value FROM json_each(?)))"
            )
            values.append(json.dumps(list(product_ids)))
        where = f"WHERE {' AND '.join(conditions)}"
        order = "ASC" if ascending else "DESC"
        (count,) = self._connection.execute(
            f"SELECT count(*) FROM bins b JOIN locations l ON l.id = b.location_id {where}",  # noqa: S608  # fixed
            values,
        ).fetchone()
        rows = self._connection.execute(
            f"{_SELECT} {where} ORDER BY b.name {order}, b.id LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
        return [Bin(*row) for row in rows], int(count)

    def add(self, location_id: int, name: str, *, type_id: int, status_id: int) -> int:
        """Add a bin and return its number; the name must be free at the location."""
        cursor = self._connection.execute(
            "INSERT INTO bins (location_id, name, type_id, status_id) VALUES (?, ?, ?, ?)",
            (location_id, name, type_id, status_id),
        )
        return int(cursor.lastrowid or 0)

    def update(self, bin_id: int, *, type_id: int, status_id: int) -> None:
        """Set type and status of a bin."""
        self._connection.execute(
            "UPDATE bins SET type_id = ?, status_id = ? WHERE id = ?", (type_id, status_id, bin_id)
        )

    def delete(self, bin_id: int) -> None:
        """Delete a bin and the note of what lies in it; stock itself is not touched."""
        self._connection.execute("DELETE FROM bin_stock WHERE bin_id = ?", (bin_id,))
        self._connection.execute("DELETE FROM bins WHERE id = ?", (bin_id,))

    def contents(self, bin_id: int) -> list[tuple[int, int, int]]:
        """What lies in the bin: product, variant and how many units."""
        return self._connection.execute(
            "SELECT product_id, variant_id, quantity FROM bin_stock WHERE bin_id = ? ORDER BY product_id, variant_id",
            (bin_id,),
        ).fetchall()

    def quantity(self, bin_id: int, product_id: int, variant_id: int) -> int:
        """How many units of one record lie in the bin."""
        row = self._connection.execute(
            "SELECT quantity FROM bin_stock WHERE bin_id = ? AND product_id = ? AND variant_id = ?",
            (bin_id, product_id, variant_id),
        ).fetchone()
        return 0 if row is None else int(row[0])

    def put(self, bin_id: int, product_id: int, variant_id: int, quantity: int) -> None:
        """Set how many units of one record lie in the bin."""
        self._connection.execute(
            "INSERT OR REPLACE INTO bin_stock VALUES (?, ?, ?, ?)", (bin_id, product_id, variant_id, quantity)
        )

    def sweep(self, location_id: int) -> None:
        """Take out of the location's bins what it has no record of any more: for after a deletion."""
        self._connection.execute(
            "DELETE FROM bin_stock WHERE bin_id IN (SELECT id FROM bins WHERE location_id = ?1) "
            "AND NOT EXISTS (SELECT 1 FROM stock s WHERE s.location_id = ?1 "
            "AND s.product_id = bin_stock.product_id AND s.variant_id = bin_stock.variant_id)",
            (location_id,),
        )

    def _first(self, query: str, values: Sequence[Any]) -> Bin | None:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else Bin(*row)
