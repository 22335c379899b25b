"""Drives a client in a process of its own: any command, told what to do by environment and task file.

The process gets a session of its own and ends with the run, whatever it has started besides. What it writes goes to
files; the last of it comes back with its report.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kibo_scenarios.drivers.faketime import forget_shared_state, sped_up
from kibo_scenarios.drivers.running import outside_faketime, processes_with
from kibo_scenarios.drivers.task import ClientReport, Task
from kibo_scenarios.drivers.task_file import read_report_file, write_task_file
from kibo_scenarios.errors import HarnessError, ScenarioError, UsageError

#: Seconds of the machine's time that a client is given to end by itself once the run is over.
GRACE_S: Final = 2.0
#: Seconds of the machine's time between two looks at a running client.
LOOK_S: Final = 0.25
#: What is kept of each stream, and what a client may write at most.
KEPT_BYTES: Final = 64 << 10
MOST_BYTES: Final = 256 << 20
STREAMS: Final = ("stdout", "stderr")
#: The machine's proxies must not come between a client and a server on loopback.
_NOT_HANDED_ON: Final = frozenset({"http_proxy", "https_proxy", "all_proxy", "ftp_proxy"})


@dataclass(frozen=True, slots=True)
class ChildClient:
    """A driver that runs a command.

    Attributes:
        command: The program and its arguments.
        environment: What the client's process inherits.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]

    async def __call__(self, task: Task) -> ClientReport:
        """Run the command to its end.

        Raises:
            UsageError: It could not be started, or does not live in the time that it was given.
            HarnessError: Running it failed, which says nothing about the client.
        """
        try:
            return await self._drive(task)
        except ScenarioError:
            raise
        except Exception as error:
            raise HarnessError(f"{self.command[0]} could not be run: {type(error).__name__}: {error}") from error

    async def _drive(self, task: Task) -> ClientReport:
        task_file, report_file = task.folder / "task.json", task.folder / "client-report.json"
        write_task_file(task, task_file, report_file)
        environment = {**self._inherited(), **variables(task, task_file)}
        try:
            with _cancelled_by_sigterm():
                code = await self._run(task, environment)
        finally:
            task.output.update({name: _tail(task.folder / name) for name in STREAMS})
        if code not in (0, None) and task.seen() == 0:
            raise UsageError(
                f"{self.command[0]}: ended with {_said(code)} before it had sent anything{_quoted(task.output)}"
            )
        failure = None
        try:
            report = read_report_file(report_file, task.targets)
        except ValueError as error:
            report, failure = ClientReport(), f"left a report that cannot be used: {error}"
        if code is None:
            failure = f"wrote more than {MOST_BYTES:,} bytes of output"
        elif code and not report.undone:
            # Who names what it left undone has ended as it should, whatever its exit code.
            failure = f"ended with {_said(code)}"
        return ClientReport(undone=report.undone, details=report.details, failure=failure)

    def _inherited(self) -> dict[str, str]:
        return {name: value for name, value in self.environment.items() if name.lower() not in _NOT_HANDED_ON}

    async def _run(self, task: Task, environment: Mapping[str, str]) -> int | None:
        """Return the exit code, None when the client had to be stopped for its output."""
        speed = task.pace.speed or 1.0
        faked = speed > 1 and task.pace.divisor == 1
        command: Sequence[str] = self.command
        if faked:
            command = sped_up(command, speed, task.now() - time.time_ns() // 1000)
        with (task.folder / "stdout").open("wb") as stdout, (task.folder / "stderr").open("wb") as stderr:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    env=dict(environment),
                    start_new_session=True,
                )
            except OSError as error:
                raise UsageError(f"{self.command[0]}: cannot be started: {error.strerror or error}") from None
        mark = f"KIBO_TASK_FILE={environment['KIBO_TASK_FILE']}"
        try:
            return await self._watch(process, task.folder, mark, speed, faked=faked)
        finally:
            await _end_all(process, mark, speed)
            if faked:
                forget_shared_state(process.pid)

    async def _watch(
        self, process: asyncio.subprocess.Process, folder: Path, mark: str, speed: float, *, faked: bool
    ) -> int | None:
        suspects: dict[int, str] = {}
        ended = asyncio.ensure_future(process.wait())
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=LOOK_S * speed)
                if sum((folder / name).stat().st_size for name in STREAMS) > MOST_BYTES:
                    return None
                if faked and not ended.done():
                    outside = outside_faketime(mark)
                    # A program that has just been started has not loaded anything yet.
                    if stayed := outside.keys() & suspects.keys():
                        raise UsageError(
                            f"--speed {speed:g}: {outside[min(stayed)]} does not run under faketime: it has not loaded "
                            "libfaketime; use --speed 1, or --compressed if the client's delays can be set"
                        )
                    suspects = outside
            return ended.result()
        finally:
            ended.cancel()


def variables(task: Task, task_file: Path) -> dict[str, str]:
    """Return the environment variables that tell a client whom to talk to, and what to do."""
    return {
        "KIBO_API_HOST": task.api_host,
        "KIBO_AUTH_HOST": task.api_host,
        "KIBO_TENANT": str(task.tenant),
        "KIBO_SITE": str(task.site),
        "KIBO_CLIENT_ID": task.client_id,
        "KIBO_SHARED_SECRET": task.shared_secret,
        "KIBO_TASK_FILE": str(task_file),
    }


async def _end_all(process: asyncio.subprocess.Process, mark: str, speed: float) -> None:
    """End a client and all it has started: politely first, when it has not ended by itself."""
    if process.returncode is None and _signal_group(process.pid, signal.SIGTERM):
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(process.wait()), GRACE_S * speed)
    _signal_group(process.pid, signal.SIGKILL)
    await process.wait()
    # What has made itself a session of its own is not in the group any more.
    for left in processes_with(mark):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(left, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@contextmanager
def _cancelled_by_sigterm() -> Iterator[None]:
    """Let SIGTERM cancel this task; from before a client is started, so that none outlives the harness."""
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    assert me is not None
    with suppress(NotImplementedError, RuntimeError):  # not everywhere, and only in the main thread
        loop.add_signal_handler(signal.SIGTERM, me.cancel)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError):
            loop.remove_signal_handler(signal.SIGTERM)


def _tail(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - KEPT_BYTES))
            return stream.read(KEPT_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _said(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def _quoted(output: Mapping[str, str]) -> str:
    lines = [line.strip() for name in reversed(STREAMS) for line in output[name].splitlines() if line.strip()]
    telling = next((line for line in lines if "rror" in line), lines[-1] if lines else "")
    return f": {telling[:200]}" if telling else ""
