"""Copies of a whole database that no simulator works on: made in steps, checked before they are trusted (D-2).

An image is a plain SQLite database with the schema of this program and one row more, which says what its tables
cannot: see `kibo_simulator.moment`. What comes from outside is a file like any other until `check` has passed it.
"""

import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kibo_simulator.store.database import SCHEMA_VERSION, is_own_schema

# One step of a copy; whoever reads the same database meanwhile waits no longer than for one.
_PAGES_AT_ONCE: Final = 256
_HEADER: Final = b"SQLite format 3\0"


class ImageError(ValueError):
    """A file that is not a sound image of this program's; nothing was taken from it."""


def copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Make ``target`` what ``source`` is; the processor is free for others between and within the steps."""
    source.backup(target, pages=_PAGES_AT_ONCE)


def new_image(path: Path | None = None) -> sqlite3.Connection:
    """An empty image, in a file that must not exist or in memory."""
    return sqlite3.connect(":memory:" if path is None else path, isolation_level=None, check_same_thread=False)


def settle(image: sqlite3.Connection) -> None:
    """Make an image's file complete in itself, wherever it was copied from."""
    image.execute("PRAGMA journal_mode = DELETE")


def open_image(path: Path) -> sqlite3.Connection:
    """A file as an image to read from; it may be anything until `check` has passed it.

    Raises:
        ImageError: it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_HEADER)) != _HEADER:
                raise ImageError("is not a snapshot")
        return sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
    except OSError as error:
        raise ImageError(error.strerror or str(error)) from error
    except sqlite3.Error as error:
        raise ImageError(f"is not a snapshot: {error}") from error


def check(image: sqlite3.Connection) -> None:
    """Make sure that an image is ours, of this schema, and whole.

    Raises:
        ImageError: says which of these it is not.
    """
    try:
        # Nothing in the file may run by being looked at.
        image.execute("PRAGMA trusted_schema = OFF")
        (version,) = image.execute("PRAGMA user_version").fetchone()
        names = {name for (name,) in image.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "meta" not in names:
            raise ImageError("is a database of another program")
        if version != SCHEMA_VERSION:
            raise ImageError(f"has schema version {version}; this program reads version {SCHEMA_VERSION}")
        if not is_own_schema(image):
            raise ImageError("was made by another version of this program: its tables are not the same")
        (verdict,) = image.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise ImageError(f"is damaged: {' '.join(str(verdict).split())[:200]}")
    except sqlite3.Error as error:
        raise ImageError(f"is not a sound database: {error}") from error


def write_file(source: sqlite3.Connection, path: Path) -> None:
    """Write an image, or any database, to a file that is complete in itself; what was there before is gone.

    It holds what tenants keep secret, so nobody else may read it.
    """
    remove_file(path)
    path.touch(mode=0o600, exist_ok=False)
    image = new_image(path)
    try:
        copy(source, image)
        settle(image)
    finally:
        image.close()


def remove_file(path: Path) -> None:
    """Remove a database file and whatever a death has left beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
