"""Bins of a location: kept, looked up, searched by what lies in them, and loaded (I-1, I-2)."""

import msgspec

from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.quantities import available
from kibo_simulator.stock.records import Location, StockRecord
from kibo_simulator.stock.variants import Variant
from kibo_simulator.store.bins import Bin, BinStore
from kibo_simulator.web.base_wire import base_body, listed, missing, no_location, path_number
from kibo_simulator.web.bin_wire import (
    BinProduct,
    BinSearchRequest,
    CreateBinRequest,
    UpdateBinRequest,
    UpdateBinsRequest,
    bin_body,
    bin_model,
    found_product,
    numbered,
)
from kibo_simulator.web.errors import validation_error
from kibo_simulator.web.operations import Answer, Call, Operation, Parameter, inventory_paths
from kibo_simulator.web.tagging import Tagging
from kibo_simulator.web.wire import decode

_create = msgspec.json.Decoder(CreateBinRequest)
_update = msgspec.json.Decoder(UpdateBinRequest)
_update_all = msgspec.json.Decoder(UpdateBinsRequest)
_search = msgspec.json.Decoder(BinSearchRequest)

USUAL_PAGE = 100


def _bins(call: Call) -> BinStore:
    return BinStore(call.simulator.database.connection)


def bin_location(call: Call, code: str, path: str) -> Location:
    """The location with this code.

    Raises:
        ApiError: 400 that names the place.
    """
    location = call.simulator.stock.location(call.tenant_id, code)
    if location is None:
        raise no_location(path, code)
    return location


def product_wanted(product: BinProduct, path: str) -> Wanted:
    """The identifiers of a product.

    Raises:
        ApiError: 400 when there is none.
    """
    wanted = Wanted(product.part_number or None, product.upc or None, product.sku or None)
    if not wanted.named():
        raise validation_error(path, "needs one of partNumber, upc and sku")
    return wanted


def check_kind(call: Call, type_id: int | None, status_id: int | None, path: str) -> None:
    """Refuse types and statuses that are in no list; None is always good.

    Raises:
        ApiError: 400 that names the place.
    """
    settings = call.simulator.settings.bins
    for name, number, known in (("binTypeID", type_id, settings.types), ("binStatusID", status_id, settings.statuses)):
        if number is not None and not 1 <= number <= len(known):
            raise validation_error(f"{path}.{name}", f"expected 1 to {len(known)}, got {number}")


def promised(call: Call, record: StockRecord) -> int:
    """What is available of a record, with safety stock withheld where it is set to be (I-3)."""
    ignore = not call.simulator.settings.inventory.safety_stock_included
    return available(record.counters, ignore_safety_stock=ignore)


# -- bins -------------------------------------------------------------------------------------------------------------


def get_bins(call: Call) -> Answer:
    """One page of a location's bins, optionally of those whose name holds a text."""
    location = _location_asked_for(call)
    size = call.whole("perPage", least=1, most=10_000) or USUAL_PAGE
    page = call.whole("page", least=1, most=100_000_000) or 1
    found, count = _bins(call).search(
        call.tenant_id,
        location_id=location.id,
        term=call.text("searchTerm") or "",
        limit=size,
        offset=(page - 1) * size,
    )
    return Answer({"bins": listed(call, [bin_model(stored) for stored in found], "such bins"), "resultCount": count})


def _location_asked_for(call: Call) -> Location:
    location_id = call.whole("locationID", least=1, most=2**31 - 1)
    code = call.text("locationCode")
    if location_id is None and code is None:
        raise validation_error("locationID", "is needed")
    for location in call.simulator.stock.locations(call.tenant_id):
        if location.id == location_id or (location_id is None and location.code == code):
            return location
    raise no_location("locationCode" if location_id is None else "locationID", location_id or code, status=404)


def create_bin(call: Call) -> Answer:
    """Add a bin; without type and status it is of the first of each."""
    request = decode(_create, call.body)
    location = bin_location(call, request.location_code, "$.locationCode")
    check_kind(call, request.bin_type_id, request.bin_status_id, "$")
    if _bins(call).named(location.id, request.name) is not None:
        raise validation_error("$.name", f"location {location.code} has a bin {request.name[:60]!r} already")
    bin_id = _bins(call).add(
        location.id, request.name, type_id=request.bin_type_id or 1, status_id=request.bin_status_id or 1
    )
    return Answer({"binID": bin_id})


def get_bin(call: Call) -> Answer:
    """One bin."""
    return Answer(bin_body(_bin(call, path_number(call, "bin_id", "bin_id"), "bin_id", status=404)))


def delete_bin(call: Call) -> Answer:
    """Delete a bin; the stock that lay in it stays at the location."""
    stored = _bin(call, path_number(call, "bin_id", "bin_id"), "bin_id", status=404)
    for name, told, actual in (
        ("binName", call.text("binName"), stored.name),
        ("locationCode", call.text("locationCode"), stored.location_code),
    ):
        if told is not None and told != actual:
            raise validation_error(name, f"bin {stored.id} has {actual[:60]!r}, not {told[:60]!r}")
    _bins(call).delete(stored.id)
    return Answer(base_body())


