"""What is to be deleted: records as a Location Export names them, grouped by product (I-1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kibo_client.errors import TargetError

Locations = frozenset[str]


@dataclass(frozen=True, slots=True, order=True)
class Product:
    """A product by the identifiers that are known of it; None where one is not."""

    part_number: str | None
    upc: str | None
    sku: str | None

    def __str__(self) -> str:
        named = (("partNumber", self.part_number), ("upc", self.upc), ("sku", self.sku))
        return " ".join(f"{kind}={value}" for kind, value in named if value is not None)


@dataclass(frozen=True, slots=True)
class Target:
    """One record to delete: one row of a Location Export. At least one identifier must be given."""

    location_code: str
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None

    @property
    def product(self) -> Product:
        """The product of the record; an empty identifier counts as none."""
        return Product(self.part_number or None, self.upc or None, self.sku or None)


class Wanted(Mapping[Product, Locations]):
    """All targets, as the locations wanted of each product; equal sets of locations are one object."""

    __slots__ = ("_locations", "records")

    def __init__(self, targets: Iterable[Target]) -> None:
        gathered: dict[Product, set[str]] = {}
        for index, target in enumerate(targets):
            if not target.location_code:
                raise TargetError(index, "a location code is needed")
            product = target.product
            if product == Product(None, None, None):
                raise TargetError(index, "a part number, upc or sku is needed")
            gathered.setdefault(product, set()).add(target.location_code)
        interned: dict[Locations, Locations] = {}
        self._locations: dict[Product, Locations] = {}
        for product, locations in gathered.items():
            frozen = frozenset(locations)
            self._locations[product] = interned.setdefault(frozen, frozen)
        self.records = sum(map(len, self._locations.values()))

    def __getitem__(self, product: Product) -> Locations:
        return self._locations[product]

    def __iter__(self) -> Iterator[Product]:
        return iter(self._locations)

    def __len__(self) -> int:
        return len(self._locations)

    def __repr__(self) -> str:
        return f"<Wanted {self.records} records of {len(self)} products>"

    @property
    def all_locations(self) -> Locations:
        """Every location of any target."""
        return frozenset().union(*set(self._locations.values()))

    def targets(self) -> Iterator[Target]:
        """One row for each record, as they were given, duplicates left out."""
        for product, locations in self._locations.items():
            for location in sorted(locations):
                yield Target(location, product.part_number, product.upc, product.sku)
