"""Reads Location Exports: CSV, or a zip that holds one CSV, as exported or as a spreadsheet saved it again (C2).

Columns are found by name, whatever their order and case: LocationCode is needed, and at least one of
PartNumber, UPC and SKU. Other columns are ignored. Fields are separated by commas, semicolons or tabs, whichever
gives the header a column LocationCode.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kibo_client.errors import ExportFileError
from kibo_client.source import LARGEST_FIELD, MOST_ROWS, opened, text_of
from kibo_client.targets import Target

if TYPE_CHECKING:
    from _csv import Reader

IDENTIFIER_COLUMNS = ("partnumber", "upc", "sku")
SEPARATORS = (",", ";", "\t")
LARGEST_HEADER = 65_536
LOCATION_COLUMN = "locationcode"
ATTRIBUTES = {"partnumber": "part_number", "upc": "upc", "sku": "sku"}


def read_location_export(path: Path | str) -> Iterator[Target]:
    """Yield the records of a Location Export, row by row.

    Raises:
        ExportFileError: The file is missing, is no Location Export, or has a broken row; the error says where.
    """
    with opened(path) as (name, binary, _):
        yield from csv_targets(name, binary)


def identifiers_in(path: Path | str) -> frozenset[str]:
    """Which identifiers a Location Export has columns for: "part_number", "upc", "sku".

    Raises:
        ExportFileError: The file is missing or is no Location Export.
    """
    with opened(path) as (name, binary, _), text_of(binary) as text:
        try:
            _, identifiers = _columns(name, next(_reader(name, text), None))
        except (csv.Error, UnicodeDecodeError) as error:
            raise ExportFileError(name, 1, f"is not CSV in UTF-8: {error}") from error
    return frozenset(ATTRIBUTES[key] for key in identifiers)


def _reader(name: str, text: io.TextIOWrapper) -> Reader:
    """A reader of the rows, header and all, by the separator that the header shows."""
    header = text.readline(LARGEST_HEADER)
    if len(header) == LARGEST_HEADER:
        raise ExportFileError(name, 1, f"is longer than {LARGEST_HEADER} characters, which no header is")
    return csv.reader(itertools.chain((header,) if header else (), text), strict=True, delimiter=separator_of(header))


def separator_of(header: str) -> str:
    """Comma, semicolon or tab: whichever gives the header a column LocationCode."""
    for separator in SEPARATORS:
        try:
            titles = next(csv.reader((header,), strict=True, delimiter=separator), [])
        except csv.Error:
            continue
        if LOCATION_COLUMN in map(_key, titles):
            return separator
    return SEPARATORS[0]


def _key(title: str) -> str:
    return title.strip().casefold()


def csv_targets(name: str, binary: IO[bytes]) -> Iterator[Target]:
    """Yield the records of an open Location Export in CSV.

    Raises:
        ExportFileError: As for `read_location_export`.
    """
    try:
        reader = _reader(name, text_of(binary))
    except UnicodeDecodeError as error:
        raise ExportFileError(name, 1, f"is not UTF-8: {error.reason}") from error
    try:
        header = next(reader, None)
        location, identifiers = _columns(name, header)
        width = len(header or ())
        rows = 0
        for row in reader:
            if not row:
                continue
            rows += 1
            if rows > MOST_ROWS:
                raise ExportFileError(name, reader.line_num, f"more than {MOST_ROWS} rows")
            yield _target(name, reader.line_num, row, width, location, identifiers)
    except csv.Error as error:
        raise ExportFileError(name, reader.line_num, f"is not CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise ExportFileError(name, reader.line_num + 1, f"is not UTF-8: {error.reason}") from error


def _columns(name: str, header: list[str] | None) -> tuple[int, dict[str, int]]:
    if not header:
        raise ExportFileError(name, 1, "is empty; a header such as LocationCode,PartNumber,UPC,SKU is expected")
    columns: dict[str, int] = {}
    for index, title in enumerate(header):
        key = _key(title)
        if key in columns and key in {LOCATION_COLUMN, *IDENTIFIER_COLUMNS}:
            raise ExportFileError(name, 1, f"has two columns named {title.strip()!r}")
        columns.setdefault(key, index)
    if LOCATION_COLUMN not in columns:
        raise ExportFileError(name, 1, "has no column LocationCode; a Location Export is expected")
    identifiers = {key: columns[key] for key in IDENTIFIER_COLUMNS if key in columns}
    if not identifiers:
        raise ExportFileError(name, 1, "has none of the columns PartNumber, UPC and SKU; at least one is needed")
    return columns[LOCATION_COLUMN], identifiers


def _target(name: str, line: int, row: list[str], width: int, location: int, identifiers: dict[str, int]) -> Target:
    if len(row) != width:
        raise ExportFileError(name, line, f"has {len(row)} fields where the header has {width}")
    location_code = _field(name, line, "LocationCode", row[location])
    if not location_code:
        raise ExportFileError(name, line, "has no LocationCode")
    found = {key: _field(name, line, key, row[index]) or None for key, index in identifiers.items()}
    if not any(found.values()):
        raise ExportFileError(name, line, "has neither a PartNumber nor a UPC nor a SKU; at least one is needed")
    return Target(location_code, found.get("partnumber"), found.get("upc"), found.get("sku"))


def _field(name: str, line: int, column: str, value: str) -> str:
    # Blanks around an identifier belong to it: without them it would name another product.
    if not value.strip():
        return ""
    if len(value) > LARGEST_FIELD:
        raise ExportFileError(name, line, f"{column} is longer than {LARGEST_FIELD} characters")
    if not value.isprintable():
        raise ExportFileError(name, line, f"{column} has a control character in it")
    return value
