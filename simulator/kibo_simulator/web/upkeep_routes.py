"""Future stock, redistribution over tags, and the purge of old records."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from kibo_simulator.stock.identifiers import PatternError, check_pattern, is_pattern
from kibo_simulator.stock.records import inventory_id
from kibo_simulator.store.future import FutureRecord
from kibo_simulator.timestamps import DAY, SECOND, InstantError, parse_instant
from kibo_simulator.upkeep_work import PurgeWork, RedistributeWork
from kibo_simulator.web.deletion_routes import locations_in_scope
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.operations import Answer, Call, Operation, inventory_paths
from kibo_simulator.web.order_wire import DeleteFutureRequest, FutureDateRequest
from kibo_simulator.web.wire import decode, identifiers_body, job_body

_future_date = msgspec.json.Decoder(FutureDateRequest)
_delete_future = msgspec.json.Decoder(DeleteFutureRequest)


def adjust_future_date(call: Call) -> Answer:
    """Expect a delivery on another date; the answer is a job that is already done."""
    text = call.path["future_id"]
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise validation_error("futureInventoryID", f"expected a number, got {text[:40]!r}")
    request = decode(_future_date, call.body)
    instant = _instant(request.future_date, "$.futureDate")
    record = call.simulator.future.get(call.tenant_id, int(text))
    if record is None:
        raise ApiError(404, "ITEM_NOT_FOUND", f"there is no future inventory {text}")
    call.simulator.future.move(record.id, instant)
    location = next(place for place in call.simulator.stock.locations(call.tenant_id) if place.id == record.location_id)
    (job_id,) = call.simulator.jobs.add(
        call.tenant_id, [(location.id, location.code)], job_type="", added=call.now, item_count=None, payload_id=None
    )
    call.simulator.jobs.finish(job_id, status="SUCCESS", started=call.now, finished=call.now, messages=())
    call.job_ids = (job_id,)
    job = call.simulator.jobs.get(call.tenant_id, job_id)
    assert job is not None
    return Answer(job_body(job))


def delete_future(call: Call) -> Answer:
    """Delete expected stock of one identifier or pattern within a span of dates; dry or live."""
    request = decode(_delete_future, call.body)
    named = [text for text in (request.part_number, request.upc, request.sku) if text]
    if len(named) != 1:
        raise validation_error("$", "needs exactly one of partNumber, upc and sku")
    patterns = call.simulator.settings.inventory.patterns
    if patterns and is_pattern(named[0]):
        try:
            check_pattern(named[0])
        except PatternError as error:
            raise validation_error("$", str(error)) from None
    after = _instant(request.future_start_date, "$.futureStartDate") if request.future_start_date else None
    before = _instant(request.future_end_date, "$.futureEndDate") if request.future_end_date else None
    call.summary |= {"items": 1, "dryRun": bool(request.dry_run), "explicit": bool(request.explicit)}
    wanted = request.wanted("$")
    products = call.simulator.stock.match_any(call.tenant_id, [wanted], patterns=patterns)
    doomed: list[FutureRecord] = []
    for location in locations_in_scope(call, request.location_codes, all_locations=bool(request.all_locations)):
        found = call.simulator.future.at_location(location.id, products, after=after, before=before)
        doomed += [each for each in found if not request.external_ids or each.external_id in request.external_ids]
    if not request.dry_run:
        call.simulator.future.delete([record.id for record in doomed])
    return Answer(
        {
            "dryRun": bool(request.dry_run),
            "itemsDeleted": _deleted_bodies(call, doomed) if request.explicit else [],
            "totalInventoryEntriesDeleted": len(doomed),
            "totalLocationsAffected": len({record.location_id for record in doomed}),
            "totalexternalIDsAffected": len({record.external_id for record in doomed if record.external_id}),
            "jobIDs": [] if request.dry_run else _done_jobs(call, doomed),
        }
    )


def _done_jobs(call: Call, doomed: list[FutureRecord]) -> list[int]:
    """One finished job for each location, as the other deletions have them (J-1)."""
    touched = {record.location_id for record in doomed}
    places = [(place.id, place.code) for place in call.simulator.stock.locations(call.tenant_id) if place.id in touched]
    ids = call.simulator.jobs.add(
        call.tenant_id, places, job_type="DELETE", added=call.now, item_count=None, payload_id=None
    )
    for job_id in ids:
        call.simulator.jobs.finish(job_id, status="SUCCESS", started=call.now, finished=call.now, messages=())
    call.job_ids = tuple(ids)
    return ids


def _deleted_bodies(call: Call, doomed: list[FutureRecord]) -> list[dict[str, Any]]:
    codes = {place.id: place.code for place in call.simulator.stock.locations(call.tenant_id)}
    rows = call.simulator.stock.products({record.product_id for record in doomed})
    bodies = []
    for product_id in sorted(rows):
        found = [record for record in doomed if record.product_id == product_id]
        places = sorted({record.location_id for record in found})
        bodies.append(
            {
                "productID": product_id,
                "inventoryIDs": [inventory_id(r.location_id, product_id, r.variant_id) for r in found],
                "locationIDs": places,
                "locationCodes": [codes[place] for place in places],
                "auditIDs": [],
                "itemIdentifier": identifiers_body(rows[product_id]),
            }
        )
    return bodies


def redistribute(call: Call) -> Answer:
    """Spread stock over tags by their percentages: one job a location that has any to spread."""
    simulator = call.simulator
    if not simulator.upkeep.spreadable(call.tenant_id):
        return Answer([])
    places = [
        place
        for place in simulator.stock.locations(call.tenant_id)
        if place.active and simulator.stock.count_at(place.id)
    ]
    call.job_ids = tuple(
        simulator.runner.enqueue(
            call.tenant_id, places, job_type="", work=RedistributeWork(), item_count=None, now=call.now
        )
    )
    jobs = (simulator.jobs.get(call.tenant_id, job_id) for job_id in call.job_ids)
    return Answer([job_body(job) for job in jobs if job is not None])


def purge(call: Call) -> Answer:
    """Delete records that nobody has written for so many months; the answer has the first job's id."""
    return Answer({"jobID": _purge(call)})


