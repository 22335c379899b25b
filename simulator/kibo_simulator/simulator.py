"""One simulated environment: clock, agenda, limits, tenants, stock, jobs and journal, put together.

The web layer above calls `Simulator.advance` and then decides synchronously; nothing below ever waits. Time comes
in through one function, so the same simulator serves real sockets, a scaled clock and a virtual event loop (T-1 to
T-4).
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TextIO

import msgspec

from kibo_simulator.agenda import Agenda
from kibo_simulator.clock import Clock, ClockMode
from kibo_simulator.files.location_export import InventoryRow, write_location_export
from kibo_simulator.inventory_query import InventoryQuery
from kibo_simulator.job_runner import JobRunner
from kibo_simulator.job_work import JobWorker
from kibo_simulator.journal import Journal
from kibo_simulator.order_work import OrderWorker
from kibo_simulator.pending_sweep import PendingSweep
from kibo_simulator.rate_limits import LimitsDocument, PoolState, RateLimiter
from kibo_simulator.seeding import add_sample, load_file, load_rows
from kibo_simulator.settings import Settings
from kibo_simulator.steps import finish
from kibo_simulator.stock.deletion_items import DeletionItems
from kibo_simulator.stock.records import StockRecord
from kibo_simulator.stock_work import DeleteWork, StockWorker
from kibo_simulator.store.bins import BinStore
from kibo_simulator.store.database import Database
from kibo_simulator.store.future import FutureStore
from kibo_simulator.store.holds import HoldStore
from kibo_simulator.store.jobs import JobStore
from kibo_simulator.store.places import PlaceStore
from kibo_simulator.store.stock import StockStore
from kibo_simulator.store.tags import TagStore
from kibo_simulator.tenants import Access, Tenant
from kibo_simulator.timestamps import SECOND, parse_instant
from kibo_simulator.upkeep_work import UpkeepWorker

# A pause costs a turn of the event loop, a step at most a few milliseconds.
_STEPS_BETWEEN_PAUSES = 8


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
        settings: everything that can be set; the defaults are those of the clauses.
        wall: the source of time in microseconds since the epoch; the machine's when absent.
        clock_mode: how simulated time follows the source (T-2).
        speed: simulated seconds per second of the source, for mode ``scaled``.
        data: a file that keeps all state (D-1); absent for memory.
        load: files with inventory for a fresh simulator, loaded with the sample or not at all; a data file that
            has been seeded before keeps what it has.

    Raises:
        DatabaseError: the data file is not usable.
        InventoryFileError: what should be loaded cannot be.
        InstantError: ``settings.start`` is not an instant.
        LimitsError: the limits cannot be meant.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        wall: Callable[[], int] | None = None,
        clock_mode: ClockMode = "real",
        speed: float = 1.0,
        data: Path | None = None,
        load: Sequence[Path] = (),
    ) -> None:
        self.settings = settings or Settings()
        source = wall or machine_time()
        self.database = Database(data)
        try:
            self._assemble(source, clock_mode, speed, load)
        except BaseException:
            # Whoever corrects the fault and tries again must find the file free.
            self.database.close()
            raise

    def _assemble(self, source: Callable[[], int], clock_mode: ClockMode, speed: float, load: Sequence[Path]) -> None:
        seed = self.settings.seed
        self.clock = Clock(source, mode=clock_mode, speed=speed, start=self._start(source, clock_mode))
        self.agenda = Agenda()
        self.stock = StockStore(self.database)
        self.jobs = JobStore(self.database)
        # Each opening of a data file counts, so that neither ids nor tokens are given twice.
        openings = int(self.database.meta("openings") or 0) + 1
        self.access = Access(
            self.database,
            stem=f"{seed}:{openings}",
            access_lifetime_s=self.settings.access.token_lifetime_s,
            refresh_lifetime_s=self.settings.access.refresh_lifetime_s,
        )
        self.limiter = RateLimiter(self._limits_in_force(self.settings.limits.validate()))
        self.places = PlaceStore(self.database.connection)
        self.tags = TagStore(self.database.connection)
        self.future = FutureStore(self.database.connection)
        self.query = InventoryQuery(self.stock, self.places, self.future)
        self.holds = HoldStore(self.database.connection)
        self.orders = OrderWorker(self.stock, self.future, self.holds)
        self.upkeep = UpkeepWorker(self.stock, self.tags)
        interval = self.settings.inventory.pending_sweep_s * SECOND
        self.sweep = PendingSweep(self.database, self.agenda, self.holds, self.orders, interval)
        worker = JobWorker(
            self.database,
            self.stock,
            self.holds,
            BinStore(self.database.connection),
            StockWorker(self.stock, self.future),
            self.orders,
            self.upkeep,
            self.sweep,
        )
        self.runner = JobRunner(self.database, self.stock, self.jobs, worker, self.agenda, self.settings.jobs, seed)
        self.ended_jobs: dict[int, EndedJob] = {}
        self.journal = Journal(
            entries=self.settings.bounds.journal_entries, retained_bytes=self.settings.bounds.journal_bytes
        )
        self._correlations = 0
        self._correlation_stem = blake2b(b"%d:%d" % (seed, openings), digest_size=8).hexdigest()
        self.loaded: int | None = None
        if self.database.meta("seeded") is None:
            with self.database.transaction():
                if self.settings.sample is not None:
                    add_sample(self.access, self.stock, self.settings.sample, seed, self.clock.now())
                self.loaded = sum(self.load_file(self.default_tenant or 0, path) for path in load)
                self.database.set_meta("seeded", "1")
        if self.database.durable:
            self.database.set_meta("openings", str(openings))
        self._restore_pools()
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

    def next_event_at(self) -> int | None:
        """When the simulation next has something to do by itself, or None (T-3)."""
        return self.agenda.next_at()

    def _start(self, source: Callable[[], int], mode: ClockMode) -> int | None:
        """Where simulated time begins: as told, but never before what a data file has already seen (T-2).

        A clock that is not the machine's goes on where the file left it.
        """
        told = None if self.settings.start is None else parse_instant(self.settings.start)
        kept = self.database.meta("clock")
        if kept is None:
            return told
        otherwise = source() if mode == "real" else 0
        return max(int(kept), otherwise if told is None else told)

    # -- people and places ----------------------------------------------------------------------------------------

    @property
    def default_tenant(self) -> int | None:
        """The tenant that a request without any name for one belongs to: the first (A-1)."""
        tenants = self.access.tenants()
        return tenants[0].id if tenants else None

    def add_tenant(self, tenant_id: int, *, site: int, name: str, client_id: str, shared_secret: str) -> None:
        """Add a tenant with one application."""
        self.access.add_tenant(Tenant(tenant_id, name, site))
        self.access.add_application(tenant_id, client_id, shared_secret)

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
        self.limiter = RateLimiter(document.validate())
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM rate_pools")
            self.database.set_meta("limits", msgspec.json.encode(document).decode())
            self.database.set_meta("limits replaced", msgspec.json.encode(self.settings.limits).decode())

    def _limits_in_force(self, configured: LimitsDocument) -> LimitsDocument:
        """What was put into force by hand, unless the configuration has changed since (D-1)."""
        current = self.database.meta("limits")
        if current is None or self.database.meta("limits replaced") != msgspec.json.encode(configured).decode():
            return configured
        return msgspec.json.decode(current, type=LimitsDocument)

    def next_correlation(self) -> str:
        """A new correlation id: 32 hexadecimal digits, a function of seed and count (T-4)."""
        self._correlations += 1
        # An odd factor maps the count onto itself one to one, and neighbours far apart.
        return f"{self._correlation_stem}{self._correlations * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF:016x}"

    def save_pools(self, now: int) -> None:
        """Keep the rate pools and the instant in a data file, so that a restart forgets no restriction (D-1, T-2)."""
        if self.database.durable:
            with self.database.transaction() as connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO rate_pools VALUES (?, ?, ?)",
                    [
                        ("" if owner is None else str(owner), route, msgspec.msgpack.encode(state))
                        for owner, route, state in self.limiter.states()
                    ],
                )
                self.database.set_meta("clock", str(now))

    def reload(self) -> None:
        """Build what is held in memory of the jobs anew from the database (D-1)."""
        with self.database.transaction():
            now = self.clock.now()
            self.runner.reload(now)
            self.sweep.forget()
            self.sweep.plan(now)

    def close(self) -> None:
        """Write what is left and close the database; once is enough."""
        if self.database.closed:
            return
        self.save_pools(self.clock.now())
        self.database.close()

    def _restore_pools(self) -> None:
        for owner, route, body in self.database.connection.execute("SELECT owner, route, state FROM rate_pools"):
            state = msgspec.msgpack.decode(body, type=PoolState)
            self.limiter.restore(int(owner) if owner else None, route, state)
