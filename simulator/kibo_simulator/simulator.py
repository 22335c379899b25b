"""One simulated environment: clock, agenda, limits, tenants, stock, jobs and journal, put together.

The web layer above calls `Simulator.advance` and then decides synchronously; nothing below ever waits. Time comes
in through one function, so the same simulator serves real sockets, a scaled clock and a virtual event loop (T-1 to
T-4).
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from shutil import copymode
from typing import TextIO

import msgspec

from kibo_simulator.announcements import Announcer
from kibo_simulator.clock import ClockMode
from kibo_simulator.engine import Engine
from kibo_simulator.files.location_export import InventoryRow, write_location_export
from kibo_simulator.journal import Journal
from kibo_simulator.journal.file import JournalFile
from kibo_simulator.moment import Moment
from kibo_simulator.seeding import Seed, load_file, load_rows
from kibo_simulator.settings import Settings
from kibo_simulator.snapshots import Snapshot, SnapshotShelf, opened_snapshot
from kibo_simulator.steps import finish
from kibo_simulator.stock.deletion_items import DeletionItems
from kibo_simulator.stock.records import StockRecord
from kibo_simulator.stock_work import DeleteWork
from kibo_simulator.store.database import Database
from kibo_simulator.store.images import ImageError, remove_file, write_file
from kibo_simulator.store.tenants import Tenant
from kibo_simulator.tenants import add_application
from kibo_simulator.timestamps import parse_instant

_log = logging.getLogger("kibo_simulator")


def machine_time() -> Callable[[], int]:
    """A source of microseconds since the epoch that starts at the machine's wall clock and never steps."""
    offset = time.time_ns() - time.monotonic_ns()
    return lambda: (time.monotonic_ns() + offset) // 1000


class Simulator(Engine):
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
        SettingsError: the settings cannot be meant together.
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
        # Left by a death in the middle of a restore: nothing of it came to be.
        remove_file(self._waiting_file(data))
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
        image, moment, _ = self._fresh()
        with closing(image):
            waiting = self._waiting_file(data)
            write_file(image.connection, waiting)
            copymode(data, waiting)
            waiting.replace(data)
        return Database(data), moment

    def fresh(self) -> tuple[Database, Moment | None]:
        """What a simulator begins with when it is started like this one, prepared for `adopt` (D-2).

        Nothing of the running simulation is touched: this may be done beside it, and in another thread.

        Raises:
            ImageError: the snapshot cannot be read any more.
            InventoryFileError: a file cannot be loaded any more.
        """
        database, moment, _ = self._fresh()
        if self._data is None:
            return database, moment
        with closing(database):
            return self.prepared(database.connection), moment

    def _fresh(self) -> tuple[Database, Moment | None, int | None]:
        """A database in memory as a simulator begins with, its moment, and how many records files brought."""
        if self._snapshot is None:
            database, loaded = self._seed.fresh(self._begins())
            return database, None, loaded
        with opened_snapshot(self._snapshot) as (image, moment):
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

    def save(self, name: str, *, replace: bool = False) -> Snapshot:
        """Keep the state as it is now as a snapshot.

        Raises:
            ShelfError: it cannot be kept under this name.
        """
        return self.snapshots.take(name, self.database.connection, self.moment(), replace=replace)

    def restore(self, name: str) -> None:
        """Go on from a snapshot, clock and all; requests and jobs since are as if they had never been (D-2).

        Raises:
            ShelfError: there is no such snapshot, or it cannot be used.
            ImageError: a simulation cannot be made of it; the old one goes on.
        """
        with self.snapshots.opened(name) as (image, moment):
            self.adopt(self.prepared(image), moment).close()

    def reset(self) -> None:
        """Begin again as freshly started (D-2).

        Raises:
            ImageError: the snapshot that was begun with is gone; the state stays as it is.
            InventoryFileError: a file that was loaded is gone; likewise.
        """
        self.adopt(*self.fresh()).close()

    def prepared(self, tables: sqlite3.Connection) -> Database:
        """A copy of these tables for `adopt`, in memory or beside the data file; may be made in another thread."""
        if self._data is None:
            return Database(copy_of=tables)
        waiting = self._waiting_file(self._data)
        write_file(tables, waiting)
        copymode(self._data, waiting)
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
        """The same from a file: a Location Export (CSV, XML or a zip of one) or JSON lines.

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

    def close(self) -> None:
        """Write what is left and close database and journal; once is enough."""
        if self.journal_file is not None:
            self.journal_file.close()
        if self.database.closed:
            return
        self.save_pools(self.clock.now())
        self.snapshots.close()
        self.database.close()
