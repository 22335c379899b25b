"""Everything of a simulation that is not in its tables: built from them and a moment, and kept going (T-1 to T-4, D-1).

What is built here is built anew whenever a simulator goes on from other tables; so nothing may be kept elsewhere.
"""

from collections.abc import Callable, Generator
from functools import partial
from hashlib import blake2b

from msgspec import Struct

from kibo_simulator.agenda import Agenda
from kibo_simulator.announcements import Announcer
from kibo_simulator.batch_runner import BatchRunner
from kibo_simulator.catalog_work import CatalogWorker
from kibo_simulator.clock import Clock, ClockMode
from kibo_simulator.drop_points.courier import Courier
from kibo_simulator.drop_points.opening import open_drop_folder
from kibo_simulator.drop_points.talks import Talks
from kibo_simulator.exporting.export_work import Exporter
from kibo_simulator.fault_book import FaultBook
from kibo_simulator.file_work import FileWorker
from kibo_simulator.files.file_log import FileLog
from kibo_simulator.importing.exchange import FileExchange
from kibo_simulator.importing.importer import Importer
from kibo_simulator.importing.pickup import FilePickup
from kibo_simulator.importing.reach import Reach
from kibo_simulator.inventory_query import InventoryQuery
from kibo_simulator.item_fates import ItemFates
from kibo_simulator.job_fates import JobFates
from kibo_simulator.job_runner import JobRunner
from kibo_simulator.job_work import JobWorker
from kibo_simulator.journal import Journal
from kibo_simulator.kept_limits import keep_limits, keep_own_limits, keep_pools, limiter_in_force
from kibo_simulator.kept_settings import keep_settings, settings_here, settings_in_force
from kibo_simulator.moment import Moment, drop_moment
from kibo_simulator.order_work import OrderWorker
from kibo_simulator.pending_sweep import PendingSweep
from kibo_simulator.rate_limits import LimitsDocument, RateLimiter
from kibo_simulator.seeding import Seed
from kibo_simulator.stock_work import StockWorker
from kibo_simulator.store.batch_jobs import BatchJobStore
from kibo_simulator.store.bins import BinStore
from kibo_simulator.store.catalog import CatalogStore
from kibo_simulator.store.database import Database
from kibo_simulator.store.export_settings import ExportSettingsStore
from kibo_simulator.store.fetch_files import FetchFileStore
from kibo_simulator.store.file_batches import FileBatchStore
from kibo_simulator.store.future import FutureStore
from kibo_simulator.store.holds import HoldStore
from kibo_simulator.store.jobs import JobStore
from kibo_simulator.store.places import PlaceStore
from kibo_simulator.store.stock import StockStore
from kibo_simulator.store.tags import TagStore
from kibo_simulator.store.tenants import TenantStore
from kibo_simulator.tenants import Access
from kibo_simulator.timestamps import SECOND, parse_instant
from kibo_simulator.upkeep_work import UpkeepWorker

# A pause costs a turn of the event loop, a step at most a few milliseconds.
_STEPS_BETWEEN_PAUSES = 8


class EndedJob(Struct, frozen=True, gc=False):
    """A job that will never change again, as it is answered."""

    tenant_id: int
    status: str
    body: bytes


class Engine:
    """A simulation under way, as its owner has opened it: see `kibo_simulator.simulator.Simulator`."""

    _source: Callable[[], int]
    _seed: Seed
    _clock_mode: ClockMode | None
    _speed: float
    announcer: Announcer
    journal: Journal

    # -- from tables and moment, and back ---------------------------------------------------------------------------

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
        self.places = PlaceStore(database)
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
        drop = open_drop_folder(settings.files)
        exports, configs = ExportSettingsStore(database.connection), FetchFileStore(database.connection)
        reach = Reach(settings.files, drop, configs, exports)
        self.courier = Courier() if settings.files.remote else None
        talks = Talks(self.courier)
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
            Exporter(settings.files, self.stock, self.places, exports, reach.for_delivery, talks, self.file_log),
        )
        self.faults = FaultBook(database, seed)
        self.runner = JobRunner(
            database, self.stock, self.jobs, worker, self.agenda, settings.jobs, seed, JobFates(self.faults)
        )
        self.files = FileExchange(
            settings.files, database, self.agenda, self.tenants, exports, configs, self.runner, drop, reach
        )
        if reach.anywhere:
            importer = Importer(settings, self.stock, bins, self.tags, batches, self.jobs, self.runner)
            self.files.pickup = FilePickup(
                settings.files,
                database,
                self.agenda,
                self.clock.now,
                self.tenants,
                configs,
                batches,
                importer,
                reach,
                talks,
                self.file_log,
            )
        self.catalog = CatalogStore(database.connection)
        self.catalog_work = CatalogWorker(self.catalog, name_required=settings.catalog.name_required)
        self.batch_jobs = BatchJobStore(database.connection)
        self.batches = BatchRunner(database, self.batch_jobs, self.catalog_work, self.agenda, settings.batch)
        self.batches.interference = ItemFates(self.faults).interfere
        self.ended_jobs: dict[int, EndedJob] = {}
        self._correlations = moment.correlations if moment else 0
        self._correlation_stem = blake2b(b"%d:%d" % (seed, self._openings), digest_size=8).hexdigest()
        if database.durable:
            database.set_meta("openings", str(self._openings))
        self.faults.load()
        self.faults.configure(settings.faults, self.clock.now())
        self.reload()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.clock!r}, {self.runner!r}>"

    # -- time -----------------------------------------------------------------------------------------------------

    def advance(self) -> int:
        """Bring the simulation up to now and return the instant (T-3)."""
        now = self.clock.now()
        self._take_in(now)
        self.agenda.run_due(now)
        return now

    def caught_up(self) -> int | None:
        """The instant it is when there is nothing to do by then, else None: advancing would take steps."""
        if self.courier is not None:
            return None
        due, now = self.agenda.next_at(), self.clock.now()
        return now if due is None or due > now else None

    def advancing(self) -> Generator[None, None, int]:
        """The same in steps: pauses now and then, for callers with others to look after."""
        now = self.clock.now()
        self._take_in(now)
        for count, _ in enumerate(self.agenda.steps(now), 1):
            if not count % _STEPS_BETWEEN_PAUSES:
                yield
        return now

    def _take_in(self, now: int) -> None:
        """Put on the agenda what remote drop points have answered meanwhile."""
        if self.courier is not None:
            for then, answer in self.courier.arrived():
                self.agenda.schedule(now, partial(then, answer))

    @property
    def idle(self) -> bool:
        """Whether every job that was begun has ended; a batch job that waits for its date has not begun."""
        return self.runner.idle and self.batches.idle

    @property
    def working(self) -> bool:
        """Whether time brings some job on that was begun; not one that a fault holds or that counts polls."""
        return self.runner.working or not self.batches.idle

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

    def moment(self) -> Moment:
        """What the tables do not say of the simulation as it is now, after writing the rest into them (D-2)."""
        now = self.clock.now()
        with self.database.transaction():
            self.save_pools(now)
            keep_pools(self.database, self.limiter)
            self.database.set_meta("clock", str(now))
        return Moment(
            at=now,
            mode=self.clock.mode,
            speed=self.clock.speed or 1.0,
            openings=self._openings,
            correlations=self._correlations,
            tokens=self.access.issued,
            journal=self.journal.position,
            settings=self.settings,
        )

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
