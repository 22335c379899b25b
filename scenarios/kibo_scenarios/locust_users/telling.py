"""Between the command that starts Locust's processes and these: what exit codes cannot say, and that it is still there.

A master says which port it has, and that it concluded by itself. All hold the end of a pipe that nobody writes to; when
it is closed, the command is gone, and nobody would stop them any more.
"""

import os
from contextlib import suppress
from typing import Final

#: The environment variable with the number of the pipe that a master reports to.
PIPE_VARIABLE: Final = "KIBO_LOCUST_PIPE"
#: The one with the number of the pipe that is closed when the starter is gone.
LEASH_VARIABLE: Final = "KIBO_LOCUST_LEASH"


def leash() -> int | None:
    """Return the number of the pipe that is closed when whoever started this process is gone; None without one."""
    return _number(LEASH_VARIABLE)


def tell_starter(word: str, number: int) -> None:
    """Say something such as ``port 40123``, if anybody listens."""
    pipe = _number(PIPE_VARIABLE)
    if pipe is not None:
        with suppress(OSError):
            os.write(pipe, f"{word} {int(number)}\n".encode())


def _number(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    return int(text) if text.isascii() and text.isdigit() else None
