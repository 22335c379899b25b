"""Which products go into which request: full batches first, narrower ones where a dry run asks for it (BA-2, BA-3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from kibo_client.identifiers import Identifier, IdentifierIndex, Kind, Pattern
from kibo_client.targets import Locations, Product, Wanted

RECOMMENDED_BATCH_SIZE = 500
LARGEST_BATCH_SIZE = 1000

Identity = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a request: an identifier, the wanted products it is meant for, and where they are wanted.

    `rank` says how many better identifiers have been tried in vain.
    """

    identifier: Identifier
    products: tuple[Product, ...]
    locations: Locations
    rank: int = 0

    @property
    def identity(self) -> Identity:
        """What of the item reaches the server."""
        return self.identifier.kind, self.identifier.pattern


@dataclass(frozen=True, slots=True)
class Batch:
    """The scope of one request: every item, at every location that any of them is wanted at.

    `exact` says that each item is wanted at each location, so that nothing lies in the scope by mixture alone.
    """

    items: tuple[Item, ...]
    locations: tuple[str, ...]
    exact: bool = False

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The items as a request lists them, each once: the server counts them from 0 when it names one."""
        return tuple(dict.fromkeys(item.identity for item in self.items))

    @property
    def pairs(self) -> int:
        """How many records the scope holds at most, if each product has one per location."""
        return sum(len(item.products) for item in self.items) * len(self.locations)


def first_items(wanted: Wanted, index: IdentifierIndex) -> list[Item]:
    """The best item for each product; products that share their best identifier share the item."""
    gathered: dict[Identifier, list[Product]] = {}
    for product in wanted:
        gathered.setdefault(index.candidates(product)[0], []).append(product)
    return [
        Item(identifier, tuple(products), _union(wanted[product] for product in products))
        for identifier, products in gathered.items()
    ]


def pattern_batch(pattern: Pattern, wanted: Wanted) -> Batch:
    """One item for all products that a pattern was found to match; its rank lets literal identifiers follow it."""
    return _batch((Item(pattern, tuple(wanted), wanted.all_locations, rank=-1),), exact=False)


def full_batches(items: Iterable[Item], size: int) -> list[Batch]:
    """Fill batches to the brim, with items of the same locations side by side."""
    by_locations = _by_locations(items)
    ordered = [item for locations in sorted(by_locations, key=sorted) for item in by_locations[locations]]
    return [_batch(chunk, exact=False) for chunk in _chunks(ordered, size)]


def exact_batches(items: Sequence[Item], size: int) -> list[Batch]:
    """Batches without mixture: by equal sets of locations, or location by location, whichever takes fewer requests."""
    by_set = _by_locations(items)
    by_location: dict[str, list[Item]] = {}
    for item in items:
        for location in item.locations:
            by_location.setdefault(location, []).append(item)
    if _requests(by_set.values(), size) <= _requests(by_location.values(), size):
        return [
            _batch(chunk, exact=True)
            for locations in sorted(by_set, key=sorted)
            for chunk in _chunks(by_set[locations], size)
        ]
    return [
        Batch(tuple(_at(item, frozenset((location,))) for item in chunk), (location,), exact=True)
        for location in sorted(by_location)
        for chunk in _chunks(by_location[location], size)
    ]


def halves(batch: Batch) -> list[Batch]:
    """Two batches for one: half the items each or, of a single item, half the locations; none if it is indivisible."""
    if len(batch.items) > 1:
        middle = len(batch.items) // 2
        return [_batch(part, exact=batch.exact) for part in (batch.items[:middle], batch.items[middle:])]
    if len(batch.locations) > 1:
        middle = len(batch.locations) // 2
        item = batch.items[0]
        parts = (frozenset(batch.locations[:middle]), frozenset(batch.locations[middle:]))
        return [
            _batch((_at(item, item.locations & part),), exact=batch.exact) for part in parts if item.locations & part
        ]
    return []


def restricted(batch: Batch, products: Iterable[Product], locations: Iterable[str]) -> Batch:
    """The part of a batch that concerns these products at these locations, and no more (JB-5)."""
    kept, where = frozenset(products), frozenset(locations)
    items = tuple(
        _at(item, item.locations & where)
        for item in batch.items
        if not kept.isdisjoint(item.products) and item.locations & where
    )
    return _batch(items, exact=batch.exact)


def narrowed(batch: Batch, identities: Collection[Identity], locations: Iterable[str]) -> Batch:
    """A batch without these items and these locations; it may hold nothing any more."""
    where = frozenset(batch.locations).difference(locations)
    items = tuple(
        _at(item, item.locations & where)
        for item in batch.items
        if item.identity not in identities and item.locations & where
    )
    return _batch(items, exact=batch.exact)


def _at(item: Item, locations: Locations) -> Item:
    return Item(item.identifier, item.products, locations, item.rank)


def _batch(items: Sequence[Item], *, exact: bool) -> Batch:
    return Batch(tuple(items), tuple(sorted(_union(item.locations for item in items))), exact)


def _by_locations(items: Iterable[Item]) -> dict[Locations, list[Item]]:
    grouped: dict[Locations, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.locations, []).append(item)
    return grouped


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _requests(groups: Iterable[Sequence[Item]], size: int) -> int:
    return sum(-(-len(group) // size) for group in groups)


def _union(sets: Iterable[Locations]) -> Locations:
    distinct = set(sets)
    return next(iter(distinct)) if len(distinct) == 1 else frozenset().union(*distinct)
