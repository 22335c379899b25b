"""One simulated environment: clock, agenda, limits, tenants, stock, jobs and journal, put together.

The web layer above calls `Simulator.advance` and then decides synchronously; nothing below ever waits. Time comes
in through one function, so the same simulator serves real sockets, a scaled clock and a virtual event loop (T-1 to
T-4).
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TextIO

import msgspec

from kibo_simulator.agenda import Agenda
from kibo_simulator.announcements import Announcer
from kibo_simulator.batch_runner import BatchRunner
from kibo_simulator.catalog_work import CatalogWorker
from kibo_simulator.clock import Clock, ClockMode
from kibo_simulator.drop_points.opening import open_drop_point
from kibo_simulator.exporting.export_work import Exporter
from kibo_simulator.fault_book import FaultBook
from kibo_simulator.file_work import FileWorker
from kibo_simulator.files.file_log import FileLog
from kibo_simulator.files.location_export import InventoryRow, write_location_export
from kibo_simulator.importing.exchange import FileExchange
from kibo_simulator.importing.importer import Importer
from kibo_simulator.importing.pickup import FilePickup
from kibo_simulator.inventory_query import InventoryQuery
from kibo_simulator.job_fates import JobFates
from kibo_simulator.job_runner import JobRunner
from kibo_simulator.job_work import JobWorker
from kibo_simulator.journal import Journal
from kibo_simulator.journal.file import JournalFile
from kibo_simulator.kept_limits import keep_limits, keep_own_limits, keep_pools, limiter_in_force
from kibo_simulator.kept_settings import keep_settings, settings_here, settings_in_force
from kibo_simulator.moment import Moment, drop_moment, read_moment
from kibo_simulator.order_work import OrderWorker
from kibo_simulator.pending_sweep import PendingSweep
from kibo_simulator.rate_limits import LimitsDocument, RateLimiter
from kibo_simulator.seeding import Seed, load_file, load_rows
from kibo_simulator.settings import Settings
from kibo_simulator.snapshots import SnapshotShelf
from kibo_simulator.steps import finish
from kibo_simulator.stock.deletion_items import DeletionItems
from kibo_simulator.stock.records import StockRecord
from kibo_simulator.stock_work import DeleteWork, StockWorker
from kibo_simulator.store.batch_jobs import BatchJobStore
from kibo_simulator.store.bins import BinStore
from kibo_simulator.store.catalog import CatalogStore
from kibo_simulator.store.database import Database
from kibo_simulator.store.export_settings import ExportSettingsStore
from kibo_simulator.store.file_batches import FileBatchStore
from kibo_simulator.store.future import FutureStore
from kibo_simulator.store.holds import HoldStore
from kibo_simulator.store.images import ImageError, check, open_image, write_file
from kibo_simulator.store.jobs import JobStore
from kibo_simulator.store.places import PlaceStore
from kibo_simulator.store.stock import StockStore
from kibo_simulator.store.tags import TagStore
from kibo_simulator.store.tenants import Tenant, TenantStore
from kibo_simulator.tenants import Access, add_application
from kibo_simulator.timestamps import SECOND, parse_instant
from kibo_simulator.upkeep_work import UpkeepWorker

# A pause costs a turn of the event loop, a step at most a few milliseconds.
_STEPS_BETWEEN_PAUSES = 8

_log = logging.getLogger("kibo_simulator")


@dataclass(frozen=True, slots=True)
class EndedJob:
    """A job that will never change again, as it is answered."""

    tenant_id: int
    status: str
    body: bytes


def machine_time() -> Callable[[], int]:
    """A source of microseconds since the epoch that starts at the machine's wall clock and never steps."""
    offset = time.time_ns() - time.monotonic_ns()
    return lambda: (time.monotonic_ns() + offset) // 1000


