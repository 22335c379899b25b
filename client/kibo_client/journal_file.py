"""A file that grows by whole lines, each on disk before it is acted on; one process at a time has it open (C8)."""

from __future__ import annotations

import os
from io import BufferedRandom
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from kibo_client.errors import JournalError

Entry = TypeVar("Entry")


class JournalFile(Generic[Entry]):
    """An open journal, whatever its lines tell.

    Args:
        path: The file; made if it is not there.
        about: What it is the journal of, in a word, for messages.

    Raises:
        JournalError: The file cannot be opened, or another process has it open.
    """

    def __init__(self, path: Path, *, about: str) -> None:
        try:
            self._file = path.open("a+b")
        except OSError as error:
            raise JournalError(path, 0, f"cannot be opened: {error.strerror}") from error
        try:
            _lock(path, self._file, about)
        except BaseException:
            self._file.close()
            raise

    def whole_lines(self) -> list[bytes]:
        """Its lines, but for a last one cut short by a crash: that was never acted on."""
        self._file.seek(0)
        return self._file.read().split(b"\n")[:-1]

    def cut_behind(self, lines: list[bytes]) -> None:
        """Drop what follows these lines, the first of the file."""
        self._file.truncate(sum(len(line) + 1 for line in lines))

    def append(self, entry: Entry) -> None:
        """Write an entry so that it survives a crash of the machine."""
        self._file.write(msgspec.json.encode(entry) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _lock(path: Path, file: BufferedRandom, about: str) -> None:
    try:
        import fcntl  # noqa: PLC0415 - Windows has no such locks; two processes at one journal are then not noticed
    except ImportError:  # pragma: no cover - see above
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalError(path, 0, f"is in use: another process is at this {about}") from error
