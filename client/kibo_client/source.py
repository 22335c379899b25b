"""Opens what lists the work: a file, the one data file of a zip, or standard input; and tells its format (C2)."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import IO, cast

from kibo_client.errors import ExportFileError
from kibo_client.zip_directory import opened_archive

STANDARD_INPUT = "-"
# A row of the fullest export is well below a kilobyte; five million of them are a large tenant.
LARGEST_FILE = 4 << 30
LARGEST_FIELD = 4096
MOST_ROWS = 20_000_000
# Text of this kind compresses 5 to 20 times; far more than that is no export.
LARGEST_RATIO = 200
_PIECE = 1 << 20
_PEEKED = 4096
_DATA_SUFFIXES = (".csv", ".xml", ".jsonl", ".ndjson", ".txt")


class Format(Enum):
    """What a file looks like from its first bytes; a list of bare identifiers looks like CSV."""

    CSV = "CSV"
    XML = "XML"
    JSON_LINES = "JSON lines"


class _Bounded(io.BufferedIOBase):
    """Refuses to deliver more than an export can hold, whatever an archive's directory claims."""

    def __init__(self, name: str, file: IO[bytes], first: bytes) -> None:
        self._name = name
        self._file = file
        self._first = first
        self._left = LARGEST_FILE

    def readable(self) -> bool:
        """Text is read from it."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a piece, and keep count."""
        if self._first and size:
            data, self._first = self._first, b""
            if size < 0:
                data += self._file.read()
            elif size < len(data):
                data, self._first = data[:size], data[size:]
        else:
            data = self._file.read(-1 if size is None else size)
        self._left -= len(data)
        if self._left < 0:
            raise ExportFileError(self._name, 0, f"is larger than {LARGEST_FILE >> 30} GiB")
        return data

    def read1(self, size: int = -1, /) -> bytes:
        """Likewise: a piece is never larger than asked for."""
        return self.read(size)


@contextmanager
def opened(path: Path | str) -> Iterator[tuple[str, IO[bytes], Format]]:
    """Open a list of work; gives its name for messages, its bytes and its format.

    Args:
        path: A file, or "-" for standard input.

    Raises:
        ExportFileError: It cannot be read, or is an archive that does not hold exactly one data file.
    """
    if str(path) == STANDARD_INPUT:
        # An archive has to be read from its end, so what comes through a pipe is put down first.
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(_Bounded("standard input", sys.stdin.buffer, b""), copy, _PIECE)
            copy.seek(0)
            with _unpacked("standard input", copy) as opening:
                yield opening
        return
    try:
        with Path(path).open("rb") as file, _unpacked(str(path), file) as opening:
            yield opening
    except OSError as error:
        raise ExportFileError(path, 0, f"cannot be read: {error.strerror or error}") from error


@contextmanager
def _unpacked(name: str, file: IO[bytes]) -> Iterator[tuple[str, IO[bytes], Format]]:
    try:
        # A pipe has no end to look for an archive's directory at.
        if not file.seekable() or not zipfile.is_zipfile(file):
            if file.seekable():
                file.seek(0)
            yield _recognised(name, file)
            return
        with opened_archive(file) as archive:
            member = _only_data_file(name, archive)
            with archive.open(member) as data:
                yield _recognised(f"{name}!{member.filename}", data)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise ExportFileError(name, 0, f"is a damaged or unsupported archive: {error}") from error


def _recognised(name: str, file: IO[bytes]) -> tuple[str, IO[bytes], Format]:
    first = file.read(_PEEKED)
    bare = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    known = {b"<": Format.XML, b"{": Format.JSON_LINES}.get(bare[:1], Format.CSV)
    return name, cast("IO[bytes]", _Bounded(name, file, first)), known


def _only_data_file(name: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [i for i in archive.infolist() if i.filename.lower().endswith(_DATA_SUFFIXES) and not i.is_dir()]
    if len(members) != 1:
        raise ExportFileError(
            name, 0, f"holds {len(members)} data files (CSV, XML, JSON lines); an archive with exactly one is accepted"
        )
    member = members[0]
    if member.flag_bits & 0x1:
        raise ExportFileError(name, 0, "is encrypted; an archive without a password is accepted")
    if member.file_size > LARGEST_FILE or member.file_size > LARGEST_RATIO * max(member.compress_size, 4096):
        raise ExportFileError(name, 0, f"would unpack to {member.file_size} bytes, which no export does")
    return member


def text_of(binary: IO[bytes]) -> io.TextIOWrapper:
    """The bytes as text, with or without a byte order mark; line ends are left as they are."""
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")
