"""Rows of picked-up files that wait for their jobs, packed, and which files have been dealt with."""

import sqlite3
import zlib
from collections.abc import Iterator
from typing import Final

SCHEMA: Final = """
CREATE TABLE file_rows (
    id INTEGER PRIMARY KEY,
    batch_id INTEGER NOT NULL,
    rows BLOB NOT NULL
);
CREATE INDEX file_rows_by_batch ON file_rows (batch_id, id);
CREATE TABLE finished_files (
    tenant_id INTEGER NOT NULL,
    place TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    written INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (tenant_id, place, name)
) WITHOUT ROWID;
"""


class FileBatchStore:
    """Reads and writes packed rows and finished files; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def next_batch(self) -> int:
        """A number for the rows of one job, not used by any rows that are kept."""
        (last,) = self._connection.execute("SELECT coalesce(max(batch_id), 0) FROM file_rows").fetchone()
        return int(last) + 1

    def add_rows(self, batch_id: int, rows: bytes) -> None:
        """Keep some rows of a batch, behind those that it has."""
        self._connection.execute(
            "INSERT INTO file_rows (batch_id, rows) VALUES (?, ?)", (batch_id, zlib.compress(rows, 1))
        )

    def rows(self, batch_id: int) -> Iterator[bytes]:
        """What was kept of a batch, piece by piece in order."""
        pieces = self._connection.execute("SELECT id FROM file_rows WHERE batch_id = ? ORDER BY id", (batch_id,))
        for (piece,) in pieces.fetchall():
            (rows,) = self._connection.execute("SELECT rows FROM file_rows WHERE id = ?", (piece,)).fetchone()
            yield zlib.decompress(rows)

    def drop_rows(self, batch_id: int) -> None:
        """Forget the rows of a batch."""
        self._connection.execute("DELETE FROM file_rows WHERE batch_id = ?", (batch_id,))

    def finished(self, tenant_id: int, place: str) -> list[tuple[str, int, int, str]]:
        """Name, size, time of writing and outcome of the files of a place that have been dealt with."""
        return self._connection.execute(
            "SELECT name, size, written, outcome FROM finished_files WHERE tenant_id = ? AND place = ?",
            (tenant_id, place),
        ).fetchall()

    def finish(self, tenant_id: int, place: str, name: str, size: int, written: int, outcome: str) -> None:
        """Note that a file has been dealt with in the state it is in."""
        self._connection.execute(
            "INSERT OR REPLACE INTO finished_files VALUES (?, ?, ?, ?, ?, ?)",
            (tenant_id, place, name, size, written, outcome),
        )

    def forget(self, tenant_id: int, place: str, name: str) -> None:
        """Forget a file that lies there no more."""
        self._connection.execute(
            "DELETE FROM finished_files WHERE tenant_id = ? AND place = ? AND name = ?", (tenant_id, place, name)
        )
