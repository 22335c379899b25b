"""Setting stock and adding to it: as jobs, at once, or whichever suits the size (I-2, J-12)."""

from collections.abc import Generator, Sequence
from typing import Any

import msgspec

from kibo_simulator.inventory_query import Query
from kibo_simulator.jobs import JobType
from kibo_simulator.plain_text import control_in
from kibo_simulator.stock.records import Location
from kibo_simulator.stock.variants import Variant
from kibo_simulator.stock_work import AdjustWork, QuantityItem, RefreshWork
from kibo_simulator.timestamps import InstantError, parse_instant
from kibo_simulator.web.catalog_tie import check_in_catalog
from kibo_simulator.web.errors import check_plain, validation_error
from kibo_simulator.web.lookup_routes import active_location
from kibo_simulator.web.lookup_wire import row_body
from kibo_simulator.web.operations import Answer, Call, Operation, Steps, inventory_paths
from kibo_simulator.web.tagging import Tagging, variant_of
from kibo_simulator.web.wire import AdjustItem, AdjustRequest, RefreshItem, RefreshRequest, decode

MOST_REFRESHED = 12_000
MOST_ADJUSTED = 1_000
SMART_LIMIT = 25
"""Up to this many items a smart call is carried out at once (Kibo's smart inventory page: about 25)."""

_ITEMS_BETWEEN_PAUSES = 500

_refresh = msgspec.json.Decoder(RefreshRequest)
_adjust = msgspec.json.Decoder(AdjustRequest)


def refresh(call: Call) -> Steps:
    """Set quantities at a location: one job (I-2, J-12)."""
    return _enqueue(call, "REFRESH", *(yield from _refresh_work(call)))


def adjust(call: Call) -> Steps:
    """Add to quantities at a location: one job (I-2, J-12)."""
    return _enqueue(call, "ADJUST", *(yield from _adjust_work(call)))


def sync_refresh(call: Call) -> Steps:
    """Set quantities at once and answer with the records."""
    return (yield from _at_once(call, *(yield from _refresh_work(call))))


def sync_adjust(call: Call) -> Steps:
    """Add to quantities at once and answer with the records."""
    return (yield from _at_once(call, *(yield from _adjust_work(call))))


def smart_refresh(call: Call) -> Steps:
    """Set a few quantities at once, many by a job; ``method`` says which."""
    return (yield from _smart(call, "REFRESH", *(yield from _refresh_work(call))))


def smart_adjust(call: Call) -> Steps:
    """Add to a few quantities at once, to many by a job; ``method`` says which."""
    return (yield from _smart(call, "ADJUST", *(yield from _adjust_work(call))))


def _refresh_work(call: Call) -> Generator[None, None, tuple[Location, RefreshWork]]:
    request = decode(_refresh, call.body)
    items = yield from _items(call, request.items, request.location_code, MOST_REFRESHED)
    zero_missing = call.simulator.settings.inventory.refresh_zero_missing
    return active_location(call, request.location_code, "$.locationCode"), RefreshWork(items, zero_missing)


def _adjust_work(call: Call) -> Generator[None, None, tuple[Location, AdjustWork]]:
    request = decode(_adjust, call.body)
    items = yield from _items(call, request.items, request.location_code, MOST_ADJUSTED)
    return active_location(call, request.location_code, "$.locationCode"), AdjustWork(items)


def _items(
    call: Call, items: Sequence[RefreshItem | AdjustItem], code: str, most: int
) -> Generator[None, None, tuple[QuantityItem, ...]]:
    call.summary |= {"items": len(items), "locationCode": code}
    if not items:
        raise validation_error("$.items", "needs at least one item")
    if len(items) > most:
        raise validation_error("$.items", f"has {len(items)} items; at most {most:,} are taken")
    tagging = Tagging(call)
    wanted = []
    checked = []
    for index, item in enumerate(items):
        if not (index + 1) % _ITEMS_BETWEEN_PAUSES:
            yield
        wanted.append(item.wanted(f"$.items[{index}]"))
        _check_codes(item, f"$.items[{index}]")
        checked.append(_item(item, f"$.items[{index}]", tagging))
    check_in_catalog(call, wanted, status=400)
    return tuple(checked)


