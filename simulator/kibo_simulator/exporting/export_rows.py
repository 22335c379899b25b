"""Which records an export holds, row by row: of each item at each location, or summed over all of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from kibo_simulator.exporting.documents import ExportDocument
from kibo_simulator.files.inventory_export import ExportRow
from kibo_simulator.stock.location_attributes import LocationAttributes
from kibo_simulator.stock.records import Location, StockRecord
from kibo_simulator.store.places import PlaceStore
from kibo_simulator.store.stock import StockStore

_RECORDS_BETWEEN_PAUSES: Final = 200

_COMBINED: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: round(sum(values) / len(values), 4),
    "SUM": sum,
}


def locations_exported(
    tenant_id: int, document: ExportDocument, stock: StockStore, places: PlaceStore
) -> list[Location]:
    """The locations whose stock goes into an export, by code."""
    locations = stock.locations(tenant_id)
    attributes = places.attributes([location.id for location in locations])
    members: set[int] | None = None
    if document.location_group_ids or document.site_ids:
        groups = [
            group.id
            for group in places.groups(tenant_id)
            if group.id in document.location_group_ids or not set(group.sites).isdisjoint(document.site_ids)
        ]
        members = places.members(tenant_id, groups)
    return [
        location
        for location in locations
        if (location.active or not document.only_send_active_locations)
        and (members is None or location.id in members)
        and _wanted(document, attributes[location.id])
    ]


def _wanted(document: ExportDocument, attributes: LocationAttributes) -> bool:
    included = (
        attributes.include_in_location_export if document.export_type == "LOCATION" else attributes.include_in_aggregate
    )
    return (
        included
        and (attributes.direct_ship or not document.direct_ship)
        and (attributes.pickup or not document.pickup)
        and (attributes.transfer_enabled or not document.transfer)
    )


def export_rows(
    document: ExportDocument, locations: Iterable[Location], stock: StockStore
) -> Iterator[ExportRow | None]:
    """The rows of an export over these locations; None is a pause."""
    rows = _location_rows(document, locations, stock)
    return rows if document.export_type == "LOCATION" else _aggregate_rows(document, rows)


def _location_rows(
    document: ExportDocument, locations: Iterable[Location], stock: StockStore
) -> Iterator[ExportRow | None]:
    wanted = {(name, value) for name, value in document.tags.items() if value}
    count = 0
    for location in locations:
        for _, records in groupby(stock.at_location(location.id), lambda record: record.product_id):
            held = [record for record in records if wanted <= set(record.variant.tags)]
            if not held:
                continue
            row = _row(location, held, document)
            if document.only_send_available and row.available <= 0:
                continue
            yield row
            count += 1
            if not count % _RECORDS_BETWEEN_PAUSES:
                yield None
        yield None


def _row(location: Location, records: Sequence[StockRecord], document: ExportDocument) -> ExportRow:
    first = records[0]
    part_number, upc, sku = first.part_number, first.upc, first.sku
    if document.product_mapping == "SWAP_PART_NUMBER_WITH_UPC":
        part_number, upc = upc, part_number
    elif document.product_mapping == "SWAP_SKU_WITH_UPC":
        sku, upc = upc, sku
    return ExportRow(
        location.code,
        part_number,
        upc,
        sku,
        sum(record.on_hand for record in records),
        sum(record.available for record in records),
        sum(record.allocated for record in records),
        sum(record.pending for record in records),
        sum(record.safety_stock for record in records),
        max(record.floor for record in records),
        max(record.details.get("ltd", 0) for record in records),
        tuple(dict.fromkeys(text for record in records for text in record.details.get("attributes", ()))),
        ";".join(sorted({f"{name}={value}" for record in records for name, value in record.variant.tags})),
    )


def _aggregate_rows(document: ExportDocument, rows: Iterable[ExportRow | None]) -> Iterator[ExportRow | None]:
    """One row an item, in order of its identifiers."""
    totals: dict[tuple[str, str, str], ExportRow] = {}
    gathered: dict[tuple[str, str, str], list[tuple[float, float, float]]] = {}
    for row in rows:
        if row is None:
            yield None
        elif not (document.ignore_negative_inventory_locations and row.available < 0):
            key = (row.part_number or "", row.upc or "", row.sku or "")
            total = totals.get(key)
            totals[key] = row if total is None else _sum(total, row)
            gathered.setdefault(key, []).append((row.safety_stock, row.floor, row.ltd))
    kinds = [text.rpartition("_")[2] for text in (document.safety_stock, document.floor, document.ltd)]
    for count, key in enumerate(sorted(totals), 1):
        safety_stock, floor, ltd = (
            _COMBINED[kind](values) for kind, values in zip(kinds, zip(*gathered[key], strict=True), strict=True)
        )
        total = totals[key]
        yield ExportRow(
            "", total.part_number, total.upc, total.sku, total.on_hand, total.available, total.allocated, total.pending,
            safety_stock, floor, ltd, total.attributes,
        )  # fmt: skip
        if not count % _RECORDS_BETWEEN_PAUSES:
            yield None


def _sum(one: ExportRow, other: ExportRow) -> ExportRow:
    return ExportRow(
        "",
        one.part_number,
        one.upc,
        one.sku,
        one.on_hand + other.on_hand,
        one.available + other.available,
        one.allocated + other.allocated,
        one.pending + other.pending,
        attributes=tuple(dict.fromkeys(one.attributes + other.attributes)),
    )
