"""Answers look-ups: fetches what locations hold and lets `stock.lookup` decide what of it belongs in the answer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from msgspec import Struct, field

from kibo_simulator.stock.geography import Point, distance_km, postal_point
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.location_attributes import LocationAttributes
from kibo_simulator.stock.lookup import (
    Holding,
    Item,
    LocationFilter,
    QueryType,
    SortKey,
    answering,
    holdings_of,
    in_order,
    sort_holdings,
)
from kibo_simulator.stock.records import Location, StockRecord
from kibo_simulator.stock.variants import PLAIN, Variant
from kibo_simulator.store.future import FutureRecord, FutureStore
from kibo_simulator.store.places import PlaceStore
from kibo_simulator.store.stock import StockStore

# In rows: some 30 µs each, an empty location as much as a few of them.
_WORK_BETWEEN_PAUSES = 300
_LOCATION_WEIGHT = 10


@dataclass(frozen=True, slots=True)
class Span:
    """A span of delivery dates, ends included, in microseconds since the epoch; None leaves an end open."""

    after: int | None = None
    before: int | None = None


class Query(Struct, frozen=True):
    """One look-up. ``limit`` is in rows; locations in ``priority`` come first and are exempt from it."""

    tenant_id: int
    type: QueryType
    items: Sequence[tuple[Wanted, int, Variant]]
    filter: LocationFilter = field(default_factory=LocationFilter)
    priority: Sequence[str] = ()
    location: Location | None = None
    ignore_safety_stock: bool = False
    include_negative: bool = False
    exclude_blocked: bool = False
    sort: SortKey | None = None
    descending: bool = False
    limit: int | None = None
    offset: int = 0
    future: Span | None = None
    include_negative_future: bool = False


class Row(Struct, frozen=True):
    """One row of an answer: a holding, what its location offers, what is expected of it, and how far away it is."""

    holding: Holding
    attributes: LocationAttributes
    future: tuple[FutureRecord, ...] = ()
    distance_km: float | None = None


class InventoryQuery:
    """Looks stock up in the database."""

    __slots__ = ("_future", "_places", "_stock")

    def __init__(self, stock: StockStore, places: PlaceStore, future: FutureStore) -> None:
        self._stock = stock
        self._places = places
        self._future = future

    def rows(self, query: Query) -> Iterator[Row | None]:
        """The rows of an answer, in order, cut to the page asked for; now and then None, where one may pause."""
        items = self._items(query)
        first, others, attributes, distances = self._locations(query)
        left = query.limit
        skip = query.offset
        pause = 0
        for number, location in enumerate((*first, *others), 1):
            exempt = number <= len(first)
            pause += _LOCATION_WEIGHT
            for holding in self._at(query, items, location):
                pause += 1
                if pause >= _WORK_BETWEEN_PAUSES:
                    pause = 0
                    yield None
                if skip:
                    skip -= 1
                    continue
                if not exempt and left is not None:
                    if not left:
                        return
                    left -= 1
                offers = attributes[location.id]
                yield Row(holding, offers, self._expected(query, holding), distances.get(location.id))
            if pause >= _WORK_BETWEEN_PAUSES:
                pause = 0
                yield None

    def point(self, tenant_id: int, postal_code: str) -> Point | None:
        """Where a postal code is: at a location of the tenant that has it, else by the bundled table."""
        locations = self._stock.locations(tenant_id)
        for attributes in self._places.attributes(location.id for location in locations).values():
            if attributes.postal_code == postal_code and (point := _point(attributes)) is not None:
                return point
        return postal_point(postal_code)

    def _items(self, query: Query) -> list[Item]:
        matched = self._stock.match(query.tenant_id, [wanted for wanted, _, _ in query.items], patterns=False)
        return [
            Item(frozenset(products), quantity, variant)
            for products, (_, quantity, variant) in zip(matched, query.items, strict=True)
        ]

    def _locations(
        self, query: Query
    ) -> tuple[list[Location], list[Location], dict[int, LocationAttributes], dict[int, float]]:
        if query.location is not None:
            return [], [query.location], {query.location.id: self._places.attributes_of(query.location.id)}, {}
        locations = self._stock.locations(query.tenant_id)
        attributes = self._places.attributes(location.id for location in locations)
        centre = query.filter.centre
        distances: dict[int, float] = {}
        if centre is not None:
            for location in locations:
                there = _point(attributes[location.id])
                if there is not None:
                    distances[location.id] = distance_km(centre, there)
        admitted = [
            location
            for location in locations
            if query.filter.admits(location, attributes[location.id], distances.get(location.id))
        ]
        first, others = in_order(admitted, query.priority, distances)
        return first, others, attributes, distances

    def _at(self, query: Query, items: Sequence[Item], location: Location) -> Iterable[Holding]:
        if not query.items and query.sort is None:
            # A whole location may be long: it is read as it is asked for.
            return self._whole(query, location)
        if not query.items:
            records = list(self._records(query, location, None))
            chosen = list(self._held(query, location, records, PLAIN).values())
        elif len(items) == 1:
            item = items[0]
            found = self._records(query, location, item.products)
            chosen = answering(query.type, items, [self._held(query, location, found, item.variant)])
        else:
            products = frozenset[int]().union(*[item.products for item in items])
            records = list(self._records(query, location, products))
            variants = {item.variant for item in items}
            by_variant = {variant: self._held(query, location, records, variant) for variant in variants}
            chosen = answering(query.type, items, [by_variant[item.variant] for item in items])
        if query.sort is not None:
            sort_holdings(chosen, query.sort, descending=query.descending)
        return chosen

    def _records(self, query: Query, location: Location, products: frozenset[int] | None) -> Iterator[StockRecord]:
        records = self._stock.at_location(location.id, products)
        if query.exclude_blocked:
            return (record for record in records if not record.details.get("block_assignment"))
        return records

    @staticmethod
    def _held(query: Query, location: Location, records: Iterable[StockRecord], variant: Variant) -> dict[int, Holding]:
        held = holdings_of(location, records, variant=variant, ignore_safety_stock=query.ignore_safety_stock)
        if query.include_negative:
            return held
        return {product: holding for product, holding in held.items() if holding.available >= 0}

    def _whole(self, query: Query, location: Location) -> Iterator[Holding]:
        records = self._records(query, location, None)
        for _, found in groupby(records, key=lambda record: record.product_id):
            holding = Holding(location, tuple(found), query.ignore_safety_stock)
            if query.include_negative or holding.available >= 0:
                yield holding

    def _expected(self, query: Query, holding: Holding) -> tuple[FutureRecord, ...]:
        if query.future is None:
            return ()
        variants = {record.variant_id for record in holding.records}
        return tuple(
            record
            for record in self._future.at_location(
                holding.location.id, [holding.product_id], after=query.future.after, before=query.future.before
            )
            if record.variant_id in variants and (query.include_negative_future or record.available >= 0)
        )


def _point(attributes: LocationAttributes) -> Point | None:
    if attributes.latitude is None or attributes.longitude is None:
        return None
    return attributes.latitude, attributes.longitude
