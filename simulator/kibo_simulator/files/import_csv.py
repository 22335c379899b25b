"""Reads import files that are CSV: with a header, or by position with rows as ragged as the guide's samples."""

import csv
import io
from collections.abc import Iterator
from typing import IO, Final

from kibo_simulator.files.import_rows import (
    KNOWN,
    LONGEST_NAME,
    ImportedRow,
    ReadingRules,
    RowProblem,
    RowReader,
    field_key,
)
from kibo_simulator.files.packages import ImportFileError

LONGEST_LINE: Final = 1 << 16
_ROWS_BETWEEN_PAUSES: Final = 50
_IDENTIFYING: Final = 5
"""LocationCode, PartNumber, UPC, SKU and Quantity: what a row cannot do without."""

RowOrPause = ImportedRow | RowProblem | str | None
"""A row, a row that was not understood, a remark on the whole file, or a pause for others."""


def _lines(name: str, stream: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise ImportFileError(name, number, f"is longer than {LONGEST_LINE:,} characters")
        if "\0" in line:
            raise ImportFileError(name, number, "holds a NUL character; CSV text is expected")
        yield line


def read_csv(name: str, binary: IO[bytes], rules: ReadingRules) -> Iterator[RowOrPause]:
    """The rows of a CSV file in order.

    Raises:
        ImportFileError: the file as a whole cannot be meant: not text, or a quote that never closes.
    """
    text = io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")
    try:
        reader = csv.reader(_lines(name, text), strict=True, delimiter=rules.delimiter)
    except (TypeError, ValueError) as error:
        raise ImportFileError(name, 0, f"cannot be read with the delimiter {rules.delimiter!r}: {error}") from error
    table = _Table(rules)
    count = 0
    try:
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield _broken(name, line, error)
                continue
            if cells is None:
                break
            if cells:
                row = table.row(line, cells)
                if row is not None:
                    yield row
            count += 1
            if not count % _ROWS_BETWEEN_PAUSES:
                yield None
    except UnicodeDecodeError as error:
        raise ImportFileError(name, reader.line_num + 1, f"is not UTF-8 text: {error.reason}") from error
    finally:
        # The caller opened the bytes and closes them.
        text.detach()
    yield from table.remarks(name)


def _broken(name: str, line: int, error: csv.Error) -> RowProblem:
    reason = str(error)
    if "unexpected end" in reason or "field limit" in reason:
        # What follows has been swallowed as part of one cell: nothing can be said of the rest.
        raise ImportFileError(name, line, "has a quote that is never closed") from error
    return RowProblem(line, f"is not CSV: {reason}")


class _Table:
    """What the columns mean, and what was remarkable."""

    __slots__ = ("_columns", "_first", "_header", "_reader", "_rules", "_short", "_unknown")

    def __init__(self, rules: ReadingRules) -> None:
        self._rules = rules
        self._reader = RowReader(rules)
        self._columns = tuple(field_key(column) for column in rules.columns)
        self._first = True
        self._header = False
        self._short = 0
        self._unknown: list[str] = []

    def row(self, line: int, cells: list[str]) -> ImportedRow | RowProblem | None:
        """The record of a line, or what is wrong with it; None for the header."""
        if self._first:
            self._first = False
            keys = tuple(self._rules.renamed.get(field_key(cell), field_key(cell)) for cell in cells)
            if "locationcode" in keys:
                self._take_header(line, keys)
                return None
            self._check_columns(line)
        columns = self._columns
        if len(cells) > len(columns) and not self._rules.ignore_extra_fields:
            return RowProblem(
                line, f"has {len(cells)} fields; at most {len(columns)} are expected", self._location(cells)
            )
        if len(cells) < len(columns) and not self._header:
            return self._ragged(line, cells)
        if len(cells) < len(columns):
            return RowProblem(
                line, f"has {len(cells)} fields where the header has {len(columns)}", self._location(cells)
            )
        return self._reader.read(line, dict(zip(columns, cells, strict=False)))

    def _location(self, cells: list[str]) -> str:
        at = self._columns.index("locationcode")
        return cells[at].strip()[:LONGEST_NAME] if at < len(cells) else ""

    def _take_header(self, line: int, keys: tuple[str, ...]) -> None:
        doubled = sorted({key for key in keys if key and keys.count(key) > 1})
        if doubled:
            raise ImportFileError("", line, f"has two columns named {KNOWN.get(doubled[0], doubled[0])!r}")
        if "quantity" not in keys:
            raise ImportFileError("", line, "has no column Quantity")
        unknown = self._reader.unknown(keys)
        if unknown and not self._rules.ignore_extra_fields:
            raise ImportFileError("", line, f"has a column {unknown[0][:60]!r}, neither a field nor a tag category")
        self._header = True
        self._columns = keys
        self._unknown = unknown

    def _check_columns(self, line: int) -> None:
        for needed in ("locationcode", "quantity"):
            if needed not in self._columns:
                raise ImportFileError("", line, f"cannot be read without a header: fieldNameMap lacks {KNOWN[needed]}")

    def _ragged(self, line: int, cells: list[str]) -> ImportedRow | RowProblem:
        """A short row: as in the guide's samples, its last cell is the locator."""
        if len(cells) < _IDENTIFYING or self._rules.ragged == "refuse":
            least = _IDENTIFYING if self._rules.ragged != "refuse" else len(self._columns)
            return RowProblem(line, f"has {len(cells)} fields; at least {least} are expected", self._location(cells))
        fields = dict(zip(self._columns, cells, strict=False))
        if len(cells) > _IDENTIFYING and self._rules.ragged == "locator_last":
            self._short += 1
            fields.pop(self._columns[len(cells) - 1])
            fields["inventorylocatorname"] = cells[-1]
        return self._reader.read(line, fields)

    def remarks(self, name: str) -> Iterator[str]:
        """What is said of the file as a whole once it is read."""
        if self._short:
            yield f"{name}: {self._short:,} rows are short; their last field was taken as InventoryLocatorName"
        if self._unknown:
            yield f"{name}: ignored the columns {', '.join(key[:60] for key in self._unknown[:10])}"
