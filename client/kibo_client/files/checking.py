"""Checks somebody's import file against the guide and says what is wrong where (C24 to C26)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from kibo_client.errors import InventoryFileError
from kibo_client.files.items import BY_KEY, FIELDS, FileItem, key_of, problems_of
from kibo_client.files.names import FileName, Kind, read_name, trigger_of
from kibo_client.files.package import opened
from kibo_client.files.xml_rows import read_xml

Level = Literal["error", "warning"]

MOST_FINDINGS = 1_000
POSITIONAL = tuple(name for name in FIELDS if name not in {"Delivery_Date", "External_ID"})
"""The fullest row of the guide's example, for files without a header."""

_LONGEST_LINE = 1 << 16
_LEAST_CELLS = 5
_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE
_TOLERANCE = 10 * _MINUTE
_STRINGS = frozenset({"LocationCode", "PartNumber", "UPC", "SKU", "Bin", "InventoryLocatorName"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (an error) or against advice (a warning); line 0 means the file as a whole."""

    level: Level
    file: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.level}: {self.message}"


@dataclass(slots=True)
class CheckReport:
    """What a check found; findings beyond `MOST_FINDINGS` are only counted."""

    file: str
    kind: Kind | None = None
    rows: int = 0
    locations: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    errors: int = 0
    warnings: int = 0

    def add(self, level: Level, line: int, message: str, file: str | None = None) -> None:
        """Keep a finding, or only count it when there are too many."""
        if level == "error":
            self.errors += 1
        else:
            self.warnings += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(level, file or self.file, line, message))


def check_file(
    path: Path,
    *,
    now: int,
    tenant: int | None = None,
    kind: Kind | None = None,
    tags: Sequence[str] = (),
    delimiter: str = ",",
) -> CheckReport:
    """Everything that the guide has against a file.

    Args:
        path: the data file, zipped or not; its trigger is looked for beside it.
        now: the present, microseconds since the epoch, to judge the time in the name by.
        tenant: the tenant that the name should have; any when absent.
        kind: what the file is, for one whose name does not say so.
        tags: the tag categories that may be columns.
        delimiter: what separates the fields of CSV, as the tenant's fetch configuration has it.

    Raises:
        InventoryFileError: The file is not there at all.
    """
    if not path.is_file():
        raise InventoryFileError(path, 0, "is not a file")
    report = CheckReport(path.name)
    report.kind = _check_name(report, path.name, now, tenant) or kind
    _check_trigger(report, path)
    try:
        with opened(path) as (name, stream):
            _check_package(report, path, name)
            reader = _Contents(report, report.kind or "REFRESH", tags, delimiter)
            reader.read(name, stream)
    except InventoryFileError as error:
        report.add("error", error.line, error.message)
    if not report.rows and not report.errors:
        report.add("error", 0, "has no rows")
    return report


def _check_name(report: CheckReport, name: str, now: int, tenant: int | None) -> Kind | None:
    found = read_name(name)
    if not isinstance(found, FileName):
        report.add("error", 0, found)
        return None
    if tenant is not None and found.tenant != tenant:
        report.add("error", 0, f"is named for tenant {found.tenant}, not for {tenant}")
    ahead = found.created - now
    if ahead > _TOLERANCE:
        utc = any(abs(ahead - hours * _HOUR) <= _TOLERANCE for hours in (7, 8))
        hint = "; it looks like UTC" if utc else ""
        report.add("error", 0, f"is dated {ahead / _HOUR:.1f} hours ahead of Pacific time{hint}")
    return found.kind


def _check_trigger(report: CheckReport, path: Path) -> None:
    stem = path.name
    for ending in (".zip", ".csv", ".xml"):
        stem = stem.removesuffix(ending)
    triggers = [path.with_name(name) for name in (trigger_of(path.name), trigger_of(stem))]
    present = [trigger for trigger in triggers if trigger.is_file()]
    if len(present) > 1:
        report.add("warning", 0, f"has two triggers: {present[0].name} and {present[1].name}")
    for trigger in present[:1]:
        if trigger.stat().st_size:
            report.add("warning", 0, "is not empty, as a trigger should be", trigger.name)
        if trigger.stat().st_mtime_ns < path.stat().st_mtime_ns:
            report.add("error", 0, "is older than its data; the trigger comes last", trigger.name)


def _check_package(report: CheckReport, path: Path, inside: str) -> None:
    if path.suffix.lower() != ".zip":
        report.add("warning", 0, "is not zipped; the guide wants every file compressed")
        return
    stem = PurePosixPath(inside).stem
    if not path.name.startswith(stem):
        report.add("warning", 0, f"holds {inside[:80]!r}; a file of the same name is expected")


class _Contents:
    """The rows of a file under check."""

    def __init__(self, report: CheckReport, kind: Kind, tags: Sequence[str], delimiter: str) -> None:
        self._report = report
        self._kind: Kind = kind
        self._tags = {key_of(tag): tag for tag in tags}
        self._delimiter = delimiter
        mark = re.escape(delimiter)
        # One cell at a time: quoted with doubled quotes, or anything without the delimiter.
        self._cell = re.compile(rf'(?:^|(?<={mark}))("(?:[^"]|"")*"|[^"{mark}]*)(?={mark}|$)')
        self._seen: dict[bytes, int] = {}
        self._unsigned = 0
        self._unquoted = 0
        self._short = 0

    def read(self, name: str, stream: IO[bytes]) -> None:
        """Check every row, and report what holds for the file as a whole."""
        rows = self._xml(name, stream) if name.lower().endswith(".xml") else self._csv(name, stream)
        for line, cells in rows:
            self._row(line, cells)
        report = self._report
        if self._unquoted > 1:
            report.add("error", 0, f"{self._unquoted:,} rows in all have text that is not quoted")
        if self._unsigned:
            report.add("warning", 0, f"{self._unsigned:,} quantities have no sign; an Update is written with + or -")
        if self._short:
            report.add("warning", 0, f"{self._short:,} rows are shorter than the others; a header makes them certain")

    def _row(self, line: int, cells: dict[str, str]) -> None:
        report = self._report
        report.rows += 1
        unknown = [key for key in cells if key not in BY_KEY and key not in self._tags]
        for key in unknown:
            report.add("error", line, f"has a field {key[:60]!r}, which is neither Kibo's nor a tag")
        item = FileItem(
            {BY_KEY[key]: text for key, text in cells.items() if key in BY_KEY},
            {self._tags[key]: text for key, text in cells.items() if key in self._tags and text},
        )
        for problem in problems_of(item, self._kind):
            report.add("error", line, problem)
        report.locations.add(item.cells.get("LocationCode", ""))
        quantity = item.cells.get("Quantity", "")
        if self._kind == "UPDATE" and quantity.isdigit() and quantity.strip("0"):
            self._unsigned += 1
        if self._kind == "REFRESH":
            digest = blake2b("\0".join(item.identity).encode(errors="replace"), digest_size=12).digest()
            earlier = self._seen.setdefault(digest, line)
            if earlier != line:
                report.add("error", line, f"names the same record as line {earlier}; a Refresh has one total a record")

    @staticmethod
    def _xml(name: str, stream: IO[bytes]) -> Iterator[tuple[int, dict[str, str]]]:
        return read_xml(name, stream)

    def _csv(self, name: str, stream: IO[bytes]) -> Iterator[tuple[int, dict[str, str]]]:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        raw: list[str] = []

        def lines() -> Iterator[str]:
            while line := text.readline(_LONGEST_LINE):
                if len(line) == _LONGEST_LINE:
                    raise InventoryFileError(name, reader.line_num + 1, f"is longer than {_LONGEST_LINE:,} characters")
                raw.append(line)
                yield line

        reader = csv.reader(lines(), strict=True, delimiter=self._delimiter)
        columns: tuple[str, ...] | None = None
        header = False
        try:
            for cells in reader:
                written = "".join(raw)
                raw.clear()
                if not cells:
                    continue
                keys = tuple(key_of(cell) for cell in cells)
                if columns is None and "locationcode" in keys:
                    columns, header = keys, True
                    self._check_header(keys)
                    continue
                if columns is None:
                    columns = tuple(key_of(name) for name in POSITIONAL)
                    self._report.add("warning", 1, "has no header; the order of the fields must be the guide's")
                yield from self._cells(reader.line_num, cells, columns, written, header=header)
        except csv.Error as error:
            raise InventoryFileError(name, reader.line_num, f"is not CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise InventoryFileError(name, reader.line_num + 1, f"is not UTF-8: {error.reason}") from error
        finally:
            text.detach()

    def _check_header(self, keys: tuple[str, ...]) -> None:
        for needed in ("UPC", "Quantity"):
            if key_of(needed) not in keys:
                self._report.add("error", 1, f"has no column {needed}")
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            self._report.add("error", 1, f"has two columns {BY_KEY.get(key, key)!r}")

    def _cells(
        self, line: int, cells: list[str], columns: tuple[str, ...], written: str, *, header: bool
    ) -> Iterator[tuple[int, dict[str, str]]]:
        if (
            len(cells) > len(columns)
            or (header and len(cells) != len(columns))
            or len(cells) < min(_LEAST_CELLS, len(columns))
        ):
            self._report.rows += 1
            expected = f"{len(columns)} are expected" if header else f"{_LEAST_CELLS} to {len(columns)} are expected"
            self._report.add("error", line, f"has {len(cells)} fields; {expected}")
            return
        row = dict(zip(columns, cells, strict=False))
        if len(cells) < len(columns) and len(cells) > _LEAST_CELLS:
            # As in the guide's example: the last of a short row is the locator.
            self._short += 1
            row.pop(columns[len(cells) - 1])
            row["inventorylocatorname"] = cells[-1]
        if written.count('"') < 2 * len(cells):
            self._check_quotes(line, written, columns)
        yield line, row

    def _check_quotes(self, line: int, written: str, columns: tuple[str, ...]) -> None:
        for key, cell in zip(columns, self._cell.findall(written.rstrip("\r\n")), strict=False):
            if cell and not cell.startswith('"') and (BY_KEY.get(key) in _STRINGS or key in self._tags):
                self._unquoted += 1
                if self._unquoted == 1:
                    self._report.add("error", line, f"{BY_KEY.get(key, key)} is not quoted; text must be")
                return
