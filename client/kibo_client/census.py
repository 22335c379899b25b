"""Counts a list of targets in one pass and little memory: products, locations, records, groups, odd identifiers (I-6).

Theory. A record is kept as one integer: 64 bits that stand for its product, and the number of its location below them.
Sorted, duplicates lie side by side, and so do the locations of a product. 64 bits of a keyed hash confuse two of a
million products with a probability of 3 in 100,000,000, and then a count is off by one; nothing is ever deleted on
the strength of this count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from kibo_client.identifiers import Kind, is_plain
from kibo_client.targets import Target

MOST_EXAMPLES = 10
_LOCATION_BITS = 32
_LOCATION_MASK = (1 << _LOCATION_BITS) - 1
_HASH_BITS = 64
_HASH_MASK = (1 << _HASH_BITS) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What a list holds.

    Attributes:
        rows: Its rows.
        records: Distinct (product, location) pairs among them.
        products: Distinct products.
        locations: Distinct locations.
        groups: How many products share one set of locations, by the number of locations of the set.
        odd_values: How many products have an identifier with pattern characters in it.
        odd_examples: Some such identifiers.
        always_quoted: Products whose every identifier has pattern characters, so that a quoted one has to be sent.
        products_at: How many products are wanted at each location.
    """

    rows: int
    records: int
    products: int
    locations: int
    groups: tuple[tuple[int, int], ...]
    odd_values: int
    odd_examples: tuple[str, ...]
    always_quoted: int
    products_at: dict[str, int]

    @property
    def duplicates(self) -> int:
        """Rows that say nothing new."""
        return self.rows - self.records

    def full_requests(self, batch_size: int) -> int:
        """How many requests name every product once, whatever its locations."""
        return -(-self.products // batch_size)

    def exact_requests(self, batch_size: int) -> int:
        """How many requests it takes to name every product at its own locations only."""
        by_set = sum(-(-products // batch_size) for _, products in self.groups)
        by_location = sum(-(-products // batch_size) for products in self.products_at.values())
        return min(by_set, by_location)


def take_census(targets: Iterable[Target]) -> Census:
    """Count a list; it is read once, and about 50 bytes are kept of each row."""
    numbers: dict[str, int] = {}
    keys: list[int] = []
    odd = _OddIdentifiers()
    for target in targets:
        number = numbers.setdefault(target.location_code, len(numbers))
        product = (target.part_number, target.upc, target.sku)
        mark = hash(product) & _HASH_MASK
        keys.append(mark << _LOCATION_BITS | number)
        odd.look_at(target, mark)
    rows = len(keys)
    keys.sort()
    counts = _Counts()
    before = -1
    for key in keys:
        if key != before:
            counts.add(key >> _LOCATION_BITS, key & _LOCATION_MASK)
            before = key
    del keys
    counts.close()
    names = list(numbers)
    return Census(
        rows=rows,
        records=counts.records,
        products=counts.products,
        locations=len(names),
        groups=tuple(counts.groups()),
        odd_values=len(odd.products),
        odd_examples=tuple(odd.examples),
        always_quoted=len(odd.always),
        products_at={names[number]: count for number, count in counts.at.items()},
    )


class _Counts:
    """Folds sorted records into counts."""

    def __init__(self) -> None:
        self.records = 0
        self.products = 0
        self.at: Counter[int] = Counter()
        self._signatures: Counter[int] = Counter()
        self._product = -1
        self._signature = 0
        self._locations = 0

    def add(self, product: int, location: int) -> None:
        """The next record; a product's come one after another, by location."""
        if product != self._product:
            self.close()
            self._product = product
        # Locations come in order, so that equal sets give equal signatures.
        self._signature = hash((self._signature, location))
        self._locations += 1
        self.records += 1
        self.at[location] += 1

    def close(self) -> None:
        """The product is complete."""
        if self._locations:
            self.products += 1
            # The low bits tell the size of the set, so that one number says both.
            self._signatures[(self._signature & _HASH_MASK) << _LOCATION_BITS | self._locations] += 1
        self._signature = self._locations = 0

    def groups(self) -> Iterable[tuple[int, int]]:
        """For each set of locations: its size, and how many products have it; the largest groups first."""
        return sorted(
            ((signature & _LOCATION_MASK, products) for signature, products in self._signatures.items()),
            key=lambda group: (-group[1], group[0]),
        )


class _OddIdentifiers:
    """Notes identifiers that the API would read as patterns."""

    def __init__(self) -> None:
        self.products: set[int] = set()
        self.always: set[int] = set()
        self.examples: list[str] = []

    def look_at(self, target: Target, mark: int) -> None:
        """Note what is odd about a target's identifiers."""
        joined = f"{target.part_number or ''}{target.upc or ''}{target.sku or ''}"
        if is_plain(joined) or mark in self.products:
            return
        self.products.add(mark)
        given = [value for kind in Kind if (value := kind.of(target.product)) is not None]
        odd = [value for value in given if not is_plain(value)]
        if len(odd) == len(given):
            self.always.add(mark)
        self.examples += odd[: MOST_EXAMPLES - len(self.examples)]
