"""Turns one picked-up file into jobs: one for each location in it, with that location's rows (J-8, J-12).

The rows are packed away piece by piece while the file is read, so that memory does not grow with it. Whatever refuses
the file as a whole undoes everything: nothing is half imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kibo_simulator.file_work import FileRow, FileWork, encode_rows
from kibo_simulator.files.import_files import read_import_file
from kibo_simulator.files.import_rows import ImportedRow, ImportKind, RowProblem
from kibo_simulator.files.packages import ImportFileError, PackageBounds
from kibo_simulator.importing.fetch_places import FetchPlace
from kibo_simulator.job_runner import JobRunner
from kibo_simulator.jobs import JobType
from kibo_simulator.settings import Settings
from kibo_simulator.steps import Steps
from kibo_simulator.stock.records import Location
from kibo_simulator.stock.tag_categories import TagCategory
from kibo_simulator.stock.variants import PLAIN, Variant, sorted_tags
from kibo_simulator.stock_work import QuantityItem
from kibo_simulator.store.bins import BinStore
from kibo_simulator.store.file_batches import FileBatchStore
from kibo_simulator.store.jobs import JobStore
from kibo_simulator.store.stock import StockStore
from kibo_simulator.store.tags import TagStore

_ROWS_IN_MEMORY: Final = 20_000
_ROWS_A_PIECE: Final = 250
_MOST_LOCATIONS: Final = 100_000
_MOST_BINS: Final = 100_000
_PARTS_BETWEEN_PAUSES: Final = 10
_JOB_TYPES: Final[Mapping[ImportKind, JobType]] = {"REFRESH": "REFRESH", "UPDATE": "ADJUST"}

NOWHERE: Final = Location(0, 0, "", "", active=True)
"""The location of jobs that have none."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file."""

    job_ids: tuple[int, ...]
    rows: int
    problems: int


@dataclass(slots=True)
class _Part:
    """The rows of one location while the file is read."""

    batch_id: int
    location: Location | None
    rows: list[FileRow] = field(default_factory=list)
    count: int = 0
    bad: int = 0
    problems: list[str] = field(default_factory=list)


class _RowRefusedError(ValueError):
    """A row that is understood but does not fit the tenant."""


