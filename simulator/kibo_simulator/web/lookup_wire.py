"""What look-ups look like on the wire: requests with all their filters, and the rows of the answers."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from kibo_simulator.inventory_query import Row
from kibo_simulator.stock.geography import KM_PER_MILE
from kibo_simulator.stock.lookup import QueryType, SortKey
from kibo_simulator.stock.quantities import available
from kibo_simulator.stock.records import StockRecord
from kibo_simulator.store.future import FutureRecord
from kibo_simulator.timestamps import iso_milliseconds
from kibo_simulator.web.wire import (
    LongestList,
    ProductFields,
    Tags,
    Whole,
    identifiers_body,
)

Page = Annotated[int, Meta(ge=1, le=100_000_000)] | None
Rows = Annotated[int, Meta(ge=1, le=100_000)] | None


class RequestLocation(Struct, rename="camel", frozen=True):
    """Where a look-up is made from; a ``location_code`` makes it a query of that location."""

    unit: Literal["MILES", "KM", "miles", "km"] | None = None
    radius: Annotated[float, Meta(ge=0, le=50_000)] | None = None
    postal_code: Annotated[str, Meta(max_length=20)] | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    country_code: Annotated[str, Meta(max_length=10)] | None = None
    location_code: str | None = None


class QueryItem(ProductFields, rename="camel", frozen=True, kw_only=True):
    """One item that is looked up, and how much of it is needed."""

    quantity: Whole | None = None


class InventoryRequest(Struct, rename="camel", frozen=True):
    """Body of ``POST inventory``."""

    type: QueryType
    items: list[QueryItem] | None = None
    request_location: RequestLocation | None = None
    limit: Rows = None
    location_whitelist: LongestList | None = None
    location_blacklist: LongestList | None = None
    location_priority_list: LongestList | None = None
    ignore_safety_stock: bool | None = None
    include_negative_inventory: bool | None = None
    direct_ship: bool | None = None
    transfer_enabled: bool | None = None
    pickup: bool | None = None
    include_in_aggregate_export: bool | None = None
    include_in_location_export: bool | None = None
    exclude_blocked_assignment: bool | None = None
    include_attributes: bool | None = None
    include_future_inventory: bool | None = None
    include_negative_future_inventory: bool | None = None
    delivery_date_before: str | None = None
    delivery_date_after: str | None = None
    sort_by_enum: SortKey | None = None
    sort_descending: bool | None = None
    force_defaults_for_unspecified_tag_categories: bool | None = None
    tags: Tags = None
    page_size: Rows = None
    page_num: Page = None


class AggregateRequest(Struct, rename="camel", frozen=True):
    """Body of ``POST inventory/aggregate``."""

    items: list[QueryItem]
    ignore_safety_stock: bool | None = None
    include_negative_inventory: bool | None = None
    direct_ship: bool | None = None
    transfer_enabled: bool | None = None
    pickup: bool | None = None
    tags: Tags = None
    include_future_inventory: Literal["futureOnly", "futureAndCurrent", "FUTURE_ONLY", "FUTURE_AND_CURRENT"] | None = (
        None
    )
    include_negative_future_inventory: bool | None = None
    future_start_date: str | None = None
    future_end_date: str | None = None
    force_defaults_for_unspecified_tag_categories: bool | None = None


_DETAIL_NAMES = {
    "retail_price": "retailPrice",
    "currency_id": "currencyID",
    "inventory_locator_name": "inventoryLocatorName",
    "external_id": "externalID",
}


def future_body(record: FutureRecord) -> dict[str, Any]:
    """What is expected of a product on a date."""
    return {
        "futureInventoryID": record.id,
        "onhand": record.on_hand,
        "available": record.available,
        "allocated": record.allocated,
        "pending": record.pending,
        "type": record.kind,
        "deliveryDate": iso_milliseconds(record.delivery_date),
        "createDate": iso_milliseconds(record.create_date),
    }


def row_body(row: Row, tenant_id: int, *, attributes: bool, kilometres: bool = False) -> dict[str, Any]:
    """A row as ``InventoryResponse``: identifiers that are not set are left out, as Kibo does."""
    holding = row.holding
    records = holding.records
    record = records[0]
    counters = holding.counters
    offers = row.attributes
    distance = row.distance_km or 0.0
    body: dict[str, Any] = {
        "locationName": record.location_name,
        "locationCode": record.location_code,
        "tenantID": tenant_id,
        "onHand": counters.on_hand,
        "available": available(counters, ignore_safety_stock=holding.ignore_safety_stock),
        "allocated": counters.allocated,
        "pending": counters.pending,
        **identifiers_body(record),
        "blockAssignment": bool(record.details.get("block_assignment")),
        "ltd": record.details.get("ltd", 0),
        "floor": record.floor if len(records) == 1 else sum([each.floor for each in records]),
        "safetyStock": counters.safety_stock,
        "distance": round(distance if kilometres else distance / KM_PER_MILE, 2) if distance else 0,
        "directShip": offers.direct_ship,
        "transferEnabled": offers.transfer_enabled,
        "pickup": offers.pickup,
    }
    if offers.country_code is not None:
        body["countryCode"] = offers.country_code
    if record.details:
        body |= {name: record.details[key] for key, name in _DETAIL_NAMES.items() if key in record.details}
        if attributes and "attributes" in record.details:
            body["attributes"] = record.details["attributes"]
    # Nearly every row is of one record that is no variant.
    if record.variant_id or len(records) > 1:
        body |= _granular_body(records)
        tagged = _tagged_body(records, row.future, ignore_safety_stock=holding.ignore_safety_stock)
        if tagged:
            body["taggedInventory"] = tagged
    if row.future:
        body["futureInventory"] = [future_body(each) for each in row.future]
    return body


def record_body(record: StockRecord, tenant_id: int) -> dict[str, Any]:
    """One record by itself, for dumps."""
    return {
        "locationName": record.location_name,
        "locationCode": record.location_code,
        "tenantID": tenant_id,
        "onHand": record.on_hand,
        "available": record.available,
        "allocated": record.allocated,
        "pending": record.pending,
        **identifiers_body(record),
        "floor": record.floor,
        "safetyStock": record.safety_stock,
        **_granular_body((record,)),
        **({"tags": dict(record.variant.tags)} if record.variant.tags else {}),
    }


def _granular_body(records: Sequence[StockRecord]) -> dict[str, str]:
    """Granular fields, where the row stands for a single record."""
    if len(records) != 1 or not records[0].variant.granular:
        return {}
    variant = records[0].variant
    named = (
        ("lotCode", variant.lot_code),
        ("condition", variant.condition),
        ("serialNumber", variant.serial_number),
        ("date", "/".join((variant.date[5:7], variant.date[8:10], variant.date[:4])) if variant.date else ""),
    )
    return {name: value for name, value in named if value}


def _tagged_body(
    records: Sequence[StockRecord], future: Sequence[FutureRecord], *, ignore_safety_stock: bool
) -> list[dict[str, Any]]:
    """Counters by tags, where any record has tags."""
    by_tags: dict[tuple[tuple[str, str], ...], list[StockRecord]] = {}
    for record in records:
        by_tags.setdefault(record.variant.tags, []).append(record)
    if list(by_tags) == [()]:
        return []
    bodies = []
    for tags, found in by_tags.items():
        variants = {record.variant_id for record in found}
        expected = [future_body(each) for each in future if each.variant_id in variants]
        bodies.append(
            {
                "onHand": sum(each.on_hand for each in found),
                "available": sum(available(each.counters, ignore_safety_stock=ignore_safety_stock) for each in found),
                "allocated": sum(each.allocated for each in found),
                "pending": sum(each.pending for each in found),
                "tags": dict(tags),
                **({"futureInventory": expected} if expected else {}),
            }
        )
    return bodies


def flags_of(request: InventoryRequest | AggregateRequest) -> Mapping[str, bool]:
    """The attributes that locations must have, by the names of the domain."""
    wanted = {
        "direct_ship": request.direct_ship,
        "transfer_enabled": request.transfer_enabled,
        "pickup": request.pickup,
    }
    if isinstance(request, InventoryRequest):
        wanted["include_in_aggregate"] = request.include_in_aggregate_export
        wanted["include_in_location_export"] = request.include_in_location_export
    return {name: value for name, value in wanted.items() if value is not None}
