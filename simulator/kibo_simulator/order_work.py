"""What orders and carts do to stock: hold it, give it back, ship it, catch up with what is owed (I-4, I-5).

A request is carried out wholly or not at all: the first item that cannot be is reported, and nothing has changed.
"""

from collections.abc import Sequence

import msgspec

from kibo_simulator.stock.holding import allocate, cover, coverable, give_back, owe, ship
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.quantities import Counters
from kibo_simulator.stock.records import StockRecord
from kibo_simulator.stock.variants import PLAIN, Variant
from kibo_simulator.store.future import FutureRecord, FutureStore
from kibo_simulator.store.holds import EventType, Hold, HoldEvent, HoldStore
from kibo_simulator.store.stock import StockStore


class OrderItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item of an order's request; ``future_date`` in microseconds since the epoch."""

    location_id: int
    quantity: int
    order_id: int | None = None
    order_item_id: int | None = None
    shipment_id: int | None = None
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    cart_id: str = ""
    cart_item_id: str = ""
    variant: Variant = PLAIN
    future_date: int | None = None
    block_assignment: bool | None = None

    @property
    def wanted(self) -> Wanted:
        """The identifiers of the item."""
        return Wanted(self.part_number, self.upc, self.sku)


class AllocateWork(msgspec.Struct, frozen=True, tag="allocate"):
    """Hold stock for order or cart items."""

    items: tuple[OrderItem, ...]


class DeallocateWork(msgspec.Struct, frozen=True, tag="deallocate"):
    """Give held stock back."""

    items: tuple[OrderItem, ...]
    decrement_on_hand: bool = False


class FulfillWork(msgspec.Struct, frozen=True, tag="fulfill"):
    """Ship held stock."""

    items: tuple[OrderItem, ...]


OrderWork = AllocateWork | DeallocateWork | FulfillWork


