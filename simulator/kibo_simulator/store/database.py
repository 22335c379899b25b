"""Opens the database, keeps its schema version, and draws the line between done and not done (D-1)."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path

from kibo_simulator.store import (
    batch_jobs,
    bins,
    catalog,
    export_settings,
    faults,
    fetch_files,
    file_batches,
    future,
    holds,
    places,
    silos,
    tags,
    tenants,
)

SCHEMA_VERSION = 2

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE tenants (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    site INTEGER NOT NULL
);
CREATE TABLE applications (
    client_id TEXT PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    secret_hash BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE tokens (
    hash BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE locations (
    id INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1,
    UNIQUE (tenant_id, code)
);
CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    part_number TEXT,
    upc TEXT,
    sku TEXT
);
CREATE INDEX products_by_part_number ON products (tenant_id, part_number) WHERE part_number IS NOT NULL;
CREATE INDEX products_by_upc ON products (tenant_id, upc) WHERE upc IS NOT NULL;
CREATE INDEX products_by_sku ON products (tenant_id, sku) WHERE sku IS NOT NULL;

-- Tags and granular fields that set records of one product apart; number 0 stands for none and has no row.
CREATE TABLE variants (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL,
    tags TEXT NOT NULL,
    lot_code TEXT NOT NULL,
    condition TEXT NOT NULL,
    serial_number TEXT NOT NULL,
    date TEXT NOT NULL,
    UNIQUE (product_id, tags, lot_code, condition, serial_number, date)
);
-- Rare attributes share one column, so that the many plain records stay small.
CREATE TABLE stock (
    location_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    variant_id INTEGER NOT NULL DEFAULT 0,
    on_hand INTEGER NOT NULL,
    allocated INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,
    safety_stock INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0,
    -- The day of the last write, in days since the epoch.
    touched INTEGER NOT NULL DEFAULT 0,
    details TEXT,
    PRIMARY KEY (location_id, product_id, variant_id)
) WITHOUT ROWID;

CREATE TABLE payloads (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    location_id INTEGER NOT NULL,
    location_code TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    added INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER,
    due INTEGER,
    item_count INTEGER,
    messages TEXT,
    polls INTEGER NOT NULL DEFAULT 0,
    payload_id INTEGER,
    -- The name of the file that the job comes from.
    original_filename TEXT
);
CREATE INDEX jobs_by_tenant ON jobs (tenant_id, id);
CREATE INDEX jobs_by_file ON jobs (tenant_id, original_filename, id) WHERE original_filename IS NOT NULL;
CREATE INDEX jobs_unfinished ON jobs (tenant_id, id) WHERE status IN ('PENDING', 'WORKING');

CREATE TABLE rate_pools (
    owner TEXT NOT NULL,
    route TEXT NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (owner, route)
) WITHOUT ROWID;
"""


# Rooms that keep tables of their own bring their schema with them.
_SCHEMAS = (
    _SCHEMA,
    places.SCHEMA,
    tags.SCHEMA,
    future.SCHEMA,
    holds.SCHEMA,
    bins.SCHEMA,
    export_settings.SCHEMA,
    fetch_files.SCHEMA,
    file_batches.SCHEMA,
    silos.SCHEMA,
    tenants.SCHEMA,
    catalog.SCHEMA,
    batch_jobs.SCHEMA,
    faults.SCHEMA,
)


