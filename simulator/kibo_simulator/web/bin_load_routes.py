"""Loading bins: what each is to hold is set, and the difference is added to the location's stock (I-2, I-3).

A dry run does all of it and takes it back, so that it reports exactly what the live run would.
"""

from typing import Any

import msgspec

from kibo_simulator.stock.variants import Variant
from kibo_simulator.stock_work import AdjustWork, QuantityItem
from kibo_simulator.store.bins import Bin, BinStore
from kibo_simulator.web.base_wire import base_body, no_location
from kibo_simulator.web.bin_routes import bin_location, check_kind, product_wanted, promised
from kibo_simulator.web.bin_wire import LoadBinInventoryRequest, LoadedBin, LoadedProduct, loaded_product
from kibo_simulator.web.errors import validation_error
from kibo_simulator.web.operations import Answer, Call, Operation, inventory_paths
from kibo_simulator.web.tagging import Tagging
from kibo_simulator.web.wire import decode, identifiers_body

MOST_LOADED = 1_000
"""As many as an adjust takes: a load is done at once, and everybody waits for it."""

_load = msgspec.json.Decoder(LoadBinInventoryRequest)


class _Load:
    """One load under way: what has been done so far, and what will be told of it."""

    def __init__(self, call: Call, request: LoadBinInventoryRequest) -> None:
        self._call = call
        self._request = request
        self._tagging = Tagging(call)
        self._bins = BinStore(call.simulator.database.connection)
        self._added = 0
        self._removed = 0
        self._bins_created: list[str] = []
        self._products_created: list[dict[str, str]] = []
        code = request.location_code
        self._location = bin_location(call, code, "$.locationCode") if code else None
        self._known = {location.id for location in call.simulator.stock.locations(call.tenant_id)}

    def run(self) -> dict[str, Any]:
        """Set the contents of every bin; the answer as LoadBinInventoryResponse."""
        quantities = [
            {"binName": wanted.bin_name, "products": self._fill(wanted, f"$.bins[{index}]")}
            for index, wanted in enumerate(self._request.bins)
        ]
        return {
            "unitsAdded": self._added,
            "unitsRemoved": self._removed,
            "binsCreated": self._bins_created,
            "productsCreated": self._products_created,
            "binQuantities": quantities,
        } | base_body(len(quantities))

    def _fill(self, wanted: LoadedBin, path: str) -> list[dict[str, Any]]:
        if not wanted.products:
            self._bin(self._location_id(None, path), wanted, None, path)
        return [
            self._set(wanted, product, f"{path}.products[{index}]") for index, product in enumerate(wanted.products)
        ]

    def _set(self, wanted: LoadedBin, product: LoadedProduct, path: str) -> dict[str, Any]:
        call, stock = self._call, self._call.simulator.stock
        named = product_wanted(product, path)
        location_id = self._location_id(product, path)
        tags = self._tagging.resolve(product.tags, path, defaults=True)
        stored = self._bin(location_id, wanted, product, path)
        is_new = not stock.match(call.tenant_id, [named], patterns=False)[0]
        product_id = stock.product_for_write(call.tenant_id, named)
        if is_new:
            self._products_created.append(identifiers_body(stock.products([product_id])[product_id]))
        variant_id = stock.variant_for_write(product_id, Variant(tags))
        was_there = stock.record(location_id, product_id, variant_id) is not None
        if not was_there:
            # Whatever the bins say of a record that was deleted, it is gone.
            self._bins.sweep(location_id)
        change = product.quantity - self._bins.quantity(stored.id, product_id, variant_id)
        self._bins.put(stored.id, product_id, variant_id, product.quantity)
        item = QuantityItem(change, named.part_number, named.upc, named.sku, variant=Variant(tags))
        call.simulator.runner.worker.apply(call.tenant_id, location_id, AdjustWork((item,)), call.now)
        self._added += max(change, 0)
        self._removed += max(-change, 0)
        record = stock.record(location_id, product_id, variant_id)
        assert record is not None
        body = loaded_product(stored, record, product.quantity, promised(call, record))
        if self._request.dry_run:
            # Numbers that only a live run would give out are not known yet.
            if stored.name in self._bins_created:
                del body["binID"]
            if not was_there:
                del body["inventoryID"]
        return body

    def _location_id(self, product: LoadedProduct | None, path: str) -> int:
        """The location of the request, or of the product where only that names one."""
        told = product.location_id if product else None
        if self._location is not None:
            if told not in {None, self._location.id}:
                raise validation_error(f"{path}.locationID", f"the request is for location {self._location.code}")
            return self._location.id
        if told is None:
            raise validation_error("$.locationCode", "is needed")
        if told not in self._known:
            raise no_location(f"{path}.locationID", told)
        return told

    def _bin(self, location_id: int, wanted: LoadedBin, product: LoadedProduct | None, path: str) -> Bin:
        type_id = product.bin_type_id if product else None
        status_id = product.bin_status_id if product else None
        check_kind(self._call, type_id, status_id, path)
        stored = self._bins.named(location_id, wanted.bin_name)
        if stored is None:
            self._bins.add(location_id, wanted.bin_name, type_id=type_id or 1, status_id=status_id or 1)
            self._bins_created.append(wanted.bin_name)
            stored = self._bins.named(location_id, wanted.bin_name)
            assert stored is not None
        return stored


def load_inventory(call: Call) -> Answer:
    """Set what bins hold; bins and products that are missing are created."""
    request = decode(_load, call.body)
    count = sum(len(wanted.products) for wanted in request.bins)
    call.summary |= {"items": count, "dryRun": bool(request.dry_run)}
    if not request.bins:
        raise validation_error("$.bins", "needs at least one bin")
    if count > MOST_LOADED:
        raise validation_error("$.bins", f"has {count} products; at most {MOST_LOADED:,} are taken")
    if not request.dry_run:
        return Answer(_Load(call, request).run())
    with call.simulator.database.rehearsal():
        return Answer(_Load(call, request).run())


OPERATIONS = (
    Operation(
        "loadBinInventory",
        "POST",
        inventory_paths("/bin/loadInventory", "v1"),
        load_inventory,
        request=LoadBinInventoryRequest,
    ),
)
