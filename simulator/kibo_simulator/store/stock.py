"""Locations, products and stock records in the database (I-1 to I-3, I-6).

Products are interned once per tenant and stock refers to them by number, so that a record costs a few dozen bytes
and a list of identifiers is matched against products, never against records.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kibo_simulator.stock.identifiers import Doomed, IdentifierField, PatternSet, Wanted, is_pattern
from kibo_simulator.stock.quantities import Counters
from kibo_simulator.stock.records import Location, ProductRow, RecordSet, StockRecord
from kibo_simulator.stock.variants import PLAIN, Variant, sorted_tags
from kibo_simulator.store.database import Database
from kibo_simulator.timestamps import DAY

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
_HELD_WHOLE = "SELECT {} FROM json_each(?1) j CROSS JOIN stock s ON s.location_id = ?2 AND s.product_id = j.value"
_HELD_SINGLE = (
    "SELECT {} FROM json_each(?1) j CROSS JOIN stock s ON s.location_id = ?2 "
    "AND s.product_id = json_extract(j.value, '$[0]') AND s.variant_id = json_extract(j.value, '$[1]')"
)
_RECORD_COLUMNS = (
    "l.code, l.name, p.part_number, p.upc, p.sku, s.on_hand, s.allocated, s.pending, s.safety_stock, s.floor, "
    "s.details, s.location_id, s.product_id, s.variant_id, v.tags, v.lot_code, v.condition, v.serial_number, v.date"
)
_RECORD_JOINS = (
    "CROSS JOIN products p ON p.id = s.product_id CROSS JOIN locations l ON l.id = s.location_id "
    "LEFT JOIN variants v ON v.id = s.variant_id"
)


def _record(row: Sequence[Any]) -> StockRecord:
    code, name, part_number, upc, sku, on_hand, allocated, pending, safety_stock, floor, details, place, product = row[
        :13
    ]
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
        variant_id=row[13],
        variant=Variant(sorted_tags(json.loads(row[14])), *row[15:]) if row[13] else PLAIN,
    )


class StockStore:
    """Reads and writes locations, products and stock; every method is one step of a caller's transaction."""

    __slots__ = ("_database", "_products_version")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._products_version = 0

    @property
    def products_version(self) -> int:
        """Grows whenever a product or variant is added: what was matched under one version holds while it stays."""
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

    def meant(self, tenant_id: int, items: Sequence[Doomed], *, patterns: bool = True) -> RecordSet:
        """Which records the items of a deletion mean at this moment (I-1, I-6, J-7)."""
        whole = self.match_any(tenant_id, [item.wanted for item in items if item.whole], patterns=patterns)
        narrowed = [item for item in items if not item.whole]
        pairs: set[tuple[int, int]] = set()
        if narrowed:
            matched = self.match(tenant_id, [item.wanted for item in narrowed], patterns=patterns)
            for item, products in zip(narrowed, matched, strict=True):
                for product_id in products - whole:
                    pairs.update(self._variants_meant(product_id, item))
        return RecordSet(json.dumps(sorted(whole)), json.dumps(sorted(pairs)))

    def _variants_meant(self, product_id: int, item: Doomed) -> Iterator[tuple[int, int]]:
        if item.variant.plain:
            yield product_id, 0
        for number, variant in self.variants(product_id):
            if item.variant.covers(variant) and not (item.without_granular and variant.granular):
                yield product_id, number

    def held(self, location_id: int, records: RecordSet) -> list[tuple[int, int]]:
        """Product and variant of each of the records that the location holds."""
        execute = self._database.connection.execute
        columns = "s.product_id, s.variant_id"
        found = execute(_HELD_WHOLE.format(columns), (records.products_json, location_id)).fetchall()
        if records.variants_json != "[]":
            found += execute(_HELD_SINGLE.format(columns), (records.variants_json, location_id)).fetchall()
        return found

    def count_held(self, location_id: int, records: RecordSet) -> int:
        """How many of the records the location holds."""
        execute = self._database.connection.execute
        (count,) = execute(_HELD_WHOLE.format("count(*)"), (records.products_json, location_id)).fetchone()
        if records.variants_json != "[]":
            (more,) = execute(_HELD_SINGLE.format("count(*)"), (records.variants_json, location_id)).fetchone()
            count += more
        return int(count)

    def count_products_held(self, location_ids: Iterable[int], records: RecordSet) -> int:
        """How many products have one of the records at any of the locations."""
        places = json.dumps(list(location_ids))
        execute = self._database.connection.execute
        (count,) = execute(
            "SELECT count(*) FROM json_each(?1) j WHERE EXISTS (SELECT 1 FROM json_each(?2) l CROSS JOIN stock s "
            "ON s.location_id = l.value AND s.product_id = j.value)",
            (records.products_json, places),
        ).fetchone()
        if records.variants_json != "[]":
            (more,) = execute(
                "SELECT count(DISTINCT s.product_id) FROM json_each(?2) l CROSS JOIN json_each(?1) j "
                "CROSS JOIN stock s ON s.location_id = l.value AND s.product_id = json_extract(j.value, '$[0]') "
                "AND s.variant_id = json_extract(j.value, '$[1]')",
                (records.variants_json, places),
            ).fetchone()
            count += more
        return int(count)

    def delete(self, location_id: int, records: RecordSet) -> int:
        """Delete the records at the location; return how many there were."""
        execute = self._database.connection.execute
        count = execute(
            "DELETE FROM stock WHERE location_id = ?2 AND product_id IN (SELECT value FROM json_each(?1))",
            (records.products_json, location_id),
        ).rowcount
        if records.variants_json != "[]":
            count += execute(
                "DELETE FROM stock WHERE location_id = ?2 AND (product_id, variant_id) IN "
                "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))",
                (records.variants_json, location_id),
            ).rowcount
        return count

    def record(self, location_id: int, product_id: int, variant_id: int = 0) -> StockRecord | None:
        """One record, or None."""
        row = self._database.connection.execute(
            f"SELECT {_RECORD_COLUMNS} FROM stock s {_RECORD_JOINS} "  # noqa: S608  # fixed texts only
            "WHERE s.location_id = ? AND s.product_id = ? AND s.variant_id = ?",
            (location_id, product_id, variant_id),
        ).fetchone()
        return None if row is None else _record(row)

    def put(
        self,
        location_id: int,
        product_id: int,
        variant_id: int,
        counters: Counters,
        floor: int,
        details: dict[str, Any],
        now: int,
    ) -> None:
        """Write one record, whether it exists or not; the day it was written is kept."""
        self._database.connection.execute(
            "INSERT OR REPLACE INTO stock VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                location_id,
                product_id,
                variant_id,
                counters.on_hand,
                counters.allocated,
                counters.pending,
                counters.safety_stock,
                floor,
                now // DAY,
                json.dumps(details, sort_keys=True) if details else None,
            ),
        )

    def put_counters(self, location_id: int, product_id: int, variant_id: int, counters: Counters) -> None:
        """Write the counters of a record that exists."""
        self._database.connection.execute(
            "UPDATE stock SET on_hand = ?, allocated = ?, pending = ?, safety_stock = ? "
            "WHERE location_id = ? AND product_id = ? AND variant_id = ?",
            (
                counters.on_hand,
                counters.allocated,
                counters.pending,
                counters.safety_stock,
                location_id,
                product_id,
                variant_id,
            ),
        )

    def add_empty(self, location_id: int, product_id: int, variant_id: int) -> None:
        """Add a record with nothing in it, unless there is one."""
        self._database.connection.execute(
            "INSERT OR IGNORE INTO stock (location_id, product_id, variant_id, on_hand) VALUES (?, ?, ?, 0)",
            (location_id, product_id, variant_id),
        )

    def block(self, location_id: int, product_id: int, *, blocked: bool) -> int:
        """Block or unblock the assignment of a product at a location; return how many records that touched."""
        cursor = self._database.connection.execute(
            "UPDATE stock SET details = json_set(coalesce(details, '{}'), '$.block_assignment', json(?)) "
            "WHERE location_id = ? AND product_id = ?",
            ("true" if blocked else "false", location_id, product_id),
        )
        return cursor.rowcount

    def put_plain(self, rows: Iterable[tuple[int, int, int, int, int]], now: int) -> None:
        """Write many plain records at once: location, product, on hand, safety stock, floor."""
        self._database.connection.executemany(
            "INSERT OR REPLACE INTO stock (location_id, product_id, on_hand, safety_stock, floor, touched) "  # noqa: S608
            f"VALUES (?, ?, ?, ?, ?, {now // DAY:d})",
            rows,
        )

    def purge(self, location_id: int, before: int) -> int:
        """Delete the records of a location that nobody has written since day ``before``; return how many."""
        return self._database.connection.execute(
            "DELETE FROM stock WHERE location_id = ? AND touched < ?", (location_id, before)
        ).rowcount

    def count_at(self, location_id: int) -> int:
        """How many records a location has."""
        (count,) = self._database.connection.execute(
            "SELECT count(*) FROM stock WHERE location_id = ?", (location_id,)
        ).fetchone()
        return int(count)

    def at_location(self, location_id: int, product_ids: Iterable[int] | None = None) -> Iterator[StockRecord]:
        """The records of a location in order of product number, all or only those of the given products."""
        if product_ids is None:
            rows = self._database.connection.execute(
                f"SELECT {_RECORD_COLUMNS} FROM stock s {_RECORD_JOINS} "  # noqa: S608  # fixed texts only
                "WHERE s.location_id = ? ORDER BY s.product_id, s.variant_id",
                (location_id,),
            )
        else:
            rows = self._database.connection.execute(
                f"SELECT {_RECORD_COLUMNS} FROM json_each(?1) j "  # noqa: S608  # fixed texts only
                f"CROSS JOIN stock s ON s.location_id = ?2 AND s.product_id = j.value {_RECORD_JOINS}",
                (json.dumps(sorted(product_ids)), location_id),
            )
        return (_record(row) for row in rows)

    # -- variants -------------------------------------------------------------------------------------------------

    def variants(self, product_id: int) -> list[tuple[int, Variant]]:
        """All variants of a product that have ever been written, with their numbers."""
        rows = self._database.connection.execute(
            "SELECT id, tags, lot_code, condition, serial_number, date FROM variants WHERE product_id = ? ORDER BY id",
            (product_id,),
        )
        return [(row[0], Variant(sorted_tags(json.loads(row[1])), *row[2:])) for row in rows]

    def variant_for_write(self, product_id: int, variant: Variant) -> int:
        """The number of a product's variant, added when there is none yet; 0 for the plain one."""
        if variant.plain:
            return 0
        values = (
            product_id,
            json.dumps(dict(variant.tags)),
            variant.lot_code,
            variant.condition,
            variant.serial_number,
            variant.date,
        )
        execute = self._database.connection.execute
        added = execute(
            "INSERT OR IGNORE INTO variants (product_id, tags, lot_code, condition, serial_number, date) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )
        self._products_version += added.rowcount
        (number,) = execute(
            "SELECT id FROM variants WHERE product_id = ? AND tags = ? AND lot_code = ? AND condition = ? "
            "AND serial_number = ? AND date = ?",
            values,
        ).fetchone()
        return int(number)

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
