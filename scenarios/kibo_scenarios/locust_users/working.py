"""The worker's side of a run: takes its plan, waits for the start, plays its parts, and hands over what came of it."""

import os
import traceback
from typing import Any, Final

import gevent
from gevent.event import Event
from locust import HttpUser, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import WorkerRunner

from kibo_scenarios.errors import HarnessError, UsageError
from kibo_scenarios.locust_users.acting import Part, machine_now
from kibo_scenarios.locust_users.applications import given_application, own_application
from kibo_scenarios.locust_users.deleting import Deletion
from kibo_scenarios.locust_users.messages import (
    BATCH,
    DONE,
    FAILED,
    GO,
    PLAN,
    READY,
    REFUSED,
    STOP,
    TROUBLE,
    Batch,
    DeletionTask,
    Done,
    Exchange,
    Failed,
    Go,
    Outcome,
    Plan,
    Refused,
    Role,
    Said,
    packed,
    unpacked,
)
from kibo_scenarios.locust_users.outbox import Outbox
from kibo_scenarios.moments import SECOND, parse_span
from kibo_scenarios.workloads.clients import BulkDelete
from kibo_scenarios.workloads.wishes import wishes_of
from kibo_simulator import __version__

_BATCH_EVERY_S: Final = 1.0
_NOT_BEGUN: Final = Go(0, 0, 0, 1.0)


class KiboUser(HttpUser):
    """One request at a time of a client: Locust starts as many as the client has under way at most."""

    abstract = True
    worker: "Worker | None" = None

    def on_start(self) -> None:
        """Trust whom the rest of Python trusts; Locust's sessions do not look at the environment."""
        self.client.verify = os.environ.get("SSL_CERT_FILE") or True

    @task
    def settle_the_next_wish(self) -> None:
        """Play a part of the client until nothing is left of it."""
        # A task that fails is begun again at once, for ever; so whatever is wrong, the user goes.
        if self.worker is None or not self.worker.plays(type(self).__name__, self):
            raise StopUser


def user_class(name: str, worker: "Worker | None" = None) -> type[KiboUser]:
    """Return the class of Locust users that stands for a client."""
    return type(name, (KiboUser,), {"worker": worker, "abstract": False})


