"""Which stock answers a look-up, in which order and how much of it: the four query types over what locations hold.

The functions take what the locations hold as values; fetching it is somebody else's work.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

from kibo_simulator.stock.geography import Point
from kibo_simulator.stock.location_attributes import LocationAttributes
from kibo_simulator.stock.quantities import Counters, available
from kibo_simulator.stock.records import Location, StockRecord
from kibo_simulator.stock.variants import PLAIN, Variant

QueryType = Literal["ALL", "PARTIAL", "ANY", "ALL_STORES"]
SortKey = Literal["ON_HAND", "AVAILABLE", "ALLOCATED", "PART_NUMBER", "PRODUCT_ID"]


class Holding(Struct, frozen=True):
    """One product at one location: its records there, summed over tags and granular fields."""

    location: Location
    records: tuple[StockRecord, ...]
    ignore_safety_stock: bool = False

    @property
    def product_id(self) -> int:
        """The product's number."""
        return self.records[0].product_id

    @property
    def counters(self) -> Counters:
        """What the records count together."""
        if len(self.records) == 1:
            return self.records[0].counters
        return Counters(
            on_hand=sum([record.on_hand for record in self.records]),
            allocated=sum([record.allocated for record in self.records]),
            pending=sum([record.pending for record in self.records]),
            safety_stock=sum([record.safety_stock for record in self.records]),
        )

    @property
    def on_hand(self) -> int:
        """Units in the location's possession."""
        return self.counters.on_hand

    @property
    def allocated(self) -> int:
        """Units bought and not yet fulfilled."""
        return self.counters.allocated

    @property
    def available(self) -> int:
        """Units that may be promised: what is so of the records is so of their sum (I-3)."""
        return available(self.counters, ignore_safety_stock=self.ignore_safety_stock)


class Item(Struct, frozen=True):
    """One item of a look-up: the products it names, how much is needed, and which tags and granular fields."""

    products: frozenset[int]
    quantity: int = 0
    variant: Variant = PLAIN


class LocationFilter(Struct, frozen=True):
    """Which locations a look-up is about; what is None or empty does not matter."""

    white: frozenset[str] = frozenset()
    black: frozenset[str] = frozenset()
    flags: Mapping[str, bool] = field(default_factory=dict)
    centre: Point | None = None
    radius_km: float | None = None

    def admits(self, location: Location, attributes: LocationAttributes, distance_km: float | None) -> bool:
        """Whether the location is asked about; inactive ones never are."""
        return (
            location.active
            and (not self.white or location.code in self.white)
            and location.code not in self.black
            and all(getattr(attributes, name) == wanted for name, wanted in self.flags.items())
            and (self.radius_km is None or (distance_km is not None and distance_km <= self.radius_km))
        )


def holdings_of(
    location: Location, records: Iterable[StockRecord], *, variant: Variant = PLAIN, ignore_safety_stock: bool = False
) -> dict[int, Holding]:
    """What a location holds by product, of the records that agree with ``variant``."""
    gathered: dict[int, list[StockRecord]] = {}
    everything = variant.plain
    for record in records:
        if everything or variant.covers(record.variant):
            gathered.setdefault(record.product_id, []).append(record)
    return {product: Holding(location, tuple(found), ignore_safety_stock) for product, found in gathered.items()}


def answering(query_type: QueryType, items: Sequence[Item], held: Sequence[Mapping[int, Holding]]) -> list[Holding]:
    """The holdings of one location that belong in the answer; ``held`` is what each item finds there.

    ALL: the location has the full quantity of every item. PARTIAL: of at least one, and only those are returned. ANY
    and ALL_STORES: whatever of the items the location holds.
    """
    chosen: dict[tuple[int, Variant], Holding] = {}
    whatever = query_type in {"ANY", "ALL_STORES"}
    for item, found in zip(items, held, strict=True):
        satisfied = False
        for product in sorted(item.products):
            holding = found.get(product)
            if holding is not None and (whatever or holding.available >= item.quantity):
                satisfied = True
                chosen[product, item.variant] = holding
        if not satisfied and query_type == "ALL":
            return []
    return list(chosen.values())


def in_order(
    locations: Iterable[Location], priority: Sequence[str], distances: Mapping[int, float]
) -> tuple[list[Location], list[Location]]:
    """Locations named first, in the order of the names, and the others from near to far, then by code."""
    rank = {code: index for index, code in enumerate(priority)}
    first: list[Location] = []
    others: list[Location] = []
    for location in locations:
        (first if location.code in rank else others).append(location)
    first.sort(key=lambda location: rank[location.code])
    others.sort(key=lambda location: (distances.get(location.id, float("inf")), location.code))
    return first, others


def sort_holdings(holdings: list[Holding], key: SortKey, *, descending: bool) -> None:
    """Sort what one location holds, in place; ties keep the order of product numbers."""
    keys = {
        "ON_HAND": lambda holding: holding.on_hand,
        "AVAILABLE": lambda holding: holding.available,
        "ALLOCATED": lambda holding: holding.allocated,
        "PART_NUMBER": lambda holding: holding.records[0].part_number or "",
        "PRODUCT_ID": lambda holding: holding.product_id,
    }
    holdings.sort(key=keys[key], reverse=descending)
