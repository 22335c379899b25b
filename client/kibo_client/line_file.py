"""Reads quantities to be refreshed or adjusted: CSV, XML, a zip of one, JSON lines, or a pipe (I-2, C20)."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from kibo_client.errors import ExportFileError, TargetError
from kibo_client.export_file import separator_of
from kibo_client.lines import Line, merged
from kibo_client.source import LARGEST_FIELD, Format, opened
from kibo_client.target_file import lines_of
from kibo_client.update_options import UpdateKind
from kibo_client.xml_records import xml_records

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,6})?")
# What a Location Export has besides, and what has no effect on a refresh.
_IGNORED = frozenset({"available", "allocated", "pending", "locationname"})
_COLUMNS = {
    "locationcode": "location_code",
    "partnumber": "part_number",
    "upc": "upc",
    "sku": "sku",
    "quantity": "quantity",
    "floor": "floor",
    "safetystock": "safety_stock",
    "ltd": "ltd",
    "lotcode": "lot_code",
    "condition": "condition",
    "serialnumber": "serial_number",
    "date": "date",
    "deliverydate": "delivery_date",
    "externalid": "external_id",
    "binid": "bin_id",
    "retailprice": "retail_price",
    "currencyid": "currency_id",
    "inventorylocatorname": "inventory_locator_name",
}
_NUMBERS = {"quantity", "floor", "safety_stock", "bin_id", "currency_id"}
_DECIMALS = {"ltd", "retail_price"}


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    location_code: str
    quantity: int
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    lot_code: str | None = None
    condition: str | None = None
    serial_number: str | None = None
    date: str | None = None
    delivery_date: str | None = None
    external_id: str | None = msgspec.field(name="externalID", default=None)
    bin_id: int | None = msgspec.field(name="binID", default=None)
    floor: int | None = None
    safety_stock: int | None = None
    ltd: float | None = msgspec.field(name="LTD", default=None)
    retail_price: float | None = None
    currency_id: int | None = msgspec.field(name="currencyID", default=None)
    inventory_locator_name: str | None = None
    attributes: list[str] | None = None


_ROW: msgspec.json.Decoder[_Row] = msgspec.json.Decoder(_Row)


def read_lines(path: Path | str, kind: UpdateKind) -> list[Line]:
    """Read all lines of a file, and make one of those that concern the same record.

    Args:
        path: CSV or XML with the fields LocationCode, Quantity (for a refresh also OnHand) and at least one of
            PartNumber, UPC and SKU; JSON lines with the names of Kibo's API; or "-" for standard input.
        kind: What is to be done with them.

    Raises:
        ExportFileError: The file is of no such format, or has a broken row; the error says where. Columns that would
            be lost are an error as well.
    """
    places: list[int] = []
    lines: list[Line] = []
    with opened(path) as (name, binary, known):
        readers = {Format.CSV: _csv_lines, Format.XML: _xml_lines, Format.JSON_LINES: _json_lines}
        for place, line in readers[known](name, binary, kind):
            places.append(place)
            lines.append(line)
    if not lines:
        raise ExportFileError(name, 0, "lists no records; nothing to do")
    try:
        return merged(lines, kind)
    except TargetError as error:
        raise ExportFileError(name, places[error.index], error.message) from error


def _csv_lines(name: str, binary: IO[bytes], kind: UpdateKind) -> Iterator[tuple[int, Line]]:
    text = (line for _, line in _numbered(name, binary))
    first = next(text, "")
    reader = csv.reader(itertools.chain((first,), text), strict=True, delimiter=separator_of(first))
    try:
        header = next(reader, None)
        columns = _columns(name, header or [], kind)
        for row in reader:
            if not row:
                continue
            if len(row) != len(columns):
                message = f"has {len(row)} fields where the header has {len(columns)}"
                raise ExportFileError(name, reader.line_num, message)
            fields = {key: value for key, value in zip(columns, row, strict=True) if key is not None}
            yield reader.line_num, _line(name, reader.line_num, fields)
    except csv.Error as error:
        raise ExportFileError(name, reader.line_num, f"is not CSV: {error}") from error


def _numbered(name: str, binary: IO[bytes]) -> Iterator[tuple[int, str]]:
    # Empty lines are handed on as well, so that the reader's own count is that of the file.
    before = 0
    for number, line in lines_of(name, binary):
        for missing in range(before + 1, number):
            yield missing, "\n"
        yield number, line + "\n"
        before = number


def _columns(name: str, header: list[str], kind: UpdateKind) -> list[str | None]:
    columns = [_column(name, title, kind) for title in header]
    for needed, title in (("location_code", "LocationCode"), ("quantity", "Quantity")):
        if needed not in columns:
            raise ExportFileError(name, 1, f"has no column {title}")
    if not {"part_number", "upc", "sku"} & set(columns):
        raise ExportFileError(name, 1, "has none of the columns PartNumber, UPC and SKU; at least one is needed")
    given = [column for column in columns if column is not None]
    if len(set(given)) < len(given):
        twice = next(column for column in given if given.count(column) > 1)
        raise ExportFileError(name, 1, f"has two columns for {twice}")
    return columns


def _column(name: str, title: str, kind: UpdateKind) -> str | None:
    key = title.strip().casefold().replace("_", "").replace(" ", "")
    if key == "onhand" and kind is UpdateKind.REFRESH:
        return "quantity"
    if key in _IGNORED:
        return None
    if key not in _COLUMNS:
        accepted = "LocationCode, PartNumber, UPC, SKU, Quantity, Floor, SafetyStock, LTD and the like"
        raise ExportFileError(name, 1, f"has a column {title.strip()!r}, which would be lost; accepted are {accepted}")
    return _COLUMNS[key]


def _xml_lines(name: str, binary: IO[bytes], kind: UpdateKind) -> Iterator[tuple[int, Line]]:
    for record in xml_records(name, binary):
        given = {**record.fields, "locationcode": record.location_code}
        fields = {_column(name, title, kind): value for title, value in given.items() if value}
        fields.pop(None, None)
        yield record.line, _line(name, record.line, {key: value for key, value in fields.items() if key is not None})


def _json_lines(name: str, binary: IO[bytes], _kind: UpdateKind) -> Iterator[tuple[int, Line]]:
    for number, text in lines_of(name, binary):
        try:
            row = _ROW.decode(text)
        except msgspec.DecodeError as error:
            raise ExportFileError(
                name, number, f"{error}; locationCode, quantity and an identifier are needed"
            ) from error
        fields = msgspec.structs.asdict(row)
        fields["tags"] = tuple(sorted(row.tags.items()))
        fields["attributes"] = None if row.attributes is None else tuple(row.attributes)
        yield number, Line(**fields)


def _line(name: str, place: int, fields: dict[str, str]) -> Line:
    values: dict[str, Any] = {}
    for key, value in fields.items():
        if len(value) > LARGEST_FIELD or not value.isprintable():
            raise ExportFileError(name, place, f"{key} is too long, or has a control character in it")
        if not value.strip():
            continue
        values[key] = _number(name, place, key, value) if key in _NUMBERS | _DECIMALS else value
    if "quantity" not in values:
        raise ExportFileError(name, place, "has no quantity")
    return Line(**{"location_code": "", **values})


def _number(name: str, place: int, key: str, value: str) -> int | float:
    # Spreadsheets like to write a typographic minus.
    bare = value.strip().replace("\N{EN DASH}", "-").replace("\N{MINUS SIGN}", "-")
    if key in _NUMBERS:
        if not _WHOLE.fullmatch(bare):
            raise ExportFileError(name, place, f"{key} is {value!r}; a whole number is accepted")
        return int(bare)
    if not _DECIMAL.fullmatch(bare):
        raise ExportFileError(name, place, f"{key} is {value!r}; a number is accepted")
    return float(bare)
