"""Real processes on free loopback ports, stopped again whatever happens."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent


@dataclass
class Served:
    """A simulator that runs in a process of its own."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(self.ready["url"])

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and return exit code and what was said on standard error."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


Serve = Callable[..., Served]


def run(*command: str, timeout: float = 60, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A function that starts ``kibo-simulator serve`` with flags and waits for its ready line."""
    with ExitStack() as stack:

        def start(*flags: str) -> Served:
            process = subprocess.Popen(
                [str(BIN / "kibo-simulator"), "serve", "--port", "0", *flags],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                assert process.stderr is not None
                raise AssertionError(process.stderr.read())
            return Served(process, json.loads(line))

        yield start
