"""Looking stock up, setting it and adding to it (I-1 to I-3, J-12)."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.lookup import answering
from kibo_simulator.stock.quantities import available
from kibo_simulator.stock.records import Location, StockRecord
from kibo_simulator.stock_work import AdjustWork, QuantityItem, RefreshWork
from kibo_simulator.web.errors import ApiError, Fault, validation_error
from kibo_simulator.web.operations import Answer, Call, Operation, inventory_paths
from kibo_simulator.web.wire import (
    AdjustItem,
    AdjustRequest,
    InventoryRequest,
    QueryItem,
    QueryType,
    RefreshItem,
    RefreshRequest,
    decode,
    inventory_body,
)

MOST_REFRESHED = 12_000
MOST_ADJUSTED = 1_000
MOST_LOOKED_UP = 10_000

_query = msgspec.json.Decoder(InventoryRequest)
_refresh = msgspec.json.Decoder(RefreshRequest)
_adjust = msgspec.json.Decoder(AdjustRequest)


def _location(call: Call, code: str, path: str) -> Location:
    location = call.simulator.stock.location(call.tenant_id, code)
    if location is None or not location.active:
        message = f"there is no active location {code[:60]!r}"
        raise ApiError(400, "LOCATION_NOT_FOUND", f"{path}: {message}", (Fault(path, message),))
    return location


def _wanted(item: RefreshItem | AdjustItem | QueryItem, path: str) -> Wanted:
    wanted = Wanted(item.part_number or None, item.upc or None, item.sku or None)
    if not wanted.named():
        raise validation_error(path, "needs one of partNumber, upc and sku")
    return wanted


def _checked_items(items: Sequence[object], most: int) -> None:
    if not items:
        raise validation_error("$.items", "needs at least one item")
    if len(items) > most:
        raise validation_error("$.items", f"has {len(items)} items; at most {most:,} are taken")


def refresh(call: Call) -> Answer:
    """Set quantities at a location: one job (I-2, J-12)."""
    request = decode(_refresh, call.body)
    call.summary |= {"items": len(request.items), "locationCode": request.location_code}
    _checked_items(request.items, MOST_REFRESHED)
    items = tuple(_refresh_item(item, f"$.items[{index}]") for index, item in enumerate(request.items))
    work = RefreshWork(items, zero_missing=call.simulator.settings.inventory.refresh_zero_missing)
    return _enqueue(call, request.location_code, "REFRESH", work)


def _refresh_item(item: RefreshItem, path: str) -> QuantityItem:
    wanted = _wanted(item, path)
    if item.retail_price is not None and item.currency_id is None:
        raise validation_error(f"{path}.currencyID", "is needed when retailPrice is given")
    details = {
        name: value
        for name, value in (
            ("ltd", item.ltd),
            ("retail_price", item.retail_price),
            ("currency_id", item.currency_id),
            ("inventory_locator_name", item.inventory_locator_name),
            ("attributes", item.attributes),
        )
        if value is not None
    }
    return QuantityItem(
        item.quantity, wanted.part_number, wanted.upc, wanted.sku, item.safety_stock, item.floor, details or None
    )


def adjust(call: Call) -> Answer:
    """Add to quantities at a location: one job (I-2, J-12)."""
    request = decode(_adjust, call.body)
    call.summary |= {"items": len(request.items), "locationCode": request.location_code}
    _checked_items(request.items, MOST_ADJUSTED)
    items = []
    for index, item in enumerate(request.items):
        wanted = _wanted(item, f"$.items[{index}]")
        items.append(QuantityItem(item.quantity, wanted.part_number, wanted.upc, wanted.sku))
    return _enqueue(call, request.location_code, "ADJUST", AdjustWork(tuple(items)))


def _enqueue(call: Call, code: str, job_type: Any, work: RefreshWork | AdjustWork) -> Answer:
    location = _location(call, code, "$.locationCode")
    job_ids = call.simulator.runner.enqueue(
        call.tenant_id, [location], job_type=job_type, work=work, item_count=len(work.items), now=call.now
    )
    call.job_ids = tuple(job_ids)
    return Answer({"jobID": job_ids[0]})


def post_inventory(call: Call) -> Answer:
    """Look many products up in one call; without items, page through a location."""
    request = decode(_query, call.body)
    items = request.items or []
    call.summary |= {"items": len(items), "type": request.type}
    if len(items) > MOST_LOOKED_UP:
        raise validation_error("$.items", f"has {len(items)} items; at most {MOST_LOOKED_UP:,} are taken")
    code = request.request_location.location_code if request.request_location else None
    if not items and not code:
        raise validation_error("$.items", "needs at least one item, or requestLocation.locationCode to list a location")
    if request.type == "ALL_STORES" and len(items) > 1:
        raise validation_error("$.items", "type ALL_STORES takes one item")
    wanted = [(_wanted(item, f"$.items[{index}]"), item.quantity or 0) for index, item in enumerate(items)]
    if code:
        locations = [_location(call, code, "$.requestLocation.locationCode")]
    else:
        locations = _chosen(call, request.location_whitelist, request.location_blacklist)
    return _look_up(
        call,
        request.type,
        wanted,
        locations,
        ignore_safety_stock=bool(request.ignore_safety_stock),
        include_negative=bool(request.include_negative_inventory),
        limit=request.page_size or request.limit or max(1, len(items)) * 100,
        offset=((request.page_num or 1) - 1) * (request.page_size or 0),
    )


_QUERY_TYPES: dict[str, QueryType] = {"ALL": "ALL", "PARTIAL": "PARTIAL", "ANY": "ANY", "ALL_STORES": "ALL_STORES"}


def get_inventory(call: Call) -> Answer:
    """Look one location up, or products by part number, UPC or SKU in ``items``."""
    name = (call.text("type") or "ANY").upper()
    if name not in _QUERY_TYPES:
        raise validation_error("type", f"expected one of {', '.join(_QUERY_TYPES)}, got {name[:40]!r}")
    texts = call.texts("items")
    code = call.text("requestLocation") or call.text("locationCode")
    call.summary |= {"items": len(texts), "type": name}
    if code:
        locations = [_location(call, code, "requestLocation")]
    elif texts:
        locations = _chosen(call, call.texts("locationWhitelist"), call.texts("locationBlacklist"))
    else:
        raise validation_error("items", "needs items, or requestLocation to list a location")
    limit = call.whole("limit", least=1, most=100_000) or call.whole("pageSize", least=1, most=100_000)
    return _look_up(
        call,
        _QUERY_TYPES[name],
        [(_any_identifier(call, text), 0) for text in texts],
        locations,
        ignore_safety_stock=bool(call.flag("ignoreSafetyStock")),
        include_negative=bool(call.flag("includeNegativeInventory")),
        limit=limit or max(1, len(texts)) * 100,
        offset=call.whole("startIndex", least=0, most=2**31) or 0,
    )


def _any_identifier(call: Call, text: str) -> Wanted:
    """A bare text in a query names a product by part number, else by UPC, else by SKU."""
    for wanted in (Wanted(part_number=text), Wanted(upc=text), Wanted(sku=text)):
        if call.simulator.stock.match(call.tenant_id, [wanted], patterns=False)[0]:
            return wanted
    return Wanted(part_number=text)


def _chosen(call: Call, white: Iterable[str] | None, black: Iterable[str] | None) -> list[Location]:
    allowed, refused = frozenset(white or ()), frozenset(black or ())
    return [
        location
        for location in call.simulator.stock.locations(call.tenant_id)
        if location.active and (not allowed or location.code in allowed) and location.code not in refused
    ]


def _look_up(
    call: Call,
    query_type: QueryType,
    wanted: Sequence[tuple[Wanted, int]],
    locations: Sequence[Location],
    *,
    ignore_safety_stock: bool,
    include_negative: bool,
    limit: int,
    offset: int,
) -> Answer:
    """Rows of all locations in order, cut to one page."""
    simulator = call.simulator
    ignore = ignore_safety_stock or not simulator.settings.inventory.safety_stock_included
    matched = simulator.stock.match(call.tenant_id, [item for item, _ in wanted], patterns=False)
    needs = [(frozenset(ids), quantity) for ids, (_, quantity) in zip(matched, wanted, strict=True)]
    products = sorted(set[int]().union(*matched)) if wanted else None
    rows: list[dict[str, Any]] = []
    skipped = 0
    for location in locations:
        held = _held(simulator.stock.at_location(location.id, products), ignore=ignore, negative=include_negative)
        chosen = answering(query_type, needs, held) if wanted else [record for record, _ in held.values()]
        for record in chosen:
            if skipped < offset:
                skipped += 1
                continue
            rows.append(inventory_body(record, call.tenant_id, held[record.product_id][1]))
            if len(rows) == limit:
                return Answer(rows)
    return Answer(rows)


def _held(records: Iterable[StockRecord], *, ignore: bool, negative: bool) -> dict[int, tuple[StockRecord, int]]:
    """Records by product, with what is available; negative ones are hidden unless asked for (I-3)."""
    held: dict[int, tuple[StockRecord, int]] = {}
    for record in records:
        promise = available(record.counters, ignore_safety_stock=ignore)
        if promise >= 0 or negative:
            held[record.product_id] = (record, promise)
    return held


OPERATIONS = (
    Operation("queryInventory", "POST", inventory_paths("/inventory"), post_inventory, reads=True),
    Operation("getInventory", "GET", inventory_paths("/inventory"), get_inventory, reads=True),
    Operation("refresh", "POST", inventory_paths("/inventory/refresh"), refresh),
    Operation("adjust", "POST", inventory_paths("/inventory/adjust"), adjust),
)
