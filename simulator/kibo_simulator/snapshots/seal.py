"""Tells by a checksum behind its last page that a snapshot's file is as it was saved, to the bit (D-2).

The seal is 64 bytes: a mark of 32 and the BLAKE2b digest, of 32 as well, of all that is before it. SQLite looks at no
byte behind its last page, so the file is still a database for any tool. Snapshots of the first version have no seal;
those since say in their moment that they have one, so that it cannot get lost unnoticed.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

from kibo_simulator.moment import Moment, read_moment
from kibo_simulator.store.images import ImageError, check, open_image

SEAL_BYTES: Final = 64

_MARK: Final = b"kibo-simulator snapshot blake2b\n"
_FIRST_SEALED: Final = 2
_BYTES_AT_ONCE: Final = 1 << 20


def seal(path: Path) -> None:
    """Put the seal behind what a file holds, and have it on the disk before its name is."""
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        digest = _digest(file, size)
        file.seek(size)
        file.write(_MARK + digest)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def opened_snapshot(path: Path) -> Iterator[tuple[sqlite3.Connection, Moment]]:
    """The tables and the moment of a snapshot's file that has proven to be whole and ours.

    Raises:
        ImageError: it has not; nothing was taken from it.
    """
    with closing(open_image(path)) as image:
        sealed = _is_sealed(path)
        check(image)
        moment = read_moment(image)
        if moment.version >= _FIRST_SEALED and not sealed:
            raise ImageError("was cut short or changed after it was saved: its checksum is missing")
        yield image, moment


def _is_sealed(path: Path) -> bool:
    """Whether there is a seal, and an unbroken one.

    Raises:
        ImageError: it is broken.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size - SEAL_BYTES
            if size < 0:
                return False
            file.seek(size)
            found = file.read(SEAL_BYTES)
            if not found.startswith(_MARK):
                return False
            if found[len(_MARK) :] != _digest(file, size):
                raise ImageError("is damaged, or was changed after it was saved: its checksum does not match")
    except OSError as error:
        raise ImageError(error.strerror or str(error)) from error
    return True


def _digest(file: BinaryIO, size: int) -> bytes:
    """The digest of the first ``size`` bytes."""
    digest = blake2b(digest_size=SEAL_BYTES - len(_MARK))
    file.seek(0)
    while size and (block := file.read(min(size, _BYTES_AT_ONCE))):
        digest.update(block)
        size -= len(block)
    return digest.digest()
