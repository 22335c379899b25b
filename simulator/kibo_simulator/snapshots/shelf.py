"""Where snapshots are kept: one file each, in a folder of the user's or one that goes with the simulator (D-2).

Laws of this file
1. A name is a plain word and never a path.
2. A snapshot appears under its name complete and checked, or not at all: it is written elsewhere and then renamed.
3. Everything here may be done in a thread beside the simulation; nothing here touches it.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Final

from kibo_simulator.moment import Moment, read_moment, write_moment
from kibo_simulator.snapshots.parts import clear_parts, new_part
from kibo_simulator.snapshots.seal import SEAL_BYTES, opened_snapshot, seal
from kibo_simulator.store.images import ImageError, open_image, write_file

SUFFIX: Final = ".snapshot"
NAMES: Final = "a letter or digit, then at most 79 letters, digits, dots, dashes and underlines"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class ShelfError(ValueError):
    """What cannot be kept or found; the message is one sentence for whoever asked."""


class SnapshotMissingError(ShelfError):
    """There is no snapshot of that name."""


class SnapshotExistsError(ShelfError):
    """The name is taken."""


class NoSnapshotError(ShelfError):
    """What came to be kept is no snapshot that can be used."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot on the shelf: its size in bytes, the instant it was taken at, its tenants.

    ``fault`` says why a file cannot be used; then the rest is not known.
    """

    name: str
    size: int
    at: int | None
    program: str | None
    tenants: tuple[int, ...]
    fault: str | None = None


class SnapshotShelf:
    """Keeps snapshots by name.

    Args:
        folder: where; made when it does not exist. Without one, a temporary folder that goes with the shelf.
        most: how many are kept at once.
        most_bytes: how large each may be.
    """

    def __init__(self, folder: Path | None, *, most: int, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._most = most
        self._temporary: TemporaryDirectory[str] | None = None
        self._placing = Lock()
        if folder is not None:
            clear_parts(folder)

    def __repr__(self) -> str:
        return f"<SnapshotShelf {self.folder or 'for this run'}>"

    def names(self) -> list[str]:
        """All names, in order."""
        folder = self.folder if self._temporary is None else Path(self._temporary.name)
        if folder is None or not folder.is_dir():
            return []
        try:
            files = [path.name for path in folder.iterdir() if path.name.endswith(SUFFIX)]
        except OSError as error:
            raise ShelfError(f"the folder {folder} cannot be read: {error.strerror or error}") from error
        return sorted(name for file in files if _NAME.fullmatch(name := file.removesuffix(SUFFIX)))

    def every(self) -> list[Snapshot]:
        """All snapshots, by name; files that cannot be used say why."""
        found = []
        for name in self.names():
            with suppress(SnapshotMissingError):
                found.append(self.get(name))
        return found

    def get(self, name: str) -> Snapshot:
        """What is known of one snapshot.

        Raises:
            SnapshotMissingError: there is none of that name.
        """
        path = self.path(name)
        try:
            size = path.stat().st_size
        except OSError as error:
            raise SnapshotMissingError(f"there is no snapshot {name!r} any more") from error
        try:
            with closing(open_image(path)) as image:
                moment = read_moment(image)
                tenants = tuple(number for (number,) in image.execute("SELECT id FROM tenants ORDER BY id"))
        except (ImageError, sqlite3.Error) as error:
            return Snapshot(name, size, None, None, (), str(error))
        return Snapshot(name, size, moment.at, moment.program, tenants)

    def path(self, name: str) -> Path:
        """The file of a snapshot.

        Raises:
            SnapshotMissingError: there is none of that name.
            ShelfError: that is no name.
        """
        path = self._path(name)
        if not path.is_file():
            raise SnapshotMissingError(f"there is no snapshot {name!r}")
        return path

    @contextmanager
    def opened(self, name: str) -> Iterator[tuple[sqlite3.Connection, Moment]]:
        """The tables and the moment of a snapshot, checked.

        Raises:
            ShelfError: there is none of that name, or its file cannot be used.
        """
        try:
            with opened_snapshot(self.path(name)) as found:
                yield found
        except ImageError as error:
            raise ShelfError(f"the snapshot {name!r} {error}") from error

    def check_room(self, name: str, *, replace: bool) -> None:
        """Make sure that a snapshot of this name may be kept.

        Raises:
            SnapshotExistsError: the name is taken and not to be replaced.
            ShelfError: that is no name, or there are as many as are kept.
        """
        names = self.names()
        if self._path(name).exists():
            if not replace:
                raise SnapshotExistsError(f"there is a snapshot {name!r}; it is replaced when that is asked for")
        elif len(names) >= self._most:
            raise ShelfError(f"{self._most} snapshots are kept at most; delete one first")

    def take(self, name: str, tables: sqlite3.Connection, moment: Moment, *, replace: bool = False) -> Snapshot:
        """Keep a copy of these tables with their moment under a name.

        Raises:
            ShelfError: see `check_room`; or it is larger than may be, or cannot be written.
        """
        (pages,) = tables.execute("PRAGMA page_count").fetchone()
        (page_size,) = tables.execute("PRAGMA page_size").fetchone()
        size = pages * page_size + SEAL_BYTES
        if size > self.most_bytes:
            raise ShelfError(f"the snapshot would have {size:,} bytes; at most {self.most_bytes:,} are kept")

        def write(path: Path) -> None:
            write_file(tables, path)
            with closing(sqlite3.connect(path, isolation_level=None)) as image:
                write_moment(image, moment)
            seal(path)

        return self._keep(name, write, replace=replace)

    def receive(self, name: str, content: Path, *, replace: bool = False) -> Snapshot:
        """Take a file that came from elsewhere under a name, once it has proven to be a snapshot.

        Raises:
            NoSnapshotError: it is none of ours, or not whole.
            ShelfError: see `check_room`.
        """

        def move(path: Path) -> None:
            try:
                with opened_snapshot(content):
                    pass
            except ImageError as error:
                raise NoSnapshotError(f"the file {error}") from error
            content.replace(path)

        return self._keep(name, move, replace=replace)

    def remove(self, name: str) -> None:
        """Delete a snapshot.

        Raises:
            SnapshotMissingError: there is none of that name.
        """
        self.path(name).unlink(missing_ok=True)

    @contextmanager
    def new_part(self) -> Iterator[Path]:
        """An empty file on the shelf to write to, for as long as the context lasts.

        Raises:
            ShelfError: the folder cannot be written to.
        """
        room = self._room()
        with ExitStack() as stack:
            try:
                part = stack.enter_context(new_part(room))
            except OSError as error:
                raise ShelfError(f"the folder {room} cannot be written to: {error.strerror or error}") from error
            yield part

    def close(self) -> None:
        """Drop the temporary folder, if there is one; a folder of the user's stays as it is."""
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def _keep(self, name: str, write: Callable[[Path], None], *, replace: bool) -> Snapshot:
        self.check_room(name, replace=replace)
        with self.new_part() as part:
            try:
                write(part)
                with self._placing:
                    self.check_room(name, replace=replace)
                    part.replace(self._path(name))
            except OSError as error:
                raise ShelfError(f"the snapshot {name!r} cannot be written: {error.strerror or error}") from error
            except sqlite3.Error as error:
                raise ShelfError(f"the snapshot {name!r} cannot be written: {error}") from error
        return self.get(name)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ShelfError(f"{name[:100]!r} is no name for a snapshot: {NAMES} are accepted")
        return self._room() / f"{name}{SUFFIX}"

    def _room(self) -> Path:
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ShelfError(f"the folder {self.folder} cannot be made: {error.strerror or error}") from error
            return self.folder
        if self._temporary is None:
            self._temporary = TemporaryDirectory(prefix="kibo-simulator-")
        return Path(self._temporary.name)
