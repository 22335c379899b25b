"""Bulk deletion: one identifier or many, dry or live (J-1 to J-3, J-9, J-10, I-6)."""

from collections.abc import Callable, Generator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from kibo_simulator.deletion_scope import DeletionScope, deletion_scope, records_in_scope
from kibo_simulator.jobs import enqueue_cost
from kibo_simulator.stock.deletion_items import DeletionItems, Doomed
from kibo_simulator.stock.identifiers import PatternError, Wanted, any_pattern, check_pattern, is_pattern
from kibo_simulator.stock.records import Location, inventory_id
from kibo_simulator.stock.variants import sorted_tags
from kibo_simulator.stock_work import DeleteWork
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.operations import Answer, Call, Operation, Steps, inventory_paths
from kibo_simulator.web.tagging import Tagging, variant_of
from kibo_simulator.web.wire import (
    DeleteItemsRequest,
    DeleteRequest,
    DeleteUpcs,
    DeletionOptions,
    ProductRef,
    decode,
    identifiers_body,
    narrowed,
    narrowing,
)

MOST_ITEMS = 1_000
_PRODUCTS_BETWEEN_PAUSES = 16

_delete = msgspec.json.Decoder(DeleteRequest)
_delete_items = msgspec.json.Decoder(DeleteItemsRequest)
_delete_upcs = msgspec.json.Decoder(DeleteUpcs)


def _items(
    call: Call, refs: Sequence[ProductRef], path: Callable[[int], str], tags: Mapping[str, str | None] | None
) -> DeletionItems:
    """The items as they will be matched; ``path`` tells the JSON path of the n-th, ``tags`` hold for all.

    Raises:
        ApiError: an item names no product, or names one by something that is no pattern.
    """
    patterns = call.simulator.settings.inventory.patterns
    plain: dict[str, list[str]] = {"part_number": [], "upc": [], "sku": []}
    particular: list[tuple[int, ProductRef]] = []
    for index, ref in enumerate(refs):
        named = _wanted(ref).named()
        if len(named) != 1 or tags or narrowed(ref) or (patterns and is_pattern(named[0][1])):
            particular.append((index, ref))
        else:
            plain[named[0][0]].append(named[0][1])
    tagging = Tagging(call) if tags or any(ref.tags for _, ref in particular) else None
    return DeletionItems(
        tuple(plain["part_number"]),
        tuple(plain["upc"]),
        tuple(plain["sku"]),
        tuple(_doomed(ref, path(index), tags, tagging, patterns=patterns) for index, ref in particular),
    )


def _wanted(ref: ProductRef) -> Wanted:
    return Wanted(ref.part_number or None, ref.upc or None, ref.sku or None)


def _doomed(
    ref: ProductRef, path: str, tags: Mapping[str, str | None] | None, tagging: Tagging | None, *, patterns: bool
) -> Doomed:
    wanted = ref.wanted(path)
    named = wanted.named()
    if patterns:
        for field, text in named:
            if is_pattern(text):
                _check(text, f"{path}.{_WIRE_NAMES[field]}")
    variant = variant_of(ref, path, tagging, tags=tags)
    return Doomed(wanted, variant, bool(ref.delete_granular_record) and not variant.granular)


def _check(pattern: str, path: str) -> None:
    try:
        check_pattern(pattern)
    except PatternError as error:
        raise validation_error(path, str(error)) from None


_WIRE_NAMES = {"part_number": "partNumber", "upc": "upc", "sku": "sku"}


def locations_in_scope(call: Call, codes: Sequence[str] | None, *, all_locations: bool) -> list[Location]:
    """The locations in scope: all active ones unless some are named, and ``allLocations`` overrides names.

    Raises:
        ApiError: 400 `LOCATION_NOT_FOUND` for a code that no active location of the tenant has.
    """
    stock = call.simulator.stock
    named = [] if all_locations else list(codes or ())
    call.summary["allLocations"] = not named
    call.summary["locationCodes"] = named
    if not named:
        return [location for location in stock.locations(call.tenant_id) if location.active]
    found: dict[int, Location] = {}
    for index, code in enumerate(named):
        location = stock.location(call.tenant_id, code)
        if location is None or not location.active:
            path, message = f"$.locationCodes[{index}]", f"there is no active location {code[:60]!r}"
            raise ApiError(400, "LOCATION_NOT_FOUND", f"{path}: {message}", validation_error(path, message).faults)
        found[location.id] = location
    return sorted(found.values(), key=lambda location: location.code)


def _hashes(items: Sequence[ProductRef], tags: Mapping[str, str | None] | None) -> dict[str, Any]:
    """Twelve hexadecimal digits for each item, by which the journal tells items apart.

    Items that mean only some of a product's records have a second hash, of the product alone: a dry run of the whole
    product covers them, theirs does not cover the product.
    """
    products = [_digest((item.part_number or None, item.upc or None, item.sku or None)) for item in items]
    merged = [sorted_tags(dict(tags or {}) | (item.tags or {})) for item in items]
    if not any(merged) and not any(map(narrowed, items)):
        return {"itemHashes": products}
    records = [
        _digest((product, tags_of, *narrowing(item)[1:])) if tags_of or narrowed(item) else product
        for product, tags_of, item in zip(products, merged, items, strict=True)
    ]
    return {"itemHashes": records, "productHashes": products}


def _digest(value: object) -> str:
    return blake2b(msgspec.json.encode(value), digest_size=6).hexdigest()


