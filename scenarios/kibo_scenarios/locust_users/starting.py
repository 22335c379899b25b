"""Starts Locust's own master and workers on this machine for one load scenario, and stops whatever it started.

The same as Locust's commands by hand (see `docs/locust.md`), and nothing more: ports are free ones on loopback, and the
master says through a pipe which port it got and how it concluded, as its exit code alone could be Locust's own.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.locust_users.extra import LOCUSTFILE, require_locust
from kibo_scenarios.locust_users.telling import LEASH_VARIABLE, PIPE_VARIABLE
from kibo_scenarios.moments import format_utc
from kibo_scenarios.result import ExitCode
from kibo_scenarios.trials.served_simulator import serving
from kibo_scenarios.workloads.load_file import find_document
from kibo_scenarios.workloads.load_run import JOURNAL_ENTRIES
from kibo_scenarios.workloads.load_scenario import LoadScenario

_LOOK_S: Final = 0.1
#: How long a master may need to find out that a worker is gone.
_GRACE_S: Final = 15.0
_STOP_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be run.

    Attributes:
        scenario: As the person named it.
        url: The target; None for a simulator of our own.
        workers: How many processes.
        speed: Of a simulator whose clock stands still; None when nothing was said.
        seed: Instead of the scenario's own.
        flags: Further flags of the master.
        shown: Whether Locust's own log and tables are shown.
    """

    scenario: str
    url: str | None
    workers: int
    speed: float | None
    seed: int | None
    flags: Sequence[str]
    shown: bool


def simulator_configuration(scenario: LoadScenario) -> dict[str, Any]:
    """Return what a simulator has to be configured with to be the world of a scenario."""
    bounds = {"journal_entries": JOURNAL_ENTRIES, "journal_bytes": 1 << 30, **scenario.simulator.get("bounds", {})}
    # Places in time such as +30m are understood by the simulator as they are by us: from the start on.
    faults = find_document(scenario.file).value.get("faults", [])
    configuration = {**scenario.simulator, "bounds": bounds, "seed": scenario.seed}
    return {**configuration, "faults": faults} if faults else configuration


def run_locust(scenario: LoadScenario, order: Order, folder: Path) -> ExitCode:
    """Run a load scenario to its end, and return the exit code that its result stands for.

    Args:
        scenario: What to run.
        order: How.
        folder: For files that the run needs.

    Raises:
        UsageError: The extra is missing.
        HarnessError: Something could not be started, or ended before its time.
    """
    require_locust()
    with ExitStack() as stack:
        stack.enter_context(_interrupted_by_sigterm())
        url, speed = order.url, order.speed
        if url is None:
            flags = ["--clock", "manual", "--start", format_utc(scenario.start)]
            url = stack.enter_context(serving(folder, simulator_configuration(scenario), flags)).url
            speed = speed or 1.0
        # Nobody ever writes to the leash; it is closed with this process, however that ends.
        leash, held = os.pipe()
        stack.callback(os.close, held)
        stack.callback(os.close, leash)
        reading, writing = os.pipe()
        stack.callback(os.close, reading)
        try:
            pipes = {LEASH_VARIABLE: leash, PIPE_VARIABLE: writing}
            master = stack.enter_context(_process(_master(order, url, speed), order, pipes))
        finally:
            os.close(writing)
        lines = _lines(reading)
        word, port = next(lines, ("", 0))
        if word != "port":
            return _concluded(word, port, master)
        worker = [*_LOCUST, "--worker", "--master-host", "127.0.0.1", "--master-port", str(port)]
        workers = [stack.enter_context(_process(worker, order, {LEASH_VARIABLE: leash})) for _ in range(order.workers)]
        try:
            _wait(master, workers)
        except KeyboardInterrupt:
            # The master first: it would take workers that end before it for lost.
            master.terminate()
            master.wait(_STOP_S)
            raise
        return _concluded(*next(lines, ("", 0)), master)


_LOCUST: Final = (sys.executable, "-m", "locust", "-f", str(LOCUSTFILE))


def _master(order: Order, url: str, speed: float | None) -> list[str]:
    command = [*_LOCUST, "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", "0", "--headless"]
    command += ["--only-summary", "--expect-workers", str(order.workers), "--host", url]
    command += ["--kibo-scenario", order.scenario, *order.flags]
    if speed is not None:
        command += ["--kibo-speed", f"{speed:g}"]
    if order.seed is not None:
        command += ["--kibo-seed", str(order.seed)]
    return command


@contextmanager
def _process(command: Sequence[str], order: Order, pipes: Mapping[str, int]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process until the context ends; it finds the numbers of its pipes in its environment."""
    environment = {**os.environ, **{variable: str(pipe) for variable, pipe in pipes.items()}}
    quiet = [] if order.shown else ["--skip-log-setup"]
    process = subprocess.Popen(  # noqa: S603 - Locust itself
        [*command, *quiet], env=environment, stdin=subprocess.DEVNULL, pass_fds=tuple(pipes.values())
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(master: subprocess.Popen[bytes], workers: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for the master's end; a worker that is gone is its business, for as long as it needs to notice.

    Raises:
        HarnessError: It did not.
    """
    alone_since: float | None = None
    while True:
        try:
            master.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            gone = [worker for worker in workers if worker.poll() is not None]
            now = time.monotonic()
            if not gone:
                continue
            alone_since = alone_since or now
            if now - alone_since > _GRACE_S:
                raise HarnessError(
                    f"a worker ended with exit code {gone[0].returncode} before the run did; see above, or "
                    "--show-locust"
                ) from None
        else:
            return


def _lines(pipe: int) -> Iterator[tuple[str, int]]:
    """Return what a master says, such as ``port 40123``, as it comes."""
    with os.fdopen(os.dup(pipe), encoding="utf-8") as stream:
        for line in stream:
            word, _, number = line.partition(" ")
            yield word, int(number)


def _concluded(word: str, code: int, master: subprocess.Popen[bytes]) -> ExitCode:
    """Return the code that a master has concluded with.

    Raises:
        HarnessError: It ended without a word.
    """
    if word == "code":
        return ExitCode(code)
    raise HarnessError(f"Locust's master ended with exit code {master.wait()} before the run did; try --show-locust")


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does, so that no process is left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
