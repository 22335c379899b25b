"""Finds out what a deletion would touch at this moment, for dry runs and for the jobs of live ones (J-2, J-3)."""

from collections.abc import Iterable
from dataclasses import dataclass

from kibo_simulator.steps import Steps
from kibo_simulator.stock.records import Location, RecordSet
from kibo_simulator.stock_work import DeleteWork
from kibo_simulator.store.stock import StockStore

# A pause costs a turn of the event loop, a step at most a few milliseconds.
_LOCATIONS_BETWEEN_PAUSES = 8
_RECORDS_BETWEEN_PAUSES = 1_000


@dataclass(frozen=True, slots=True)
class Affected:
    """A location in the scope of a deletion and how many matching records it holds (J-2)."""

    location: Location
    records: int


@dataclass(frozen=True, slots=True)
class DeletionScope:
    """What a deletion would touch at this moment: locations with counts, and the records meant (J-2, J-3)."""

    affected: tuple[Affected, ...]
    records_meant: RecordSet
    products: int

    @property
    def records(self) -> int:
        """How many records are in scope."""
        return sum(place.records for place in self.affected)


def deletion_scope(
    stock: StockStore, tenant_id: int, work: DeleteWork, locations: Iterable[Location]
) -> Steps[DeletionScope]:
    """Which of the locations hold a record that is meant at this moment, and how many (J-2, J-3).

    Pauses between locations, so that a caller may let others have the processor.
    """
    meant = yield from stock.meaning(tenant_id, work.items, patterns=work.patterns)
    affected: list[Affected] = []
    products = 0
    whole_reads = stock.whole_reads
    if meant:
        for index, location in enumerate(locations, 1):
            count, held = stock.summary_held(location.id, meant)
            if count:
                affected.append(Affected(location, count))
                products |= held
            if not index % _LOCATIONS_BETWEEN_PAUSES or stock.whole_reads != whole_reads:
                whole_reads = stock.whole_reads
                yield
    return DeletionScope(tuple(affected), meant, products.bit_count())


def records_in_scope(stock: StockStore, scope: DeletionScope) -> Steps[dict[int, list[tuple[Location, int]]]]:
    """For each product in scope the locations and variants of its records there; by product number (J-3).

    Pauses between locations.
    """
    places: dict[int, list[tuple[Location, int]]] = {}
    since_pause = 0
    for place in scope.affected:
        for product_id, variant_id in stock.held(place.location.id, scope.records_meant):
            places.setdefault(product_id, []).append((place.location, variant_id))
        since_pause += place.records
        if since_pause >= _RECORDS_BETWEEN_PAUSES:
            since_pause = 0
            yield
    return dict(sorted(places.items()))
