"""Price lists, their single entries, and the bulk calls that may add to a batch job."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from kibo_simulator.catalog.changes import AddEntry, Change, DeleteEntry, Document, PutEntry
from kibo_simulator.catalog.prices import (
    MOST_ENTRIES,
    EntryKey,
    entry_key,
    price_list_added,
    price_list_replaced,
)
from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.store.catalog import Stored
from kibo_simulator.web.batch_job_wire import page_body
from kibo_simulator.web.errors import ApiError, Fault, validation_error
from kibo_simulator.web.gathering import gathered, made, refused
from kibo_simulator.web.operations import Answer, Call, Operation, Parameter, Steps
from kibo_simulator.web.price_wire import (
    PriceListEntryRequest,
    PriceListRequest,
    entries_decoder,
    entry_body,
    failure_body,
    stored_body,
)
from kibo_simulator.web.wire import decode

_MOST_FAULTS = 100
_BETWEEN_PAUSES = 64
_TOGETHER = 500

_list = msgspec.json.Decoder(PriceListRequest)
_entry = msgspec.json.Decoder(PriceListEntryRequest)


# -- price lists ------------------------------------------------------------------------------------------------------


def get_price_lists(call: Call) -> Answer:
    """Price lists by code."""
    start, size = _page(call)
    total, lists = call.simulator.catalog.price_lists(call.tenant_id, start=start, limit=size)
    return Answer(page_body(start, size, total, [stored_body(each) for each in lists]))


def get_price_list(call: Call) -> Answer:
    """One price list."""
    return Answer(stored_body(_stored(call)))


def add_price_list(call: Call) -> Answer:
    """Add a price list."""
    catalog = call.simulator.catalog
    try:
        document = price_list_added(decode(_list, call.body).document(), sequence=catalog.next_sequence("price_lists"))
    except CatalogRefusal as refusal:
        raise refused(refusal) from None
    code = document["priceListCode"]
    if catalog.price_list(call.tenant_id, code) is not None:
        raise refused(CatalogRefusal("taken", "priceListCode", f"there is a price list {code!r} already"))
    return _put_list(call, document)


def update_price_list(call: Call) -> Answer:
    """Replace what a price list says of itself; its entries stay."""
    request = decode(_list, call.body)
    try:
        return _put_list(call, price_list_replaced(_stored(call).document, request.document()))
    except CatalogRefusal as refusal:
        raise refused(refusal) from None


def delete_price_list(call: Call) -> Answer:
    """Delete a price list; one with entries only with ``cascadeDeleteEntries``."""
    code = _stored(call).document["priceListCode"]
    cascading = call.flag("cascadeDeleteEntries")
    held, _ = call.simulator.catalog.entries(call.tenant_id, code, start=0, limit=0)
    if held and not cascading:
        raise refused(
            CatalogRefusal("in use", "priceListCode", f"has {held:,} entries; cascadeDeleteEntries deletes them")
        )
    call.simulator.catalog.delete_price_list(call.tenant_id, code)
    return Answer(None)


def _put_list(call: Call, document: Document) -> Answer:
    catalog = call.simulator.catalog
    catalog.put_price_list(call.tenant_id, document["priceListCode"], document, call.now)
    stored = catalog.price_list(call.tenant_id, document["priceListCode"])
    assert stored is not None
    return Answer(stored_body(stored))


def _stored(call: Call) -> Stored:
    try:
        return call.simulator.catalog_work.price_list(call.tenant_id, call.path["price_list"])
    except CatalogRefusal as refusal:
        raise refused(refusal) from None


def _page(call: Call) -> tuple[int, int]:
    start = call.whole("startIndex", least=0, most=2**31) or 0
    return start, call.whole("pageSize", least=1, most=200) or 20


# -- single entries ---------------------------------------------------------------------------------------------------


def get_entries(call: Call) -> Answer:
    """The entries of a price list by product, currency and start."""
    start, size = _page(call)
    code = _stored(call).document["priceListCode"]
    total, entries = call.simulator.catalog.entries(call.tenant_id, code, start=start, limit=size)
    return Answer(page_body(start, size, total, [entry_body(each) for each in entries]))


def add_entry(call: Call) -> Answer:
    """Add an entry to a price list."""
    return _one(call, AddEntry(_placed(call, decode(_entry, call.body).document(), {})))


def get_entry(call: Call) -> Answer:
    """One entry of a price list; ``startDate`` tells it from others of its product and currency."""
    try:
        return Answer(entry_body(call.simulator.catalog_work.entry(call.tenant_id, _key(call))))
    except CatalogRefusal as refusal:
        raise refused(refusal) from None


def update_entry(call: Call) -> Answer:
    """Replace an entry of a price list."""
    document = _placed(call, decode(_entry, call.body).document(), _keys(call))
    try:
        call.simulator.catalog_work.entry(call.tenant_id, entry_key(document))
    except CatalogRefusal as refusal:
        raise refused(refusal) from None
    return _one(call, PutEntry(document))


def delete_entry(call: Call) -> Answer:
    """Delete an entry of a price list."""
    return _one(call, DeleteEntry(_placed(call, {}, _keys(call))))


def _keys(call: Call) -> dict[str, str]:
    named = {"productCode": call.path["product"], "currencyCode": call.path["currency"]}
    start = call.text("startDate")
    return named | ({"startDate": start} if start else {})


def _key(call: Call) -> EntryKey:
    return entry_key(_placed(call, {}, _keys(call)))


def _placed(call: Call, document: Document, named: dict[str, str]) -> Document:
    """The document with what the path names; a body that names something else is refused."""
    for name, value in {"priceListCode": call.path["price_list"], **named}.items():
        told = document.get(name)
        if told is not None and told.strip().lower() != value.lower() and name != "startDate":
            raise validation_error(f"$.{name}", f"{told[:60]!r} is not what the path names")
        document[name] = value
    return document


def _one(call: Call, change: Change) -> Answer:
    stored = made(call, change)
    return Answer(None if stored is None else entry_body(stored))


# -- bulk -------------------------------------------------------------------------------------------------------------


def change_entries(call: Call, *, change: Callable[[Document], Change]) -> Steps:
    """Add, put or delete up to 5,000 entries; with ``batchJobCode`` when that job runs.

    Without ``allowPartialSuccess`` any entry that cannot be made undoes all of them.
    """
    entries = decode(entries_decoder, call.body)
    partly = call.flag("allowPartialSuccess")
    # No event is published here and nothing is cached: accepted, and without effect.
    call.flag("publishEvents")
    call.flag("invalidateCache")
    call.summary["items"] = len(entries)
    if not entries:
        raise validation_error("$", "needs at least one entry")
    if len(entries) > MOST_ENTRIES:
        raise validation_error("$", f"has {len(entries):,} entries; at most {MOST_ENTRIES:,} are taken")
    documents: list[Document] = []
    for each in entries:
        documents.append(each.document())
        if not len(documents) % _TOGETHER:
            yield
    job_code = call.text("batchJobCode")
    if job_code is not None:
        yield from gathered(call, job_code, [change(document) for document in documents])
        return Answer(_result(len(documents), []))
    failures: list[tuple[int, CatalogRefusal]] = []
    for index, document in enumerate(documents):
        if index % _BETWEEN_PAUSES == _BETWEEN_PAUSES - 1:
            yield
        try:
            call.simulator.catalog_work.apply(call.tenant_id, change(document), call.now)
        except CatalogRefusal as refusal:
            failures.append((index, refusal))
    if failures and not partly:
        raise _all_undone(failures, len(documents))
    details = [failure_body(documents[index], refusal.message) for index, refusal in failures]
    status = 200 if not failures else 206 if len(failures) < len(documents) else 409
    return Answer(_result(len(documents) - len(failures), details), status)


def _all_undone(failures: Sequence[tuple[int, CatalogRefusal]], entries: int) -> ApiError:
    index, first = failures[0]
    faults = tuple(Fault(f"$[{place}].{each.field}", each.message) for place, each in failures[:_MOST_FAULTS])
    message = (
        f"$[{index}].{first.field}: {first.message}; {len(failures)} of {entries} entries are wrong, none was taken"
    )
    return ApiError(first.status, first.code, message, faults)


def _result(succeeded: int, failures: list[dict[str, Any]]) -> dict[str, Any]:
    return {"successCount": succeeded, "failureCount": len(failures), "failureDetails": failures}


_STEM = "/api/commerce/catalog/admin/pricelists"
_ONE = (f"{_STEM}/{{price_list}}",)
_ENTRIES = (f"{_STEM}/{{price_list}}/entries",)
_ENTRY = (f"{_STEM}/{{price_list}}/entries/{{product}}/{{currency}}",)
_PAGES = (Parameter("startIndex", "whole"), Parameter("pageSize", "whole"))
_START = (Parameter("startDate"),)
_BULK = (
    Parameter("batchJobCode"),
    Parameter("allowPartialSuccess", "flag"),
    Parameter("publishEvents", "flag"),
    Parameter("invalidateCache", "flag"),
)


def _bulk(name: str, word: str, change: Callable[[Document], Change]) -> Operation:
    # Made once: a fresh generic alias would be another type to whoever describes the API.
    return Operation(
        name, "POST", (f"{_STEM}/bulk{word}entries",), partial(change_entries, change=change),
        request=list[PriceListEntryRequest], query=_BULK,
        statuses=((206, "Some entries were made, the others are told"), (409, "No entry was made")),
    )  # fmt: skip


OPERATIONS = (
    Operation("getPriceLists", "GET", (_STEM,), get_price_lists, reads=True, query=_PAGES),
    Operation("addPriceList", "POST", (_STEM,), add_price_list, request=PriceListRequest),
    _bulk("bulkAddPriceListEntries", "add", AddEntry),
    _bulk("bulkUpdatePriceListEntries", "update", PutEntry),
    _bulk("bulkDeletePriceListEntries", "delete", DeleteEntry),
    Operation("getPriceList", "GET", _ONE, get_price_list, reads=True),
    Operation("updatePriceList", "PUT", _ONE, update_price_list, request=PriceListRequest),
    Operation("deletePriceList", "DELETE", _ONE, delete_price_list, query=(Parameter("cascadeDeleteEntries", "flag"),)),
    Operation("getPriceListEntries", "GET", _ENTRIES, get_entries, reads=True, query=_PAGES),
    Operation("addPriceListEntry", "POST", _ENTRIES, add_entry, request=PriceListEntryRequest),
    Operation("getPriceListEntry", "GET", _ENTRY, get_entry, reads=True, query=_START),
    Operation("updatePriceListEntry", "PUT", _ENTRY, update_entry, request=PriceListEntryRequest, query=_START),
    Operation("deletePriceListEntry", "DELETE", _ENTRY, delete_entry, query=_START),
)
