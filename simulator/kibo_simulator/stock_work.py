"""What the jobs do to stock: refresh, adjust and delete at one location (I-2, J-6 to J-8, J-12)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.quantities import adjusted, refreshed
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

    items: tuple[Wanted, ...]
    patterns: bool = True


Work = RefreshWork | AdjustWork | DeleteWork

_decoder: msgspec.msgpack.Decoder[Work] = msgspec.msgpack.Decoder(Work)


def encode_work(work: Work) -> bytes:
    """The work as it is stored with its jobs."""
    return msgspec.msgpack.encode(work)


def decode_work(body: bytes) -> Work:
    """What `encode_work` wrote."""
    return _decoder.decode(body)


def apply_refresh(stock: StockStore, tenant_id: int, location_id: int, work: RefreshWork) -> None:
    """Set on hand for each item, creating records that are missing (I-2)."""
    named: set[int] = set()
    for item in work.items:
        product_id = stock.product_for_write(tenant_id, item.wanted)
        named.add(product_id)
        before = stock.record(location_id, product_id)
        stock.put(
            location_id,
            product_id,
            refreshed(before.counters if before else None, item.quantity, item.safety_stock),
            (before.floor if before else 0) if item.floor is None else item.floor,
            (before.details if before else {}) | (item.details or {}),
        )
    if work.zero_missing:
        for record in list(stock.at_location(location_id)):
            if record.product_id not in named and record.on_hand:
                stock.put(
                    location_id,
                    record.product_id,
                    refreshed(record.counters, 0, None),
                    record.floor,
                    record.details,
                )


def apply_adjust(stock: StockStore, tenant_id: int, location_id: int, items: Sequence[QuantityItem]) -> None:
    """Add each item's quantity to on hand, creating records that are missing (I-2)."""
    for item in items:
        product_id = stock.product_for_write(tenant_id, item.wanted)
        before = stock.record(location_id, product_id)
        stock.put(
            location_id,
            product_id,
            adjusted(before.counters if before else None, item.quantity),
            before.floor if before else 0,
            (before.details if before else {}) | (item.details or {}),
        )
