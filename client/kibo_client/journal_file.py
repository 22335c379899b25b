"""A file that grows by whole lines, each on disk before it is acted on; one process at a time has it open (C8)."""

from __future__ import annotations

import os
from contextlib import suppress
from io import BufferedRandom
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from kibo_client.errors import JournalError

Entry = TypeVar("Entry")
# How every journal begins: nothing else is ever taken for one, and written over.
_BEGINNING = b'{"type":"kibo_client_'


class JournalFile(Generic[Entry]):
    """An open journal, whatever its lines tell.

    Args:
        path: The file; made if it is not there.
        about: What it is the journal of, in a word, for messages.

    Raises:
        JournalError: The file cannot be opened, or another process has it open.
    """

    def __init__(self, path: Path, *, about: str) -> None:
        self._path = path
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
        """Its lines, but for a last one cut short by a crash: that was never acted on.

        Raises:
            JournalError: It holds nothing but a beginning of something else, which is not to be cut off.
        """
        self._file.seek(0)
        *whole, rest = self._file.read().split(b"\n")
        if not whole and rest[: len(_BEGINNING)] != _BEGINNING[: len(rest)]:
            raise JournalError(self._path, 1, "is not a run journal of this program")
        return whole

    def cut_behind(self, lines: list[bytes]) -> None:
        """Drop what follows these lines, the first of the file."""
        self._file.truncate(sum(len(line) + 1 for line in lines))

    def append(self, entry: Entry) -> None:
        """Write an entry so that it survives a crash of the machine.

        Raises:
            JournalError: It cannot be written; what was written before stands.
        """
        try:
            self._file.write(msgspec.json.encode(entry) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            why = f"cannot be written any more: {error.strerror}; nothing else was sent"
            raise JournalError(self._path, 0, f"{why}, and the run can go on once this is put right") from error

    def close(self) -> None:
        """Close the file."""
        # What could not be written before cannot be written now; that was told then.
        with suppress(OSError):
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
