"""Files that snapshots are written to before they have a name; what a death has left of them is cleared away (D-2).

Whoever writes holds a shared lock on the folder, and whoever clears must be alone there: then no part belongs to
anybody alive, in this process or another. Where there are no such locks nothing is cleared.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Final

from kibo_simulator.store.images import remove_file

_PREFIX: Final = ".kibo-snapshot-"
_SUFFIX: Final = ".part"
# With what SQLite puts beside a file.
_OURS: Final = re.compile(rf"{re.escape(_PREFIX)}[a-z0-9_]{{8}}{re.escape(_SUFFIX)}(?:-journal|-wal|-shm)?")


@contextmanager
def new_part(folder: Path) -> Iterator[Path]:
    """An empty file to write to: no snapshot's, no other writer's, and nobody else's to read; gone at the end.

    Raises:
        OSError: the folder cannot be written to.
    """
    clear_parts(folder)
    with _locked(folder, shared=True):
        descriptor, name = mkstemp(suffix=_SUFFIX, prefix=_PREFIX, dir=folder)
        os.close(descriptor)
        part = Path(name)
        try:
            yield part
        finally:
            remove_file(part)


def clear_parts(folder: Path) -> None:
    """Remove parts that nobody writes to any more; anything else in the folder is left alone."""
    with suppress(OSError):
        if not _parts(folder):
            return
        with _locked(folder, shared=False) as alone:
            for part in _parts(folder) if alone else ():
                part.unlink(missing_ok=True)


def _parts(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if _OURS.fullmatch(path.name)]


@contextmanager
def _locked(folder: Path, *, shared: bool) -> Iterator[bool]:
    """Hold the folder's lock; tells whether it is held. The shared one is waited for, the other one is not."""
    if sys.platform == "win32":
        yield False
        return
    from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock  # noqa: PLC0415  # Windows has none

    descriptor = os.open(folder, os.O_RDONLY)
    held = False
    try:
        with suppress(OSError):
            flock(descriptor, LOCK_SH if shared else LOCK_EX | LOCK_NB)
            held = True
        yield held
    finally:
        os.close(descriptor)
