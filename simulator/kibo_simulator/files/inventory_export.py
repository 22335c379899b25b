"""Writes the files that Kibo delivers: Location and Aggregate Exports, CSV and XML, row by row (facts of export files).

Kibo publishes the fields of an export, neither their order nor their names, nor any XML. Names and order are settings;
these are our own.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec import Struct

ExportFormat = Literal["CSV", "XML"]
ExportType = Literal["LOCATION", "AGGREGATE"]

_ROWS_AT_ONCE: Final = 200
_ENTITIES: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"))


class ExportRow(Struct, frozen=True):
    """One item of an export; ``location_code`` is empty in an Aggregate Export. Quantities are whole units."""

    location_code: str
    part_number: str | None
    upc: str | None
    sku: str | None
    on_hand: int
    available: int
    allocated: int = 0
    pending: int = 0
    safety_stock: float = 0
    floor: float = 0
    ltd: float = 0
    attributes: tuple[str, ...] = ()
    tags: str = ""


_CELLS: Final[dict[str, Callable[[ExportRow], Any]]] = {
    "LocationCode": lambda row: row.location_code,
    "PartNumber": lambda row: row.part_number or "",
    "UPC": lambda row: row.upc or "",
    "SKU": lambda row: row.sku or "",
    "OnHand": lambda row: row.on_hand,
    "Available": lambda row: row.available,
    "Allocated": lambda row: row.allocated,
    "Pending": lambda row: row.pending,
    "SafetyStock": lambda row: row.safety_stock,
    "Floor": lambda row: row.floor,
    "LTD": lambda row: row.ltd,
    "Attributes": lambda row: ";".join(row.attributes),
    "Tags": lambda row: row.tags,
}
EXPORT_COLUMNS: Final = tuple(_CELLS)
"""Every column an export can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportShape:
    """How an export is written: its columns in order and the names of its XML elements."""

    columns: tuple[str, ...]
    root: str = "Inventory"
    location: str = "Location"
    item: str = "Item"


def export_pieces(
    rows: Iterable[ExportRow | None], form: ExportFormat, kind: ExportType, shape: ExportShape
) -> Iterator[bytes | None]:
    """The bytes of an export in order, a few hundred rows at a time; None where ``rows`` pauses.

    Args:
        rows: the items; of a Location Export by location.
        form: CSV or XML.
        kind: an Aggregate Export has no locations.
        shape: columns and names.
    """
    columns = [column for column in shape.columns if kind == "LOCATION" or column != "LocationCode"]
    return _csv_pieces(rows, columns) if form == "CSV" else _xml_pieces(rows, columns, kind, shape)


def _csv_pieces(rows: Iterable[ExportRow | None], columns: list[str]) -> Iterator[bytes | None]:
    cells = [_CELLS[column] for column in columns]
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    for count, row in enumerate(rows, 1):
        if row is None:
            yield None
            continue
        writer.writerow([cell(row) for cell in cells])
        if not count % _ROWS_AT_ONCE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _xml_pieces(
    rows: Iterable[ExportRow | None], columns: list[str], kind: ExportType, shape: ExportShape
) -> Iterator[bytes | None]:
    named = [(column, _CELLS[column]) for column in columns if column != "LocationCode"]
    parts = [f'<?xml version="1.0" encoding="UTF-8"?>\n<{shape.root}>\n']
    location: str | None = None
    for count, row in enumerate(rows, 1):
        if row is None:
            yield None
            continue
        if kind == "LOCATION" and row.location_code != location:
            if location is not None:
                parts.append(f"   </{shape.location}>\n")
            location = row.location_code
            parts.append(f"   <{shape.location}>\n      <LocationCode>{_escaped(location)}</LocationCode>\n")
        parts.append(f"      <{shape.item}>\n")
        parts.extend(f"         <{name}>{_escaped(cell(row))}</{name}>\n" for name, cell in named)
        parts.append(f"      </{shape.item}>\n")
        if not count % _ROWS_AT_ONCE:
            yield "".join(parts).encode()
            parts.clear()
    if location is not None:
        parts.append(f"   </{shape.location}>\n")
    parts.append(f"</{shape.root}>\n")
    yield "".join(parts).encode()


def _escaped(value: object) -> str:
    text = str(value)
    # XML 1.0 has no way to write these; everything else is kept.
    kept = text if text.isprintable() else "".join(filter(_in_xml, text))
    for character, entity in _ENTITIES:
        kept = kept.replace(character, entity)
    return kept


def _in_xml(character: str) -> bool:
    return character >= " " or character in "\t\n\r"
