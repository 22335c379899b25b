"""Starts simulators that are going to be killed, and kills them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_ROOT = Path(__file__).parents[3]
_COMMAND = Path(sys.executable).with_name("kibo-simulator")
_PATIENCE_S = 20.0

Points = Literal["statement", "commit"]
"""At what a simulator counts until its death."""


class LifeError(AssertionError):
    """A simulator did not start, or ended otherwise than by being killed."""


@dataclass(frozen=True, slots=True)
class Life:
    """One simulator from start to kill; ``url`` is empty when it was dead before it could serve."""

    pid: int
    url: str


class Nursery:
    """A process that forks simulators on demand; one lives at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders = process.stdin
        self._lines = process.stdout
        self._living: int | None = None

    async def start(
        self,
        arguments: Sequence[str],
        *,
        die_at: int = 0,
        points: Points = "statement",
        armed: bool = False,
        flaw: str = "",
    ) -> Life:
        """Start a simulator and wait until it serves or is dead.

        Raises:
            LifeError: it ended by itself.
        """
        order = {
            "arguments": ["serve", "--port", "0", *arguments],
            "die_at": die_at,
            "points": points,
            "armed": armed,
            "flaw": flaw,
        }
        self._orders.write(json.dumps(order).encode() + b"\n")
        self._living = (await _next(self._lines))["pid"]
        said = await _next(self._lines)
        if "url" not in said:
            self._bury(said)
        return Life(self._living or 0, said.get("url", ""))

    def toggle(self) -> None:
        """Let the simulator that lives start, or stop, counting the statements until its death."""
        os.kill(self._living or 0, signal.SIGUSR1)

    async def kill(self) -> None:
        """Send SIGKILL to the simulator that lives, and wait until it is dead.

        Raises:
            LifeError: it was not SIGKILL that ended it.
        """
        if self._living is None:
            return
        self._strike()
        self._bury(await _next(self._lines))

    def close(self) -> None:
        """Leave nobody behind."""
        if self._living is not None:
            self._strike()
        self._orders.close()

    def _strike(self) -> None:
        # It may have died by its own hand a moment ago.
        with suppress(ProcessLookupError):
            os.kill(self._living or 0, signal.SIGKILL)

    def _bury(self, said: dict[str, Any]) -> None:
        self._living = None
        if said.get("died") != -signal.SIGKILL:
            raise LifeError(f"expected it to serve, or to die of SIGKILL; it said {said}")


async def _next(lines: asyncio.StreamReader) -> dict[str, Any]:
    line = await asyncio.wait_for(lines.readline(), _PATIENCE_S)
    if not line:
        raise LifeError("the nursery is gone")
    said: dict[str, Any] = json.loads(line)
    return said


@asynccontextmanager
async def nursery(log: Path) -> AsyncIterator[Nursery]:
    """Keep a nursery; what simulators say on standard error goes to ``log``."""
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.e2e.durability.nursery",
            cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
        kept = Nursery(process)
        try:
            yield kept
        finally:
            kept.close()
            await process.wait()


async def start_for_real(arguments: Sequence[str], log: Path) -> tuple[asyncio.subprocess.Process, str]:
    """Start the installed command as a user would, and return it with its address once it serves."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            str(_COMMAND), "serve", "--port", "0", *arguments, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
    assert process.stdout is not None
    return process, (await _next(process.stdout))["url"]
