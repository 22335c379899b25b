"""A folder of this machine as drop point: nothing outside of it is ever touched, and no symbolic link is followed."""

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from kibo_simulator.drop_points.point import DropPointError
from kibo_simulator.files.file_log import DropEntry

_MOST_ENTRIES = 100_000
_MOST_COPIES = 10_000


class LocalFolder:
    """The folder below ``root``; paths of configurations, absolute or not, are paths in it."""

    __slots__ = ("root",)

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def __repr__(self) -> str:
        return f"<LocalFolder {self.root}>"

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.root)

    def place(self, folder: str) -> Path:
        """Where a folder of a configuration lies.

        Raises:
            DropPointError: it points outside, or through a symbolic link.
        """
        parts = [part for part in PurePosixPath(folder.replace("\\", "/")).parts if part not in {"/", "//", "."}]
        path = self.root
        for part in parts:
            path /= part
            if part == ".." or "\0" in part or path.is_symlink():
                raise DropPointError(folder[:100], "points outside the drop point")
        return path

    def listing(self, folder: str) -> list[DropEntry]:
        """The plain files of a folder by name; links, folders and hidden files are not shown."""
        entries: list[DropEntry] = []
        with self._saying(folder):
            try:
                found = os.scandir(self.place(folder))
            except FileNotFoundError:
                return []
            with found:
                for item in found:
                    if len(entries) >= _MOST_ENTRIES:
                        break
                    # What is not text could be written down nowhere.
                    if item.name[0] == "." or not item.name.isprintable() or not item.is_file(follow_symlinks=False):
                        continue
                    status = item.stat(follow_symlinks=False)
                    entries.append(DropEntry(item.name, status.st_size, status.st_mtime_ns // 1000))
        return sorted(entries)

    def fetch(self, folder: str, name: str, into: Path) -> Path:  # noqa: ARG002  # it is local already
        """The file itself."""
        path = self._file(folder, name)
        with self._saying(folder):
            if not stat.S_ISREG(path.lstat().st_mode):
                raise DropPointError(folder[:100], f"{name[:100]!r} is not a plain file")
        return path

    def deliver(self, folder: str, name: str, source: Path | None) -> str:
        """Put a file there under a free name."""
        with self._saying(folder):
            self.place(folder).mkdir(parents=True, exist_ok=True)
            path = self._free(folder, name)
            if source is None:
                path.touch(exist_ok=False)
            else:
                arriving = path.with_name(f".{path.name}.part")
                shutil.copyfile(source, arriving)
                arriving.replace(path)
        return path.name

    def archive(self, folder: str, names: Sequence[str], archive: str) -> None:
        """Move files to another folder of the drop point."""
        with self._saying(archive):
            self.place(archive).mkdir(parents=True, exist_ok=True)
            for name in names:
                path = self._file(folder, name)
                if path.exists():
                    path.replace(self._free(archive, name))

    def delete(self, folder: str, names: Sequence[str]) -> None:
        """Delete files."""
        with self._saying(folder):
            for name in names:
                self._file(folder, name).unlink(missing_ok=True)

    def free_bytes(self) -> int | None:
        """How much room the file system has."""
        with self._saying("/"):
            return shutil.disk_usage(self.root).free

    def _file(self, folder: str, name: str) -> Path:
        if name in {"", ".", ".."} or "/" in name or "\\" in name or "\0" in name:
            raise DropPointError(folder[:100], f"{name[:100]!r} is not a file name")
        return self.place(folder) / name

    def _free(self, folder: str, name: str) -> Path:
        path = self._file(folder, name)
        for number in range(1, _MOST_COPIES):
            if not os.path.lexists(path):
                return path
            path = self._file(folder, f"{number}-{name}")
        raise DropPointError(folder[:100], f"has no free name left for {name[:100]!r}")

    @contextmanager
    def _saying(self, folder: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DropPointError(folder[:100], error.strerror or type(error).__name__) from error