class DatabaseError(Exception):
    """A data file that cannot be used: not ours, of another version, or not readable."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class _Transaction:
    """What `Database.transaction` gives: one for all, which knows how deep it is in itself."""

    __slots__ = ("_committed", "_connection", "_undone", "depth")

    def __init__(
        self, connection: sqlite3.Connection, committed: Callable[[], None], undone: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._committed = committed
        self._undone = undone
        self.depth = 0

    def __enter__(self) -> sqlite3.Connection:
        if not self.depth:
            self._connection.execute("BEGIN IMMEDIATE")
        self.depth += 1
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self.depth > 1:
            self.depth -= 1
            return
        try:
            self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
        finally:
            self.depth = 0
        if kind is None:
            self._committed()
        else:
            self._undone()


class Database:
    """One SQLite connection with explicit transactions.

    Args:
        path: the data file; absent for memory.
        copy_of: begin as a copy of this database; only in memory.

    Raises:
        DatabaseError: the file is not a data file of this program, or of a schema version it does not know.
    """

    __slots__ = ("_promised", "_transaction", "_undone", "_written", "closed", "connection", "durable", "path")

    def __init__(self, path: Path | None = None, *, copy_of: sqlite3.Connection | None = None) -> None:
        self.path = path
        self.durable = path is not None
        self.closed = False
        self._undone: list[Callable[[], None]] = []
        self._promised: list[Callable[[], None]] = []
        self._written: dict[str, list[Callable[[], None]]] = {}
        try:
            # Copies are made in a thread of their own; SQLite itself sees to it that calls do not overlap.
            self.connection = sqlite3.connect(
                ":memory:" if path is None else path,
                isolation_level=None,
                cached_statements=256,
                timeout=1.0,
                check_same_thread=False,
            )
            if copy_of is not None:
                copy_of.backup(self.connection)
            self._transaction = _Transaction(self.connection, self._keep_promises, self._take_back)
            self._prepare(path)
        except sqlite3.Error as error:
            taken = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            reason = "another simulator is using it" if taken else f"not usable as a data file: {error}"
            raise DatabaseError(path or Path(":memory:"), reason) from error

    def __repr__(self) -> str:
        return f"<Database {'in a file' if self.durable else 'in memory'}>"

    def _prepare(self, path: Path | None) -> None:
        execute = self.connection.execute
        if path is not None:
            # Two simulators on one file would each believe to be the only one.
            execute("PRAGMA locking_mode = EXCLUSIVE")
            # The write-ahead log survives the death of the process, which is what D-1 asks; no sync per commit.
            execute("PRAGMA journal_mode = WAL")
            execute("PRAGMA synchronous = NORMAL")
        execute("PRAGMA temp_store = MEMORY")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION:
            if path is not None and not is_own_schema(self.connection):
                raise DatabaseError(path, "was made by another version of this program: its tables are not the same")
            return
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version or tables:
            raise DatabaseError(
                path or Path(":memory:"),
                f"has schema version {version}; this program reads version {SCHEMA_VERSION}",
            )
        self.connection.executescript(f"BEGIN; {' '.join(_SCHEMAS)} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All or nothing: what happens inside is committed at the end, or undone when it raises.

        A transaction inside a transaction belongs to the outer one.
        """
        return self._transaction

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that is undone by itself when it raises, without undoing the rest."""
        execute = self.connection.execute
        execute("SAVEPOINT part")
        promised = len(self._promised)
        try:
            yield
        except BaseException:
            execute("ROLLBACK TO part")
            execute("RELEASE part")
            del self._promised[promised:]
            self._tell()
            raise
        execute("RELEASE part")

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """A part of a transaction that is undone whatever comes of it: for telling what would happen."""
        execute = self.connection.execute
        execute("SAVEPOINT rehearsal")
        try:
            yield
        finally:
            execute("ROLLBACK TO rehearsal")
            execute("RELEASE rehearsal")
            self._tell()

    def on_rollback(self, forget: Callable[[], None]) -> None:
        """Call ``forget`` whenever something was undone: for those who remember what the database said."""
        self._undone.append(forget)

    def on_write(self, table: str, forget: Callable[[], None]) -> None:
        """Call ``forget`` whenever a row of a table is written or removed, by whomever."""
        told = self._written.get(table)
        if told is None:
            told = self._written[table] = []
            self._tell_of_writes(table, told)
        told.append(forget)

    def _tell_of_writes(self, table: str, told: Sequence[Callable[[], None]]) -> None:
        def written() -> None:
            for forget in told:
                forget()

        # The table's name is a fixed text of ours. Temporary triggers are this connection's own, no part of the file.
        self.connection.create_function(f"{table}_written", 0, written)
        for event in ("INSERT", "UPDATE", "DELETE"):
            self.connection.execute(
                f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} BEGIN SELECT {table}_written(); END"
            )

    def after_commit(self, do: Callable[[], None]) -> None:
        """Call ``do`` once what happens now is committed; never, if it is undone."""
        self._promised.append(do)
        if not self._transaction.depth:
            self._keep_promises()

    def _keep_promises(self) -> None:
        if self._promised:
            promised, self._promised = self._promised, []
            for do in promised:
                do()

    def _take_back(self) -> None:
        self._promised.clear()
        self._tell()

    def _tell(self) -> None:
        for forget in self._undone:
            forget()

    def close(self) -> None:
        """Close the connection; a file is left complete, without a write-ahead log beside it. Once is enough."""
        self.closed = True
        self.connection.close()

    def meta(self, key: str) -> str | None:
        """A value of the small dictionary that every data file carries, or None."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def drop_meta(self, key: str) -> None:
        """Forget a value of the file's small dictionary."""
        self.connection.execute("DELETE FROM meta WHERE key = ?", (key,))

    def set_meta(self, key: str, value: str) -> None:
        """Store a value in the file's small dictionary."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def is_own_schema(connection: sqlite3.Connection) -> bool:
    """Whether a database declares what this program declares, to the letter: no more, no less, nothing else."""
    return _declared(connection) == _own_declarations()


def _declared(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str | None]]:
    return frozenset(connection.execute("SELECT type, name, sql FROM sqlite_master"))


@cache
def _own_declarations() -> frozenset[tuple[str, str, str | None]]:
    database = Database()
    try:
        return _declared(database.connection)
    finally:
        database.close()
