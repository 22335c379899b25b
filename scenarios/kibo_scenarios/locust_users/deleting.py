"""Plays a bulk deletion on a worker: starts the process that does it, waits, and tells Locust and the master of it."""

import json
import sys
import time
from collections.abc import Callable
from subprocess import PIPE
from typing import Any, Final

import gevent.subprocess
import msgspec

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.locust_users.messages import DeletionTask

_COMMAND: Final = (sys.executable, "-m", "kibo_scenarios.locust_users.deletion_process")


class Deletion:
    """A bulk deletion; its one user does all of it at once.

    Args:
        name: What the scenario calls the client.
        task: What is to be done.
        wait: Waits until its life begins.
        failed: Is told how the client failed to come to an end by itself.
    """

    def __init__(
        self, name: str, task: DeletionTask, wait: Callable[[], None], failed: Callable[[str, str], None]
    ) -> None:
        self.name = name
        # Its requests are its own; the target's journal counts them.
        self.begun = 0
        self._task = task
        self._wait = wait
        self._failed = failed
        self._left = True

    def __repr__(self) -> str:
        return f"<Deletion by {self.name}>"

    def warned(self, until: int) -> None:
        """Leave it to the client, which keeps its own waits."""

    def play(self, user: Any) -> bool:
        """Do the work; return False when it was done before.

        Raises:
            HarnessError: The process could not be run, which says nothing about the client.
        """
        if not self._left:
            return False
        self._left = False
        self._wait()
        began = time.perf_counter()
        failure = self._run()
        user.environment.events.request.fire(
            request_type="CLIENT",
            name=f"{self.name} bulk-delete",
            response_time=(time.perf_counter() - began) * 1000,
            response_length=0,
            exception=None if failure is None else RuntimeError(failure),
            context={},
        )
        if failure is not None:
            self._failed(self.name, failure)
        return True

    def _run(self) -> str | None:
        process = gevent.subprocess.Popen(_COMMAND, stdin=PIPE, stdout=PIPE)
        try:
            answer, _ = process.communicate(msgspec.json.encode(self._task))
        finally:
            # The run may be given up while it waits here.
            if process.poll() is None:
                process.terminate()
                process.wait()
        if process.returncode:
            raise HarnessError(f"the process of the deletion ended with exit code {process.returncode}")
        failure = json.loads(answer)
        return None if failure is None else str(failure)
