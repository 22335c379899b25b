"""Opens zip archives of which one file is wanted, and refuses a directory that would fill memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

# As much as the search for the end of an archive reads; a directory of this length names more than a thousand files.
_LONGEST: Final = (1 << 16) + 22


class _Guarded(io.BufferedIOBase):
    """An archive of which no long piece is read at once until its directory is known."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.directory_is_known = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.directory_is_known and size is not None and size > _LONGEST:
            raise zipfile.BadZipFile("its directory is far longer than that of one file")
        return self._file.read(-1 if size is None else size)


@contextmanager
def opened_archive(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """Open an archive; zipfile by itself makes an object of each of a million entries.

    Raises:
        zipfile.BadZipFile: It is damaged, or its directory is too long.
    """
    guarded = _Guarded(file)
    with zipfile.ZipFile(guarded) as archive:
        guarded.directory_is_known = True
        yield archive
