"""Job rows in the database (J-4, J-11)."""

import json
from collections.abc import Iterator, Sequence
from functools import partial

from msgspec import Struct

from kibo_simulator.announcements import Announcer
from kibo_simulator.store.database import Database

_COLUMNS = (
    "id, tenant_id, location_id, location_code, type, status, added, started, finished, due, item_count, messages, "
    "polls, payload_id, original_filename"
)


class JobRow(Struct, frozen=True):
    """One job; instants in microseconds since the epoch, ``due`` when a job at work will end."""

    id: int
    tenant_id: int
    location_id: int
    location_code: str
    type: str
    status: str
    added: int
    started: int | None
    finished: int | None
    due: int | None
    item_count: int | None
    messages: str | None
    polls: int
    payload_id: int | None
    original_filename: str | None = None

    @property
    def message_list(self) -> list[str]:
        """What the job has to say; a failed job always says something (J-8)."""
        return [str(message) for message in json.loads(self.messages)] if self.messages else []


class JobStore:
    """Reads and writes jobs; every method is one step of a caller's transaction."""

    __slots__ = ("_announcer", "_database")

    def __init__(self, database: Database, announcer: Announcer) -> None:
        self._database = database
        self._announcer = announcer

    def add_payload(self, body: bytes) -> int:
        """Store what the jobs of one request share, once."""
        cursor = self._database.connection.execute("INSERT INTO payloads (body) VALUES (?)", (body,))
        return int(cursor.lastrowid or 0)

    def payload(self, payload_id: int) -> bytes:
        """What `add_payload` stored."""
        (body,) = self._database.connection.execute("SELECT body FROM payloads WHERE id = ?", (payload_id,)).fetchone()
        return bytes(body)

    def drop_payload(self, payload_id: int) -> None:
        """Forget a payload that no unfinished job needs any more."""
        self._database.connection.execute("DELETE FROM payloads WHERE id = ?", (payload_id,))

    def add(
        self,
        tenant_id: int,
        places: Sequence[tuple[int, str]],
        *,
        job_type: str,
        added: int,
        item_count: int | None,
        payload_id: int | None,
        original_filename: str | None = None,
    ) -> list[int]:
        """Add one pending job for each (location number, code); ids grow in that order (J-1, J-11)."""
        execute = self._database.connection.execute
        job_ids = [
            int(
                execute(
                    "INSERT INTO jobs (tenant_id, location_id, location_code, type, status, added, item_count, "
                    "payload_id, original_filename) VALUES (?, ?, ?, ?, 'PENDING', ?, ?, ?, ?)",
                    (tenant_id, location_id, code, job_type, added, item_count, payload_id, original_filename),
                ).lastrowid
                or 0
            )
            for location_id, code in places
        ]
        self._tell(job_ids)
        return job_ids

    def start(self, job_id: int, started: int, due: int | None) -> None:
        """PENDING becomes WORKING (J-4); one without an end in sight is held by a fault."""
        self._database.connection.execute(
            "UPDATE jobs SET status = 'WORKING', started = ?, due = ? WHERE id = ?", (started, due, job_id)
        )
        self._tell([job_id])

    def finish(self, job_id: int, *, status: str, started: int, finished: int, messages: Sequence[str]) -> None:
        """A job reaches its end (J-4, J-8)."""
        self._database.connection.execute(
            "UPDATE jobs SET status = ?, started = ?, finished = ?, due = NULL, messages = ? WHERE id = ?",
            (status, started, finished, json.dumps(list(messages)) if messages else None, job_id),
        )
        self._tell([job_id])

    def count_polls(self, job_ids: Sequence[int]) -> None:
        """Note that these jobs were asked for (J-6, ``after_polls``)."""
        self._database.connection.executemany(
            "UPDATE jobs SET polls = polls + 1 WHERE id = ?", [(job_id,) for job_id in job_ids]
        )

    def get(self, tenant_id: int, job_id: int) -> JobRow | None:
        """One job of a tenant, or None."""
        row = self._database.connection.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE id = ? AND tenant_id = ?",  # noqa: S608  # fixed text
            (job_id, tenant_id),
        ).fetchone()
        return None if row is None else JobRow(*row)

    def newest(
        self,
        tenant_id: int,
        *,
        location_code: str | None,
        types: Sequence[str],
        limit: int,
        offset: int,
        original_filename: str | None = None,
    ) -> list[JobRow]:
        """A tenant's jobs, newest first, optionally of one location, of some types and of one file."""
        ids = self.newest_ids(
            tenant_id,
            location_code=location_code,
            types=types,
            limit=limit,
            offset=offset,
            original_filename=original_filename,
        )
        return self.some(tenant_id, ids)

    def some(self, tenant_id: int, job_ids: Sequence[int]) -> list[JobRow]:
        """A tenant's jobs with these ids, newest first."""
        rows = self._database.connection.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND tenant_id = ? "  # noqa: S608  # fixed
            "ORDER BY id DESC",
            (json.dumps(job_ids), tenant_id),
        )
        return [JobRow(*row) for row in rows]

    def newest_ids(
        self,
        tenant_id: int,
        *,
        location_code: str | None,
        types: Sequence[str],
        limit: int,
        offset: int,
        original_filename: str | None = None,
    ) -> list[int]:
        """The ids of the same jobs: most of a list may be known already."""
        conditions = ["tenant_id = ?"]
        values: list[object] = [tenant_id]
        if location_code is not None:
            conditions.append("location_code = ?")
            values.append(location_code)
        if original_filename is not None:
            conditions.append("original_filename = ?")
            values.append(original_filename)
        if types:
            conditions.append("type IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(list(types)))
        rows = self._database.connection.execute(
            f"SELECT id FROM jobs WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ? OFFSET ?",  # noqa: S608  # fixed
            (*values, limit, offset),
        )
        return [job_id for (job_id,) in rows]

    def _tell(self, job_ids: Sequence[int]) -> None:
        """Announce jobs as they are now, as soon as that is committed."""
        if self._announcer.heard:
            rows = self._database.connection.execute(
                f"SELECT {_COLUMNS} FROM jobs WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",  # noqa: S608  # fixed
                (json.dumps(job_ids),),
            )
            for row in rows.fetchall():
                self._database.after_commit(partial(self._announcer.tell, "job", JobRow(*row)))

    def unfinished(self) -> Iterator[JobRow]:
        """Every job that is not at its end, in order of enqueueing."""
        rows = self._database.connection.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE status IN ('PENDING', 'WORKING') ORDER BY id"  # noqa: S608  # fixed
        ).fetchall()
        return (JobRow(*row) for row in rows)