def _hash_items(body: bytes) -> dict[str, Any]:
    """What the journal tells of the items, worked out from the body when somebody looks."""
    request = _delete_items.decode(body)
    return _hashes(request.items, request.tags)


def _hash_item(body: bytes) -> dict[str, Any]:
    return _hashes([_delete.decode(body)], None)


def delete(call: Call) -> Steps:
    """Delete what one identifier or pattern matches."""
    request = decode(_delete, call.body)
    if sum(bool(name) for name in (request.part_number, request.upc, request.sku)) != 1:
        raise validation_error("$", "needs exactly one of partNumber, upc and sku")
    call.details = (_hash_item, call.body)
    return _perform(call, request, _items(call, [request], lambda _: "$", None))


def delete_items(call: Call) -> Steps:
    """Delete what a list of identifiers or patterns matches; at most 1,000 (J-10)."""
    request: DeleteUpcs | DeleteItemsRequest = _upcs(call) or decode(_delete_items, call.body)
    if not request.items:
        raise validation_error("$.items", "needs at least one item")
    call.summary["items"] = len(request.items)
    if len(request.items) > MOST_ITEMS:
        raise validation_error("$.items", f"has {len(request.items)} items; at most {MOST_ITEMS:,} are taken")
    call.details = (_hash_items, call.body)
    if isinstance(request, DeleteUpcs):
        return _perform(call, request, DeletionItems(upcs=tuple([item.upc for item in request.items])))
    return _perform(call, request, _items(call, request.items, lambda index: f"$.items[{index}]", request.tags))


def _upcs(call: Call) -> DeleteUpcs | None:
    """The body where its items are UPCs, each meant literally and with all its records; else None."""
    try:
        request = _delete_upcs.decode(call.body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        # Whatever is wrong with it is told by whoever reads it as any deletion.
        return None
    if request.tags or (call.simulator.settings.inventory.patterns and any_pattern(item.upc for item in request.items)):
        return None
    return request


def _perform(call: Call, request: DeleteRequest | DeletionOptions, items: DeletionItems) -> Steps:
    simulator = call.simulator
    dry_run = bool(request.dry_run)
    call.summary |= {"items": len(items), "dryRun": dry_run, "explicit": bool(request.explicit)}
    locations = locations_in_scope(call, request.location_codes, all_locations=bool(request.all_locations))
    work = simulator.delete_work(items)
    scope = yield from deletion_scope(simulator.stock, call.tenant_id, work, locations)
    call.summary["records"] = scope.records
    # Before anything is enqueued: jobs that are done at once would leave nothing to report.
    body = yield from _scope_body(call, request, scope)
    if not dry_run and scope.affected:
        body["jobIDs"] = _enqueue(call, work, scope)
    return Answer(body)


def _enqueue(call: Call, work: DeleteWork, scope: DeletionScope) -> list[int]:
    """One job for each affected location, unless enqueueing them would take too long (J-1, J-9)."""
    settings = call.simulator.settings.jobs
    cost = enqueue_cost(settings, len(work.items), len(scope.affected))
    if cost > settings.enqueue_timeout_s:
        raise ApiError(
            504,
            "GATEWAY_TIMEOUT",
            f"enqueueing {len(work.items)} items for {len(scope.affected)} locations takes {cost:.1f} s and the limit "
            f"is {settings.enqueue_timeout_s:g} s; nothing was enqueued. Send fewer items at a time.",
        )
    job_ids = call.simulator.runner.enqueue(
        call.tenant_id,
        [place.location for place in scope.affected],
        job_type="DELETE",
        work=work,
        item_count=None,
        now=call.now,
        meant=scope.records_meant,
    )
    call.job_ids = tuple(job_ids)
    return job_ids


def _scope_body(
    call: Call, request: DeleteRequest | DeletionOptions, scope: DeletionScope
) -> Generator[None, None, dict[str, Any]]:
    """``DeleteItemResponse``: totals as integers, one job id per location, and details where asked for."""
    places = (yield from records_in_scope(call.simulator.stock, scope)) if request.explicit else {}
    items_deleted = yield from _items_deleted(call, places)
    return {
        "dryRun": bool(request.dry_run),
        "itemsDeleted": items_deleted,
        "totalInventoryEntriesDeleted": scope.records,
        "totalLocationsAffected": len(scope.affected),
        "totalProductsDeleted": scope.products,
        "totalAuditsDeleted": 0,
        "totalPickWavesDeleted": 0,
        "jobIDs": [],
    }


def _items_deleted(
    call: Call, places: Mapping[int, Sequence[tuple[Location, int]]]
) -> Generator[None, None, list[msgspec.Raw]]:
    rows = call.simulator.stock.products(places)
    deleted = []
    for count, (product_id, records) in enumerate(places.items(), 1):
        if not count % _PRODUCTS_BETWEEN_PAUSES:
            yield
        locations = {location.id: location.code for location, _ in records}
        body = {
            "productID": product_id,
            "inventoryIDs": [inventory_id(location.id, product_id, variant) for location, variant in records],
            "locationIDs": list(locations),
            "locationCodes": list(locations.values()),
            "auditIDs": [],
            "itemIdentifier": identifiers_body(rows[product_id]),
        }
        # Encoded piece by piece: the whole of a large scope would take too long at once.
        deleted.append(msgspec.Raw(msgspec.json.encode(body)))
    return deleted


OPERATIONS = (
    Operation("delete", "POST", inventory_paths("/inventory/delete"), delete, request=DeleteRequest),
    Operation(
        "deleteItems", "POST", inventory_paths("/inventory/deleteItems"), delete_items, request=DeleteItemsRequest
    ),
)
