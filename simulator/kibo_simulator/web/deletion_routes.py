"""Bulk deletion: one identifier or many, dry or live (J-1 to J-3, J-9, J-10, I-6)."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from kibo_simulator.jobs import enqueue_cost
from kibo_simulator.simulator import Affected
from kibo_simulator.stock.identifiers import PatternError, Wanted, check_pattern, is_pattern
from kibo_simulator.store.stock import Location
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.operations import Answer, Call, Operation, inventory_paths
from kibo_simulator.web.wire import DeleteItemsRequest, DeleteRequest, ProductRef, decode, identifiers_body

MOST_ITEMS = 1_000

_delete = msgspec.json.Decoder(DeleteRequest)
_delete_items = msgspec.json.Decoder(DeleteItemsRequest)


def _wanted(call: Call, ref: ProductRef | DeleteRequest, path: str) -> Wanted:
    wanted = Wanted(ref.part_number or None, ref.upc or None, ref.sku or None)
    named = list(wanted.named())
    if not named:
        raise validation_error(path, "needs one of partNumber, upc and sku")
    if call.simulator.settings.inventory.patterns:
        for field, text in named:
            if is_pattern(text):
                try:
                    check_pattern(text)
                except PatternError as error:
                    raise validation_error(f"{path}.{_WIRE_NAMES[field]}", str(error)) from None
    return wanted


_WIRE_NAMES = {"part_number": "partNumber", "upc": "upc", "sku": "sku"}


def _locations(call: Call, request: DeleteRequest | DeleteItemsRequest) -> list[Location]:
    """The locations in scope: all of the tenant's unless some are named, and ``allLocations`` overrides names."""
    stock = call.simulator.stock
    named = [] if request.all_locations else request.location_codes or []
    call.summary["allLocations"] = not named
    call.summary["locationCodes"] = named
    if not named:
        return stock.locations(call.tenant_id)
    found: dict[int, Location] = {}
    for index, code in enumerate(named):
        location = stock.location(call.tenant_id, code)
        if location is None:
            path, message = f"$.locationCodes[{index}]", f"there is no location {code[:60]!r}"
            raise ApiError(400, "LOCATION_NOT_FOUND", f"{path}: {message}", validation_error(path, message).faults)
        found[location.id] = location
    return sorted(found.values(), key=lambda location: location.code)


def item_hash(part_number: str | None, upc: str | None, sku: str | None) -> str:
    """Twelve hexadecimal digits that stand for an item in the journal."""
    text = msgspec.json.encode((part_number or None, upc or None, sku or None))
    return blake2b(text, digest_size=6).hexdigest()


def _hash_items(body: bytes) -> dict[str, Any]:
    """What the journal tells of the items, worked out from the body when somebody looks."""
    request = _delete_items.decode(body)
    return {"itemHashes": [item_hash(item.part_number, item.upc, item.sku) for item in request.items]}


def _hash_item(body: bytes) -> dict[str, Any]:
    request = _delete.decode(body)
    return {"itemHashes": [item_hash(request.part_number, request.upc, request.sku)]}


def delete(call: Call) -> Answer:
    """Delete what one identifier or pattern matches."""
    request = decode(_delete, call.body)
    if sum(bool(name) for name in (request.part_number, request.upc, request.sku)) != 1:
        raise validation_error("$", "needs exactly one of partNumber, upc and sku")
    call.details = (_hash_item, call.body)
    return _perform(call, request, [_wanted(call, request, "$")])


def delete_items(call: Call) -> Answer:
    """Delete what a list of identifiers or patterns matches; at most 1,000 (J-10)."""
    request = decode(_delete_items, call.body)
    if not request.items:
        raise validation_error("$.items", "needs at least one item")
    call.summary["items"] = len(request.items)
    if len(request.items) > MOST_ITEMS:
        raise validation_error("$.items", f"has {len(request.items)} items; at most {MOST_ITEMS:,} are taken")
    call.details = (_hash_items, call.body)
    wanted = [_wanted(call, item, f"$.items[{index}]") for index, item in enumerate(request.items)]
    return _perform(call, request, wanted)


def _perform(call: Call, request: DeleteRequest | DeleteItemsRequest, items: list[Wanted]) -> Answer:
    simulator = call.simulator
    dry_run = bool(request.dry_run)
    call.summary |= {"items": len(items), "dryRun": dry_run, "explicit": bool(request.explicit)}
    locations = _locations(call, request)
    work = simulator.delete_work(items)
    matched = simulator.stock.match(call.tenant_id, items, patterns=work.patterns)
    affected = simulator.affected(matched, locations)
    call.summary["records"] = sum(len(place.product_ids) for place in affected)
    job_ids: list[int] = []
    if not dry_run and affected:
        settings = simulator.settings.jobs
        cost = enqueue_cost(settings, len(items), len(affected))
        if cost > settings.enqueue_timeout_s:
            raise ApiError(
                504,
                "GATEWAY_TIMEOUT",
                f"enqueueing {len(items)} items for {len(affected)} locations takes {cost:.1f} s and the limit is "
                f"{settings.enqueue_timeout_s:g} s; nothing was enqueued. Send fewer items at a time.",
            )
        job_ids = simulator.runner.enqueue(
            call.tenant_id,
            [place.location for place in affected],
            job_type="DELETE",
            work=work,
            item_count=None,
            now=call.now,
        )
        call.job_ids = tuple(job_ids)
    return Answer(_scope_body(call, request, affected, job_ids))


def _scope_body(
    call: Call,
    request: DeleteRequest | DeleteItemsRequest,
    affected: Sequence[Affected],
    job_ids: list[int],
) -> dict[str, Any]:
    """``DeleteItemResponse``: totals as integers, one job id per location, and details where asked for."""
    products = {product_id for place in affected for product_id in place.product_ids}
    return {
        "dryRun": bool(request.dry_run),
        "itemsDeleted": _items_deleted(call, products, affected) if request.explicit else [],
        "totalInventoryEntriesDeleted": sum(len(place.product_ids) for place in affected),
        "totalLocationsAffected": len(affected),
        "totalProductsDeleted": len(products),
        "totalAuditsDeleted": 0,
        "totalPickWavesDeleted": 0,
        "jobIDs": job_ids,
    }


def _items_deleted(call: Call, products: set[int], affected: Sequence[Affected]) -> list[dict[str, Any]]:
    places: dict[int, list[Location]] = {product_id: [] for product_id in sorted(products)}
    for place in affected:
        for product_id in place.product_ids:
            places[product_id].append(place.location)
    rows = call.simulator.stock.products(places)
    return [
        {
            "productID": product_id,
            "inventoryIDs": [(product_id << 20) | location.id for location in at],
            "locationIDs": [location.id for location in at],
            "locationCodes": [location.code for location in at],
            "auditIDs": [],
            "itemIdentifier": identifiers_body(rows[product_id]),
        }
        for product_id, at in places.items()
    ]


OPERATIONS = (
    Operation("delete", "POST", inventory_paths("/inventory/delete"), delete),
    Operation("deleteItems", "POST", inventory_paths("/inventory/deleteItems"), delete_items),
)
