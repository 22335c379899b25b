"""The catalog in the database: documents as they came, under the keys they are found by."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from kibo_simulator.catalog.changes import Document
from kibo_simulator.catalog.prices import EntryKey
from kibo_simulator.steps import Steps, finish

SCHEMA: Final = """
CREATE TABLE catalog_products (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    code TEXT NOT NULL,
    upc TEXT,
    -- Absent for a product of which nothing is known but its code and UPC.
    document BLOB,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (tenant_id, code)
);
CREATE INDEX catalog_products_by_upc ON catalog_products (tenant_id, upc) WHERE upc IS NOT NULL;
CREATE TABLE price_lists (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    code TEXT NOT NULL,
    document BLOB NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (tenant_id, code)
);
CREATE TABLE price_list_entries (
    tenant_id INTEGER NOT NULL,
    price_list TEXT NOT NULL,
    product TEXT NOT NULL,
    currency TEXT NOT NULL,
    start INTEGER NOT NULL,
    document BLOB NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, price_list, product, currency, start)
) WITHOUT ROWID;
CREATE INDEX price_list_entries_by_product ON price_list_entries (tenant_id, product);
CREATE TABLE currencies (
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    code TEXT NOT NULL,
    document BLOB NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, code)
) WITHOUT ROWID;
-- Every tenant begins with US dollars, however it came to be.
CREATE TRIGGER currencies_begin AFTER INSERT ON tenants BEGIN
    INSERT OR IGNORE INTO currencies
    VALUES (new.id, 'USD', '{"decimalPlaces":2,"roundingStrategy":0,"currencyCode":"USD"}', 0, 0);