class Importer:
    """Reads files into jobs; every method is one step of a caller's transaction."""

    def __init__(
        self,
        settings: Settings,
        stock: StockStore,
        bins: BinStore,
        tags: TagStore,
        batches: FileBatchStore,
        jobs: JobStore,
        runner: JobRunner,
    ) -> None:
        self._settings = settings
        self._stock = stock
        self._bins = bins
        self._tags = tags
        self._batches = batches
        self._jobs = jobs
        self._runner = runner

    def importing(self, place: FetchPlace, kind: ImportKind, path: Path, name: str, now: int) -> Steps[Imported]:
        """Read a file and enqueue its jobs, in steps.

        Raises:
            ImportFileError: the file is refused as a whole; the caller must undo its transaction.
        """
        reading = _Reading(self, place, kind, name)
        files = self._settings.files
        rules = place.reading_rules(kind, files, tuple(category.name for category in reading.categories))
        bounds = PackageBounds(files.largest_bytes, files.largest_ratio)
        for row in read_import_file(path, rules, bounds, shown=name):
            if row is None:
                yield
                continue
            reading.take(row)
            if reading.in_memory >= _ROWS_IN_MEMORY:
                yield from reading.packing()
        yield from reading.packing()
        return self._enqueue(place.tenant_id, kind, name, reading, now)

    def refuse(self, tenant_id: int, kind: ImportKind | None, name: str, message: str, now: int) -> int:
        """Leave a failed job behind that says why a file was refused."""
        job_type = _JOB_TYPES[kind] if kind else ""
        (job_id,) = self._jobs.add(
            tenant_id, [(0, "")], job_type=job_type, added=now, item_count=None, payload_id=None, original_filename=name
        )
        self._jobs.finish(job_id, status="FAILED", started=now, finished=now, messages=[message])
        return job_id

    # -- what a reading needs -------------------------------------------------------------------------------------

    def part(self, tenant_id: int, code: str, batch_id: int) -> _Part:
        """A place for the rows of a location."""
        return _Part(batch_id, self._stock.location(tenant_id, code))

    def first_batch(self) -> int:
        """The number of the first batch of a file."""
        return self._batches.next_batch()

    def keep(self, batch_id: int, rows: list[FileRow]) -> None:
        """Pack rows away."""
        self._batches.add_rows(batch_id, encode_rows(rows))

    def categories(self, tenant_id: int) -> list[TagCategory]:
        """The tag categories of a tenant."""
        return self._tags.categories(tenant_id)

    def bin_named(self, location: Location, name: str) -> int:
        """The number of a bin, 0 when there is none or it is of no interest.

        Raises:
            _RowRefusedError: there is none, and the settings want it to be an error.
        """
        found = self._bins.named(location.id, name)
        if found is not None:
            return found.id
        if self._settings.files.unknown_bin == "error":
            raise _RowRefusedError(f"Bin {name[:60]!r} does not exist at the location")
        return 0

    @property
    def most_messages(self) -> int:
        """How many problems a job tells."""
        return self._settings.files.most_messages

    @property
    def most_rows(self) -> int:
        """How many rows a file may have."""
        return self._settings.files.most_rows

    # -- jobs -----------------------------------------------------------------------------------------------------

    def _enqueue(self, tenant_id: int, kind: ImportKind, name: str, reading: "_Reading", now: int) -> Imported:
        spoilt = self._settings.files.bad_rows == "file" and reading.bad > 0
        job_ids: list[int] = []
        loose = list(reading.loose)
        unknown = 0
        for code, part in reading.parts.items():
            if part.location is None or not part.location.active:
                unknown += 1
                if unknown > self.most_messages:
                    loose.append(f"LOCATION_NOT_FOUND: location {code[:60]} does not exist or is not active")
                    self._batches.drop_rows(part.batch_id)
                    continue
            location = part.location or Location(0, tenant_id, code, code, active=False)
            job_ids += self._runner.enqueue(
                tenant_id,
                [location],
                job_type=_JOB_TYPES[kind],
                work=self._work(part, kind, reading, spoilt=spoilt),
                item_count=part.count,
                now=now,
                original_filename=name,
            )
        if loose:
            said = self._shortened(loose, reading.homeless + max(0, unknown - self.most_messages))
            (job_id,) = self._jobs.add(
                tenant_id, [(0, "")], job_type=_JOB_TYPES[kind], added=now, item_count=None, payload_id=None,
                original_filename=name,
            )  # fmt: skip
            self._jobs.finish(job_id, status="FAILED", started=now, finished=now, messages=said)
            job_ids.append(job_id)
        return Imported(tuple(job_ids), reading.count, reading.bad)

    def _work(self, part: _Part, kind: ImportKind, reading: "_Reading", *, spoilt: bool) -> FileWork:
        said = self._shortened(part.problems, part.bad)
        failures: tuple[str, ...] = ()
        notes: tuple[str, ...] = (*said, *reading.remarks)
        if spoilt:
            failures = (f"nothing is imported: the file has {reading.bad:,} bad rows", *said)
        elif self._settings.files.bad_rows == "location" and part.bad:
            failures = tuple(said)
        elif part.bad and not part.count:
            # With no good row left there is nothing that could succeed.
            failures = tuple(said)
        return FileWork(
            # A number without rows would be given again, and its rows go with the first of the two jobs.
            batch_id=part.batch_id if part.count else 0,
            count=part.count,
            adding=kind == "UPDATE",
            zero_missing=kind == "REFRESH" and self._settings.inventory.refresh_zero_missing,
            floor_at_zero=reading.floor_at_zero,
            notes=notes,
            failures=failures,
        )

    def _shortened(self, said: list[str], total: int) -> list[str]:
        kept = said[: self.most_messages]
        more = max(total, len(said)) - len(kept)
        return [*kept, f"… and {more:,} more"] if more else kept


