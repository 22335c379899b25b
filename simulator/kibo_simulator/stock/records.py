"""Locations, products and inventory records as values (I-1, I-3)."""

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from kibo_simulator.stock.quantities import Counters, available
from kibo_simulator.stock.variants import PLAIN, Variant


class Location(Struct, frozen=True):
    """A place that holds stock; ``id`` is the database's number for it."""

    id: int
    tenant_id: int
    code: str
    name: str
    active: bool


class StockRecord(Struct, frozen=True):
    """One inventory record with the names of its location and product; quantities are whole units (I-1, I-3)."""

    location_code: str
    location_name: str
    part_number: str | None
    upc: str | None
    sku: str | None
    on_hand: int
    allocated: int
    pending: int
    safety_stock: int
    floor: int
    details: dict[str, Any]
    location_id: int
    product_id: int
    variant_id: int = 0
    variant: Variant = PLAIN

    @property
    def counters(self) -> Counters:
        """The counted part of the record."""
        return Counters(self.on_hand, self.allocated, self.pending, self.safety_stock)

    @property
    def available(self) -> int:
        """Units that may be promised, safety stock withheld (I-3)."""
        return available(self.counters)


def inventory_id(location_id: int, product_id: int, variant_id: int = 0) -> int:
    """A number for a record that is unique in the simulator and exact in a JavaScript number.

    A variant belongs to one product, so its number and the location's suffice; the highest bit tells the two kinds
    apart.
    """
    if variant_id:
        return (1 << 52) | (variant_id << 20) | location_id
    return (product_id << 20) | location_id


class ProductRow(Struct, frozen=True):
    """A product's number and its three identifiers."""

    id: int
    part_number: str | None
    upc: str | None
    sku: str | None


@dataclass(frozen=True, slots=True)
class RecordSet:
    """Which records a deletion means, whatever the location: whole products, and single variants of others.

    Products are one bit each in ``products``; both they and the pairs of product and variant number also stand as JSON
    arrays, as the database takes them.
    """

    products: int = 0
    products_json: str = "[]"
    variants_json: str = "[]"

    def __bool__(self) -> bool:
        return bool(self.products) or self.variants_json != "[]"


NO_RECORDS = RecordSet()