END;
"""

_PRODUCT: Final = "SELECT code, upc, document, sequence, created, updated FROM catalog_products WHERE tenant_id = ?1"
_OPERATORS: Final = {"eq": "code = ?2", "sw": "substr(code, 1, length(?2)) = ?2", "cont": "instr(code, ?2)"}

_ADOPTED_AT_ONCE: Final = 2_000


class Stored(Struct, frozen=True):
    """A document with the instants at which it was made and last changed, microseconds since the epoch."""

    document: Document
    created: int
    updated: int


def _stored(document: bytes, created: int, updated: int) -> Stored:
    return Stored(msgspec.json.decode(document, type=Document), created, updated)


def _product(code: str, upc: str | None, document: bytes | None, sequence: int, created: int, updated: int) -> Stored:
    if document is not None:
        return _stored(document, created, updated)
    known: Document = {
        "productCode": code,
        "productUsage": "Standard",
        "masterCatalogId": 1,
        "content": {"localeCode": "en-US", "productName": code},
        "productSequence": sequence,
    }
    return Stored(known | ({"upc": upc} if upc else {}), created, updated)


class CatalogStore:
    """Reads and writes the catalog; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # -- products -------------------------------------------------------------------------------------------------

    def product(self, tenant_id: int, code: str) -> Stored | None:
        """The product with this code, or None."""
        row = self._connection.execute(f"{_PRODUCT} AND code = ?2", (tenant_id, code)).fetchone()
        return None if row is None else _product(*row)

    def products(
        self,
        tenant_id: int,
        *,
        start: int,
        limit: int,
        operator: str | None = None,
        text: str = "",
        descending: bool = False,
    ) -> tuple[int, list[Stored]]:
        """How many products there are, and a page of them by code; all, or those whose code fits an operator."""
        where = f" AND {_OPERATORS[operator]}" if operator else ""
        order = "DESC" if descending else "ASC"
        (count,) = self._connection.execute(
            f"SELECT count(*) FROM catalog_products WHERE tenant_id = ?1{where}",  # noqa: S608  # fixed texts
            (tenant_id, text) if operator else (tenant_id,),
        ).fetchone()
        rows = self._connection.execute(
            f"{_PRODUCT}{where} ORDER BY code {order} LIMIT ?3 OFFSET ?4", (tenant_id, text, limit, start)
        )
        return int(count), [_product(*row) for row in rows]

    def next_sequence(self, table: str) -> int:
        """The number that the next new product or price list gets."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return 1 if row is None else int(row[0]) + 1

    def put_product(self, tenant_id: int, code: str, document: Document, now: int) -> None:
        """Store a product, new or in place of the one that is there."""
        upc = document.get("upc")
        self._connection.execute(
            "INSERT INTO catalog_products (tenant_id, code, upc, document, created, updated) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?5) "
            "ON CONFLICT (tenant_id, code) DO UPDATE SET upc = ?3, document = ?4, updated = ?5",
            (tenant_id, code, upc, msgspec.json.encode(document), now),
        )

    def delete_product(self, tenant_id: int, code: str) -> bool:
        """Delete a product and its prices; False when there is none."""
        self._connection.execute(
            "DELETE FROM price_list_entries WHERE tenant_id = ? AND product = ?", (tenant_id, code)
        )
        cursor = self._connection.execute(
            "DELETE FROM catalog_products WHERE tenant_id = ? AND code = ?", (tenant_id, code)
        )
        return cursor.rowcount > 0

    def adopt_inventory(self, tenant_id: int, now: int) -> None:
        """Take every product that inventory knows into the catalog, with nothing but its code and UPC."""
        finish(self.adopting_inventory(tenant_id, now))

    def adopting_inventory(self, tenant_id: int, now: int) -> Steps[None]:
        """The same in steps."""
        last: int | None = 0
        while last is not None:
            first = last
            (last,) = self._connection.execute(
                "SELECT max(id) FROM (SELECT id FROM products WHERE tenant_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3)",
                (tenant_id, first, _ADOPTED_AT_ONCE),
            ).fetchone()
            self._connection.execute(
                "INSERT OR IGNORE INTO catalog_products (tenant_id, code, upc, created, updated) "
                "SELECT tenant_id, coalesce(part_number, upc, sku), upc, ?2, ?2 FROM products "
                "WHERE tenant_id = ?1 AND id > ?3 AND id <= ?4 ORDER BY id",
                (tenant_id, now, first, first if last is None else last),
            )
            yield

    def date_all(self, now: int) -> None:
        """Let every product have come into the catalog at this instant."""
        self._connection.execute("UPDATE catalog_products SET created = ?1, updated = ?1", (now,))

    def unknown(self, tenant_id: int, items: list[tuple[str | None, str | None]]) -> Iterator[int]:
        """The places of the items, each a part number and a UPC, that the catalog has no product for."""
        rows = self._connection.execute(
            "SELECT j.key FROM json_each(?2) j WHERE NOT EXISTS ("
            " SELECT 1 FROM catalog_products WHERE tenant_id = ?1 AND code = j.value ->> 0"
            ") AND NOT EXISTS ("
            " SELECT 1 FROM catalog_products WHERE tenant_id = ?1 AND upc = j.value ->> 1)",
            (tenant_id, json.dumps(items)),
        )
        return (int(row[0]) for row in rows)

    # -- price lists and their entries ----------------------------------------------------------------------------

    def price_list(self, tenant_id: int, code: str) -> Stored | None:
        """The price list with this code, or None."""
        row = self._connection.execute(
            "SELECT document, created, updated FROM price_lists WHERE tenant_id = ? AND code = ?", (tenant_id, code)
        ).fetchone()
        return None if row is None else _stored(*row)

    def price_lists(self, tenant_id: int, *, start: int, limit: int) -> tuple[int, list[Stored]]:
        """How many price lists there are, and a page of them by code."""
        (count,) = self._connection.execute(
            "SELECT count(*) FROM price_lists WHERE tenant_id = ?", (tenant_id,)
        ).fetchone()
        rows = self._connection.execute(
            "SELECT document, created, updated FROM price_lists WHERE tenant_id = ? ORDER BY code LIMIT ? OFFSET ?",
            (tenant_id, limit, start),
        )
        return int(count), [_stored(*row) for row in rows]

    def put_price_list(self, tenant_id: int, code: str, document: Document, now: int) -> None:
        """Store a price list, new or in place of the one that is there."""
        self._connection.execute(
            "INSERT INTO price_lists (tenant_id, code, document, created, updated) VALUES (?1, ?2, ?3, ?4, ?4) "
            "ON CONFLICT (tenant_id, code) DO UPDATE SET document = ?3, updated = ?4",
            (tenant_id, code, msgspec.json.encode(document), now),
        )

    def delete_price_list(self, tenant_id: int, code: str) -> None:
        """Delete a price list with its entries."""
        self._connection.execute(
            "DELETE FROM price_list_entries WHERE tenant_id = ? AND price_list = ?", (tenant_id, code)
        )
        self._connection.execute("DELETE FROM price_lists WHERE tenant_id = ? AND code = ?", (tenant_id, code))

    def entry(self, tenant_id: int, key: EntryKey) -> Stored | None:
        """The entry with this key, or None."""
        row = self._connection.execute(
            "SELECT document, created, updated FROM price_list_entries "
            "WHERE tenant_id = ? AND price_list = ? AND product = ? AND currency = ? AND start = ?",
            (tenant_id, key.price_list, key.product, key.currency, key.start),
        ).fetchone()
        return None if row is None else _stored(*row)

    def entry_created(self, tenant_id: int, key: EntryKey) -> int | None:
        """When the entry with this key was made, or None when there is none."""
        row = self._connection.execute(
            "SELECT created FROM price_list_entries "
            "WHERE tenant_id = ? AND price_list = ? AND product = ? AND currency = ? AND start = ?",
            (tenant_id, key.price_list, key.product, key.currency, key.start),
        ).fetchone()
        return None if row is None else int(row[0])

    def missing_for(self, tenant_id: int, key: EntryKey) -> tuple[str, str] | None:
        """The first of price list, product and currency that an entry needs and that is not there: field and code."""
        found = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM price_lists WHERE tenant_id = ?1 AND code = ?2),"
            " EXISTS (SELECT 1 FROM catalog_products WHERE tenant_id = ?1 AND code = ?3),"
            " EXISTS (SELECT 1 FROM currencies WHERE tenant_id = ?1 AND code = ?4)",
            (tenant_id, key.price_list, key.product, key.currency),
        ).fetchone()
        named = (
            ("priceListCode", key.price_list),
            ("productCode", key.product),
            ("currencyCode", key.currency),
        )
        return next((each for each, there in zip(named, found, strict=True) if not there), None)

    def entries(self, tenant_id: int, price_list: str, *, start: int, limit: int) -> tuple[int, list[Stored]]:
        """How many entries a price list has, and a page of them by product, currency and start."""
        given = (tenant_id, price_list)
        (count,) = self._connection.execute(
            "SELECT count(*) FROM price_list_entries WHERE tenant_id = ? AND price_list = ?", given
        ).fetchone()
        rows = self._connection.execute(
            "SELECT document, created, updated FROM price_list_entries WHERE tenant_id = ? AND price_list = ? "
            "ORDER BY product, currency, start LIMIT ? OFFSET ?",
            (*given, limit, start),
        )
        return int(count), [_stored(*row) for row in rows]

    def put_entry(self, tenant_id: int, key: EntryKey, document: Document, now: int) -> None:
        """Store an entry, new or in place of the one that is there."""
        self._connection.execute(
            "INSERT INTO price_list_entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) "
            "ON CONFLICT DO UPDATE SET document = ?6, updated = ?7",
            (
                tenant_id,
                key.price_list,
                key.product,
                key.currency,
                key.start,
                msgspec.json.encode(document),
                now,
            ),
        )

    def delete_entry(self, tenant_id: int, key: EntryKey) -> bool:
        """Delete an entry; False when there is none."""
        cursor = self._connection.execute(
            "DELETE FROM price_list_entries "
            "WHERE tenant_id = ? AND price_list = ? AND product = ? AND currency = ? AND start = ?",
            (tenant_id, key.price_list, key.product, key.currency, key.start),
        )
        return cursor.rowcount > 0

    # -- currencies -----------------------------------------------------------------------------------------------

    def currency(self, tenant_id: int, code: str) -> Stored | None:
        """The currency with this code, or None."""
        row = self._connection.execute(
            "SELECT document, created, updated FROM currencies WHERE tenant_id = ? AND code = ?", (tenant_id, code)
        ).fetchone()
        return None if row is None else _stored(*row)

    def currencies(self, tenant_id: int) -> list[Stored]:
        """All currencies by code."""
        rows = self._connection.execute(
            "SELECT document, created, updated FROM currencies WHERE tenant_id = ? ORDER BY code", (tenant_id,)
        )
        return [_stored(*row) for row in rows]

    def put_currency(self, tenant_id: int, code: str, document: Document, now: int) -> None:
        """Store a currency, new or in place of the one that is there."""
        self._connection.execute(
            "INSERT INTO currencies VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO UPDATE SET document = ?3, updated = ?4",
            (tenant_id, code, msgspec.json.encode(document), now),
        )

    def delete_currency(self, tenant_id: int, code: str) -> None:
        """Delete a currency."""
        self._connection.execute("DELETE FROM currencies WHERE tenant_id = ? AND code = ?", (tenant_id, code))

    def currency_used(self, tenant_id: int, code: str) -> bool:
        """Whether any price is in this currency."""
        row = self._connection.execute(
            "SELECT 1 FROM price_list_entries WHERE tenant_id = ? AND currency = ? LIMIT 1", (tenant_id, code)
        ).fetchone()
        return row is not None