class Simulator:
    """A stand-in for one Kibo environment, in memory unless a data file is given.

    Args:
        settings: everything that can be set; the defaults are those of the clauses, or of the snapshot.
        wall: the source of time in microseconds since the epoch; the machine's when absent.
        clock_mode: how simulated time follows the source (T-2); ``real`` when absent, or as in the snapshot.
        speed: simulated seconds per second of the source, for mode ``scaled``.
        data: a file that keeps all state (D-1); absent for memory.
        load: files with inventory for a fresh simulator, loaded with the sample or not at all; a data file that
            has been seeded before keeps what it has.
        snapshot: a snapshot's file that a fresh simulator goes on from instead of being seeded.
        snapshots: a folder that keeps snapshots; without one they are kept as long as the simulator.

    Raises:
        DatabaseError: the data file is not usable.
        ImageError: the snapshot is not one.
        InventoryFileError: what should be loaded cannot be.
        InstantError: ``settings.start`` is not an instant.
        LimitsError: the limits cannot be meant.
        FaultError: the faults cannot be meant.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        wall: Callable[[], int] | None = None,
        clock_mode: ClockMode | None = None,
        speed: float = 1.0,
        data: Path | None = None,
        load: Sequence[Path] = (),
        snapshot: Path | None = None,
        snapshots: Path | None = None,
    ) -> None:
        self._source = wall or machine_time()
        self._told = settings
        self._clock_mode = clock_mode
        self._speed = speed
        self._snapshot = snapshot
        self._seed = Seed(settings or Settings(), tuple(load))
        bounds = self._seed.settings.bounds
        self.announcer = Announcer()
        self.journal = Journal(entries=bounds.journal_entries, retained_bytes=bounds.journal_bytes)
        self.journal.attach(partial(self.announcer.tell, "journal"))
        self.journal_file: JournalFile | None = None
        self.snapshots = SnapshotShelf(snapshots, most=bounds.snapshots, most_bytes=bounds.snapshot_bytes)
        self.loaded: int | None = None
        self._data = data
        database, moment = self._opened(data)
        try:
            self._take_up(database, moment)
        except BaseException:
            # Whoever corrects the fault and tries again must find the file free.
            database.close()
            raise

    def keep_journal(self, path: Path) -> None:
        """Write every entry of the journal to a file, too, before its answer leaves; numbers go on from its last.

        Raises:
            JournalFileError: the file cannot be written, is in use, or is no journal.
        """
        most = self.settings.bounds.journal_file_bytes
        self.journal_file = JournalFile(path, most_bytes=most, complain=_log.warning)
        self.journal.restart(self.journal_file.position)
        self.journal.attach(self.journal_file.write)

    # -- beginning, and going on from elsewhere ---------------------------------------------------------------------

    def _opened(self, data: Path | None) -> tuple[Database, Moment | None]:
        """The database to begin with, seeded or from a snapshot unless the file has been used before."""
        if data is None:
            database, moment, self.loaded = self._fresh()
            return database, moment
        database = Database(data)
        try:
            if database.meta("seeded") is not None:
                with database.transaction():
                    self._seed.add_missing_tenants(database, self._begins(), sample=False)
                return database, None
            if self._snapshot is None:
                self.loaded = self._seed.grow(database, self._begins())
                return database, None
        except BaseException:
            database.close()
            raise
        database.close()
        image, moment = self.fresh()
        with closing(image):
            waiting = self._waiting_file(data)
            write_file(image.connection, waiting)
            waiting.replace(data)
        return Database(data), moment

    def fresh(self) -> tuple[Database, Moment | None]:
        """A database in memory as a simulator begins with when it is started like this one, and its moment (D-2).

        Nothing of the running simulation is touched: this may be done beside it, and in another thread.

        Raises:
            ImageError: the snapshot cannot be read any more.
            InventoryFileError: a file cannot be loaded any more.
        """
        database, moment, _ = self._fresh()
        return database, moment

    def _fresh(self) -> tuple[Database, Moment | None, int | None]:
        """The same, and how many records files brought; None without a seed."""
        if self._snapshot is None:
            database, loaded = self._seed.fresh(self._begins())
            return database, None, loaded
        with closing(open_image(self._snapshot)) as image:
            check(image)
            moment = read_moment(image)
            database = Database(copy_of=image)
        return database, self._as_told(moment), None

    def _as_told(self, moment: Moment) -> Moment:
        """The moment of the snapshot we begin with, but for what was told otherwise; never before it (T-2)."""
        if self._told is not None:
            start = moment.at if self._told.start is None else parse_instant(self._told.start)
            moment = msgspec.structs.replace(moment, settings=self._told, at=max(moment.at, start))
        if self._clock_mode is not None:
            moment = msgspec.structs.replace(moment, mode=self._clock_mode, speed=self._speed)
        return moment

    def _begins(self) -> int:
        """When simulated time begins without anything kept from before."""
        start = self._seed.settings.start
        return self._source() if start is None else parse_instant(start)

    def moment(self) -> Moment:
        """What the tables do not say of the simulation as it is now, after writing the rest into them (D-2)."""
        with self.database.transaction():
            keep_pools(self.database, self.limiter)
            self.database.set_meta("clock", str(self.clock.now()))
        return Moment(
            at=self.clock.now(),
            mode=self.clock.mode,
            speed=self.clock.speed or 1.0,
            openings=self._openings,
            correlations=self._correlations,
            tokens=self.access.issued,
            journal=self.journal.position,
            settings=self.settings,
        )

    def prepared(self, tables: sqlite3.Connection) -> Database:
        """A copy of these tables for `adopt`, in memory or beside the data file; may be made in another thread."""
        if self._data is None:
            return Database(copy_of=tables)
        waiting = self._waiting_file(self._data)
        write_file(tables, waiting)
        return Database(waiting)

    @staticmethod
    def _waiting_file(data: Path) -> Path:
        return data.with_name(data.name + ".next")

    def adopt(self, database: Database, moment: Moment | None) -> Database:
        """Go on from another state, all or nothing; the journal begins anew behind it (D-2).

        Args:
            database: the tables as `prepared`; they are the simulator's from now on, also when this fails.
            moment: the rest; without one, everything begins as when a simulator is started.

        Returns:
            The database that is no longer needed, for the caller to close.

        Raises:
            ImageError: a simulation cannot be made of this; the old one goes on as if nothing had been tried.
        """
        before = dict(vars(self))
        old, past = self.database, self.moment()
        try:
            self._take_up(database, moment)
        except Exception as error:
            self.__dict__.update(before)
            database.close()
            raise ImageError(f"cannot be gone on from: {error}") from error
        if self._data is not None:
            now = self.moment()
            database.close()
            old.close()
            self._move_in(now, past)
        self.journal.restart(moment.journal if moment else 0)
        return old

    def _move_in(self, moment: Moment, past: Moment) -> None:
        """Put the file that was prepared in the place of the data file, which is one step for the file system."""
        assert self._data is not None
        try:
            self._waiting_file(self._data).replace(self._data)
        except OSError as error:
            self._take_up(Database(self._data), past)
            raise ImageError(f"the data file cannot be replaced: {error.strerror}") from error
        self._take_up(Database(self._data), moment)

    def _take_up(self, database: Database, moment: Moment | None) -> None:
        """Build everything that is not in the tables anew from them and the moment."""
        configured = self._seed.settings
        if moment is None:
            settings = settings_in_force(database, configured)
        else:
            drop_moment(database.connection)
            settings = settings_here(moment.settings, configured)
            keep_settings(database, settings, configured)
        self.settings = settings
        self.database = database
        seed = settings.seed
        if moment is None:
            mode = self._clock_mode or "real"
            self.clock = Clock(self._source, mode=mode, speed=self._speed, start=self._start(database, mode))
        else:
            self.clock = Clock(self._source, mode=moment.mode, speed=moment.speed, start=moment.at)
        # Each opening of a data file counts, so that neither ids nor tokens are given twice.
        self._openings = moment.openings if moment else int(database.meta("openings") or 0) + 1
        self.agenda = Agenda()
        self.tenants = TenantStore(database.connection)
        self.stock = StockStore(database)
        self.jobs = JobStore(database, self.announcer)
        self.access = Access(
            database,
            stem=f"{seed}:{self._openings}",
            access_lifetime_s=settings.access.token_lifetime_s,
            refresh_lifetime_s=settings.access.refresh_lifetime_s,
            issued=moment.tokens if moment else 0,
        )
        self.limiter = limiter_in_force(database, settings.validate().limits)
        self.places = PlaceStore(database.connection)
        self.tags = TagStore(database.connection)
        self.future = FutureStore(database.connection)
        self.query = InventoryQuery(self.stock, self.places, self.future)
        self.holds = HoldStore(database.connection)
        self.orders = OrderWorker(self.stock, self.future, self.holds)
        self.upkeep = UpkeepWorker(self.stock, self.tags)
        interval = settings.inventory.pending_sweep_s * SECOND
        self.sweep = PendingSweep(database, self.agenda, self.holds, self.orders, interval)
        bins, batches = BinStore(database.connection), FileBatchStore(database.connection)
        stock_worker = StockWorker(self.stock, self.future)
        self.file_log = FileLog(settings.files.log_entries)
        drop = open_drop_point(settings.files)
        exports = ExportSettingsStore(database.connection)
        worker = JobWorker(
            database,
            self.stock,
            self.holds,
            bins,
            stock_worker,
            self.orders,
            self.upkeep,
            self.sweep,
            FileWorker(self.stock, bins, batches, stock_worker),
            Exporter(settings.files, self.stock, self.places, exports, drop, self.file_log),
        )
        self.faults = FaultBook(database, seed)
        self.runner = JobRunner(
            database, self.stock, self.jobs, worker, self.agenda, settings.jobs, seed, JobFates(self.faults)
        )
        self.files = FileExchange(
            settings.files, database, self.agenda, self.tenants, exports, self.runner, drop, self.file_log
        )
        if drop is not None:
            importer = Importer(settings, self.stock, bins, self.tags, batches, self.jobs, self.runner)
            self.files.pickup = FilePickup(
                settings.files,
                database,
                self.agenda,
                self.clock.now,
                self.tenants,
                batches,
                importer,
                drop,
                self.file_log,
            )
        self.catalog = CatalogStore(database.connection)
        self.catalog_work = CatalogWorker(self.catalog, name_required=settings.catalog.name_required)
        self.batch_jobs = BatchJobStore(database.connection)
        self.batches = BatchRunner(database, self.batch_jobs, self.catalog_work, self.agenda, settings.batch)
        self.ended_jobs: dict[int, EndedJob] = {}
        self._correlations = moment.correlations if moment else 0
        self._correlation_stem = blake2b(b"%d:%d" % (seed, self._openings), digest_size=8).hexdigest()
        if database.durable:
            database.set_meta("openings", str(self._openings))
        self.faults.load()
        self.faults.configure(settings.faults, self.clock.now())
        self.reload()

    def __repr__(self) -> str:
        return f"<Simulator {self.clock!r}, {self.runner!r}>"

    # -- time -----------------------------------------------------------------------------------------------------

    def advance(self) -> int:
        """Bring the simulation up to now and return the instant (T-3)."""
        now = self.clock.now()
        self.agenda.run_due(now)
        return now

    def advancing(self) -> Generator[None, None, int]:
        """The same in steps: pauses now and then, for callers with others to look after."""
        now = self.clock.now()
        for count, _ in enumerate(self.agenda.steps(now), 1):
            if not count % _STEPS_BETWEEN_PAUSES:
                yield
        return now

    @property
    def idle(self) -> bool:
        """Whether every job that was begun has ended; a batch job that waits for its date has not begun."""
        return self.runner.idle and self.batches.idle

    def next_event_at(self) -> int | None:
        """When the simulation next has something to do by itself, or None (T-3)."""
        return self.agenda.next_at()

    def _start(self, database: Database, mode: ClockMode) -> int | None:
        """Where simulated time begins: as told, but never before what a data file has already seen (T-2).

        A clock that is not the machine's goes on where the file left it.
        """
        start = self._seed.settings.start
        told = None if start is None else parse_instant(start)
        kept = database.meta("clock")
        if kept is None:
            return told
        otherwise = self._source() if mode == "real" else 0
        return max(int(kept), otherwise if told is None else told)

    # -- people and places ----------------------------------------------------------------------------------------

    @property
    def default_tenant(self) -> int | None:
        """The tenant that a request without any name for one belongs to: the first (A-1)."""
        tenants = self.tenants.every()
        return tenants[0].id if tenants else None

    def add_tenant(self, tenant_id: int, *, site: int, name: str, client_id: str, shared_secret: str) -> None:
        """Add a tenant with one application."""
        self.tenants.add(Tenant(tenant_id, name, site))
        add_application(self.database, tenant_id, client_id, shared_secret)

    def load_inventory(self, tenant_id: int, rows: Iterable[InventoryRow]) -> int:
        """Set the records that the rows name, creating locations and products; all rows or none. Returns how many."""
        with self.database.transaction():
            return finish(load_rows(self.stock, tenant_id, rows, self.clock.now()))

    def load_file(self, tenant_id: int, path: Path) -> int:
        """The same from a file: a Location Export (CSV or a zip of it) or JSON lines.

        Raises:
            InventoryFileError: at the first line that cannot be meant; nothing is loaded then.
        """
        with self.database.transaction():
            return finish(load_file(self.stock, tenant_id, path, self.clock.now()))

    # -- stock ----------------------------------------------------------------------------------------------------

    def stock_records(self, tenant_id: int) -> Iterator[StockRecord]:
        """Every record of a tenant, by location code and product."""
        return self.stock.records(tenant_id)

    def write_location_export(
        self, tenant_id: int, file: TextIO, where: Callable[[StockRecord], bool] | None = None
    ) -> int:
        """Write a tenant's Location Export as CSV, optionally only some records; return how many."""
        records = self.stock_records(tenant_id)
        return write_location_export(records if where is None else filter(where, records), file)

    def delete_work(self, items: DeletionItems) -> DeleteWork:
        """The work of a deletion under the present settings."""
        return DeleteWork(items, patterns=self.settings.inventory.patterns)

    # -- limits and durability ------------------------------------------------------------------------------------

    def set_limits(self, document: LimitsDocument) -> None:
        """Take other limits into force; all pools start afresh.

        Raises:
            LimitsError: the document cannot be meant; the old limits stay.
        """
        document.validate()
        self.limiter = RateLimiter(document, self.limiter.own)
        keep_limits(self.database, document, self.settings.limits)

    def set_own_limits(self, tenant_id: int, document: LimitsDocument | None) -> None:
        """Put a tenant under limits of its own, or under those of all again; its pools start afresh.

        Raises:
            LimitsError: the document cannot be meant for one tenant; the old limits stay.
        """
        self.limiter.set_own(tenant_id, document.validate_own() if document else None)
        keep_own_limits(self.database, tenant_id, document)

    def reload_limits(self) -> None:
        """Take up limits and pools anew from the database, after keeping those in use there."""
        with self.database.transaction():
            keep_pools(self.database, self.limiter)
        self.limiter = limiter_in_force(self.database, self.settings.limits)

    def next_correlation(self) -> str:
        """A new correlation id: 32 hexadecimal digits, a function of seed and count (T-4)."""
        self._correlations += 1
        # An odd factor maps the count onto itself one to one, and neighbours far apart.
        return f"{self._correlation_stem}{self._correlations * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF:016x}"

    def save_pools(self, now: int) -> None:
        """Keep the rate pools and the instant in a data file, so that a restart forgets no restriction (D-1, T-2).

        What was counted of faults is kept in memory too: it belongs to the tables.
        """
        if self.faults.changed:
            with self.database.transaction():
                self.faults.save()
        if self.database.durable:
            with self.database.transaction():
                keep_pools(self.database, self.limiter)
                self.database.set_meta("clock", str(now))

    def reload(self) -> None:
        """Build what is held in memory of the jobs anew from the database (D-1)."""
        with self.database.transaction():
            now = self.clock.now()
            self.runner.reload(now)
            self.batches.reload()
            self.sweep.forget()
            self.sweep.plan(now)
            self.files.plan(now)

    def close(self) -> None:
        """Write what is left and close database and journal; once is enough."""
        if self.journal_file is not None:
            self.journal_file.close()
        if self.database.closed:
            return
        self.save_pools(self.clock.now())
        self.snapshots.close()
        self.database.close()
