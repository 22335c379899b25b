"""Location Exports: one row for each record, as Kibo delivers them, written and read.

Kibo publishes the fields but neither their order nor their headings; these are our own. When reading, columns are
found by name, whatever their case and order.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from kibo_simulator.files.bounded import BoundedBytes
from kibo_simulator.files.packages import ImportFileError
from kibo_simulator.files.xml_items import read_xml_items
from kibo_simulator.plain_text import control_in
from kibo_simulator.stock.records import StockRecord

COLUMNS = ("LocationCode", "PartNumber", "UPC", "SKU", "OnHand", "Available", "SafetyStock", "Floor", "LTD")

LONGEST_LINE = 1 << 16
_MOST_UNPACKED = 4 << 30


class InventoryFileError(ValueError):
    """A file that cannot be read as inventory; ``line`` is 0 when the file as a whole is at fault."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """One record to be loaded; identifiers that are empty in the file are absent here."""

    location_code: str
    part_number: str | None
    upc: str | None
    sku: str | None
    on_hand: int
    safety_stock: int = 0
    floor: int = 0


def write_location_export(records: Iterable[StockRecord], file: TextIO, *, header: bool = True) -> int:
    """Write records as a CSV Location Export, everything quoted; return how many there were.

    Without ``header`` they continue an export that was begun before.
    """
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    count = 0
    for record in records:
        writer.writerow(
            (
                record.location_code,
                record.part_number or "",
                record.upc or "",
                record.sku or "",
                record.on_hand,
                record.available,
                record.safety_stock,
                record.floor,
                record.details.get("ltd", 0),
            )
        )
        count += 1
    return count


def read_inventory(path: Path) -> Iterator[InventoryRow]:
    """The rows of a Location Export (CSV or XML, or a zip of one) or of JSON lines, one after the other.

    Raises:
        InventoryFileError: at the first line that cannot be meant, named with its number.
    """
    with open_text(path) as (name, stream):
        if name.lower().endswith((".jsonl", ".ndjson", ".json")):
            yield from read_json_lines(name, stream)
        elif name.lower().endswith(".xml"):
            yield from read_xml_rows(name, stream)
        else:
            yield from _read_csv(name, stream)


@contextmanager
def open_text(path: Path) -> Iterator[tuple[str, TextIO]]:
    """The text of a file, or of the one file in a zip, with the name that errors should use."""
    try:
        if not zipfile.is_zipfile(path):
            with path.open(encoding="utf-8-sig", newline="") as stream:
                yield path.name, stream
            return
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                raise InventoryFileError(path.name, 0, f"holds {len(members)} files; exactly one is read")
            if members[0].file_size > _MOST_UNPACKED:
                raise InventoryFileError(path.name, 0, f"unpacks to more than {_MOST_UNPACKED >> 30} GiB")
            with archive.open(members[0]) as packed:
                too_much = InventoryFileError(path.name, 0, f"unpacks to more than {_MOST_UNPACKED >> 30} GiB")
                bounded = BoundedBytes(packed, _MOST_UNPACKED, too_much)
                yield (
                    f"{path.name}/{members[0].filename}",
                    io.TextIOWrapper(io.BufferedReader(bounded), encoding="utf-8-sig", newline=""),
                )
    except OSError as error:
        raise InventoryFileError(str(path), 0, error.strerror or str(error)) from error
    except zipfile.BadZipFile as error:
        raise InventoryFileError(str(path), 0, f"is not a sound zip file: {error}") from error
    except UnicodeDecodeError as error:
        raise InventoryFileError(str(path), 0, "is not UTF-8 text") from error


def _lines(name: str, stream: TextIO) -> Iterator[tuple[int, str]]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise InventoryFileError(name, number, f"is longer than {LONGEST_LINE} characters")
        yield number, line


def _read_csv(name: str, stream: TextIO) -> Iterator[InventoryRow]:
    reader = csv.reader((line for _, line in _lines(name, stream)), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise InventoryFileError(name, 1, "is empty; a header line is expected")
        columns = {title.strip().lower(): index for index, title in enumerate(header)}
        for needed in ("locationcode", "onhand"):
            if needed not in columns:
                raise InventoryFileError(name, 1, f"has no column {needed}; known are {', '.join(COLUMNS)}")
        for cells in reader:
            if cells:
                values = {title: cells[index] if index < len(cells) else "" for title, index in columns.items()}
                yield read_row(name, reader.line_num, values)
    except csv.Error as error:
        raise InventoryFileError(name, reader.line_num, str(error)) from error


def read_json_lines(name: str, stream: TextIO) -> Iterator[InventoryRow]:
    """The rows of JSON lines."""
    for number, line in _lines(name, stream):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InventoryFileError(name, number, f"is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise InventoryFileError(name, number, "is not a JSON object")
        yield read_row(name, number, {key.lower(): "" if text is None else str(text) for key, text in value.items()})


def read_xml_rows(name: str, stream: TextIO) -> Iterator[InventoryRow]:
    """The rows of an XML export, found by what its elements hold."""
    assert isinstance(stream, io.TextIOWrapper)
    try:
        for item in read_xml_items(name, stream.buffer):
            if item is not None:
                line, location_code, fields = item
                yield read_row(name, line, {**fields, "locationcode": location_code})
    except ImportFileError as error:
        raise InventoryFileError(name, error.line, error.message) from error


def read_row(name: str, line: int, values: dict[str, str]) -> InventoryRow:
    """What one row means, by the lower-case names of its columns.

    Raises:
        InventoryFileError: it cannot be meant.
    """

    def whole(column: str, *, required: bool = False) -> int:
        text = values.get(column, "").strip()
        if not text and not required:
            return 0
        try:
            number = int(text)
        except ValueError:
            raise InventoryFileError(name, line, f"{column} is {text!r}, not a whole number") from None
        if not -(2**31) <= number < 2**31:
            raise InventoryFileError(name, line, f"{column} is {text}, beyond 32 bits")
        return number

    location_code = values.get("locationcode", "")
    if not location_code.strip():
        raise InventoryFileError(name, line, "has no LocationCode")
    # Blanks around an identifier belong to it; nothing but blanks is nothing.
    part_number, upc, sku = (
        text if (text := values.get(column, "")).strip() else None for column in ("partnumber", "upc", "sku")
    )
    if part_number is None and upc is None and sku is None:
        raise InventoryFileError(name, line, "names no product: PartNumber, UPC and SKU are all empty")
    # One look for four fields: a file has a million lines.
    if control_in(f"{location_code}{part_number}{upc}{sku}"):
        for column, code in zip(COLUMNS, (location_code, part_number, upc, sku), strict=False):
            problem = control_in(code or "")
            if problem is not None:
                raise InventoryFileError(name, line, f"{column} {problem}")
    return InventoryRow(
        location_code,
        part_number,
        upc,
        sku,
        whole("onhand", required=True),
        whole("safetystock"),
        whole("floor"),
    )