class _Reading:
    """What is known of a file while it is read."""

    def __init__(self, importer: Importer, place: FetchPlace, kind: ImportKind, name: str) -> None:
        self._importer = importer
        self._place = place
        self._kind = kind
        self._name = name
        self._tenant_id = place.tenant_id
        self._next_batch = importer.first_batch()
        self.in_memory = 0
        self._bins: dict[tuple[int, str], int] = {}
        self.categories = importer.categories(place.tenant_id)
        self._defaults = {
            category.name: category.default.value for category in self.categories if category.default is not None
        }
        self.floor_at_zero = place.document.zero_out_negatives
        self.parts: dict[str, _Part] = {}
        self.loose: list[str] = []
        self.remarks: list[str] = []
        self.homeless = 0
        self.count = 0
        self.bad = 0

    def take(self, row: ImportedRow | RowProblem | str) -> None:
        """Sort a row to its location; pack rows away when there are enough for a piece."""
        if isinstance(row, str):
            self.remarks.append(row)
            return
        self.count += 1
        if self.count > self._importer.most_rows:
            raise ImportFileError(self._name, row.line, f"has more than {self._importer.most_rows:,} rows")
        if isinstance(row, RowProblem):
            self._complain(row.location_code, f"{self._name}:{row.line}: {row.message}")
            return
        part = self._part(row.location_code)
        try:
            part.rows.append(self._file_row(row, part.location))
        except _RowRefusedError as error:
            self._complain(row.location_code, f"{self._name}:{row.line}: {error}")
            return
        part.count += 1
        self.in_memory += 1
        if len(part.rows) >= _ROWS_A_PIECE:
            self._pack(part)

    def packing(self) -> Steps[None]:
        """Pack away what is in memory, in steps."""
        for count, part in enumerate(self.parts.values(), 1):
            if part.rows:
                self._pack(part)
            if not count % _PARTS_BETWEEN_PAUSES:
                yield

    def _pack(self, part: _Part) -> None:
        self._importer.keep(part.batch_id, part.rows)
        self.in_memory -= len(part.rows)
        part.rows.clear()

    def _part(self, code: str) -> _Part:
        part = self.parts.get(code)
        if part is None:
            if len(self.parts) >= _MOST_LOCATIONS:
                raise ImportFileError(self._name, 0, f"names more than {_MOST_LOCATIONS:,} locations")
            part = self.parts[code] = self._importer.part(self._tenant_id, code, self._next_batch)
            self._next_batch += 1
        return part

    def _complain(self, code: str, message: str) -> None:
        self.bad += 1
        # A row without a location, or with one that nobody knows, has no job of its own to be told in.
        part = self._part(code) if code else None
        if part is None:
            self.homeless += 1
        elif part.location is not None:
            part.bad += 1
        said = self.loose if part is None else part.problems
        if len(said) < self._importer.most_messages:
            said.append(message)

    def _file_row(self, row: ImportedRow, location: Location | None) -> FileRow:
        details: dict[str, Any] = {}
        if row.external_id and row.delivery_date is None:
            details["external_id"] = row.external_id
        if row.locator:
            details["inventory_locator_name"] = row.locator
        for key in ("ltd", "retail_price", "currency_id"):
            if (value := getattr(row, key)) is not None:
                details[key] = value
        if row.attributes:
            details["attributes"] = list(row.attributes)
        item = QuantityItem(
            row.quantity,
            row.part_number,
            row.upc,
            row.sku,
            row.safety_stock,
            row.floor,
            details or None,
            self._variant(row),
            row.delivery_date,
            row.external_id if row.delivery_date is not None else "",
        )
        return FileRow(item, self._bin(location, row.bin_name) if row.bin_name and location else 0)

    def _bin(self, location: Location, name: str) -> int:
        key = (location.id, name)
        if key not in self._bins:
            if len(self._bins) >= _MOST_BINS:
                self._bins.clear()
            self._bins[key] = self._importer.bin_named(location, name)
        return self._bins[key]

    def _variant(self, row: ImportedRow) -> Variant:
        if not row.tags and not self._defaults:
            return PLAIN
        named = dict(row.tags)
        for category in self.categories:
            value = named.get(category.name)
            if value is not None and category.tags and category.tag(value) is None:
                known = ", ".join(tag.value for tag in category.tags)
                raise _RowRefusedError(f"{category.name} has no tag {value[:60]!r}; known: {known}")
        return Variant(sorted_tags(self._defaults | named))
