"""The faults in force, how often each was met, and the jobs that they hold or doom, in the database (D-1)."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

SCHEMA: Final = """
CREATE TABLE faults (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    since INTEGER,
    until INTEGER,
    uses INTEGER NOT NULL DEFAULT 0,
    last_use INTEGER,
    jobs TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE fault_counts (
    fault_id TEXT NOT NULL,
    key TEXT NOT NULL,
    seen INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    PRIMARY KEY (fault_id, key)
) WITHOUT ROWID;
-- A job that is to fail has messages, one that is held until its fault is removed has none.
CREATE TABLE faulted_jobs (
    job_id INTEGER PRIMARY KEY,
    fault_id TEXT NOT NULL,
    message TEXT
);
"""


class FaultRow(NamedTuple):
    """One fault as it is stored; instants in microseconds since the epoch, ``body`` and ``jobs`` as JSON."""

    position: int
    id: str
    body: bytes
    since: int | None
    until: int | None
    uses: int
    last_use: int | None
    jobs: str


class FaultedJob(NamedTuple):
    """A job under a fault that lasts: it will fail with ``message``, or is held where there is none."""

    job_id: int
    fault_id: str
    message: str | None


class FaultStore:
    """Reads and writes faults; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def next_position(self) -> int:
        """The number of the next fault; numbers are never given twice."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'faults'").fetchone()
        return 1 if row is None else int(row[0]) + 1

    def add(self, row: FaultRow) -> None:
        """Store a fault that was put down."""
        self._connection.execute("INSERT INTO faults VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def remove(self, fault_ids: Iterable[str]) -> None:
        """Forget faults with their counts."""
        ids = [(fault_id,) for fault_id in fault_ids]
        self._connection.executemany("DELETE FROM faults WHERE id = ?", ids)
        self._connection.executemany("DELETE FROM fault_counts WHERE fault_id = ?", ids)

    def rows(self) -> list[FaultRow]:
        """All faults, in the order in which they were put down."""
        return [FaultRow(*row) for row in self._connection.execute("SELECT * FROM faults ORDER BY position")]

    def counts(self, fault_id: str) -> Iterator[tuple[str, int, int]]:
        """Key, occurrences seen and uses made of them."""
        yield from self._connection.execute("SELECT key, seen, uses FROM fault_counts WHERE fault_id = ?", (fault_id,))

    def save_counts(self, counts: Iterable[tuple[str, str, int, int]]) -> None:
        """Store counts that have changed."""
        self._connection.executemany("INSERT OR REPLACE INTO fault_counts VALUES (?, ?, ?, ?)", counts)

    def save_use(self, fault_id: str, uses: int, last_use: int | None, jobs: str) -> None:
        """Store how often a fault was used, when last, and for which jobs."""
        self._connection.execute(
            "UPDATE faults SET uses = ?, last_use = ?, jobs = ? WHERE id = ?", (uses, last_use, jobs, fault_id)
        )

    def put_job(self, job: FaultedJob) -> None:
        """Note that a job is held, or will fail."""
        self._connection.execute("INSERT OR REPLACE INTO faulted_jobs VALUES (?, ?, ?)", job)

    def drop_job(self, job_id: int) -> None:
        """Forget a job that is under a fault no more."""
        self._connection.execute("DELETE FROM faulted_jobs WHERE job_id = ?", (job_id,))

    def jobs(self) -> list[FaultedJob]:
        """The jobs that are held or will fail, in order."""
        return [FaultedJob(*row) for row in self._connection.execute("SELECT * FROM faulted_jobs ORDER BY job_id")]
