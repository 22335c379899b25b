"""Products and their variants in the database, and what identifiers match (I-1, I-6).

Products are interned once per tenant; stock refers to them by number.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import msgspec

from kibo_simulator.steps import Steps, finish
from kibo_simulator.stock.deletion_items import DeletionItems, Doomed
from kibo_simulator.stock.identifiers import IdentifierField, PatternSet, Wanted, is_pattern
from kibo_simulator.stock.presence import bits_of
from kibo_simulator.stock.records import ProductRow, RecordSet
from kibo_simulator.stock.variants import Variant, sorted_tags
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
_FIELDS: tuple[IdentifierField, ...] = ("part_number", "upc", "sku")
# Reading that many is a matter of 20 ms.
_MOST_REMEMBERED = 50_000
# The same without the position of the item, which costs as much as the look-up.
_EXACT_IDS = {field: text.replace("j.key, p.id", "p.id") for field, text in _EXACT.items()}


class ProductStore:
    """Reads and writes products and variants; every method is one step of a caller's transaction."""

    __slots__ = ("_database", "_identifiers", "_numbers", "_products_version")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._products_version = 0
        self._numbers: dict[tuple[int, IdentifierField], dict[str, tuple[int, ...]] | None] = {}
        self._identifiers: dict[int, tuple[str | None, str | None, str | None]] = {}
        database.on_rollback(self._numbers.clear)
        database.on_rollback(self._identifiers.clear)

    @property
    def products_version(self) -> int:
        """Grows whenever a product or variant is added: what was matched under one version holds while it stays."""
        return self._products_version

    def product_for_write(self, tenant_id: int, wanted: Wanted) -> int:
        """The product that a refresh or adjust item means, added when there is none yet.

        Identifiers are taken literally. Among several products that carry all of them, the one that carries no
        others is meant, else the oldest.
        """
        candidates = sorted(self._exactly(tenant_id, wanted))
        if not candidates:
            return self.add_product(tenant_id, wanted)
        if len(candidates) > 1:
            known = self.products(candidates)
            for number in candidates:
                product = known[number]
                if (product.part_number, product.upc, product.sku) == (wanted.part_number, wanted.upc, wanted.sku):
                    return number
        return candidates[0]

    def add_product(self, tenant_id: int, wanted: Wanted) -> int:
        """Add a product and return its number."""
        self._products_version += 1
        cursor = self._database.connection.execute(
            "INSERT INTO products (tenant_id, part_number, upc, sku) VALUES (?, ?, ?, ?)",
            (tenant_id, wanted.part_number, wanted.upc, wanted.sku),
        )
        number = int(cursor.lastrowid or 0)
        for field, text in wanted.named():
            numbers = self._numbers.get((tenant_id, field))
            if numbers is not None:
                numbers[text] = (*numbers.get(text, ()), number)
        return number

    def add_products(self, tenant_id: int, products: Iterable[Wanted]) -> range:
        """Add many products and return their numbers, in the same order."""
        (last,) = self._database.connection.execute("SELECT coalesce(max(id), 0) FROM products").fetchone()
        rows = [
            (number, tenant_id, product.part_number, product.upc, product.sku)
            for number, product in enumerate(products, last + 1)
        ]
        self._products_version += len(rows)
        self._forget_numbers(tenant_id)
        self._database.connection.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?)", rows)
        return range(last + 1, last + 1 + len(rows))

    def forget(self) -> None:
        """Read everything anew: rows were written past this store."""
        self._products_version += 1
        self._numbers.clear()
        self._identifiers.clear()

    def _forget_numbers(self, tenant_id: int) -> None:
        for key in [key for key in self._numbers if key[0] == tenant_id]:
            del self._numbers[key]

    def products(self, product_ids: Iterable[int]) -> dict[int, ProductRow]:
        """The identifiers of the given products."""
        rows = self._database.connection.execute(
            "SELECT p.id, p.part_number, p.upc, p.sku FROM json_each(?) j CROSS JOIN products p ON p.id = j.value",
            (json.dumps(list(product_ids)),),
        )
        return {row[0]: ProductRow(*row) for row in rows}

    def identifiers(self, product_id: int) -> tuple[str | None, str | None, str | None]:
        """Part number, UPC and SKU of a product that exists; they never change."""
        known = self._identifiers.get(product_id)
        if known is None:
            if len(self._identifiers) >= _MOST_REMEMBERED:
                self._identifiers.clear()
            execute = self._database.connection.execute
            found = execute("SELECT part_number, upc, sku FROM products WHERE id = ?", (product_id,)).fetchone()
            known = self._identifiers[product_id] = found
        return known

    def match(self, tenant_id: int, items: Sequence[Wanted], *, patterns: bool = True) -> list[set[int]]:
        """For each item the products that carry all the identifiers it names (I-1, I-6)."""
        if len(items) == 1 and not patterns:
            return [self._exactly(tenant_id, items[0])]
        return finish(self.matching(tenant_id, items, patterns=patterns))

    def _exactly(self, tenant_id: int, item: Wanted) -> set[int]:
        """The products that carry all identifiers of one item, taken literally."""
        found: set[int] | None = None
        for field, text in item.named():
            numbers = self._remembered(tenant_id, field)
            carrying = self._named(tenant_id, field, (text,)) if numbers is None else numbers.get(text, ())
            found = set(carrying) if found is None else found.intersection(carrying)
        return found or set()

    def matching(self, tenant_id: int, items: Sequence[Wanted], *, patterns: bool = True) -> Steps[list[set[int]]]:
        """The same in steps.

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
            found = self._found(tenant_id, field, [text for _, text in wanted])
            _narrow(matched, ((index, ids) for (index, _), ids in zip(wanted, found, strict=True)))
        for field, wanted in searched.items():
            hits = yield from PatternSet(sorted({text for _, text in wanted})).matching(
                self._database.connection.execute(_EVERY[field], (tenant_id,))
            )
            _narrow(matched, ((index, hits[text]) for index, text in wanted))
        return [ids or set() for ids in matched]

    def match_any(self, tenant_id: int, items: Sequence[Wanted], *, patterns: bool = True) -> set[int]:
        """The products that at least one item matches (I-1, I-6)."""
        return set[int]().union(*self.match(tenant_id, items, patterns=patterns))

    def meant(self, tenant_id: int, items: DeletionItems, *, patterns: bool = True) -> RecordSet:
        """Which records the items of a deletion mean at this moment (I-1, I-6, J-7)."""
        return finish(self.meaning(tenant_id, items, patterns=patterns))

    def meaning(self, tenant_id: int, items: DeletionItems, *, patterns: bool = True) -> Steps[RecordSet]:
        """The same in steps."""
        whole: set[int] = set()
        by_field: tuple[tuple[IdentifierField, tuple[str, ...]], ...] = (
            ("part_number", items.part_numbers),
            ("upc", items.upcs),
            ("sku", items.skus),
        )
        for field, texts in by_field:
            if texts:
                if (tenant_id, field) not in self._numbers:
                    self._numbers[tenant_id, field] = self._load_numbers(tenant_id, field)
                    yield
                whole.update(self._named(tenant_id, field, texts))
        pairs: set[tuple[int, int]] = set()
        if items.particular:
            matched = yield from self.matching(tenant_id, [item.wanted for item in items.particular], patterns=patterns)
            for item, products in zip(items.particular, matched, strict=True):
                if item.whole:
                    whole |= products
            for item, products in zip(items.particular, matched, strict=True):
                if not item.whole:
                    for product_id in products - whole:
                        pairs.update(self._variants_meant(product_id, item))
        numbers = sorted(whole)
        return RecordSet(bits_of(numbers), msgspec.json.encode(numbers).decode(), json.dumps(sorted(pairs)))

    def field_named(self, tenant_id: int, text: str) -> IdentifierField | None:
        """The first of part number, UPC and SKU in which any product carries exactly this text."""
        for field in _FIELDS:
            numbers = self._remembered(tenant_id, field)
            if numbers is not None:
                if text in numbers:
                    return field
            elif any(self._named(tenant_id, field, (text,))):
                return field
        return None

    def _named(self, tenant_id: int, field: IdentifierField, texts: Sequence[str]) -> Iterable[int]:
        """The products that carry one of the texts in this field."""
        numbers = self._remembered(tenant_id, field)
        if numbers is not None:
            return chain.from_iterable(filter(None, map(numbers.get, texts)))
        rows = self._database.connection.execute(_EXACT_IDS[field], (msgspec.json.encode(texts).decode(), tenant_id))
        return chain.from_iterable(rows)

    def _found(self, tenant_id: int, field: IdentifierField, texts: Sequence[str]) -> list[set[int]]:
        """For each of the texts the products that carry it in this field."""
        numbers = self._remembered(tenant_id, field)
        if numbers is not None:
            return [set(numbers.get(text, ())) for text in texts]
        found: list[set[int]] = [set() for _ in texts]
        for key, product_id in self._database.connection.execute(_EXACT[field], (json.dumps(texts), tenant_id)):
            found[key].add(product_id)
        return found

    def _remembered(self, tenant_id: int, field: IdentifierField) -> dict[str, tuple[int, ...]] | None:
        """The index of a field, loaded when it is first asked for; None for a tenant with too many products."""
        key = (tenant_id, field)
        if key not in self._numbers:
            self._numbers[key] = self._load_numbers(tenant_id, field)
        return self._numbers[key]

    def _load_numbers(self, tenant_id: int, field: IdentifierField) -> dict[str, tuple[int, ...]] | None:
        """Products by identifier; None for a tenant with so many that remembering them would cost too much."""
        numbers: dict[str, tuple[int, ...]] = {}
        for number, text in self._database.connection.execute(
            f"{_EVERY[field]} LIMIT {_MOST_REMEMBERED + 1}",
            (tenant_id,),
        ):
            numbers[text] = (*numbers.get(text, ()), number)
        return numbers if len(numbers) <= _MOST_REMEMBERED else None

    def _variants_meant(self, product_id: int, item: Doomed) -> Iterator[tuple[int, int]]:
        if item.variant.plain:
            yield product_id, 0
        for number, variant in self.variants(product_id):
            if item.variant.covers(variant) and not (item.without_granular and variant.granular):
                yield product_id, number

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


def _narrow(matched: list[set[int] | None], hits: Iterable[tuple[int, set[int]]]) -> None:
    """Keep, for each item, only the products that also carry this identifier."""
    for index, ids in hits:
        before = matched[index]
        matched[index] = ids if before is None else before & ids