def purge_every_silo(call: Call) -> Answer:
    """The same for all silos of the tenant; there is one here."""
    return Answer([{"jobID": _purge(call)}])


def _purge(call: Call) -> int:
    text = call.path["months"]
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 1_200:
        raise validation_error("months", f"expected 1 to 1200, got {text[:40]!r}")
    simulator = call.simulator
    now = datetime.fromtimestamp(call.now // SECOND, UTC)
    year, month = divmod(now.year * 12 + now.month - 1 - int(text), 12)
    cutoff = datetime(year, month + 1, min(now.day, 28), tzinfo=UTC)
    work = PurgeWork(max(0, int(cutoff.timestamp()) * SECOND // DAY))
    places = [place for place in simulator.stock.locations(call.tenant_id) if place.active]
    if not places:
        raise ApiError(400, "LOCATION_NOT_FOUND", "the tenant has no active location")
    call.job_ids = tuple(
        simulator.runner.enqueue(call.tenant_id, places, job_type="", work=work, item_count=None, now=call.now)
    )
    return call.job_ids[0]


def _instant(text: str, path: str) -> int:
    try:
        return parse_instant(text)
    except InstantError as error:
        raise validation_error(path, str(error)) from None


_FUTURE_DATE_PATHS = (
    "/api/adjustFutureDate/{future_id}",
    "/adjustFutureDate/{future_id}",
    *inventory_paths("/inventory/adjustFutureDate/{future_id}"),
)

OPERATIONS = (
    Operation(
        "adjustFutureDate",
        "PUT",
        _FUTURE_DATE_PATHS,
        adjust_future_date,
        pool_path="/api/commerce/inventory/v5/adjustFutureDate",
        request=FutureDateRequest,
    ),
    Operation(
        "deleteFutureInventory",
        "POST",
        inventory_paths("/inventory/deleteFutureInventory"),
        delete_future,
        request=DeleteFutureRequest,
    ),
    Operation("redistribute", "POST", inventory_paths("/inventory/redistribute"), redistribute),
    Operation(
        "deleteOldInventoryAllSilos",
        "DELETE",
        inventory_paths("/deleteOldInventory/allSilo/{months}", "v1"),
        purge_every_silo,
    ),
    Operation("deleteOldInventory", "DELETE", inventory_paths("/deleteOldInventory/{months}", "v1"), purge),
)
