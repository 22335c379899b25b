"""What the jobs do to stock: refresh, adjust and delete at one location (I-2, J-6 to J-8, J-12)."""

from collections.abc import Generator, Iterable
from typing import Any

import msgspec

from kibo_simulator.stock.deletion_items import DeletionItems
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.quantities import Counters, adjusted, refreshed
from kibo_simulator.stock.variants import PLAIN, Variant
from kibo_simulator.store.future import FutureStore
from kibo_simulator.store.stock import StockStore


class QuantityItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item of a refresh (``quantity`` is absolute) or an adjust (it is added)."""

    quantity: int
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    safety_stock: int | None = None
    floor: int | None = None
    details: dict[str, Any] | None = None
    variant: Variant = PLAIN
    delivery_date: int | None = None
    external_id: str = ""

    @property
    def wanted(self) -> Wanted:
        """The identifiers of the item."""
        return Wanted(self.part_number, self.upc, self.sku)


class RefreshWork(msgspec.Struct, frozen=True, tag="refresh"):
    """Set quantities at a location."""

    items: tuple[QuantityItem, ...]
    zero_missing: bool = False


class AdjustWork(msgspec.Struct, frozen=True, tag="adjust"):
    """Add to quantities at a location."""

    items: tuple[QuantityItem, ...]


class DeleteWork(msgspec.Struct, frozen=True, tag="delete"):
    """Delete the records that the items match at the moment of running (J-7)."""

    items: DeletionItems
    patterns: bool = True


_ITEMS_BETWEEN_PAUSES = 64


class StockWorker:
    """Carries out the work of jobs; every method is one step of a caller's transaction."""

    __slots__ = ("_future", "_stock")

    def __init__(self, stock: StockStore, future: FutureStore) -> None:
        self._stock = stock
        self._future = future

    def applying(
        self, tenant_id: int, location_id: int, work: RefreshWork | AdjustWork, now: int
    ) -> Generator[None, None, None]:
        """Refresh or adjust at one location, in steps; items with a delivery date go to future inventory (I-2)."""
        adding = isinstance(work, AdjustWork)
        zero_missing = isinstance(work, RefreshWork) and work.zero_missing
        yield from self.applying_items(
            tenant_id, location_id, work.items, now, adding=adding, zero_missing=zero_missing
        )

    def applying_items(
        self,
        tenant_id: int,
        location_id: int,
        items: Iterable[QuantityItem],
        now: int,
        *,
        adding: bool,
        zero_missing: bool = False,
        floor_at_zero: bool = False,
    ) -> Generator[None, None, None]:
        """The same for any number of items; an item is in stock by the time the next one is asked for.

        With ``floor_at_zero`` a result below 0 becomes 0.
        """
        named: set[tuple[int, int]] = set()
        for count, item in enumerate(items, 1):
            if not count % _ITEMS_BETWEEN_PAUSES:
                yield
            product_id = self._stock.product_for_write(tenant_id, item.wanted)
            variant_id = self._stock.variant_for_write(product_id, item.variant)
            if zero_missing:
                named.add((product_id, variant_id))
            place = (location_id, product_id, variant_id)
            if item.delivery_date is not None:
                self._expect(place, item, item.delivery_date, "ADJUST" if adding else "REFRESH", now)
            else:
                self._write(place, item, now, adding=adding, floor_at_zero=floor_at_zero)
        if zero_missing:
            self._zero_others(location_id, named, now)

    def _expect(self, place: tuple[int, int, int], item: QuantityItem, date: int, kind: str, now: int) -> None:
        self._future.write(
            place, delivery_date=date, external_id=item.external_id, quantity=item.quantity, kind=kind, now=now
        )
        if self._stock.record(*place) is None:
            # What is expected shows in look-ups, so there must be a row for it to show in.
            self._stock.put(*place, Counters(), 0, {}, now)

    def _write(
        self, place: tuple[int, int, int], item: QuantityItem, now: int, *, adding: bool, floor_at_zero: bool
    ) -> None:
        before = self._stock.kept(*place)
        counters, floor, details = before or (None, 0, {})
        after = adjusted(counters, item.quantity) if adding else refreshed(counters, item.quantity, item.safety_stock)
        if floor_at_zero and after.on_hand < 0:
            after = msgspec.structs.replace(after, on_hand=0)
        self._stock.put(*place, after, floor if item.floor is None else item.floor, details | (item.details or {}), now)

    def _zero_others(self, location_id: int, named: set[tuple[int, int]], now: int) -> None:
        for record in list(self._stock.at_location(location_id)):
            if (record.product_id, record.variant_id) not in named and record.on_hand:
                counters = refreshed(record.counters, 0, None)
                self._stock.put(
                    location_id, record.product_id, record.variant_id, counters, record.floor, record.details, now
                )
