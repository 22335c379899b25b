"""What orders and carts do to stock, and what became of it (I-4, I-5)."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from kibo_simulator.jobs import JobType
from kibo_simulator.order_work import (
    AllocateWork,
    DeallocateWork,
    FulfillWork,
    OrderItem,
    WorkFailedError,
)
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.records import Location
from kibo_simulator.store.holds import Hold, HoldEvent
from kibo_simulator.timestamps import InstantError, iso_milliseconds, parse_instant
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.lookup_routes import active_location
from kibo_simulator.web.operations import Answer, Call, Operation, inventory_paths
from kibo_simulator.web.order_wire import (
    AllocateItem,
    AllocateRequest,
    BlockRequest,
    OrderItemRequest,
    ShipmentsRequest,
    TransitionRequest,
    done_body,
)
from kibo_simulator.web.tagging import Tagging, variant_of
from kibo_simulator.web.wire import decode, identifiers_body, job_body

MOST_ITEMS = 1_000
_T = TypeVar("_T")

_allocate = msgspec.json.Decoder(AllocateRequest)
_transition = msgspec.json.Decoder(TransitionRequest)
_block = msgspec.json.Decoder(BlockRequest)
_information = msgspec.json.Decoder(OrderItemRequest)
_shipments = msgspec.json.Decoder(ShipmentsRequest)


def allocate(call: Call) -> Answer:
    """Hold stock for the items of an order or cart: by a job, or at once with ``runSynchronous``."""
    request = decode(_allocate, call.body)
    return _perform(call, request, "ALLOCATE", AllocateWork(tuple(_items(call, request, product_needed=True))))


def deallocate(call: Call) -> Answer:
    """Give held stock back."""
    request = decode(_allocate, call.body)
    items = tuple(_items(call, request, product_needed=False))
    return _perform(call, request, "DEALLOCATE", DeallocateWork(items, bool(request.decrement_on_hand_on_deallocate)))


def fulfill(call: Call) -> Answer:
    """Ship held stock."""
    request = decode(_allocate, call.body)
    return _perform(call, request, "FULFILL", FulfillWork(tuple(_items(call, request, product_needed=False))))


def transition_cart(call: Call) -> Answer:
    """Make a cart's holds an order's; counters stay as they are."""
    request = decode(_transition, call.body)
    call.summary["items"] = len(request.items)
    items = [
        OrderItem(0, 0, order_item_id=item.order_item_id, shipment_id=item.shipment_id, cart_item_id=item.cart_item_id)
        for item in _bounded(request.items)
    ]
    try:
        count = call.simulator.orders.transition(call.tenant_id, request.cart_id, request.order_id, items)
    except WorkFailedError as error:
        raise ApiError(404, "ITEM_NOT_FOUND", str(error)) from None
    return Answer(done_body(count))


def block_assignment(call: Call) -> Answer:
    """Block or unblock products at a location, or at all of them: look-ups can leave blocked ones out."""
    request = decode(_block, call.body)
    stock = call.simulator.stock
    call.summary |= {"items": len(request.items), "locationCode": request.location_code}
    locations = (
        [active_location(call, request.location_code, "$.locationCode")]
        if request.location_code
        else stock.locations(call.tenant_id)
    )
    touched = 0
    for index, item in enumerate(_bounded(request.items)):
        wanted = item.wanted(f"$.items[{index}]")
        for product_id in stock.match(call.tenant_id, [wanted], patterns=False)[0]:
            touched += sum(
                stock.block(location.id, product_id, blocked=item.block_assignment) for location in locations
            )
    return Answer(done_body(touched))


def order_item_information(call: Call) -> Answer:
    """For each item of an order: the record it lives on, counts of what happened, and the events."""
    request = decode(_information, call.body)
    call.summary["items"] = len(request.items or ())
    products: set[int] | None = None
    if request.items:
        wanted = [item.wanted(f"$.items[{index}]") for index, item in enumerate(request.items)]
        products = call.simulator.stock.match_any(call.tenant_id, wanted, patterns=False)
    events = call.simulator.holds.events(call.tenant_id, request.order_id, products)
    groups: dict[tuple[int | None, int, int], list[HoldEvent]] = {}
    for event in events:
        groups.setdefault((event.order_item_id, event.location_id, event.product_id), []).append(event)
    return Answer([_information_body(call, request.order_id, key, found) for key, found in groups.items()])


def _information_body(
    call: Call, order_id: int, key: tuple[int | None, int, int], events: Sequence[HoldEvent]
) -> dict[str, Any]:
    item_id, location_id, product_id = key
    simulator = call.simulator
    location = next(place for place in simulator.stock.locations(call.tenant_id) if place.id == location_id)
    records = list(simulator.stock.at_location(location_id, [product_id]))
    holds = [hold for hold in simulator.holds.of_order(call.tenant_id, order_id) if hold.order_item_id == item_id]
    count = {kind: sum(event.kind == kind for event in events) for kind in ("ALLOCATED", "DEALLOCATED", "FULFILLED")}
    return {
        "orderID": order_id,
        "orderItemID": item_id,
        "locationID": location_id,
        "locationActive": location.active,
        "locationCode": location.code,
        "locationName": location.name,
        **identifiers_body(simulator.stock.products([product_id])[product_id]),
        "onHand": sum(record.on_hand for record in records),
        "available": sum(record.available for record in records),
        "allocated": sum(record.allocated for record in records),
        "floor": sum(record.floor for record in records),
        "safetyStock": sum(record.safety_stock for record in records),
        # A text in this body alone.
        "ltd": f"{next((record.details['ltd'] for record in records if 'ltd' in record.details), 0):g}",
        "allocates": count["ALLOCATED"],
        "deallocates": count["DEALLOCATED"],
        "fulfills": count["FULFILLED"],
        "picks": 0,
        "pendingQuantity": sum(hold.pending for hold in holds),
        "events": [
            {"date": iso_milliseconds(event.at), "eventType": event.kind, "quantity": event.quantity}
            for event in events
        ],
    }


def shipment_allocations(call: Call) -> Answer:
    """What each shipment holds, of present and of future stock."""
    request = decode(_shipments, call.body)
    call.summary["items"] = len(request.shipment_ids)
    shipments: dict[str, Any] = {}
    for shipment_id in request.shipment_ids:
        current: list[dict[str, Any]] = []
        future: list[dict[str, Any]] = []
        for hold in call.simulator.holds.of_shipment(call.tenant_id, shipment_id):
            (current if hold.future_id is None else future).append(_allocation_body(call, hold))
        shipments[str(shipment_id)] = {"currentAllocations": current, "futureAllocations": future}
    return Answer({"shipments": shipments})


def _allocation_body(call: Call, hold: Hold) -> dict[str, Any]:
    product = call.simulator.stock.products([hold.product_id])[hold.product_id]
    expected = None if hold.future_id is None else call.simulator.future.get(call.tenant_id, hold.future_id)
    variants = dict(call.simulator.stock.variants(hold.product_id))
    variant = variants.get(hold.variant_id)
    body: dict[str, Any] = {
        "orderItemID": hold.order_item_id,
        "state": "PENDING" if hold.pending else "ALLOCATED",
        "quantity": hold.allocated + hold.pending,
    }
    if product.upc is not None:
        body["upc"] = product.upc
    if expected is not None:
        body |= {"futureDate": iso_milliseconds(expected.delivery_date), "externalId": expected.external_id}
    if variant is not None and variant.tags:
        body["tags"] = dict(variant.tags)
    return body


def _bounded(items: Sequence[_T]) -> Sequence[_T]:
    if not items:
        raise validation_error("$.items", "needs at least one item")
    if len(items) > MOST_ITEMS:
        raise validation_error("$.items", f"has {len(items)} items; at most {MOST_ITEMS:,} are taken")
    return items


def _items(call: Call, request: AllocateRequest, *, product_needed: bool) -> list[OrderItem]:
    call.summary["items"] = len(request.items)
    tagging = Tagging(call)
    return [
        _item(call, item, request, f"$.items[{index}]", tagging, product_needed=product_needed)
        for index, item in enumerate(_bounded(request.items))
    ]


def _item(
    call: Call, item: AllocateItem, request: AllocateRequest, path: str, tagging: Tagging, *, product_needed: bool
) -> OrderItem:
    named = item.part_number or item.upc or item.sku
    wanted = item.wanted(path) if product_needed or named else Wanted()
    if item.order_item_id is None and not (item.cart_id and item.cart_item_id):
        raise validation_error(path, "needs orderItemID, or cartID and cartItemID")
    future_date = None
    if item.future_date:
        try:
            future_date = parse_instant(item.future_date)
        except InstantError as error:
            raise validation_error(f"{path}.futureDate", str(error)) from None
    return OrderItem(
        location_id=_location(call, item, request, path).id,
        quantity=item.quantity,
        order_id=item.order_id,
        order_item_id=item.order_item_id,
        shipment_id=item.shipment_id,
        part_number=wanted.part_number,
        upc=wanted.upc,
        sku=wanted.sku,
        cart_id="" if item.order_item_id is not None else item.cart_id or "",
        cart_item_id="" if item.order_item_id is not None else item.cart_item_id or "",
        variant=variant_of(item, path, tagging),
        future_date=future_date,
        block_assignment=item.block_assignment,
    )


def _location(call: Call, item: AllocateItem, request: AllocateRequest, path: str) -> Location:
    code = item.location_code or request.location_code
    if code:
        return active_location(call, code, f"{path}.locationCode" if item.location_code else "$.locationCode")
    location = None
    if item.location_id is not None:
        location = call.simulator.stock.numbered_location(call.tenant_id, item.location_id)
    if location is not None and location.active:
        return location
    raise validation_error(f"{path}.locationCode", "needs the code or number of an active location")


def _perform(
    call: Call, request: AllocateRequest, job_type: JobType, work: AllocateWork | DeallocateWork | FulfillWork
) -> Answer:
    first = work.items[0].location_id
    location = call.simulator.stock.numbered_location(call.tenant_id, first)
    assert location is not None
    runner = call.simulator.runner
    count = len(work.items)
    if request.run_synchronous:
        job_id = runner.run_at_once(
            call.tenant_id, location, job_type=job_type, work=work, item_count=None, now=call.now
        )
    else:
        (job_id,) = runner.enqueue(
            call.tenant_id, [location], job_type=job_type, work=work, item_count=None, now=call.now
        )
    call.job_ids = (job_id,)
    call.summary |= {"items": count, "locationCode": location.code}
    job = call.simulator.jobs.get(call.tenant_id, job_id)
    assert job is not None
    return Answer(job_body(job))


OPERATIONS = (
    Operation("allocate", "POST", inventory_paths("/inventory/allocate"), allocate, request=AllocateRequest),
    Operation("deallocate", "POST", inventory_paths("/inventory/deallocate"), deallocate, request=AllocateRequest),
    Operation("fulfill", "POST", inventory_paths("/inventory/fulfill"), fulfill, request=AllocateRequest),
    Operation(
        "transitionCart",
        "POST",
        inventory_paths("/inventory/transitionCart"),
        transition_cart,
        request=TransitionRequest,
    ),
    Operation(
        "blockAssignment", "POST", inventory_paths("/inventory/blockAssignment"), block_assignment, request=BlockRequest
    ),
    Operation(
        "getOrderItemInformation",
        "POST",
        inventory_paths("/inventory/getOrderItemInformation"),
        order_item_information,
        reads=True,
        request=OrderItemRequest,
    ),
    Operation(
        "shipmentInventoryAllocations",
        "POST",
        inventory_paths("/inventory/shipmentInventoryAllocations"),
        shipment_allocations,
        reads=True,
        request=ShipmentsRequest,
    ),
)
