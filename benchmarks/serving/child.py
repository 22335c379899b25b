"""A server in a process of its own, and the processor time it has used: its own, not that of whoever asks it."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.outcome import UnavailableError


def as_installed() -> dict[str, str]:
    """The environment in which Python keeps the byte code of what it imports, as that of installed programs is kept."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Child:
    """A running server."""

    host: str
    port: int
    _clock: int

    def cpu_ns(self) -> int:
        """Processor time of the whole process so far, user and system, in nanoseconds."""
        return time.clock_gettime_ns(self._clock)


@contextmanager
def served(*arguments: str) -> Iterator[Child]:
    """Run `python arguments` until the block ends; it has to print a JSON line with its `url` first.

    Raises:
        UnavailableError: The machine does not tell a process the time of another.
    """
    with subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=as_installed()
    ) as process:
        try:
            assert process.stdout is not None
            where = urlsplit(json.loads(process.stdout.readline())["url"])
            assert where.hostname, "a URL has a host"
            assert where.port, "a free port was found"
            yield Child(where.hostname, where.port, _cpu_clock(process.pid))
        finally:
            process.terminate()


def _cpu_clock(pid: int) -> int:
    """Ask for the POSIX clock that counts a process's processor time."""
    try:
        get_clock = ctypes.CDLL(None).clock_getcpuclockid
    except (OSError, TypeError, AttributeError):
        raise UnavailableError("this system has no clock_getcpuclockid") from None
    clock = ctypes.c_int()
    if get_clock(pid, ctypes.byref(clock)):
        raise UnavailableError("this system does not tell the processor time of another process")
    return clock.value
