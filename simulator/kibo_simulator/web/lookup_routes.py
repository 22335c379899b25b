"""Looking stock up: by product, by location, near a place, and summed over locations (I-1, I-3)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from kibo_simulator.inventory_query import Query, Row, Span
from kibo_simulator.stock.geography import KM_PER_MILE, Point
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.lookup import LocationFilter, QueryType
from kibo_simulator.stock.records import Location
from kibo_simulator.stock.variants import PLAIN, Variant
from kibo_simulator.timestamps import InstantError, parse_instant
from kibo_simulator.web.catalog_tie import check_in_catalog
from kibo_simulator.web.errors import ApiError, Fault, validation_error
from kibo_simulator.web.lookup_wire import (
    AggregateRequest,
    InventoryRequest,
    QueryItem,
    RequestLocation,
    flags_of,
    future_body,
    row_body,
)
from kibo_simulator.web.operations import Answer, Call, Operation, Parameter, Steps, inventory_paths
from kibo_simulator.web.tagging import Tagging, variant_of
from kibo_simulator.web.wire import decode, identifiers_body

MOST_LOOKED_UP = 10_000

_query = msgspec.json.Decoder(InventoryRequest)
_aggregate = msgspec.json.Decoder(AggregateRequest)
_FILTERING = frozenset(
    {"locationWhitelist", "locationBlacklist", "shippingLocation", "transferEnabled", "pickup", "includeInAggregate"}
)
_EVERYWHERE = LocationFilter()
_QUERY_TYPES: dict[str, QueryType] = {"ALL": "ALL", "PARTIAL": "PARTIAL", "ANY": "ANY", "ALL_STORES": "ALL_STORES"}


def active_location(call: Call, code: str, path: str, *, status: int = 400) -> Location:
    """The location that a request names; ``status`` is that of the refusal.

    Raises:
        ApiError: `LOCATION_NOT_FOUND` when there is none or it is not active.
    """
    location = call.simulator.stock.location(call.tenant_id, code)
    if location is None or not location.active:
        message = f"there is no active location {code[:60]!r}"
        raise ApiError(status, "LOCATION_NOT_FOUND", f"{path}: {message}", (Fault(path, message),))
    return location


def post_inventory(call: Call) -> Steps:
    """Look many products up in one call; without items, page through a location."""
    return _posted(call, {})


def _posted(call: Call, more: dict[str, Any]) -> Steps:
    """The same with ``more`` in every row."""
    request = decode(_query, call.body)
    items = request.items or []
    call.summary |= {"items": len(items), "type": request.type}
    place = request.request_location or RequestLocation()
    if not items and not place.location_code:
        raise validation_error("$.items", "needs at least one item, or requestLocation.locationCode to list a location")
    if request.type == "ALL_STORES" and len(items) > 1:
        raise validation_error("$.items", "type ALL_STORES takes one item")
    location = (
        active_location(call, place.location_code, "$.requestLocation.locationCode") if place.location_code else None
    )
    paged = request.page_size is not None
    span = _span(request.delivery_date_after, request.delivery_date_before, "deliveryDateAfter", "deliveryDateBefore")
    rows = call.simulator.query.rows(
        Query(
            tenant_id=call.tenant_id,
            type=request.type,
            items=_items(
                call, items, request.tags, defaults=bool(request.force_defaults_for_unspecified_tag_categories)
            ),
            filter=_filter(call, request, place),
            priority=request.location_priority_list or (),
            location=location,
            ignore_safety_stock=_ignoring(call, request.ignore_safety_stock),
            include_negative=bool(request.include_negative_inventory),
            exclude_blocked=bool(request.exclude_blocked_assignment),
            sort=request.sort_by_enum if location is not None else None,
            descending=bool(request.sort_descending),
            limit=request.page_size or max(1, len(items)) * (request.limit or 100),
            offset=((request.page_num or 1) - 1) * (request.page_size or 0) if paged else 0,
            future=span if request.include_future_inventory else None,
            include_negative_future=bool(request.include_negative_future_inventory),
        )
    )
    kilometres = (place.unit or "").upper() == "KM"
    attributes = request.include_attributes is not False
    return _encoded(
        rows, lambda row: {**row_body(row, call.tenant_id, attributes=attributes, kilometres=kilometres), **more}
    )


def _encoded(rows: Iterable[Row | None], body: Callable[[Row], dict[str, Any]]) -> Steps:
    """Rows as JSON, encoded one by one: the whole of a large answer would take too long at once."""
    answer = bytearray(b"[")
    separator = b""
    parts: list[bytes] = []
    for row in rows:
        if row is not None:
            parts.append(msgspec.json.encode(body(row)))
            continue
        if parts:
            answer += separator + b",".join(parts)
            separator = b","
            parts.clear()
        yield
    if parts:
        answer += separator + b",".join(parts)
    answer += b"]"
    return Answer(answer)


def get_inventory(call: Call) -> Steps:
    """Look one location up, or products by part number, UPC or SKU in ``items``."""
    name = (call.text("type") or "ANY").upper()
    if name not in _QUERY_TYPES:
        raise validation_error("type", f"expected one of {', '.join(_QUERY_TYPES)}, got {name[:40]!r}")
    texts = call.texts("items")
    code = call.text("requestLocation") or call.text("locationCode")
    call.summary |= {"items": len(texts), "type": name}
    if not code and not texts:
        raise validation_error("items", "needs items, or requestLocation to list a location")
    limit = call.whole("limit", least=1, most=100_000)
    page_size = call.whole("pageSize", least=1, most=100_000)
    wanted = [_any_identifier(call, text) for text in texts]
    check_in_catalog(call, wanted, status=404, place="items")
    rows = call.simulator.query.rows(
        Query(
            tenant_id=call.tenant_id,
            type=_QUERY_TYPES[name],
            items=[(item, 0, PLAIN) for item in wanted],
            filter=_asked_filter(call),
            location=active_location(call, code, "requestLocation", status=404) if code else None,
            ignore_safety_stock=_ignoring(call, call.flag("ignoreSafetyStock")),
            include_negative=bool(call.flag("includeNegativeInventory")),
            limit=page_size or max(1, len(texts)) * (limit or 100),
            offset=call.whole("startIndex", least=0, most=2**31) or 0,
        )
    )
    attributes = call.flag("includeAttributes") is not False
    return _encoded(rows, lambda row: row_body(row, call.tenant_id, attributes=attributes))


def _asked_filter(call: Call) -> LocationFilter:
    if _FILTERING.isdisjoint(call.query):
        return _EVERYWHERE
    flags = {
        "direct_ship": call.flag("shippingLocation"),
        "transfer_enabled": call.flag("transferEnabled"),
        "pickup": call.flag("pickup"),
        "include_in_aggregate": call.flag("includeInAggregate"),
    }
    return LocationFilter(
        white=frozenset(call.texts("locationWhitelist")),
        black=frozenset(call.texts("locationBlacklist")),
        flags={attribute: value for attribute, value in flags.items() if value is not None},
    )


def realtime_inventory(call: Call) -> Steps:
    """The same look-up as the real-time service gives it: every row says that its location is active."""
    return _posted(call, {"active": True})


def aggregate(call: Call) -> Steps:
    """One row a product, summed over locations; future inventory with it or alone where asked for."""
    request = decode(_aggregate, call.body)
    call.summary["items"] = len(request.items)
    if not request.items:
        raise validation_error("$.items", "needs at least one item")
    wanted = (request.include_future_inventory or "").replace("_", "").upper()
    flags = {"include_in_aggregate": True, **flags_of(request)}
    rows = call.simulator.query.rows(
        Query(
            tenant_id=call.tenant_id,
            type="ANY",
            items=_items(
                call, request.items, request.tags, defaults=bool(request.force_defaults_for_unspecified_tag_categories)
            ),
            filter=LocationFilter(flags=flags),
            ignore_safety_stock=_ignoring(call, request.ignore_safety_stock),
            include_negative=bool(request.include_negative_inventory),
            future=_span(request.future_start_date, request.future_end_date, "futureStartDate", "futureEndDate")
            if wanted
            else None,
            include_negative_future=bool(request.include_negative_future_inventory),
        )
    )
    totals: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row is None:
            yield
            continue
        holding = row.holding
        body = totals.setdefault(
            holding.product_id,
            {
                "tenantID": call.tenant_id,
                "onHand": 0,
                "available": 0,
                **identifiers_body(holding.records[0]),
                "floor": 0,
                **({"tags": tags} if (tags := {k: v for k, v in (request.tags or {}).items() if v}) else {}),
            },
        )
        if wanted != "FUTUREONLY":
            body["onHand"] += holding.on_hand
            body["available"] += holding.available
        body["onHand"] += sum(each.on_hand for each in row.future)
        body["available"] += sum(each.available for each in row.future)
        body["floor"] += sum(record.floor for record in holding.records)
        if row.future:
            body.setdefault("futureInventory", []).extend(future_body(each) for each in row.future)
    return Answer([totals[product] for product in sorted(totals)])


def _ignoring(call: Call, told: bool | None) -> bool:  # noqa: FBT001  # a value read from the request
    return bool(told) or not call.simulator.settings.inventory.safety_stock_included


def _items(
    call: Call, items: Sequence[QueryItem], tags: dict[str, str | None] | None, *, defaults: bool
) -> list[tuple[Wanted, int, Variant]]:
    if len(items) > MOST_LOOKED_UP:
        raise validation_error("$.items", f"has {len(items)} items; at most {MOST_LOOKED_UP:,} are taken")
    tagging = Tagging(call) if tags or defaults or any(item.tags for item in items) else None
    wanted: list[tuple[Wanted, int, Variant]] = []
    for index, item in enumerate(items):
        path = f"$.items[{index}]"
        variant = variant_of(item, path, tagging, defaults=defaults, tags=tags)
        wanted.append((item.wanted(path), item.quantity or 0, variant))
    check_in_catalog(call, [item for item, _, _ in wanted], status=404)
    return wanted


def _filter(call: Call, request: InventoryRequest, place: RequestLocation) -> LocationFilter:
    centre: Point | None = None
    if place.latitude is not None and place.longitude is not None:
        centre = (place.latitude, place.longitude)
    elif place.postal_code and not place.location_code:
        centre = call.simulator.query.point(call.tenant_id, place.postal_code)
        if centre is None and place.radius is not None:
            message = f"where {place.postal_code!r} is is not known here; give latitude and longitude"
            raise validation_error("$.requestLocation.postalCode", message)
    if place.radius is not None and centre is None:
        raise validation_error("$.requestLocation.radius", "needs a postalCode, or latitude and longitude")
    in_km = (place.unit or "").upper() == "KM"
    radius = None if place.radius is None else place.radius * (1 if in_km else KM_PER_MILE)
    return LocationFilter(
        white=frozenset(request.location_whitelist or ()),
        black=frozenset(request.location_blacklist or ()),
        flags=flags_of(request),
        centre=centre,
        radius_km=radius,
    )


def _span(after: str | None, before: str | None, after_name: str, before_name: str) -> Span:
    def instant(text: str | None, name: str) -> int | None:
        if not text:
            return None
        try:
            return parse_instant(text)
        except InstantError as error:
            raise validation_error(f"$.{name}", str(error)) from None

    return Span(instant(after, after_name), instant(before, before_name))


def _any_identifier(call: Call, text: str) -> Wanted:
    """A bare text in a query names a product by part number, else by UPC, else by SKU."""
    field = call.simulator.stock.field_named(call.tenant_id, text)
    return Wanted(**{field or "part_number": text})


OPERATIONS = (
    Operation(
        "queryInventory", "POST", inventory_paths("/inventory"), post_inventory, reads=True, request=InventoryRequest
    ),
    Operation(
        "getInventory",
        "GET",
        inventory_paths("/inventory"),
        get_inventory,
        reads=True,
        query=(
            Parameter("requestLocation"),
            Parameter("locationCode"),
            Parameter("type"),
            Parameter("items", "texts"),
            Parameter("locationWhitelist", "texts"),
            Parameter("locationBlacklist", "texts"),
            Parameter("limit", "whole"),
            Parameter("pageSize", "whole"),
            Parameter("startIndex", "whole"),
            Parameter("ignoreSafetyStock", "flag"),
            Parameter("includeNegativeInventory", "flag"),
            Parameter("includeAttributes", "flag"),
            Parameter("shippingLocation", "flag"),
            Parameter("transferEnabled", "flag"),
            Parameter("pickup", "flag"),
            Parameter("includeInAggregate", "flag"),
        ),
    ),
    Operation(
        "aggregateInventory",
        "POST",
        inventory_paths("/inventory/aggregate"),
        aggregate,
        reads=True,
        request=AggregateRequest,
    ),
    Operation(
        "queryRealtimeInventory",
        "POST",
        tuple(f"/api/commerce/realtime-inventory/{version}/inventory" for version in ("v5", "v1")),
        realtime_inventory,
        reads=True,
        pool_path="/api/commerce/inventory/v5/inventory",
        request=InventoryRequest,
    ),
)
