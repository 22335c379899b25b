"""Writes files as a whole: whoever reads one meanwhile sees the old content or the new, never half of either."""

import os
from contextlib import suppress
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
