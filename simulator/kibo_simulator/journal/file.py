"""Keeps every entry of the journal in a file, a line each, written before its answer leaves.

The file outlives the process: a line is handed to the operating system at once, numbers go on from its last entry, and
a line that was cut off by a sudden end is taken back, as its answer never left.
"""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from kibo_simulator.journal.entry import JournalEntry
from kibo_simulator.journal.ring import line

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # Windows has no such locks; there, two simulators on one file are not noticed
    flock = None  # type: ignore[assignment]

_BLOCK: Final = 1 << 16
_LONGEST_LINE: Final = 64 << 20
_BEGINNING: Final = b'{"seq":'
_NO_JOURNAL: Final = "does not end with a journal entry; a journal of this program or a new file is expected"


class JournalFileError(Exception):
    """A file that cannot keep a journal; says which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


class _Numbered(msgspec.Struct):
    """What must be known of the last line."""

    seq: int
    at: str


class JournalFile:
    """An open file of entries; `write` never raises, but counts what could not be written.

    Args:
        path: the file, which is made where it is not there; an existing one is added to.
        most_bytes: the file is not made larger than this.
        complain: told once in a row when an entry cannot be written, with the reason.

    Raises:
        JournalFileError: it cannot be written, is in use by another simulator, or does not hold a journal.
    """

    def __init__(self, path: Path, *, most_bytes: int, complain: Callable[[str], None]) -> None:
        self.path = path
        self.unwritten = 0
        self._most = most_bytes
        self._complain = complain
        self._complained = False
        try:
            # Not blocking: a pipe without a reader would hang here for ever.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
            self._descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise JournalFileError(path, error.strerror or str(error)) from error
        try:
            self.position = self._prepare()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<JournalFile {self.path}, {self._size} bytes, {self.unwritten} not written>"

    def write(self, entry: JournalEntry) -> None:
        """Add an entry; one that cannot be written whole leaves nothing behind."""
        text = line(entry)
        if self._size + len(text) > self._most:
            self._fail(f"it has reached {self._most:,} bytes (bounds.journal_file_bytes)")
            return
        try:
            left = memoryview(text)
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            self._fail(error.strerror or str(error))
            return
        self._size += len(text)
        self._complained = False

    def close(self) -> None:
        """Let the file go; once is enough."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _fail(self, reason: str) -> None:
        self.unwritten += 1
        if not self._complained:
            self._complained = True
            self._complain(f"the journal is not written to {self.path}: {reason}")

    def _prepare(self) -> int:
        """Make sure that the file is ours and ends with a whole line; the number of its last entry, 0 for none."""
        if flock is not None:
            try:
                flock(self._descriptor, LOCK_EX | LOCK_NB)
            except OSError as error:
                raise JournalFileError(self.path, "another simulator is writing to it") from error
        try:
            if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                raise JournalFileError(self.path, "is no ordinary file")
            with self.path.open("rb") as file:
                self._size, last, torn = _ending(file)
        except OSError as error:
            raise JournalFileError(self.path, f"is no file that can be added to ({error.strerror})") from error
        # Nothing is taken away from a file before it is known to be a journal.
        if not torn.startswith(_BEGINNING[: len(torn)]):
            raise JournalFileError(self.path, _NO_JOURNAL)
        try:
            position = msgspec.json.decode(last, type=_Numbered).seq if last is not None else 0
        except msgspec.MsgspecError:
            raise JournalFileError(self.path, _NO_JOURNAL) from None
        if torn:
            os.ftruncate(self._descriptor, self._size)
        return position


def _ending(file: BinaryIO) -> tuple[int, bytes | None, bytes]:
    """Where the last whole line ends, that line, and what stands behind it; lines are read from the end."""
    start = file.seek(0, os.SEEK_END)
    tail = b""
    while start and tail.count(b"\n") < 2 and len(tail) < _LONGEST_LINE:
        step = min(_BLOCK, start)
        start = file.seek(start - step)
        tail = file.read(step) + tail
    lines = tail.split(b"\n")
    torn = lines.pop()
    return start + len(tail) - len(torn), lines[-1] if lines else None, torn
