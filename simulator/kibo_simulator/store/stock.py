"""Locations, products and stock records in the database (I-1 to I-3, I-6).

Products are interned once per tenant and stock refers to them by number, so that a record costs a few dozen bytes
and a list of identifiers is matched against products, never against records.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from kibo_simulator.stock.presence import Presence, bits_of
from kibo_simulator.stock.quantities import Counters
from kibo_simulator.stock.records import Location, RecordSet, StockRecord
from kibo_simulator.stock.variants import PLAIN, Variant, sorted_tags
from kibo_simulator.store.database import Database
from kibo_simulator.store.products import ProductStore
from kibo_simulator.timestamps import DAY

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

_ONE_RECORD = "WHERE s.location_id = ? AND s.product_id = ? AND s.variant_id = ?"
_VARIANT_RECORD = f"SELECT {_RECORD_COLUMNS} FROM stock s {_RECORD_JOINS} {_ONE_RECORD}"  # noqa: S608  # fixed texts
# Questions about one product at one location are by far the commonest: what is known already is not read again, and
# what only variants have is read where there are any.
_PRODUCT_RECORDS = (
    "SELECT on_hand, allocated, pending, safety_stock, floor, details, variant_id FROM stock "
    "WHERE location_id = ? AND product_id = ? ORDER BY variant_id"
)
_VARIANTS_HELD = (
    "SELECT v.id, v.tags, v.lot_code, v.condition, v.serial_number, v.date FROM stock s "
    "JOIN variants v ON v.id = s.variant_id WHERE s.location_id = ? AND s.product_id = ?"
)
_KEPT = f"SELECT s.on_hand, s.allocated, s.pending, s.safety_stock, s.floor, s.details FROM stock s {_ONE_RECORD}"  # noqa: S608
# As many records as the stores of a large retailer are asked for again and again take some 25 MB.
_MOST_READ = 50_000
# Reading the products of a location that holds this many is a matter of 25 ms.
_MOST_PRESENT = 100_000
_PRESENT = (
    "SELECT group_concat(product_id), count(*), max(variant_id) FROM "  # noqa: S608  # fixed text
    f"(SELECT product_id, variant_id FROM stock WHERE location_id = ? LIMIT {_MOST_PRESENT + 1})"
)


def _record(row: Sequence[Any]) -> StockRecord:
    details = json.loads(row[10]) if row[10] else {}
    if not row[13]:
        return StockRecord(*row[:10], details, row[11], row[12])  # type: ignore[call-arg]
    variant = Variant(sorted_tags(json.loads(row[14])), *row[15:])
    return StockRecord(*row[:10], details, row[11], row[12], row[13], variant)  # type: ignore[call-arg]


class StockStore(ProductStore):
    """Reads and writes locations, products and stock; every method is one step of a caller's transaction."""

    __slots__ = (
        "_locations", "_named_locations", "_numbered_locations", "_place_names", "_presence", "_read", "whole_reads",
    )  # fmt: skip

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._presence = Presence()
        self.whole_reads = 0
        """How often all products of a location were read: the sign of a step that took milliseconds."""
        self._locations: dict[int, list[Location]] = {}
        self._named_locations: dict[tuple[int, str], Location] = {}
        self._numbered_locations: dict[int, dict[int, Location]] = {}
        self._place_names: dict[int, tuple[str, str]] = {}
        # The records of one product at one location as they were last read; whoever writes any strikes them out.
        self._read: dict[tuple[int, int], list[StockRecord]] = {}
        database.on_rollback(self._presence.forget)
        database.on_rollback(self._forget_locations)
        database.on_write("locations", self._forget_locations)

    def forget(self) -> None:
        """Read everything anew: rows were written past this store."""
        super().forget()
        self._presence.forget()
        self._forget_locations()

    def _forget_locations(self) -> None:
        self._locations.clear()
        self._named_locations.clear()
        self._numbered_locations.clear()
        self._place_names.clear()
        self._read.clear()

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
        known = self._named_locations.get((tenant_id, code))
        if known is not None:
            return known
        row = self._database.connection.execute(
            "SELECT id, tenant_id, code, name, active FROM locations WHERE tenant_id = ? AND code = ?",
            (tenant_id, code),
        ).fetchone()
        if row is None:
            return None
        found = Location(row[0], row[1], row[2], row[3], bool(row[4]))
        self._named_locations[tenant_id, code] = found
        return found

    def locations(self, tenant_id: int) -> list[Location]:
        """All locations of a tenant, in order of their codes; do not change the list."""
        found = self._locations.get(tenant_id)
        if found is None:
            rows = self._database.connection.execute(
                "SELECT id, tenant_id, code, name, active FROM locations WHERE tenant_id = ? ORDER BY code",
                (tenant_id,),
            )
            found = self._locations[tenant_id] = [
                Location(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows
            ]
        return found

    def numbered_location(self, tenant_id: int, number: int) -> Location | None:
        """The tenant's location with this number, or None."""
        known = self._numbered_locations.get(tenant_id)
        if known is None:
            known = self._numbered_locations[tenant_id] = {each.id: each for each in self.locations(tenant_id)}
        return known.get(number)

    # -- records --------------------------------------------------------------------------------------------------

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
        if records.variants_json == "[]":
            held = self._present(location_id)
            if held is not None:
                return (held & records.products).bit_count()
        execute = self._database.connection.execute
        (count,) = execute(_HELD_WHOLE.format("count(*)"), (records.products_json, location_id)).fetchone()
        if records.variants_json != "[]":
            (more,) = execute(_HELD_SINGLE.format("count(*)"), (records.variants_json, location_id)).fetchone()
            count += more
        return int(count)

    def summary_held(self, location_id: int, records: RecordSet) -> tuple[int, int]:
        """How many of the records the location holds, and of which products, one bit each."""
        if records.variants_json == "[]":
            held = self._present(location_id)
            if held is not None:
                products = held & records.products
                return products.bit_count(), products
        found = self.held(location_id, records)
        return len(found), bits_of(product for product, _ in found)

    def _present(self, location_id: int) -> int | None:
        def load() -> list[int] | None:
            self.whole_reads += 1
            numbers, count, variant = self._database.connection.execute(_PRESENT, (location_id,)).fetchone()
            if count > _MOST_PRESENT or variant:
                return None
            # One text and one decoding cost a third of a row for each product.
            return msgspec.json.decode(f"[{numbers or ''}]", type=list[int])

        return self._presence.at(location_id, load)

    def delete(self, location_id: int, records: RecordSet) -> int:
        """Delete the records at the location; return how many there were."""
        execute = self._database.connection.execute
        count = execute(
            "DELETE FROM stock WHERE location_id = ?2 AND product_id IN (SELECT value FROM json_each(?1))",
            (records.products_json, location_id),
        ).rowcount
        self._presence.removed(location_id, records.products)
        self._read.clear()
        if records.variants_json != "[]":
            count += execute(
                "DELETE FROM stock WHERE location_id = ?2 AND (product_id, variant_id) IN "
                "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))",
                (records.variants_json, location_id),
            ).rowcount
            self._presence.forget(location_id)
        return count

    def record(self, location_id: int, product_id: int, variant_id: int = 0) -> StockRecord | None:
        """One record, or None."""
        if variant_id:
            execute = self._database.connection.execute
            row = execute(_VARIANT_RECORD, (location_id, product_id, variant_id)).fetchone()
            return None if row is None else _record(row)
        kept = self.kept(location_id, product_id, 0)
        if kept is None:
            return None
        counters, floor, details = kept
        return StockRecord(
            *self._named_place(location_id),
            *self.identifiers(product_id),
            counters.on_hand,
            counters.allocated,
            counters.pending,
            counters.safety_stock,
            floor,
            details,
            location_id,
            product_id,
        )

    def kept(self, location_id: int, product_id: int, variant_id: int) -> tuple[Counters, int, dict[str, Any]] | None:
        """What `put` wrote of a record: counters, floor and details; None when there is none."""
        row = self._database.connection.execute(_KEPT, (location_id, product_id, variant_id)).fetchone()
        if row is None:
            return None
        return Counters(row[0], row[1], row[2], row[3]), row[4], json.loads(row[5]) if row[5] else {}

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
        self._presence.added(location_id, product_id, variant_id)
        self._read.pop((location_id, product_id), None)
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
        self._read.pop((location_id, product_id), None)
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
        self._presence.added(location_id, product_id, variant_id)
        self._read.pop((location_id, product_id), None)
        self._database.connection.execute(
            "INSERT OR IGNORE INTO stock (location_id, product_id, variant_id, on_hand) VALUES (?, ?, ?, 0)",
            (location_id, product_id, variant_id),
        )

    def block(self, location_id: int, product_id: int, *, blocked: bool) -> int:
        """Block or unblock the assignment of a product at a location; return how many records that touched."""
        self._read.pop((location_id, product_id), None)
        cursor = self._database.connection.execute(
            "UPDATE stock SET details = json_set(coalesce(details, '{}'), '$.block_assignment', json(?)) "
            "WHERE location_id = ? AND product_id = ?",
            ("true" if blocked else "false", location_id, product_id),
        )
        return cursor.rowcount

    def put_plain(self, rows: Iterable[tuple[int, int, int, int, int]], now: int) -> None:
        """Write many plain records at once: location, product, on hand, safety stock, floor."""
        self._presence.forget()
        self._read.clear()
        self._database.connection.executemany(
            "INSERT OR REPLACE INTO stock (location_id, product_id, on_hand, safety_stock, floor, touched) "  # noqa: S608
            f"VALUES (?, ?, ?, ?, ?, {now // DAY:d})",
            rows,
        )

    def purge(self, location_id: int, before: int) -> int:
        """Delete the records of a location that nobody has written since day ``before``; return how many."""
        self._presence.forget(location_id)
        self._read.clear()
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
            wanted = sorted(product_ids)
            if len(wanted) == 1:
                return iter(self._of_product(location_id, wanted[0]))
            rows = self._database.connection.execute(
                f"SELECT {_RECORD_COLUMNS} FROM json_each(?1) j "  # noqa: S608  # fixed texts only
                f"CROSS JOIN stock s ON s.location_id = ?2 AND s.product_id = j.value {_RECORD_JOINS}",
                (json.dumps(wanted), location_id),
            )
        return map(_record, rows)

    def _of_product(self, location_id: int, product_id: int) -> list[StockRecord]:
        """The records of one product at a location; nobody may change what is in them."""
        place = (location_id, product_id)
        known = self._read.get(place)
        if known is None:
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            known = self._read[place] = self._read_product(location_id, product_id)
        return known

    def _read_product(self, location_id: int, product_id: int) -> list[StockRecord]:
        execute = self._database.connection.execute
        rows = execute(_PRODUCT_RECORDS, (location_id, product_id)).fetchall()
        if not rows:
            return []
        variants = {0: PLAIN}
        if rows[-1][6]:
            for number, tags, *granular in execute(_VARIANTS_HELD, (location_id, product_id)):
                variants[number] = Variant(sorted_tags(json.loads(tags)), *granular)
        names = (*self._named_place(location_id), *self.identifiers(product_id))
        return [
            StockRecord(
                *names,
                on_hand,
                allocated,
                pending,
                safety_stock,
                floor,
                json.loads(details) if details else {},
                location_id,
                product_id,
                variant_id,
                variants[variant_id],
            )
            for on_hand, allocated, pending, safety_stock, floor, details, variant_id in rows
        ]

    def _named_place(self, location_id: int) -> tuple[str, str]:
        """Code and name of a location that exists."""
        known = self._place_names.get(location_id)
        if known is None:
            row = self._database.connection.execute("SELECT code, name FROM locations WHERE id = ?", (location_id,))
            known = self._place_names[location_id] = row.fetchone()
        return known

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