def update_bin(call: Call) -> Answer:
    """Change type or status of one bin."""
    request = decode(_update, call.body)
    bin_id = path_number(call, "bin_id", "bin_id")
    if request.bin_id not in {None, bin_id}:
        raise validation_error("$.binID", f"the path names bin {bin_id}, not {request.bin_id}")
    stored = _bin(call, bin_id, "bin_id")
    _change(call, stored, request, "$")
    return Answer(bin_body(_bin(call, bin_id, "bin_id")))


def update_bins(call: Call) -> Answer:
    """Change type or status of many bins, all or none."""
    request = decode(_update_all, call.body)
    for index, change in enumerate(request.bins):
        path = f"$.bins[{index}]"
        if change.bin_id is None:
            raise validation_error(f"{path}.binID", "is needed")
        _change(call, _bin(call, change.bin_id, f"{path}.binID"), change, path)
    affected = len({change.bin_id for change in request.bins})
    return Answer({"numberAffected": affected} | base_body(affected))


def _bin(call: Call, bin_id: int, path: str, *, status: int = 400) -> Bin:
    stored = _bins(call).get(call.tenant_id, bin_id)
    if stored is None:
        raise missing(path, f"bin {bin_id}", status=status)
    return stored


def _change(call: Call, stored: Bin, request: UpdateBinRequest, path: str) -> None:
    if request.location_code not in {None, "", stored.location_code}:
        raise validation_error(f"{path}.locationCode", f"bin {stored.id} is at location {stored.location_code}")
    check_kind(call, request.bin_type_id, request.bin_status_id, path)
    _bins(call).update(
        stored.id,
        type_id=request.bin_type_id or stored.type_id,
        status_id=request.bin_status_id or stored.status_id,
    )


def get_types(call: Call) -> Answer:
    """The types of bins there are."""
    return Answer(numbered(call.simulator.settings.bins.types, "binTypeID"))


def get_statuses(call: Call) -> Answer:
    """The statuses a bin can have."""
    return Answer(numbered(call.simulator.settings.bins.statuses, "binStatusID"))


# -- what lies in them ------------------------------------------------------------------------------------------------


def search_inventory(call: Call) -> Answer:
    """Bins by part of their name and by a product in them, each with its contents."""
    request = decode(_search, call.body)
    location = bin_location(call, request.location_code, "$.locationCode") if request.location_code else None
    products: set[int] | None = None
    if request.product is not None:
        wanted = product_wanted(request.product, "$.product")
        (products,) = call.simulator.stock.match(call.tenant_id, [wanted], patterns=False)
    size = request.page_size or USUAL_PAGE
    found, count = _bins(call).search(
        call.tenant_id,
        location_id=location.id if location else None,
        term=request.bin_name or "",
        product_ids=products,
        ascending=request.sort_ascending is not False,
        limit=size,
        offset=((request.page_num or 1) - 1) * size,
    )
    tags = Tagging(call).resolve(request.tags, "$", defaults=False)
    negative = bool(request.show_negative_inventory)
    rows = [
        {"binName": stored.name, "products": _contents(call, stored, products, Variant(tags), negative=negative)}
        for stored in found
    ]
    return Answer({"binQuantities": rows} | base_body(count))


def _contents(
    call: Call, stored: Bin, only: set[int] | None, variant: Variant, *, negative: bool
) -> list[dict[str, object]]:
    rows = []
    for product_id, variant_id, quantity in _bins(call).contents(stored.id):
        record = call.simulator.stock.record(stored.location_id, product_id, variant_id)
        if record is None or (only is not None and product_id not in only) or not variant.covers(record.variant):
            continue
        promise = promised(call, record)
        if promise >= 0 or negative:
            rows.append(found_product(stored, record, quantity, promise))
    return rows


_ALL = inventory_paths("/bin", "v1")
_ONE = inventory_paths("/bin/{bin_id}", "v1")

OPERATIONS = (
    Operation(
        "getBins",
        "GET",
        _ALL,
        get_bins,
        reads=True,
        query=(
            Parameter("locationID", "whole"),
            Parameter("locationCode"),
            Parameter("searchTerm"),
            Parameter("perPage", "whole"),
            Parameter("page", "whole"),
        ),
    ),
    Operation("createBin", "POST", _ALL, create_bin, request=CreateBinRequest),
    Operation("getBinTypes", "GET", inventory_paths("/bin/binTypes", "v1"), get_types, reads=True),
    Operation("getBinStatuses", "GET", inventory_paths("/bin/binStatuses", "v1"), get_statuses, reads=True),
    Operation("updateBins", "POST", inventory_paths("/bin/updateBins", "v1"), update_bins, request=UpdateBinsRequest),
    Operation(
        "searchBins",
        "POST",
        inventory_paths("/bin/searchInventory", "v1"),
        search_inventory,
        reads=True,
        request=BinSearchRequest,
    ),
    Operation("getBin", "GET", _ONE, get_bin, reads=True),
    Operation("updateBin", "POST", _ONE, update_bin, request=UpdateBinRequest),
    Operation(
        "deleteBin",
        "DELETE",
        _ONE,
        delete_bin,
        query=(
            Parameter("binName"),
            Parameter("locationCode"),
        ),
    ),
)
