"""Locations, products and stock records in the database (I-1 to I-3, I-6).

Products are interned once per tenant and stock refers to them by number, so that a record costs a few dozen bytes
and a list of identifiers is matched against products, never against records.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kibo_simulator.stock.identifiers import IdentifierField, PatternSet, Wanted, is_pattern
from kibo_simulator.stock.quantities import Counters
from kibo_simulator.stock.records import Location, ProductRow, StockRecord
from kibo_simulator.store.database import Database

# Fixed texts per field: a column name never comes from outside.
_EXACT = {
    "part_number": "SELECT j.key, p.id FROM json_each(?1) j CROSS JOIN products p "
    "ON p.tenant_id = ?2 AND p.part_number = j.value",
    "upc": "SELECT j.key, p.id FROM json_each(?1) j CROSS JOIN products p ON p.tenant_id = ?2 AND p.upc = j.value",
    "sku": "SELECT j.key, p.id FROM json_each(?1) j CROSS JOIN products p ON p.tenant_id = ?2 AND p.sku = j.value",
}
_EVERY = {
    "part_number": "SELECT id, part_number FROM products WHERE tenant_id = ? AND part_number IS NOT NULL",
    "upc": "SELECT id, upc FROM products WHERE tenant_id = ? AND upc IS NOT NULL",
    "sku": "SELECT id, sku FROM products WHERE tenant_id = ? AND sku IS NOT NULL",
}
_RECORD_COLUMNS = (
    "l.code, l.name, p.part_number, p.upc, p.sku, s.on_hand, s.allocated, s.pending, s.safety_stock, s.floor, "
    "s.details, s.location_id, s.product_id"
)


def _record(row: Sequence[Any]) -> StockRecord:
    code, name, part_number, upc, sku, on_hand, allocated, pending, safety_stock, floor, details, place, product = row
    return StockRecord(
        location_code=code,
        location_name=name,
        part_number=part_number,
        upc=upc,
        sku=sku,
        on_hand=on_hand,
        allocated=allocated,
        pending=pending,
        safety_stock=safety_stock,
        floor=floor,
        details=json.loads(details) if details else {},
        location_id=place,
        product_id=product,
    )


class StockStore:
    """Reads and writes locations, products and stock; every method is one step of a caller's transaction."""

    __slots__ = ("_database", "_products_version")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._products_version = 0

    @property
    def products_version(self) -> int:
        """Grows whenever a product is added: what was matched under one version holds as long as it stays."""
        return self._products_version

    # -- locations ------------------------------------------------------------------------------------------------

    def add_location(self, tenant_id: int, code: str, name: str) -> int:
        """Add a location and return its number; one that exists already keeps its own."""
        existing = self.location(tenant_id, code)
        if existing is not None:
            return existing.id
        cursor = self._database.connection.execute(
            "INSERT INTO locations (tenant_id, code, name) VALUES (?, ?, ?)", (tenant_id, code, name)
        )
        return int(cursor.lastrowid or 0)

    def location(self, tenant_id: int, code: str) -> Location | None:
        """The location with this exact code, or None."""
        row = self._database.connection.execute(
            "SELECT id, tenant_id, code, name, active FROM locations WHERE tenant_id = ? AND code = ?",
            (tenant_id, code),
        ).fetchone()
        return None if row is None else Location(row[0], row[1], row[2], row[3], bool(row[4]))

    def locations(self, tenant_id: int) -> list[Location]:
        """All locations of a tenant, in order of their codes."""
        rows = self._database.connection.execute(
            "SELECT id, tenant_id, code, name, active FROM locations WHERE tenant_id = ? ORDER BY code",
            (tenant_id,),
        )
        return [Location(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]

    # -- products -------------------------------------------------------------------------------------------------

    def product_for_write(self, tenant_id: int, wanted: Wanted) -> int:
        """The product that a refresh or adjust item means, added when there is none yet.

        Identifiers are taken literally. Among several products that carry all of them, the one that carries no
        others is meant, else the oldest.
        """
        named = dict(wanted.named())
        field: IdentifierField = "upc" if wanted.upc is not None else next(iter(named))
        found = self._database.connection.execute(_EXACT[field], (json.dumps([named[field]]), tenant_id))
        candidates = [
            product
            for _, product in sorted(self.products(row[1] for row in found).items())
            if all(getattr(product, name) == text for name, text in named.items())
        ]
        for product in candidates:
            if (product.part_number, product.upc, product.sku) == (
                wanted.part_number,
                wanted.upc,
                wanted.sku,
            ):
                return product.id
        if candidates:
            return candidates[0].id
        return self.add_product(tenant_id, wanted)

    def add_product(self, tenant_id: int, wanted: Wanted) -> int:
        """Add a product and return its number."""
        self._products_version += 1
        cursor = self._database.connection.execute(
            "INSERT INTO products (tenant_id, part_number, upc, sku) VALUES (?, ?, ?, ?)",
            (tenant_id, wanted.part_number, wanted.upc, wanted.sku),
        )
        return int(cursor.lastrowid or 0)

    def products(self, product_ids: Iterable[int]) -> dict[int, ProductRow]:
        """The identifiers of the given products."""
        rows = self._database.connection.execute(
            "SELECT p.id, p.part_number, p.upc, p.sku FROM json_each(?) j CROSS JOIN products p ON p.id = j.value",
            (json.dumps(list(product_ids)),),
        )
        return {row[0]: ProductRow(*row) for row in rows}

    def match(self, tenant_id: int, items: Sequence[Wanted], *, patterns: bool = True) -> list[set[int]]:
        """For each item the products that carry all the identifiers it names (I-1, I-6).

        With ``patterns`` off, operators are ordinary characters.
        """
        matched: list[set[int] | None] = [None] * len(items)
        exact: dict[IdentifierField, list[tuple[int, str]]] = {}
        searched: dict[IdentifierField, list[tuple[int, str]]] = {}
        for index, item in enumerate(items):
            for field, text in item.named():
                wants = searched if patterns and is_pattern(text) else exact
                wants.setdefault(field, []).append((index, text))
        for field, wanted in exact.items():
            found: list[set[int]] = [set() for _ in wanted]
            for key, product_id in self._database.connection.execute(
                _EXACT[field], (json.dumps([text for _, text in wanted]), tenant_id)
            ):
                found[key].add(product_id)
            _narrow(matched, ((index, ids) for (index, _), ids in zip(wanted, found, strict=True)))
        for field, wanted in searched.items():
            hits = PatternSet(sorted({text for _, text in wanted})).matches(
                self._database.connection.execute(_EVERY[field], (tenant_id,))
            )
            _narrow(matched, ((index, hits[text]) for index, text in wanted))
        return [ids or set() for ids in matched]

    def match_any(self, tenant_id: int, items: Sequence[Wanted], *, patterns: bool = True) -> set[int]:
        """The products that at least one item matches: what a deletion needs to know (I-1, I-6).

        Items with one plain identifier, which are nearly all in practice, are looked up in one statement a field.
        """
        plain: dict[IdentifierField, list[str]] = {}
        others: list[Wanted] = []
        for item in items:
            named = item.named()
            if len(named) > 1 or (patterns and is_pattern(named[0][1])):
                others.append(item)
            else:
                plain.setdefault(named[0][0], []).append(named[0][1])
        products: set[int] = set()
        for field, texts in plain.items():
            products.update(
                product_id
                for _, product_id in self._database.connection.execute(_EXACT[field], (json.dumps(texts), tenant_id))
            )
        return products.union(*self.match(tenant_id, others, patterns=patterns)) if others else products

    # -- records --------------------------------------------------------------------------------------------------

    def held(self, location_id: int, products_json: str) -> list[int]:
        """Which of the products (a JSON array of numbers) have a record at the location."""
        return [
            row[0]
            for row in self._database.connection.execute(
                "SELECT s.product_id FROM json_each(?1) j CROSS JOIN stock s "
                "ON s.location_id = ?2 AND s.product_id = j.value",
                (products_json, location_id),
            )
        ]

    def count_held(self, location_id: int, products_json: str) -> int:
        """How many of the products (a JSON array of numbers) have a record at the location."""
        (count,) = self._database.connection.execute(
            "SELECT count(*) FROM json_each(?1) j CROSS JOIN stock s ON s.location_id = ?2 AND s.product_id = j.value",
            (products_json, location_id),
        ).fetchone()
        return int(count)

    def count_products_held(self, location_ids: Iterable[int], products_json: str) -> int:
        """How many of the products have a record at any of the locations."""
        (count,) = self._database.connection.execute(
            "SELECT count(*) FROM json_each(?1) j WHERE EXISTS (SELECT 1 FROM json_each(?2) l CROSS JOIN stock s "
            "ON s.location_id = l.value AND s.product_id = j.value)",
            (products_json, json.dumps(list(location_ids))),
        ).fetchone()
        return int(count)

    def delete(self, location_id: int, products_json: str) -> int:
        """Delete the records of the products at the location; return how many there were."""
        return self._database.connection.execute(
            "DELETE FROM stock WHERE location_id = ?2 AND product_id IN (SELECT value FROM json_each(?1))",
            (products_json, location_id),
        ).rowcount

    def record(self, location_id: int, product_id: int) -> StockRecord | None:
        """One record, or None."""
        row = self._database.connection.execute(
            f"SELECT {_RECORD_COLUMNS} FROM stock s JOIN products p ON p.id = s.product_id "  # noqa: S608  # fixed
            "JOIN locations l ON l.id = s.location_id WHERE s.location_id = ? AND s.product_id = ?",
            (location_id, product_id),
        ).fetchone()
        return None if row is None else _record(row)

    def put(self, location_id: int, product_id: int, counters: Counters, floor: int, details: dict[str, Any]) -> None:
        """Write one record, whether it exists or not."""
        self._database.connection.execute(
            "INSERT OR REPLACE INTO stock VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                location_id,
                product_id,
                counters.on_hand,
                counters.allocated,
                counters.pending,
                counters.safety_stock,
                floor,
                json.dumps(details, sort_keys=True) if details else None,
            ),
        )

    def put_plain(self, rows: Iterable[tuple[int, int, int, int, int, int, int, str | None]]) -> None:
        """Write many records at once: location, product, on hand, allocated, pending, safety stock, floor, details."""
        self._database.connection.executemany("INSERT OR REPLACE INTO stock VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def at_location(self, location_id: int, product_ids: Iterable[int] | None = None) -> Iterator[StockRecord]:
        """The records of a location in order of product number, all or only those of the given products."""
        if product_ids is None:
            rows = self._database.connection.execute(
                f"SELECT {_RECORD_COLUMNS} FROM stock s CROSS JOIN products p ON p.id = s.product_id "  # noqa: S608
                "CROSS JOIN locations l ON l.id = s.location_id WHERE s.location_id = ? ORDER BY s.product_id",
                (location_id,),
            )
        else:
            rows = self._database.connection.execute(
                f"SELECT {_RECORD_COLUMNS} FROM json_each(?1) j "  # noqa: S608  # fixed texts only
                "CROSS JOIN stock s ON s.location_id = ?2 AND s.product_id = j.value "
                "CROSS JOIN products p ON p.id = s.product_id CROSS JOIN locations l ON l.id = s.location_id",
                (json.dumps(sorted(product_ids)), location_id),
            )
        return (_record(row) for row in rows)

    def records(self, tenant_id: int) -> Iterator[StockRecord]:
        """All records of a tenant, in order of location code and product number."""
        for location in self.locations(tenant_id):
            yield from self.at_location(location.id)

    def count(self, tenant_id: int) -> int:
        """How many records a tenant has."""
        (count,) = self._database.connection.execute(
            "SELECT count(*) FROM stock WHERE location_id IN (SELECT id FROM locations WHERE tenant_id = ?)",
            (tenant_id,),
        ).fetchone()
        return int(count)


def _narrow(matched: list[set[int] | None], hits: Iterable[tuple[int, set[int]]]) -> None:
    """Keep, for each item, only the products that also carry this identifier."""
    for index, ids in hits:
        before = matched[index]
        matched[index] = ids if before is None else before & ids
