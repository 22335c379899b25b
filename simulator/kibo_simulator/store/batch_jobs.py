"""Batch jobs and their items in the database.

Items of a job are numbered in the order they were added. How many there are of each kind and status is kept beside
them, so that a summary costs the same for ten items and for a million.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from kibo_simulator.batch_jobs.states import ItemStatus, JobStatus

SCHEMA: Final = """
CREATE TABLE batch_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    domain TEXT NOT NULL,
    status TEXT NOT NULL,
    scheduled INTEGER,
    started INTEGER,
    -- When something happens to it next by itself: it becomes due, or its slice ends, or its next retry is due.
    wakes INTEGER,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    items INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, code)
);
CREATE INDEX batch_jobs_awake ON batch_jobs (wakes) WHERE wakes IS NOT NULL;
CREATE TABLE batch_items (
    job_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    resource TEXT NOT NULL,
    status TEXT NOT NULL,
    -- 0 but for an item that waits to be tried again.
    retry_at INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    code INTEGER,
    key TEXT NOT NULL,
    method TEXT NOT NULL,
    origin INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    errors TEXT,
    -- What is to be done; gone when it is done or will never be.
    change BLOB,
    PRIMARY KEY (job_id, number)
) WITHOUT ROWID;
CREATE INDEX batch_items_by_status ON batch_items (job_id, status, retry_at, number);
CREATE INDEX batch_items_by_origin ON batch_items (job_id, origin);
-- The call by which items were added, once for all of them.
CREATE TABLE batch_origins (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL,
    correlation TEXT NOT NULL,
    uri TEXT NOT NULL,
    query TEXT NOT NULL,
    context TEXT NOT NULL
);
CREATE INDEX batch_origins_by_correlation ON batch_origins (job_id, correlation);
CREATE TABLE batch_counts (
    job_id INTEGER NOT NULL,
    resource TEXT NOT NULL,
    status TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (job_id, resource, status)
) WITHOUT ROWID;
"""

_JOB: Final = (
    "SELECT id, tenant_id, code, name, domain, status, scheduled, started, wakes, created, updated, items "
    "FROM batch_jobs"
)
_ITEM_COLUMNS: Final = (
    "i.number, i.resource, i.status, i.retries, i.code, i.key, i.method, i.created, i.updated, i.errors, "
    "o.correlation, o.uri, o.query, o.context"
)
STEP: Final = 500
"""How many items one step of a long change touches: some milliseconds."""


class BatchJobRow(Struct, frozen=True):
    """One job; instants in microseconds since the epoch, ``items`` how many were ever added since its last reset."""

    id: int
    tenant_id: int
    code: str
    name: str
    domain: str
    status: JobStatus
    scheduled: int | None
    started: int | None
    wakes: int | None
    created: int
    updated: int
    items: int


class BatchItemRow(Struct, frozen=True):
    """One item as it is told; ``context`` and ``errors`` are JSON."""

    number: int
    resource: str
    status: ItemStatus
    retries: int
    code: int | None
    key: str
    method: str
    created: int
    updated: int
    errors: str | None
    correlation: str
    uri: str
    query: str
    context: str


class NewItem(Struct, frozen=True):
    """One item to be added; ``change`` is what is to be done, encoded."""

    resource: str
    key: str
    method: str
    change: bytes


class WorkItem(Struct, frozen=True):
    """One item as it is worked; ``change`` is what is to be done, encoded."""

    number: int
    resource: str
    retries: int
    key: str
    change: bytes


class Ending(Struct, frozen=True):
    """What becomes of a worked item; a ``change`` that is not kept is forgotten."""

    item: WorkItem
    status: ItemStatus
    retry_at: int
    code: int
    errors: str | None


class BatchJobStore:
    """Reads and writes batch jobs; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # -- jobs -----------------------------------------------------------------------------------------------------

    def job(self, tenant_id: int, code: str) -> BatchJobRow | None:
        """The tenant's job with this code, or None."""
        row = self._connection.execute(f"{_JOB} WHERE tenant_id = ? AND code = ?", (tenant_id, code)).fetchone()
        return None if row is None else BatchJobRow(*row)

    def by_id(self, job_id: int) -> BatchJobRow | None:
        """The job with this number, or None."""
        row = self._connection.execute(f"{_JOB} WHERE id = ?", (job_id,)).fetchone()
        return None if row is None else BatchJobRow(*row)

    def jobs(
        self, tenant_id: int, *, status: str | None, domain: str | None, start: int, limit: int
    ) -> tuple[int, list[BatchJobRow]]:
        """How many jobs there are, and a page of them, newest first."""
        where = "WHERE tenant_id = ?1 AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR domain = ?3)"
        given = (tenant_id, status, domain)
        (count,) = self._connection.execute(
            f"SELECT count(*) FROM batch_jobs {where}",  # noqa: S608  # fixed texts
            given,
        ).fetchone()
        rows = self._connection.execute(f"{_JOB} {where} ORDER BY id DESC LIMIT ?4 OFFSET ?5", (*given, limit, start))
        return int(count), [BatchJobRow(*row) for row in rows]

    def awake(self) -> list[BatchJobRow]:
        """Jobs to which something will happen by itself, in that order."""
        rows = self._connection.execute(f"{_JOB} WHERE wakes IS NOT NULL ORDER BY wakes, id")
        return [BatchJobRow(*row) for row in rows]

    def any_running(self) -> bool:
        """Whether any job of any tenant is running."""
        row = self._connection.execute(
            "SELECT 1 FROM batch_jobs WHERE wakes IS NOT NULL AND status = 'Running' LIMIT 1"
        ).fetchone()
        return row is not None

    def add_job(
        self, tenant_id: int, *, code: str, name: str, domain: str, scheduled: int | None, now: int
    ) -> BatchJobRow:
        """Add a job that is Ready; its code must be free."""
        cursor = self._connection.execute(
            "INSERT INTO batch_jobs (tenant_id, code, name, domain, status, scheduled, created, updated) "
            "VALUES (?1, ?2, ?3, ?4, 'Ready', ?5, ?6, ?6)",
            (tenant_id, code, name, domain, scheduled, now),
        )
        return BatchJobRow(
            int(cursor.lastrowid or 0), tenant_id, code, name, domain, "Ready", scheduled, None, None, now, now, 0
        )

    def rename(self, job_id: int, name: str, now: int) -> None:
        """Give a job another name."""
        self._connection.execute("UPDATE batch_jobs SET name = ?, updated = ? WHERE id = ?", (name, now, job_id))

    def set_status(
        self, job_id: int, status: JobStatus, *, wakes: int | None, now: int, started: int | None = None
    ) -> None:
        """Note the status, and when something will happen by itself; ``started`` is kept unless it is given."""
        self._connection.execute(
            "UPDATE batch_jobs SET status = ?, wakes = ?, updated = ?, started = coalesce(?, started) WHERE id = ?",
            (status, wakes, now, started, job_id),
        )

    def set_wakes(self, job_id: int, wakes: int) -> None:
        """Note when something will next happen by itself."""
        self._connection.execute("UPDATE batch_jobs SET wakes = ? WHERE id = ?", (wakes, job_id))

    def renew(self, job_id: int, now: int) -> None:
        """Make a job as it was before it was started, without items."""
        self._connection.execute(
            "UPDATE batch_jobs SET status = 'Ready', wakes = NULL, started = NULL, items = 0, updated = ? WHERE id = ?",
            (now, job_id),
        )

    def delete_job(self, job_id: int) -> None:
        """Delete a job whose items are gone."""
        self._connection.execute("DELETE FROM batch_jobs WHERE id = ?", (job_id,))

    # -- items ----------------------------------------------------------------------------------------------------

    def add_origin(self, job_id: int, *, correlation: str, uri: str, query: str, context: str) -> int:
        """Note a call that adds items; its number."""
        cursor = self._connection.execute(
            "INSERT INTO batch_origins (job_id, correlation, uri, query, context) VALUES (?, ?, ?, ?, ?)",
            (job_id, correlation, uri, query, context),
        )
        return int(cursor.lastrowid or 0)

    def add_items(self, job_id: int, items: Sequence[NewItem], *, origin: int, first: int, now: int) -> None:
        """Add items of one call, numbered from ``first`` on, to wait for the start."""
        self._connection.executemany(
            "INSERT INTO batch_items (job_id, number, resource, status, key, method, origin, created, updated, change) "
            "VALUES (?1, ?2, ?3, 'Waiting', ?4, ?5, ?6, ?7, ?7, ?8)",
            [
                (job_id, number, item.resource, item.key, item.method, origin, now, item.change)
                for number, item in enumerate(items, first)
            ],
        )
        self._connection.execute("UPDATE batch_jobs SET items = items + ? WHERE id = ?", (len(items), job_id))
        self._count(job_id, Counter((item.resource, "Waiting") for item in items))

    def begin(self, job_id: int, now: int, most: int) -> int:
        """Put the next waiting items that may be tried now to work; how many."""
        rows = self._connection.execute(
            "SELECT number, resource FROM batch_items "
            "WHERE job_id = ? AND status = 'Waiting' AND retry_at <= ? ORDER BY retry_at, number LIMIT ?",
            (job_id, now, most),
        ).fetchall()
        self._connection.executemany(
            "UPDATE batch_items SET status = 'Running', retry_at = 0, updated = ? WHERE job_id = ? AND number = ?",
            [(now, job_id, number) for number, _ in rows],
        )
        moved: Counter[tuple[str, str]] = Counter()
        for _, resource in rows:
            moved[resource, "Waiting"] -= 1
            moved[resource, "Running"] += 1
        self._count(job_id, moved)
        return len(rows)

    def at_work(self, job_id: int) -> list[WorkItem]:
        """The items that are being worked, in the order they were added."""
        rows = self._connection.execute(
            # Left alone, the planner walks through all items of the job for the sake of the order.
            "SELECT number, resource, retries, key, change FROM batch_items INDEXED BY batch_items_by_status "
            "WHERE job_id = ? AND status = 'Running' ORDER BY retry_at, number",
            (job_id,),
        )
        return [WorkItem(*row) for row in rows]

    def next_retry(self, job_id: int) -> int | None:
        """When the first of the waiting items may be tried, or None when none waits."""
        row = self._connection.execute(
            "SELECT retry_at FROM batch_items WHERE job_id = ? AND status = 'Waiting' ORDER BY retry_at LIMIT 1",
            (job_id,),
        ).fetchone()
        return None if row is None else int(row[0])

    def end(self, job_id: int, endings: Sequence[Ending], now: int) -> None:
        """Note what became of items that were worked."""
        self._connection.executemany(
            "UPDATE batch_items SET status = ?1, retry_at = ?2, retries = retries + (?1 = 'Waiting'), code = ?3, "
            "errors = ?4, updated = ?5, change = iif(?1 = 'Waiting', change, NULL) WHERE job_id = ?6 AND number = ?7",
            [(each.status, each.retry_at, each.code, each.errors, now, job_id, each.item.number) for each in endings],
        )
        moved: Counter[tuple[str, str]] = Counter()
        for each in endings:
            moved[each.item.resource, "Running"] -= 1
            moved[each.item.resource, each.status] += 1
        self._count(job_id, moved)

    def cancel_some(self, job_id: int, now: int) -> bool:
        """Cancel some of the items that have not ended; False when there is none left."""
        rows = self._connection.execute(
            "SELECT number, resource, status FROM batch_items INDEXED BY batch_items_by_status "
            "WHERE job_id = ? AND status IN ('Waiting', 'Running') LIMIT ?",
            (job_id, STEP),
        ).fetchall()
        self._connection.executemany(
            "UPDATE batch_items SET status = 'Cancelled', retry_at = 0, change = NULL, updated = ? "
            "WHERE job_id = ? AND number = ?",
            [(now, job_id, number) for number, _, _ in rows],
        )
        moved: Counter[tuple[str, str]] = Counter()
        for _, resource, status in rows:
            moved[resource, status] -= 1
            moved[resource, "Cancelled"] += 1
        self._count(job_id, moved)
        return bool(rows)

    def drop_some(self, job_id: int) -> bool:
        """Delete some of a job's items; False when there is none left, and nothing about them either."""
        cursor = self._connection.execute(
            "DELETE FROM batch_items WHERE job_id = ?1 AND number IN "
            "(SELECT number FROM batch_items WHERE job_id = ?1 LIMIT ?2)",
            (job_id, STEP),
        )
        if cursor.rowcount:
            return True
        cursor = self._connection.execute(
            "DELETE FROM batch_origins WHERE id IN (SELECT id FROM batch_origins WHERE job_id = ? LIMIT ?)",
            (job_id, STEP),
        )
        self._connection.execute("DELETE FROM batch_counts WHERE job_id = ?", (job_id,))
        return cursor.rowcount > 0

    def counts(self, job_id: int) -> list[tuple[str, ItemStatus, int]]:
        """Resource, status and how many items; combinations without any are left out."""
        rows = self._connection.execute(
            "SELECT resource, status, count FROM batch_counts WHERE job_id = ? AND count > 0", (job_id,)
        )
        return [(row[0], row[1], int(row[2])) for row in rows]

    def item_counts(self, tenant_id: int) -> dict[str, int]:
        """The items of all jobs by status, and under ``retries`` how often any was tried again."""
        rows = self._connection.execute(
            "SELECT c.status, sum(c.count) FROM batch_counts c JOIN batch_jobs j ON j.id = c.job_id "
            "WHERE j.tenant_id = ? GROUP BY c.status HAVING sum(c.count) > 0 ORDER BY c.status",
            (tenant_id,),
        )
        counts = {str(status): int(count) for status, count in rows}
        (retries,) = self._connection.execute(
            "SELECT coalesce(sum(i.retries), 0) FROM batch_items i JOIN batch_jobs j ON j.id = i.job_id "
            "WHERE j.tenant_id = ?",
            (tenant_id,),
        ).fetchone()
        return counts | ({"retries": int(retries)} if counts else {})

    def items(
        self, job_id: int, *, status: str | None, resource: str | None, start: int, limit: int
    ) -> list[BatchItemRow]:
        """A page of a job's items in the order they were added, or of one status those to be tried first first."""
        order = "number" if status is None else "retry_at, number"
        index = "" if status is None else "INDEXED BY batch_items_by_status "
        # The page is found first: what is skipped need not be joined.
        rows = self._connection.execute(
            f"SELECT {_ITEM_COLUMNS} FROM (SELECT number FROM batch_items {index}"  # noqa: S608  # fixed texts
            f"WHERE job_id = ?1 AND (?2 IS NULL OR resource = ?2){'' if status is None else ' AND status = ?3'} "
            f"ORDER BY {order} LIMIT ?4 OFFSET ?5) p "
            "JOIN batch_items i ON i.job_id = ?1 AND i.number = p.number JOIN batch_origins o ON o.id = i.origin "
            f"ORDER BY {'i.number' if status is None else 'i.retry_at, i.number'}",
            (job_id, resource, status, limit, start),
        )
        return [BatchItemRow(*row) for row in rows]

    def items_of_call(self, job_id: int, correlation: str) -> list[BatchItemRow]:
        """The items that one call added."""
        rows = self._connection.execute(
            f"SELECT {_ITEM_COLUMNS} FROM batch_origins o JOIN batch_items i ON i.job_id = ?1 AND i.origin = o.id "  # noqa: S608
            "WHERE o.job_id = ?1 AND o.correlation = ?2 ORDER BY i.number",
            (job_id, correlation),
        )
        return [BatchItemRow(*row) for row in rows]

    def _count(self, job_id: int, moved: Counter[tuple[str, str]]) -> None:
        self._connection.executemany(
            "INSERT INTO batch_counts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [(job_id, resource, status, count) for (resource, status), count in moved.items()],
        )
