"""Bins, what lies in them, and their types and statuses as JSON."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from kibo_simulator.stock.records import StockRecord, inventory_id
from kibo_simulator.store.bins import Bin
from kibo_simulator.web.base_wire import BaseRequest, Name, RecordId, Text, base_body, kibo_name
from kibo_simulator.web.wire import Identifier, Tags, identifiers_body

Quantity = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class CreateBinRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST bin``: a name that is free at the location, and optionally type and status."""

    location_code: Name
    name: Name
    bin_type_id: int | None = None
    bin_status_id: int | None = None


class UpdateBinRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST bin/{id}`` and element of ``bin/updateBins``."""

    bin_id: RecordId | None = None
    bin_type_id: int | None = None
    bin_status_id: int | None = None


class UpdateBinsRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST bin/updateBins``: all bins are changed or none."""

    bins: Annotated[list[UpdateBinRequest], Meta(max_length=10_000)]


class BinProduct(Struct, rename=kibo_name, frozen=True, kw_only=True):
    """A product by its identifiers; empty texts count as absent."""

    part_number: Identifier = None
    upc: Identifier = None
    sku: Identifier = None


class BinSearchRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST bin/searchInventory``."""

    bin_name: Text | None = None
    product: BinProduct | None = None
    sort_ascending: bool | None = None
    show_negative_inventory: bool | None = None
    tags: Tags = None


class LoadedProduct(BinProduct, rename=kibo_name, frozen=True, kw_only=True):
    """A product and how much of it a bin is to hold."""

    quantity: Quantity
    tags: Tags = None
    location_id: RecordId | None = None
    bin_type_id: int | None = None
    bin_status_id: int | None = None


class LoadedBin(Struct, rename=kibo_name, frozen=True, kw_only=True):
    """A bin by its name, and what it is to hold."""

    bin_name: Name
    products: Annotated[list[LoadedProduct], Meta(max_length=12_000)]


class LoadBinInventoryRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST bin/loadInventory``."""

    bins: Annotated[list[LoadedBin], Meta(max_length=10_000)]
    dry_run: bool | None = None


def bin_model(stored: Bin) -> dict[str, Any]:
    """A bin as BinModel, the element of lists; names are texts although the published type is a number."""
    return {
        "binID": stored.id,
        "locationID": stored.location_id,
        "binTypeID": stored.type_id,
        "binStatusID": stored.status_id,
        "name": stored.name,
    }


def bin_body(stored: Bin) -> dict[str, Any]:
    """A bin as Bin, the answer of calls about one."""
    return {
        "name": stored.name,
        "binID": stored.id,
        "locationCode": stored.location_code,
        "binTypeID": stored.type_id,
        "binStatusID": stored.status_id,
    } | base_body()


def found_product(stored: Bin, record: StockRecord, quantity: int, available: int) -> dict[str, Any]:
    """What a search tells of a product in a bin: its quantity there and its counters at the location."""
    body: dict[str, Any] = identifiers_body(record) | {"quantity": quantity, "locationCode": stored.location_code}
    body |= _place(stored) | _counters(record, available)
    if record.variant.tags:
        counted = {name: body[name] for name in ("onHand", "available", "allocated", "pending")}
        body["tags"] = [counted | {"tags": dict(record.variant.tags)}]
    return body


def loaded_product(stored: Bin, record: StockRecord, quantity: int, available: int) -> dict[str, Any]:
    """What a load tells of a product in a bin and of its record as it then is."""
    body: dict[str, Any] = identifiers_body(record) | {"quantity": quantity, "locationID": stored.location_id}
    body |= _place(stored) | _counters(record, available)
    if record.variant.tags:
        body["tags"] = dict(record.variant.tags)
    return body


def _place(stored: Bin) -> dict[str, Any]:
    return {"binID": stored.id, "binTypeID": stored.type_id, "binStatusID": stored.status_id}


def _counters(record: StockRecord, available: int) -> dict[str, Any]:
    return {
        "inventoryID": inventory_id(record.location_id, record.product_id, record.variant_id),
        "onHand": record.on_hand,
        "available": available,
        "allocated": record.allocated,
        "pending": record.pending,
        "ltd": record.details.get("ltd", 0),
        "floor": record.floor,
        "safetystock": record.safety_stock,
    }


def numbered(texts: Sequence[str], name: str) -> list[dict[str, Any]]:
    """A list of descriptions as Kibo's enumerations: numbers from 1."""
    return [{name: number, "description": text} for number, text in enumerate(texts, 1)]
