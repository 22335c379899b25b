"""A program that starts one simulator after the other by forking, so that a start costs milliseconds, not imports.

It reads one JSON line per simulator: ``arguments`` of ``kibo-simulator``, ``die_at`` (kill yourself at the n-th point
of death; 0 for never), ``points`` (what such a point is: ``statement``, before any SQL statement, or ``commit``, when
one is done and nobody has been told), ``armed`` (count from birth; SIGUSR1 starts or stops the counting) and ``flaw``
(a deliberate mistake by its name, empty for none).
It passes on what the simulator prints and adds a line before, ``{"pid": n}``, and one after, ``{"died": signal}``.
Only its children ever open a database or a socket.
"""

import json
import os
import signal
import sqlite3
import sys
from typing import Any

from kibo_simulator import cli, serving
from kibo_simulator.store import database

from .flaws import FLAWS


class _Mortal:
    """Stands for the module sqlite3: every connection counts its statements and ends the process at the n-th."""

    def __init__(self, die_at: int, points: str, *, armed: bool) -> None:
        self._left = die_at
        self._points = points
        self._armed = armed

    def toggle(self, *_: object) -> None:
        self._armed = not self._armed

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    def connect(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        count = self._count

        class Counted(sqlite3.Connection):
            def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
                cursor = super().execute(statement, *values)
                if statement == "COMMIT":
                    count()
                return cursor

        if self._points == "commit":
            counted: sqlite3.Connection = sqlite3.connect(*arguments, factory=Counted, **options)
            return counted
        connection: sqlite3.Connection = sqlite3.connect(*arguments, **options)
        connection.set_trace_callback(count)
        return connection

    def _count(self, *_: object) -> None:
        self._left -= self._armed
        if self._armed and not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def say(**what: int) -> None:
    """Write a line for whoever gave the order."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def live(order: dict[str, Any]) -> None:
    """Be a simulator, in a child process."""
    sys.stdin.close()
    say(pid=os.getpid())
    if order["die_at"]:
        mortal = _Mortal(order["die_at"], order["points"], armed=order["armed"])
        signal.signal(signal.SIGUSR1, mortal.toggle)
        database.sqlite3 = mortal  # type: ignore[attr-defined,assignment]
    if order["flaw"]:
        FLAWS[order["flaw"]][0]()
    cli.main(order["arguments"])


def main() -> None:
    """Bring up children until nobody wants another."""
    # The command line imports it when it serves; here that is done before the first fork.
    assert serving.__name__ == "kibo_simulator.serving"
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            try:
                live(json.loads(line))
            finally:
                sys.stdout.flush()
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        say(died=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