def _check_codes(item: RefreshItem | AdjustItem, path: str) -> None:
    """Refuse identifiers with control characters in them: a record would carry them into terminals and tables."""
    # One look for three fields: this runs for every item.
    if control_in(f"{item.part_number}{item.upc}{item.sku}"):
        for name, text in (("partNumber", item.part_number), ("upc", item.upc), ("sku", item.sku)):
            check_plain(f"{path}.{name}", text or "")


def _item(item: RefreshItem | AdjustItem, path: str, tagging: Tagging) -> QuantityItem:
    wanted = item.wanted(path)
    if item.serial_number and abs(item.quantity) > 1:
        raise validation_error(f"{path}.quantity", "is 1 where a serial number is given")
    variant = variant_of(item, path, tagging, defaults=True)
    delivery_date = None
    if item.delivery_date:
        try:
            delivery_date = parse_instant(item.delivery_date)
        except InstantError as error:
            raise validation_error(f"{path}.deliveryDate", str(error)) from None
    details: dict[str, Any] = {"external_id": item.external_id} if item.external_id and delivery_date is None else {}
    safety_stock = floor = None
    if isinstance(item, RefreshItem):
        if item.retail_price is not None and item.currency_id is None:
            raise validation_error(f"{path}.currencyID", "is needed when retailPrice is given")
        safety_stock, floor = item.safety_stock, item.floor
        ltd = item.ltd_of_sdk if item.ltd is None else item.ltd
        if ltd is not None:
            details["ltd"] = ltd
        for name in ("retail_price", "currency_id", "inventory_locator_name", "attributes"):
            if (value := getattr(item, name)) is not None:
                details[name] = value
    return QuantityItem(
        item.quantity,
        wanted.part_number,
        wanted.upc,
        wanted.sku,
        safety_stock,
        floor,
        details or None,
        variant,
        delivery_date,
        item.external_id or "",
    )


def _enqueue(call: Call, job_type: JobType, location: Location, work: RefreshWork | AdjustWork) -> Answer:
    call.job_ids = tuple(
        call.simulator.runner.enqueue(
            call.tenant_id, [location], job_type=job_type, work=work, item_count=len(work.items), now=call.now
        )
    )
    return Answer({"jobID": call.job_ids[0]})


def _smart(call: Call, job_type: JobType, location: Location, work: RefreshWork | AdjustWork) -> Steps:
    if len(work.items) > SMART_LIMIT:
        enqueued = _enqueue(call, job_type, location, work)
        return Answer({"method": "async", "jobID": str(enqueued.body["jobID"])})
    yield from call.simulator.runner.worker.applying(call.tenant_id, location.id, work, call.now)
    return Answer({"method": "sync", "jobID": None})


def _at_once(call: Call, location: Location, work: RefreshWork | AdjustWork) -> Steps:
    yield from call.simulator.runner.worker.applying(call.tenant_id, location.id, work, call.now)
    bodies: list[msgspec.Raw] = []
    answered: set[int] = set()
    # Looked up and encoded piece by piece: thousands of records would take too long at once.
    for first in range(0, len(work.items), _ITEMS_BETWEEN_PAUSES):
        items = [(item.wanted, 0, Variant()) for item in work.items[first : first + _ITEMS_BETWEEN_PAUSES]]
        query = Query(call.tenant_id, "ANY", items, location=location, include_negative=True)
        for row in call.simulator.query.rows(query):
            if row is None:
                yield
            elif (product_id := row.holding.product_id) not in answered:
                answered.add(product_id)
                bodies.append(msgspec.Raw(msgspec.json.encode(row_body(row, call.tenant_id, attributes=True))))
        yield
    return Answer(bodies)


OPERATIONS = (
    Operation("refresh", "POST", inventory_paths("/inventory/refresh"), refresh, request=RefreshRequest),
    Operation("adjust", "POST", inventory_paths("/inventory/adjust"), adjust, request=AdjustRequest),
    Operation("syncRefresh", "POST", inventory_paths("/inventory/sync-refresh"), sync_refresh, request=RefreshRequest),
    Operation("syncAdjust", "POST", inventory_paths("/inventory/sync-adjust"), sync_adjust, request=AdjustRequest),
    Operation(
        "smartRefresh", "POST", inventory_paths("/inventory/smart-refresh"), smart_refresh, request=RefreshRequest
    ),
    Operation("smartAdjust", "POST", inventory_paths("/inventory/smart-adjust"), smart_adjust, request=AdjustRequest),
)