class WorkFailedError(Exception):
    """Work that cannot be carried out; ``messages`` say why, and nothing has changed (J-8)."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


class OrderWorker:
    """Carries out the work of orders; every method is one step of a caller's transaction."""

    __slots__ = ("_future", "_holds", "_stock")

    def __init__(self, stock: StockStore, future: FutureStore, holds: HoldStore) -> None:
        self._stock = stock
        self._future = future
        self._holds = holds

    def apply(self, tenant_id: int, work: OrderWork, now: int) -> None:
        """Carry the work out.

        Raises:
            WorkFailedError: an item cannot be; the caller undoes the others.
        """
        for item in work.items:
            if isinstance(work, AllocateWork):
                self._allocate(tenant_id, item, now)
            elif isinstance(work, DeallocateWork):
                self._deallocate(tenant_id, item, now, decrement_on_hand=work.decrement_on_hand)
            else:
                self._fulfill(tenant_id, item, now)

    def transition(self, tenant_id: int, cart_id: str, order_id: int, items: Sequence[OrderItem]) -> int:
        """Make a cart's holds an order's; counters stay. Returns how many holds changed hands.

        Raises:
            WorkFailedError: a cart item holds nothing.
        """
        count = 0
        for item in items:
            holds = self._holds.of_cart_item(tenant_id, cart_id, item.cart_item_id)
            if not holds:
                raise WorkFailedError(f"ITEM_NOT_FOUND: cart {cart_id} holds nothing for item {item.cart_item_id}")
            for hold in holds:
                self._holds.hand_over(
                    hold.id,
                    order_id=order_id,
                    order_item_id=item.order_item_id or 0,
                    shipment_id=item.shipment_id or 0,
                )
                count += 1
        return count

    def sweep(self) -> int:
        """Turn pending units into allocated ones where stock has come to cover them, oldest hold first."""
        moved = 0
        for hold in self._holds.waiting():
            record = self._stock.record(hold.location_id, hold.product_id, hold.variant_id)
            quantity = 0 if record is None else min(hold.pending, coverable(record.counters))
            if record is not None and quantity:
                counters = cover(record.counters, quantity)
                self._stock.put_counters(hold.location_id, hold.product_id, hold.variant_id, counters)
                self._holds.put_counts(hold.id, allocated=hold.allocated + quantity, pending=hold.pending - quantity)
                moved += quantity
        return moved

    # -- one item -------------------------------------------------------------------------------------------------

    def _allocate(self, tenant_id: int, item: OrderItem, now: int) -> None:
        products = self._stock.match(tenant_id, [item.wanted], patterns=False)[0]
        if not products:
            raise WorkFailedError(f"ITEM_NOT_FOUND: no product is {_named(item)}")
        if item.future_date is not None:
            self._allocate_future(tenant_id, item, products, now)
            return
        left = item.quantity
        records = self._records(item, products)
        for record in records:
            if left:
                taken = allocate(record.counters, min(left, max(0, record.available)))
                if taken.allocated:
                    self._hold(tenant_id, item, record, taken.allocated, 0)
                    self._put(record, taken.counters)
                    left -= taken.allocated
        if left:
            # What no record covers is owed by the first one.
            record = self._fresh(records[0]) if records else self._created(item, min(products))
            self._hold(tenant_id, item, record, 0, left)
            self._put(record, owe(record.counters, left))
        self._note(tenant_id, item, min(products), "ALLOCATED", now)

    def _allocate_future(self, tenant_id: int, item: OrderItem, products: set[int], now: int) -> None:
        expected = self._future.at_location(item.location_id, products, before=item.future_date)
        left = item.quantity
        for each in expected:
            quantity = min(left, max(0, each.available))
            if quantity:
                self._hold_future(tenant_id, item, each, quantity)
                left -= quantity
        if left:
            raise WorkFailedError(
                f"only {item.quantity - left} of {item.quantity} of {_named(item)} are expected in time"
            )
        self._note(tenant_id, item, min(products), "ALLOCATED", now)

    def _hold_future(self, tenant_id: int, item: OrderItem, expected: FutureRecord, quantity: int) -> None:
        self._future.put_counts(expected.id, allocated=expected.allocated + quantity, pending=expected.pending)
        self._holds.add(
            Hold(
                0,
                tenant_id,
                expected.location_id,
                expected.product_id,
                expected.variant_id,
                expected.id,
                item.order_id,
                item.order_item_id,
                item.shipment_id,
                item.cart_id,
                item.cart_item_id,
                quantity,
                0,
            )
        )

    def _deallocate(self, tenant_id: int, item: OrderItem, now: int, *, decrement_on_hand: bool) -> None:
        left = item.quantity
        holds = self._held(tenant_id, item)
        # What is owed is given back before what is there, whichever hold it belongs to.
        pending: dict[int, int] = {}
        for hold in holds:
            pending[hold.id] = min(left, hold.pending)
            left -= pending[hold.id]
        for hold in holds:
            allocated = min(left, hold.allocated)
            if pending[hold.id] or allocated:
                self._release(hold, allocated, pending[hold.id], decrement_on_hand=decrement_on_hand)
                left -= allocated
        if left:
            raise WorkFailedError(f"only {item.quantity - left} of {item.quantity} of {_named(item)} are held")
        if item.block_assignment is not None:
            for hold in holds:
                self._stock.block(hold.location_id, hold.product_id, blocked=item.block_assignment)
        self._note(tenant_id, item, holds[0].product_id, "DEALLOCATED", now)

    def _release(self, hold: Hold, allocated: int, pending: int, *, decrement_on_hand: bool) -> None:
        self._holds.put_counts(hold.id, allocated=hold.allocated - allocated, pending=hold.pending - pending)
        if hold.future_id is not None:
            expected = self._future.get(hold.tenant_id, hold.future_id)
            if expected is not None:
                self._future.put_counts(expected.id, allocated=expected.allocated - allocated, pending=expected.pending)
            return
        record = self._stock.record(hold.location_id, hold.product_id, hold.variant_id)
        if record is not None:
            self._put(
                record,
                give_back(record.counters, allocated=allocated, pending=pending, decrement_on_hand=decrement_on_hand),
            )

    def _fulfill(self, tenant_id: int, item: OrderItem, now: int) -> None:
        left = item.quantity
        holds = [hold for hold in self._held(tenant_id, item) if hold.future_id is None]
        for hold in holds:
            quantity = min(left, hold.allocated)
            record = self._stock.record(hold.location_id, hold.product_id, hold.variant_id)
            if quantity and record is not None:
                self._holds.put_counts(hold.id, allocated=hold.allocated - quantity, pending=hold.pending)
                self._put(record, ship(record.counters, quantity))
                left -= quantity
        if left:
            raise WorkFailedError(f"only {item.quantity - left} of {item.quantity} of {_named(item)} are allocated")
        self._note(tenant_id, item, holds[0].product_id, "FULFILLED", now)

    # -- pieces ---------------------------------------------------------------------------------------------------

    def _held(self, tenant_id: int, item: OrderItem) -> list[Hold]:
        if item.order_item_id is not None:
            holds = self._holds.of_order_item(tenant_id, item.order_item_id)
        else:
            holds = self._holds.of_cart_item(tenant_id, item.cart_id, item.cart_item_id)
        if item.wanted.named():
            products = self._stock.match(tenant_id, [item.wanted], patterns=False)[0]
            holds = [hold for hold in holds if hold.product_id in products]
        return [hold for hold in holds if hold.location_id == item.location_id]

    def _records(self, item: OrderItem, products: set[int]) -> list[StockRecord]:
        """Records that can serve the item; those that expire earlier come first."""
        found = [
            record
            for record in self._stock.at_location(item.location_id, products)
            if item.variant.covers(record.variant)
        ]
        return sorted(found, key=lambda record: (record.variant.date or "~", record.product_id, record.variant_id))

    def _created(self, item: OrderItem, product_id: int) -> StockRecord:
        variant_id = self._stock.variant_for_write(product_id, item.variant)
        self._stock.add_empty(item.location_id, product_id, variant_id)
        record = self._stock.record(item.location_id, product_id, variant_id)
        assert record is not None
        return record

    def _fresh(self, record: StockRecord) -> StockRecord:
        fresh = self._stock.record(record.location_id, record.product_id, record.variant_id)
        assert fresh is not None
        return fresh

    def _put(self, record: StockRecord, counters: Counters) -> None:
        self._stock.put_counters(record.location_id, record.product_id, record.variant_id, counters)

    def _hold(self, tenant_id: int, item: OrderItem, record: StockRecord, allocated: int, pending: int) -> None:
        self._holds.add(
            Hold(
                0,
                tenant_id,
                record.location_id,
                record.product_id,
                record.variant_id,
                None,
                item.order_id,
                item.order_item_id,
                item.shipment_id,
                item.cart_id,
                item.cart_item_id,
                allocated,
                pending,
            )
        )

    def _note(self, tenant_id: int, item: OrderItem, product_id: int, kind: EventType, now: int) -> None:
        self._holds.note(
            tenant_id,
            HoldEvent(item.order_id, item.order_item_id, item.location_id, product_id, kind, item.quantity, now),
        )


def _named(item: OrderItem) -> str:
    told = {"part_number": "part number", "upc": "UPC", "sku": "SKU"}
    named = " ".join(f"{told[field]} {text!r}" for field, text in item.wanted.named())
    return named or f"order item {item.order_item_id}"
