"""Runs programs under `faketime`, and measures whether their clocks then really run as fast as they should."""

import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from kibo_scenarios.drivers.executables import find_program, interpreter_of, reason_beyond_reach
from kibo_scenarios.errors import UsageError
from kibo_scenarios.moments import SECOND

#: Seconds of the machine's time that a probe sleeps when its clock is as fast as it should be.
PROBE_S: Final = 0.25
#: A probe's clock is as fast as it should be when the measured speed is this near; the machine may be busy.
_NEAR: Final = (0.4, 1.3)
_START_S: Final = 20.0
_MOST_ERRORS: Final = 4 << 10
_SHARED: Final = Path("/dev/shm")  # noqa: S108 - where libfaketime keeps what its processes share; we only remove it
#: Becomes the command behind it. faketime names what it shares after its own process and refuses to start when the name
#: is taken: by one that was killed and whose number has come round again, so that whoever has it now may remove it.
_CLEARED: Final = f'rm -f {_SHARED}/faketime_shm_$$ {_SHARED}/sem.faketime_sem_$$; exec "$@"'

#: Programs that print a line, sleep for so many seconds and print another, by the interpreter that runs them.
_PROBES: Final = {
    r"(ba|da|k|z)?sh": ("-c", "echo; sleep {seconds}; echo"),
    r"node(js)?": ("-e", "console.log(); setTimeout(() => console.log(), 1000 * {seconds})"),
    r"python[0-9.]*": ("-c", "import time; print(flush=True); time.sleep({seconds}); print()"),
    r"perl[0-9.]*": ("-e", "$| = 1; print qq(\\n); select(undef, undef, undef, {seconds}); print qq(\\n)"),
    r"ruby[0-9.]*": ("-e", "$stdout.sync = true; puts; sleep {seconds}; puts"),
}


def sped_up(command: Sequence[str], speed: float, ahead: int) -> tuple[str, ...]:
    """Return the command that runs another with a clock that is `ahead` of the machine's and `speed` times as fast."""
    return ("sh", "-c", _CLEARED, "sh", "faketime", "-f", f"{ahead / SECOND:+.6f} x{speed:g}", *command)


def forget_shared_state(process_id: int) -> None:
    """Remove what a `faketime` that was killed leaves in shared memory."""
    for name in (f"faketime_shm_{process_id}", f"sem.faketime_sem_{process_id}"):
        with suppress(OSError):
            (_SHARED / name).unlink()


def check_reach(command: Sequence[str], speed: float) -> None:
    """Check, before anything runs, that a command's clock can be sped up.

    Raises:
        UsageError: It cannot; says why, and what can be done instead.
    """
    if shutil.which("faketime") is None:
        raise UsageError(
            f"--speed {speed:g}: needs the program faketime (a package of this name on most systems); "
            "without it use --speed 1, or --compressed if the client's delays can be set"
        )
    program = find_program(command[0])
    words = interpreter_of(program)
    interpreter = Path(shutil.which(words[0]) or words[0])
    reason = reason_beyond_reach(interpreter)
    if reason is not None:
        raise UsageError(_escaped(str(interpreter), speed, reason))
    for name, probe in _PROBES.items():
        if re.fullmatch(name, interpreter.name):
            flag, code = probe
            try:
                measured = measure((str(interpreter), *words[1:], flag, code), speed)
            except ProbeFailedError as error:
                raise UsageError(_escaped(str(interpreter), speed, str(error))) from None
            if not _NEAR[0] * speed <= measured <= _NEAR[1] * speed:
                raise UsageError(_escaped(str(interpreter), speed, f"its clock was measured at x{measured:.1f}"))
            return


class ProbeFailedError(Exception):
    """A probe did not do what it was written for; the message says what became of it."""


def measure(probe: Sequence[str], speed: float) -> float:
    """Return how fast the clock of a probe runs under `faketime`.

    Only what passes between its two lines counts, so that starting it does not.

    Raises:
        ProbeFailedError: It never wrote its first line.
    """
    seconds = PROBE_S * speed
    command = [word.format(seconds=f"{seconds:g}") for word in probe]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - the program is the user's own
            sped_up(command, speed, 0),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        ) as process,
    ):
        try:
            began = _after_line(process, _START_S)
            # One that lives in real time would sleep for all of the simulated seconds.
            ended = None if began is None else _after_line(process, PROBE_S / _NEAR[0] + 0.1)
        finally:
            # faketime waits for the probe beside it: both are to end.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            forget_shared_state(process.pid)
        if began is None:
            errors.seek(0)
            raise ProbeFailedError(_became(errors.read(_MOST_ERRORS).decode("utf-8", "replace")))
    return 1.0 if ended is None else seconds / (ended - began)


def _became(errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return f"trying it gave {lines[0][:200]!r}" if lines else "it wrote nothing when it was tried"


def _after_line(process: "subprocess.Popen[bytes]", patience_s: float) -> float | None:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(patience_s) or not os.read(process.stdout.fileno(), 1):
            return None
    return time.monotonic()


def _escaped(program: str, speed: float, reason: str) -> str:
    return (
        f"--speed {speed:g}: {program} does not run under faketime: {reason}; "
        "use --speed 1, or --compressed if the client's delays can be set"
    )
