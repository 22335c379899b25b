"""Opens an inventory file, plain or zipped, within bounds that no honest one meets."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from kibo_client.errors import InventoryFileError
from kibo_client.zip_directory import opened_archive

LARGEST_FILE = 4 << 30
LARGEST_RATIO = 200
_RATIO_COUNTS_FROM = 1 << 20


class _Counted(io.RawIOBase):
    """Stops where more comes out of a package than it may hold."""

    def __init__(self, stream: IO[bytes], name: str, most: int) -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # io hands over a writable buffer
        chunk = self._stream.read(len(view))
        self._left -= len(chunk)
        if self._left < 0:
            raise InventoryFileError(self._name, 0, "unpacks to far more than its size, which no inventory file does")
        view[: len(chunk)] = chunk
        return len(chunk)


@contextmanager
def opened(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """The bytes of the file that is meant, and its name: the member's for a zip.

    Raises:
        InventoryFileError: The file is missing, damaged, encrypted, too large, or not exactly one.
    """
    try:
        if path.suffix.lower() != ".zip" and not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                yield path.name, file
            return
        with path.open("rb") as file, opened_archive(file) as archive:
            member = _member(path, archive)
            most = min(LARGEST_FILE, max(_RATIO_COUNTS_FROM, member.compress_size * LARGEST_RATIO))
            with archive.open(member) as packed:
                yield member.filename, io.BufferedReader(_Counted(packed, str(path), most), 1 << 16)
    except OSError as error:
        raise InventoryFileError(path, 0, f"cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError) as error:
        raise InventoryFileError(path, 0, f"is not a sound zip file: {error}") from error


def _member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) != 1:
        raise InventoryFileError(path, 0, f"holds {len(members)} files; exactly one is expected")
    member = members[0]
    inside = PurePosixPath(member.filename.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts:
        raise InventoryFileError(path, 0, f"holds {member.filename[:80]!r}, which points outside the package")
    if member.flag_bits & 0x1:
        raise InventoryFileError(path, 0, "is encrypted; a package without a password is expected")
    if member.file_size > max(_RATIO_COUNTS_FROM, LARGEST_RATIO * member.compress_size):
        raise InventoryFileError(path, 0, f"would unpack to {member.file_size:,} bytes, which no inventory file does")
    return member
