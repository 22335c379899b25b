"""The client at a terminal: the question, its answers, Ctrl-C, and what may not be seen there (C1, C15)."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from .conftest import CLIENT, GIVEN, environment

PATIENCE_S = 30
# Makes the pseudo-terminal on standard input the controlling one, so that Ctrl-C is a signal there.
AT_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """A person at a terminal of 80 columns in front of the client."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self._process = process
        self._end = end
        self.seen = ""

    def wait_for(self, text: str) -> None:
        """Read on until this was shown."""
        while text not in self.seen:
            assert self._read(), f"{text!r} was not shown, but {self.seen!r}"

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._end, text.encode())

    def leave(self) -> int:
        """Read to the end; returns the exit code."""
        while self._read():
            pass
        return self._process.wait(PATIENCE_S)

    def _read(self) -> bool:
        deadline = monotonic() + PATIENCE_S
        ready, _, _ = select.select([self._end], [], [], deadline - monotonic())
        assert ready, f"nothing more was shown after {self.seen!r}"
        try:
            data = os.read(self._end, 1 << 16)
        except OSError:
            # What Linux answers once nobody is at the other end.
            return False
        # Without colours and cursor movements.
        self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode()).replace("\r", "")
        return bool(data)


@contextmanager
def terminal(*arguments: str, **settings: str) -> Iterator[Terminal]:
    """Run the client with all three streams on a pseudo-terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    try:
        with subprocess.Popen(
            [sys.executable, "-c", AT_TERMINAL, *CLIENT[1:], *arguments],
            env=environment(**settings, TERM="xterm"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            try:
                yield Terminal(process, ours)
            finally:
                process.kill()
    finally:
        os.close(ours)


QUESTION = "(1001 59) to go on: "


@pytest.mark.slow
def test_the_right_answer_deletes(simulator: tuple[str, str]) -> None:
    """C1: the scope is shown, the tenant id typed, the records deleted, the summary shown."""
    url, export = simulator
    with terminal("delete", "--export", export, **{**GIVEN, "KIBO_API_HOST": url}) as person:
        person.wait_for(QUESTION)
        person.type("1001 59\n")
        code = person.leave()

    assert code == 0
    assert f"About to delete for good, on tenant 1001 ({url}):\n  59 records of " in person.seen
    assert "watching jobs" in person.seen
    assert "59 deleted, 0 not found, 0 undone" in person.seen


@pytest.mark.slow
@pytest.mark.parametrize("keys", ["1001 58\n", "1001\n", "yes\n", "\n", CTRL_D])
def test_any_other_answer_deletes_nothing(simulator: tuple[str, str], keys: str) -> None:
    """C1: another number, a yes, nothing at all or the end of input are no agreement; that is said once."""
    url, export = simulator
    with terminal("delete", "--export", export, **{**GIVEN, "KIBO_API_HOST": url}) as person:
        person.wait_for(QUESTION)
        person.type(keys)
        code = person.leave()

    assert code == 1
    assert "outcome      stopped: the scope was not confirmed\n" in person.seen
    assert "requests     dryRun 1\n" in person.seen
    assert person.seen.count("not confirmed") == 1


@pytest.mark.slow
def test_ctrl_c_at_the_question_deletes_nothing(simulator: tuple[str, str]) -> None:
    """Exit 130, without a traceback and without waiting for a line."""
    url, export = simulator
    with terminal("delete", "--export", export, **{**GIVEN, "KIBO_API_HOST": url}) as person:
        person.wait_for(QUESTION)
        person.type(CTRL_C)
        code = person.leave()

    assert code == 130
    assert "interrupted: 0 batches had been submitted, open jobs: none; the same command later finds" in person.seen
    assert "requests     dryRun 1\n" in person.seen
    assert "Traceback" not in person.seen


@pytest.mark.slow
def test_ctrl_c_under_the_panel_says_what_is_under_way(simulator: tuple[str, str], tmp_path: Path) -> None:
    """In the middle of a live run: exit 130, the open jobs named, and how to resume."""
    url, export = simulator
    journal = tmp_path / "run.jsonl"
    arguments = ("delete", "--export", export, "--yes", "--batch-size", "10", "--run-journal", str(journal))
    with terminal(*arguments, **{**GIVEN, "KIBO_API_HOST": url}) as person:
        person.wait_for("the spacing between two submissions")
        person.type(CTRL_C)
        code = person.leave()

    assert code == 130
    assert "outcome      interrupted\n" in person.seen
    assert re.search(r"interrupted: 1 batch had been submitted, open jobs: [1-9]", person.seen)
    assert f"kibo-client resume {journal} goes on with it" in "".join(person.seen.split("\n"))
    assert "Traceback" not in person.seen
    assert journal.read_bytes().count(b'"accepted"') == 1


@pytest.mark.slow
def test_a_typed_secret_is_not_seen(simulator: tuple[str, str]) -> None:
    """A secret that is nowhere else is asked for, and not echoed."""
    url, export = simulator
    settings = {**GIVEN, "KIBO_API_HOST": url, "KIBO_SHARED_SECRET": ""}
    with terminal("delete", "--export", export, "--dry-run", **settings) as person:
        person.wait_for("shared secret: ")
        person.type("sample-secret\n")
        code = person.leave()

    assert code == 0
    assert "outcome      dry run\n" in person.seen
    assert "sample-secret" not in person.seen


@pytest.mark.slow
def test_ctrl_c_at_the_secret_sends_nothing(simulator: tuple[str, str]) -> None:
    """Exit 130 and one line."""
    url, export = simulator
    settings = {**GIVEN, "KIBO_API_HOST": url, "KIBO_SHARED_SECRET": ""}
    with terminal("delete", "--export", export, "--dry-run", **settings) as person:
        person.wait_for("shared secret: ")
        person.type(CTRL_C)
        code = person.leave()

    assert code == 130
    assert person.seen.endswith("interrupted before anything was sent\n")
    assert "Traceback" not in person.seen
