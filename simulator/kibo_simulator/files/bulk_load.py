"""Reads millions of inventory rows as numbers: what `read_inventory` means, at the speed of the csv module (I-1, D-1).

The rows of an export repeat the same few texts: a location code, the identifiers of a product, a small quantity. Each
text is understood once, by the rules of `location_export`, and remembered as the number it stands for. A row whose
texts are all known costs a handful of dictionary look-ups; any other row goes through the rules, which also word the
error when there is one. So there is one meaning and two speeds.
"""

import csv
import io
from collections.abc import Callable, Iterator
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Final, TextIO

from kibo_simulator.files.location_export import (
    COLUMNS,
    LONGEST_LINE,
    InventoryFileError,
    InventoryRow,
    open_text,
    read_json_lines,
    read_row,
    read_xml_rows,
)

PlainRow = tuple[int, int, int, int, int]
"""One record in numbers: location, product, on hand, safety stock, floor."""

LocationNumber = Callable[[str], int]
ProductNumber = Callable[[str | None, str | None, str | None], int]

ROWS_AT_ONCE: Final = 2_048
"""Rows in a block: about 10 ms of reading and writing, so that a caller with other work to do can look up between."""

# A row that holds something new costs its caller many times what another does; so many of them fill a block.
_NEW_AT_ONCE: Final = 128

_CHARACTERS_AT_ONCE: Final = 1 << 18
# A file of wild quantities must not fill memory with texts of numbers.
_MOST_QUANTITIES: Final = 1 << 18
_PRODUCT_COLUMNS: Final = ("partnumber", "upc", "sku")


def inventory_blocks(
    path: Path, location_number: LocationNumber, product_number: ProductNumber, *, size: int = ROWS_AT_ONCE
) -> Iterator[list[PlainRow]]:
    """The rows of an inventory file in blocks of at most ``size``, ready for `StockStore.put_plain`.

    Args:
        path: a Location Export (CSV or XML, or a zip that holds one) or JSON lines.
        location_number: what stands for a location code; asked at most once for each spelling of it.
        product_number: what stands for part number, UPC and SKU; asked at most once for each spelling of the three.
        size: the most rows in a block.

    Raises:
        InventoryFileError: at the first line that cannot be meant, named with its number. Blocks that came before it
            are with the caller by then: only a transaction around the whole file makes it all or nothing.
    """
    with open_text(path) as (name, stream):
        if name.lower().endswith((".jsonl", ".ndjson", ".json")):
            yield from line_blocks(name, stream, location_number, product_number, size=size)
        elif name.lower().endswith(".xml"):
            yield from _blocks_of(read_xml_rows(name, stream), location_number, product_number, size)
        else:
            yield from table_blocks(name, stream, location_number, product_number, size=size)


def line_blocks(
    name: str,
    stream: TextIO,
    location_number: LocationNumber,
    product_number: ProductNumber,
    *,
    size: int = ROWS_AT_ONCE,
) -> Iterator[list[PlainRow]]:
    """The same from JSON lines that errors call by ``name``."""
    return _blocks_of(read_json_lines(name, stream), location_number, product_number, size)


def table_blocks(
    name: str,
    stream: TextIO,
    location_number: LocationNumber,
    product_number: ProductNumber,
    *,
    size: int = ROWS_AT_ONCE,
) -> Iterator[list[PlainRow]]:
    """The same from CSV that errors call by ``name``."""
    return _Table(name, stream, location_number, product_number).blocks(size)


def _blocks_of(
    rows: Iterator[InventoryRow], location_number: LocationNumber, product_number: ProductNumber, size: int
) -> Iterator[list[PlainRow]]:
    numbered = _numbered(rows, location_number, product_number)
    while block := list(islice(numbered, min(size, _NEW_AT_ONCE))):
        yield block


def _numbered(
    rows: Iterator[InventoryRow], location_number: LocationNumber, product_number: ProductNumber
) -> Iterator[PlainRow]:
    locations: dict[str, int] = {}
    products: dict[tuple[str | None, str | None, str | None], int] = {}
    for row in rows:
        location = locations.get(row.location_code)
        if location is None:
            location = locations[row.location_code] = location_number(row.location_code)
        key = (row.part_number, row.upc, row.sku)
        product = products.get(key)
        if product is None:
            product = products[key] = product_number(*key)
        yield location, product, row.on_hand, row.safety_stock, row.floor


