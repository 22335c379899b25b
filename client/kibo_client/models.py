"""What goes over the wire in the library's calls, as typed values: names are Python's, spellings Kibo's (I-1 to I-4).

Unknown fields in answers are ignored, and fields that Kibo leaves out are None: real answers omit what is not set.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

import msgspec


class Sent(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A request. What is None is not sent; other defaults are: a dry run has to say that it is one."""

    def to_json(self) -> bytes:
        """The body as it goes over the wire."""
        return msgspec.json.encode(_told(msgspec.to_builtins(self)))


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _told(one) for name, one in value.items() if one is not None}
    return [_told(one) for one in value] if isinstance(value, list) else value


class _Received(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """An answer."""


# Looking up


class ItemQuantity(Sent, frozen=True):
    """A product to look up, and how many are wanted; one identifier is enough."""

    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    quantity: int | None = None
    tags: dict[str, str] | None = None


class RequestLocation(Sent, frozen=True):
    """Where to look: one location by its code, or around a place."""

    location_code: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    radius: int | None = None
    unit: Literal["MILES", "KM"] | None = None


class InventoryQuery(Sent, frozen=True):
    """POST inventory: many products in one call (C19), or, without items, one location page by page."""

    type: Literal["ALL", "PARTIAL", "ANY", "ALL_STORES"] = msgspec.field(default="ANY")
    items: list[ItemQuantity] | None = None
    request_location: RequestLocation | None = None
    location_whitelist: list[str] | None = None
    location_blacklist: list[str] | None = None
    limit: int | None = None
    page_size: int | None = None
    page_num: int | None = None
    ignore_safety_stock: bool | None = None
    include_negative_inventory: bool | None = None
    include_future_inventory: bool | None = None
    direct_ship: bool | None = None
    transfer_enabled: bool | None = None
    pickup: bool | None = None


class FutureInventory(_Received, frozen=True):
    """Stock that is expected."""

    future_inventory_id: int | None = msgspec.field(name="futureInventoryID", default=None)
    onhand: int = 0
    available: int = 0
    allocated: int = 0
    pending: int = 0
    delivery_date: str | None = None
    external_id: str | None = msgspec.field(name="externalID", default=None)


class TaggedInventory(_Received, frozen=True):
    """The part of a record that carries tags."""

    on_hand: int = 0
    available: int = 0
    allocated: int = 0
    pending: int = 0
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class InventoryRecord(_Received, frozen=True):
    """One product at one location. Storefronts go by `available`, not by `on_hand` (C21)."""

    location_code: str | None = None
    location_name: str | None = None
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    on_hand: int = 0
    available: int = 0
    allocated: int = 0
    pending: int = 0
    safety_stock: int | None = None
    floor: int | None = None
    ltd: float | None = None
    distance: float | None = None
    block_assignment: bool | None = None
    tagged_inventory: list[TaggedInventory] = msgspec.field(default_factory=list)
    future_inventory: list[FutureInventory] = msgspec.field(default_factory=list)


class AggregateQuery(Sent, frozen=True):
    """POST inventory/aggregate: sums over locations."""

    items: list[ItemQuantity]
    ignore_safety_stock: bool | None = None
    include_negative_inventory: bool | None = None


class AggregateRecord(_Received, frozen=True):
    """One product over all locations."""

    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    on_hand: int = 0
    available: int = 0


# Jobs


class Job(_Received, frozen=True):
    """A job of the queue; it has ended at SUCCESS or FAILED."""

    job_id: int = msgspec.field(name="jobID")
    status: str
    type: str | None = None
    location_code: str | None = None
    added: str | None = None
    started: str | None = None
    finished: str | None = None
    item_count: int | None = None
    messages: list[str] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status in {"SUCCESS", "COMPLETED", "FAILED"}


class JobStarted(_Received, frozen=True):
    """A call that made one job."""

    job_id: int = msgspec.field(name="jobID")


# Writing


class RefreshItem(Sent, frozen=True):
    """What one record is to be set to."""

    quantity: int
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    floor: int | None = None
    safety_stock: int | None = None
    ltd: float | None = msgspec.field(name="LTD", default=None)
    bin_id: int | None = msgspec.field(name="binID", default=None)
    tags: dict[str, str] | None = None
    delivery_date: str | None = None
    external_id: str | None = msgspec.field(name="externalID", default=None)


class AdjustItem(Sent, frozen=True):
    """What is to be added to one record."""

    quantity: int
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    bin_id: int | None = msgspec.field(name="binID", default=None)
    tags: dict[str, str] | None = None


class RefreshRequest(Sent, frozen=True):
    """Set quantities at one location."""

    location_code: str
    items: list[RefreshItem]


class AdjustRequest(Sent, frozen=True):
    """Add to quantities at one location."""

    location_code: str
    items: list[AdjustItem]


class SmartAnswer(_Received, frozen=True):
    """What a smart call did: at once ("sync"), or by a job ("async")."""

    method: str
    job_id: int | str | None = msgspec.field(name="jobID", default=None)


# Deleting


class DeletePreview(Sent, frozen=True):
    """POST inventory/delete as a dry run: what one identifier or pattern matches. It can never delete."""

    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    location_codes: list[str] | None = None
    all_locations: bool = False
    dry_run: Literal[True] = msgspec.field(default=True)
    explicit: Literal[True] = msgspec.field(default=True)

    def __post_init__(self) -> None:
        if self.dry_run is not True:
            raise ValueError("a preview is a dry run")


class ProductIdentifier(_Received, frozen=True):
    """How a product is named."""

    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None


class DeletedItem(_Received, frozen=True):
    """One product that would be deleted, and where."""

    item_identifier: ProductIdentifier | None = None
    location_codes: list[str] | None = None


class DeletionScope(_Received, frozen=True):
    """What a deletion would delete; totals are booleans in Kibo's published types."""

    items_deleted: list[DeletedItem] | None = None
    total_inventory_entries_deleted: int | bool | None = None
    total_locations_affected: int | bool | None = None
    total_products_deleted: int | bool | None = None


# Orders


class OrderItem(Sent, frozen=True):
    """A quantity held for, given back by, or shipped with an item of an order."""

    quantity: int
    order_item_id: int = msgspec.field(name="orderItemID")
    order_id: int = msgspec.field(name="orderID")
    shipment_id: int = msgspec.field(name="shipmentID")
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    cart_id: str | None = msgspec.field(name="cartID", default=None)
    cart_item_id: str | None = msgspec.field(name="cartItemID", default=None)
    tags: dict[str, str] | None = None


class OrderRequest(Sent, frozen=True):
    """Hold, give back or ship stock at a location."""

    location_code: str
    items: list[OrderItem]
    run_synchronous: bool | None = None
    decrement_on_hand_on_deallocate: bool | None = None


class ShipmentQuery(Sent, frozen=True):
    """Whose allocations are asked for."""

    shipment_ids: list[int] = msgspec.field(name="shipmentIDs")


# Locations, tags, bins


class Location(_Received, frozen=True):
    """A location that can hold stock."""

    location_code: str
    location_name: str | None = None
    active: bool | None = None
    direct_ship: bool | None = None
    pickup: bool | None = None
    transfer_enabled: bool | None = None
    postal_code: str | None = None
    country_code: str | None = None


class LocationGroup(_Received, frozen=True):
    """A group of locations."""

    location_group_code: str | None = None
    location_codes: list[str] = msgspec.field(default_factory=list)


class Bin(_Received, frozen=True):
    """A place inside a location."""

    bin_id: int | None = msgspec.field(name="binID", default=None)
    name: str | None = None
    location_code: str | None = None
    bin_type_id: int | None = msgspec.field(name="binTypeID", default=None)
    bin_status_id: int | None = msgspec.field(name="binStatusID", default=None)


class BinPage(_Received, frozen=True):
    """A page of bins."""

    bins: list[Bin] = msgspec.field(default_factory=list)
    result_count: int = 0


class NewBin(Sent, frozen=True):
    """A bin to be made."""

    name: str
    location_code: str | None = None
    bin_type_id: int | None = msgspec.field(name="binTypeID", default=None)
    bin_status_id: int | None = msgspec.field(name="binStatusID", default=None)


class BinMade(_Received, frozen=True):
    """The bin that was made."""

    bin_id: int = msgspec.field(name="binID")


class Deleted(_Received, frozen=True):
    """How many things were deleted, or whether."""

    deleted: int | bool


class Nothing(Enum):
    """Stands for the body of a call that has none."""

    BODY = "no body"
