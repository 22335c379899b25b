"""What orders and carts send and receive."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from kibo_simulator.web.wire import LongText, ProductRef, Whole

OrderNumber = Annotated[int, Meta(ge=0, le=2**53)]
Quantity = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Key = Annotated[str, Meta(max_length=100)]


class AllocateItem(ProductRef, rename="camel", frozen=True, kw_only=True):
    """One item of allocate, deallocate and fulfill."""

    quantity: Quantity
    order_item_id: OrderNumber | None = field(name="orderItemID", default=None)
    order_id: OrderNumber | None = field(name="orderID", default=None)
    shipment_id: OrderNumber | None = field(name="shipmentID", default=None)
    location_id: Whole | None = field(name="locationID", default=None)
    location_code: str | None = None
    cart_id: Key | None = field(name="cartID", default=None)
    cart_item_id: Key | None = field(name="cartItemID", default=None)
    future_date: LongText = None
    block_assignment: bool | None = None


class AllocateRequest(Struct, rename="camel", frozen=True):
    """Body of ``POST inventory/allocate``, ``deallocate`` and ``fulfill``."""

    items: list[AllocateItem]
    location_code: str | None = None
    decrement_on_hand_on_deallocate: bool | None = None
    run_synchronous: bool | None = None


class TransitionItem(Struct, rename="camel", frozen=True):
    """One item of a cart that becomes an order's."""

    order_item_id: OrderNumber = field(name="orderItemID")
    cart_item_id: Key = field(name="cartItemID")
    shipment_id: OrderNumber = field(name="shipmentID")


class TransitionRequest(Struct, rename="camel", frozen=True):
    """Body of ``POST inventory/transitionCart``."""

    cart_id: Key = field(name="cartID")
    order_id: OrderNumber = field(name="orderID")
    items: list[TransitionItem]


class BlockItem(ProductRef, rename="camel", frozen=True, kw_only=True):
    """One product whose assignment is blocked or unblocked."""

    block_assignment: bool


class BlockRequest(Struct, rename="camel", frozen=True):
    """Body of ``POST inventory/blockAssignment``."""

    items: list[BlockItem]
    location_code: str | None = None


class OrderItemRequest(Struct, rename="camel", frozen=True):
    """Body of ``POST inventory/getOrderItemInformation``."""

    order_id: OrderNumber = field(name="orderID")
    items: list[ProductRef] | None = None


class ShipmentsRequest(Struct, rename="camel", frozen=True):
    """Body of ``POST inventory/shipmentInventoryAllocations``."""

    shipment_ids: Annotated[list[OrderNumber], Meta(max_length=1_000)] = field(name="shipmentIDs")


class FutureDateRequest(Struct, rename="camel", frozen=True):
    """Body of ``PUT adjustFutureDate/{id}``."""

    future_date: str


class DeleteFutureRequest(ProductRef, rename="camel", frozen=True):
    """Body of ``POST inventory/deleteFutureInventory``."""

    dry_run: bool | None = None
    explicit: bool | None = None
    location_codes: Annotated[list[str], Meta(max_length=100_000)] | None = None
    all_locations: bool | None = None
    future_start_date: str | None = None
    future_end_date: str | None = None
    external_ids: Annotated[list[str], Meta(max_length=10_000)] | None = field(name="externalIDs", default=None)


def done_body(count: int, *messages: str) -> dict[str, Any]:
    """``BaseResponse`` of something that succeeded."""
    return {"success": True, "messages": list(messages), "numResults": count}