class _Table:
    """A CSV file under way, and what its texts have turned out to stand for."""

    __slots__ = (
        "_columns", "_location_number", "_locations", "_name", "_on_hand", "_optional", "_product_number", "_products",
        "_reader",
    )  # fmt: skip

    def __init__(
        self, name: str, stream: TextIO, location_number: LocationNumber, product_number: ProductNumber
    ) -> None:
        self._name = name
        self._reader = csv.reader(chain.from_iterable(_line_blocks(name, stream)), strict=True)
        self._location_number = location_number
        self._product_number = product_number
        self._locations: dict[str, int] = {}
        # One identifier column is looked up by its text, several by the tuple of theirs.
        self._products: dict[str | tuple[str, ...], int] = {}
        # An empty cell means 0 in the optional columns and is an error in the other.
        self._on_hand: dict[str, int] = {}
        self._optional = {"": 0}
        self._columns: dict[str, int] = {}

    def blocks(self, size: int) -> Iterator[list[PlainRow]]:
        """Every row after the header, in numbers."""
        try:
            self._read_header()
            yield from self._read_blocks(size)
        except csv.Error as error:
            raise InventoryFileError(self._name, self._reader.line_num, str(error)) from error

    def _read_header(self) -> None:
        header = next(self._reader, None)
        if header is None:
            raise InventoryFileError(self._name, 1, "is empty; a header line is expected")
        self._columns = {title.strip().lower(): index for index, title in enumerate(header)}
        for needed in ("locationcode", "onhand"):
            if needed not in self._columns:
                raise InventoryFileError(self._name, 1, f"has no column {needed}; known are {', '.join(COLUMNS)}")

    def _read_blocks(self, size: int) -> Iterator[list[PlainRow]]:
        columns = self._columns
        identifiers = [columns[title] for title in _PRODUCT_COLUMNS if title in columns]
        # Without any such column no row can name a product, and the rules say so at the first one.
        last = max(identifiers, default=LONGEST_LINE)
        product_key = itemgetter(*(identifiers or [last]))
        location, on_hand = columns["locationcode"], columns["onhand"]
        safety_stock, floor = columns.get("safetystock"), columns.get("floor")
        locations, products, quantities, optional = self._locations, self._products, self._on_hand, self._optional
        cells: list[str] | None = []
        while cells is not None:
            cells = None
            new = 0
            block: list[PlainRow] = []
            append = block.append
            for cells in islice(self._reader, size):
                try:
                    append(
                        (
                            locations[cells[location]],
                            products[product_key(cells)],
                            quantities[cells[on_hand]],
                            0 if safety_stock is None else optional[cells[safety_stock]],
                            0 if floor is None else optional[cells[floor]],
                        )
                    )
                except (KeyError, IndexError):
                    if cells:
                        append(self._learn(cells, product_key(cells) if len(cells) > last else None))
                        new += 1
                        if new == _NEW_AT_ONCE:
                            break
            if block:
                yield block

    def _learn(self, cells: list[str], key: str | tuple[str, ...] | None) -> PlainRow:
        """Put a row through the rules, and remember what its texts stand for."""
        columns = self._columns
        values = {title: cells[index] if index < len(cells) else "" for title, index in columns.items()}
        row = read_row(self._name, self._reader.line_num, values)
        written = cells[columns["locationcode"]]
        location = self._locations.get(written)
        if location is None:
            location = self._locations[written] = self._location_number(row.location_code)
        product = None if key is None else self._products.get(key)
        if product is None:
            product = self._product_number(row.part_number, row.upc, row.sku)
            if key is not None:
                self._products[key] = product
        if len(self._on_hand) + len(self._optional) < _MOST_QUANTITIES:
            self._on_hand[cells[columns["onhand"]]] = row.on_hand
            for title, quantity in (("safetystock", row.safety_stock), ("floor", row.floor)):
                if columns.get(title, len(cells)) < len(cells):
                    self._optional[cells[columns[title]]] = quantity
        return location, product, row.on_hand, row.safety_stock, row.floor


def _line_blocks(name: str, stream: TextIO) -> Iterator[list[str]]:
    """The lines of a stream in blocks, none longer than is bearable."""
    number = 0
    left = ""
    while text := stream.read(_CHARACTERS_AT_ONCE):
        lines = io.StringIO(left + text, newline="").readlines()
        # The last one may go on in the next block, and be it by the second half of its line end.
        left = lines.pop()
        if len(left) >= LONGEST_LINE or (lines and len(max(lines, key=len)) >= LONGEST_LINE):
            offset = next((at for at, line in enumerate(lines) if len(line) >= LONGEST_LINE), len(lines))
            raise InventoryFileError(name, number + offset + 1, f"is longer than {LONGEST_LINE} characters")
        number += len(lines)
        yield lines
    if left:
        yield [left]
