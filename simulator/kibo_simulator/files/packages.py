"""Opens what was dropped: a plain file or a zip with exactly one file in it, within bounds that no honest file meets.

A package may claim any size and any ratio; what is counted is what comes out of it.
"""

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from kibo_simulator.files.bounded import BoundedBytes

_RATIO_COUNTS_FROM: Final = 1 << 20
_MOST_MEMBERS: Final = 1_000
_LONGEST_READ: Final = (1 << 16) + 22


class ImportFileError(ValueError):
    """A file that is refused as a whole; ``line`` is 0 when no line is at fault."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class PackageBounds:
    """How large a file may be, packed or not (bytes), and how many times larger it may become when unpacked."""

    largest_bytes: int = 2 << 30
    largest_ratio: int = 200


class _Frugal(io.FileIO):
    """A file that is never read in long pieces.

    zipfile reads the directory of a package in one piece and makes an object of each entry before anybody can look at
    it; the directory of one file is short.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LONGEST_READ:
            raise zipfile.BadZipFile("its directory is far longer than that of one file")
        return super().read(-1 if size is None else size)


@contextmanager
def opened(path: Path, bounds: PackageBounds, *, shown: str | None = None) -> Iterator[tuple[str, IO[bytes]]]:
    """The bytes of the one file meant, with the name that messages should use.

    Args:
        path: a file, or a zip that holds exactly one.
        bounds: what is too large.
        shown: how messages call the file; its own name when absent.

    Raises:
        ImportFileError: it is not readable, not sound, encrypted, too large, or not exactly one file.
    """
    name = shown or path.name
    try:
        if path.stat().st_size > bounds.largest_bytes:
            raise ImportFileError(name, 0, f"is larger than {bounds.largest_bytes:,} bytes")
        if not zipfile.is_zipfile(path):
            if path.suffix.lower() == ".zip":
                raise ImportFileError(name, 0, "is not a sound zip file (half uploaded?)")
            with path.open("rb") as file:
                yield name, file
            return
        with _Frugal(path) as frugal, zipfile.ZipFile(frugal) as archive:
            member = _only_member(archive, name, bounds)
            most = min(bounds.largest_bytes, max(_RATIO_COUNTS_FROM, member.compress_size * bounds.largest_ratio))
            inner = f"{name}/{PurePosixPath(member.filename).name}"
            too_much = ImportFileError(inner, 0, f"unpacks to more than {most:,} bytes")
            with archive.open(member) as packed:
                yield inner, io.BufferedReader(BoundedBytes(packed, most, too_much), 1 << 16)
    except OSError as error:
        raise ImportFileError(name, 0, error.strerror or str(error)) from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ImportFileError(name, 0, f"is not a sound zip file: {error}") from error


def _only_member(archive: zipfile.ZipFile, name: str, bounds: PackageBounds) -> zipfile.ZipInfo:
    infos = archive.infolist()
    if len(infos) > _MOST_MEMBERS:
        raise ImportFileError(name, 0, f"holds {len(infos):,} entries; exactly one file is read")
    members = [info for info in infos if not info.is_dir()]
    if len(members) != 1:
        raise ImportFileError(name, 0, f"holds {len(members)} files; exactly one is read")
    member = members[0]
    inside = PurePosixPath(member.filename.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts:
        raise ImportFileError(name, 0, f"holds {member.filename[:80]!r}, which points outside the package")
    # Unix keeps the type of a file in the upper bits; 0o12 is a symbolic link.
    if member.external_attr >> 28 == 0o12:
        raise ImportFileError(name, 0, f"holds {member.filename[:80]!r}, which is a symbolic link")
    if member.flag_bits & 0x1:
        raise ImportFileError(name, 0, "is encrypted; a package without a password is read")
    if member.file_size > bounds.largest_bytes:
        raise ImportFileError(name, 0, f"unpacks to {member.file_size:,} bytes; at most {bounds.largest_bytes:,}")
    if member.file_size > max(_RATIO_COUNTS_FROM, member.compress_size * bounds.largest_ratio):
        raise ImportFileError(
            name, 0, f"unpacks to {member.file_size:,} bytes, more than {bounds.largest_ratio} times its size"
        )
    return member