class Worker:
    """One process that plays clients.

    Attributes:
        speed: Simulated seconds per second.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._plan: Plan | None = None
        self._parts: dict[str, Part | Deletion] = {}
        self._playing: dict[str, int] = {}
        self._go: Go = _NOT_BEGUN
        self._begun = Event()
        self._outbox = Outbox(0)
        self._over = False
        self.speed = 1.0
        runner = environment.runner
        assert runner is not None
        runner.register_message(PLAN, self._on_plan)
        runner.register_message(GO, self._on_go)
        runner.register_message(STOP, self._on_stop)
        if isinstance(runner, WorkerRunner):
            runner.register_message(REFUSED, self._on_refused)

    def __repr__(self) -> str:
        return f"<Worker {', '.join(self._playing) or 'without a plan'}>"

    def now(self) -> int:
        """Return the simulated wall clock, microseconds since the epoch."""
        return self._go.now(machine_now())

    def plays(self, client: str, user: KiboUser) -> bool:
        """Settle the next wish of a client; return False when there is none left."""
        self._begun.wait()
        part = self._parts.get(client)
        if part is None or self._over:
            return False
        try:
            if part.play(user):
                return True
        except Exception as error:  # noqa: BLE001 - told to the master, which ends the run for it
            traceback.print_exc()
            self._say(TROUBLE, f"{client}: {type(error).__name__}: {error}")
            return False
        self._playing[client] -= 1
        if not any(self._playing.values()):
            self._finish()
        return False

    def _on_plan(self, environment: Environment, msg: Any, **_: Any) -> None:
        try:
            plan = unpacked(msg.data, Plan)
        except HarnessError as error:
            self._say(READY, str(error))
            return
        self._plan = plan
        if plan.version != __version__:
            self._say(READY, f"has version {__version__} and not {plan.version}")
            return
        self._parts, self._outbox, self._over = {}, Outbox(plan.run), False
        self._begun.clear()
        self._playing = {name: role.part.users for name, role in plan.roles.items()}
        self.speed = plan.speed
        # Workers know no scenario before this: the classes that they were started with stand for nothing.
        environment.user_classes[:] = [user_class(name, self) for name in plan.names]
        try:
            if not plan.own_applications:
                given_application(os.environ)
        except UsageError as error:
            self._say(READY, str(error))
            return
        self._say(READY, "")

    def _on_go(self, msg: Any, **_: Any) -> None:
        assert self._plan is not None
        try:
            self._go = unpacked(msg.data, Go)
            self._parts = {name: self._part(name, role) for name, role in self._plan.roles.items()}
        except Exception as error:
            # Locust would only log it, and the run would wait for nothing.
            self._say(TROUBLE, f"{type(error).__name__}: {error}")
            raise
        self._begun.set()
        runner = self._environment.runner
        assert runner is not None
        runner.greenlet.spawn(self._hand_over)
        if not self._playing:
            self._finish()

    def _on_stop(self, **_: Any) -> None:
        if self._over:
            return
        runner = self._environment.runner
        assert runner is not None
        runner.user_greenlets.kill(block=True)
        self._finish()

    def _on_refused(self, msg: Any, **_: Any) -> None:
        refused = unpacked(msg.data, Refused)
        part = self._parts.get(refused.client)
        if part is not None and self._plan is not None and refused.run == self._plan.run:
            part.warned(refused.until)

    def _warn(self, client: str, until: int) -> None:
        assert self._plan is not None
        if self._plan.roles[client].part.of > 1:
            self._send(REFUSED, packed(Refused(self._plan.run, client, until)))

    def _fail(self, client: str, how: str) -> None:
        assert self._plan is not None
        self._send(FAILED, packed(Failed(self._plan.run, client, how)))

    def _until(self, instant: int) -> None:
        while (left := instant - self.now()) > 0:
            gevent.sleep(left / SECOND / self.speed)

    def _part(self, name: str, role: Role) -> Part | Deletion:
        plan = self._plan
        assert plan is not None
        begin = self._go.began + parse_span(role.client.starts)
        application = own_application(name) if plan.own_applications else given_application(os.environ)
        if isinstance(role.client, BulkDelete):
            client_id, secret = application
            task = DeletionTask(
                scenario=plan.scenario,
                api_host=self._environment.host or "",
                tenant=role.tenant,
                site=role.site,
                client_id=client_id,
                shared_secret=secret,
                plan=role.client.plan,
                export=role.export,
                seed=f"{plan.seed}/{name}",
                go=self._go,
            )
            return Deletion(name, task, lambda: self._until(begin), self._fail)
        wishes = wishes_of(role.client, plan.shops.get(role.tenant), f"{plan.seed}/{name}", begin)
        return Part(
            name, role, wishes, begin=begin, application=application, watch=self, note=self._note, warn=self._warn
        )

    def _note(self, record: Exchange | Outcome) -> None:
        self._outbox.put(record)
        if self._outbox.full:
            self._send_batch()

    def _hand_over(self) -> None:
        while not self._over:
            gevent.sleep(_BATCH_EVERY_S)
            self._send_batch()

    def _send_batch(self) -> None:
        batch: Batch | None = self._outbox.batch()
        if batch is not None:
            self._send(BATCH, packed(batch))

    def _finish(self) -> None:
        assert self._plan is not None
        self._over = True
        self._send_batch()
        begun = sum(part.begun for part in self._parts.values())
        unfinished = [name for name, users in self._playing.items() if users]
        self._send(DONE, packed(Done(self._plan.run, self._outbox.batches, begun, unfinished)))

    def _say(self, kind: str, text: str) -> None:
        run = 0 if self._plan is None else self._plan.run
        self._send(kind, packed(Said(run, text, machine_now())))

    def _send(self, kind: str, content: bytes) -> None:
        runner = self._environment.runner
        assert runner is not None
        runner.send_message(kind, content)
