"""Writes files as a whole: whoever reads one meanwhile sees the old content or the new, never half of either."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def replace_file(file: Path, content: bytes) -> None:
    """Write a file, or replace it.

    Raises:
        OSError: It cannot be written; what was there before is still there.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


@contextmanager
def alone_at(file: Path) -> Iterator[None]:
    """Read and replace a file while all others who do it in this way wait, processes and threads alike.

    What is locked is the folder, so that nothing is left lying about; where there are no such locks, nobody waits.
    """
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        yield
        return
    folder = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
