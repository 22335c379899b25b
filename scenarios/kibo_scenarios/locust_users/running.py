"""One run as the master sees it: what workers say, when it is over, and what comes of it.

A run ends when every worker has said its last word. It is given up at the time limit of the scenario and for a
threshold that says so; then workers are asked to stop, and what they have is judged. A worker that is lost, or that
was in trouble, takes with it what nobody knows: the run then has no result, whatever the others have measured.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gevent.event import Event

from kibo_scenarios.errors import HarnessError, ScenarioError, UsageError
from kibo_scenarios.locust_users.acting import machine_now
from kibo_scenarios.locust_users.books import Books
from kibo_scenarios.locust_users.collected import Collected
from kibo_scenarios.locust_users.judging import Ending, judged, result_of
from kibo_scenarios.locust_users.messages import (
    GO,
    PLAN,
    REFUSED,
    STOP,
    Batch,
    Done,
    Failed,
    Go,
    Refused,
    Said,
    packed,
    unpacked,
)
from kibo_scenarios.locust_users.planning import plans_of
from kibo_scenarios.locust_users.splitting import Part, deal
from kibo_scenarios.locust_users.target import Target, bare_start
from kibo_scenarios.locust_users.worlds import World
from kibo_scenarios.moments import MINUTE, SECOND, format_span
from kibo_scenarios.pace import Pace
from kibo_scenarios.rules import Verdict
from kibo_scenarios.thresholds import is_final
from kibo_scenarios.workloads.load_run import LoadResult
from kibo_scenarios.workloads.load_scenario import LoadScenario
from kibo_scenarios.workloads.measurements import Measurements

_LOOK_S: Final = 0.1
_URGENT_S: Final = 1.0
#: How long a worker may be silent before it is taken for lost, beyond the three seconds after which Locust misses it.
_PATIENCE_S: Final = 5.0
#: Budgets are kept by the minute, by the clock of each machine; what a message takes is in it as well.
_CLOCKS_APART_S: Final = 5.0
_READY_S: Final = 60.0
_STOP_S: Final = 30.0


class Run:
    """One run with the workers that there are at its beginning.

    Args:
        runner: Locust's.
        scenario: What is run.
        number: Of the run in this master's life.
        workers: Locust's names of the workers.
        target: The target's control plane; None for a bare one.
        world: What its clients find.

    Attributes:
        hands: The parts of each worker, by client.
    """

    def __init__(
        self,
        runner: Any,
        scenario: LoadScenario,
        number: int,
        workers: Sequence[str],
        target: Target | None,
        world: World,
    ) -> None:
        self._runner = runner
        self._scenario = scenario
        self._number = number
        self._target = target
        self._world = world
        self._collected = Collected(Measurements(), books=target is not None)
        self._collected.expect(workers)
        tenants = sorted(set(world.tenants.values()))
        self._books = None if target is None else Books(target, scenario, tenants, self._collected)
        self.hands: Mapping[str, Mapping[str, Part]] = dict(
            zip(workers, deal(scenario.clients, world.budgets, len(workers)), strict=True)
        )
        self._ready: set[str] = set()
        self._all_ready, self._over = Event(), Event()
        self._failure: ScenarioError | None = None
        self._failures: dict[str, str] = {}
        self._silent_since: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<Run {self._number} of {self._scenario.name}>"

    def hand_out(self) -> None:
        """Tell every worker what it has to do.

        Raises:
            HarnessError: The target does not let the clients in.
        """
        if self._target is not None:
            self._target.admit(self._world.tenants)
        plans = plans_of(
            self._scenario,
            self._world,
            list(self.hands.values()),
            run=self._number,
            speed=1.0 if self._target is None else self._target.speed,
            own_applications=self._target is not None,
        )
        for worker, plan in zip(self.hands, plans, strict=True):
            self._runner.send_message(PLAN, packed(plan), worker)

    def see_through(self) -> LoadResult:
        """Start all workers at once when they are ready, and follow the run to its end, whatever that is.

        Raises:
            UsageError: A worker cannot be used.
            HarnessError: A worker or the target failed before the run began.
        """
        began = time.monotonic()
        if not self._all_ready.wait(_READY_S):
            raise HarnessError(f"not all workers were ready within {_READY_S:.0f} s")
        if self._failure is not None:
            raise self._failure
        go = bare_start(machine_now()) if self._target is None else self._target.start(machine_now)
        for worker in self.hands:
            self._runner.send_message(GO, packed(go), worker)
        return self._live(go, began)

    def _live(self, go: Go, began: float) -> LoadResult:
        scenario = self._scenario
        limit = go.began + scenario.time_limit
        changes = [(go.began + change.at, change.limits) for change in scenario.changes]
        urgent = [one for one in scenario.thresholds if one.abort_on_fail]
        look_again = go.began + MINUTE
        failures = self._failures
        aborted = incomplete = None
        while not self._over.wait(_LOOK_S):
            now = go.now(machine_now())
            while changes and changes[0][0] <= now:
                assert self._target is not None, "refused before"
                self._target.change(changes.pop(0)[1])
            if (incomplete := self._lost()) is not None:
                break
            if now >= limit:
                failures["run"] = f"had not finished after {format_span(scenario.time_limit)} of simulated time"
                break
            if urgent and now >= look_again:
                look_again = now + max(MINUTE, round(_URGENT_S * SECOND * go.speed))
                if self._books is not None:
                    self._books.look(jobs=any(one.selector.metric.name.startswith("job") for one in urgent))
                missed = [found for one in urgent if is_final(found := judged(one, self._collected))]
                missed = [one for one in missed if one.judgement.verdict is Verdict.FAIL]
                if missed:
                    aborted = str(missed[0].threshold)
                    break
        span = go.now(machine_now()) - go.began
        if not self._collected.complete and self._failure is None:
            incomplete = self._stopped() or incomplete
        if self._failure is not None:
            incomplete = str(self._failure)
        if self._books is not None:
            doubt = self._books.close()
            incomplete = incomplete or doubt
        speed = "real time" if go.speed == 1 else f"x{go.speed:g}"
        workers = len(self.hands)
        return result_of(
            scenario,
            self._collected,
            self._world.settings,
            [] if self._books is None else self._books.journal,
            [] if self._books is None else self._books.lines,
            pace=Pace(f"Locust, {workers} {'worker' if workers == 1 else 'workers'}, {speed}", go.speed),
            ending=Ending(
                span=span,
                wall_s=time.monotonic() - began,
                failures=failures,
                aborted=aborted,
                incomplete=incomplete,
            ),
        )

    def _stopped(self) -> str | None:
        """Ask the workers to stop, and wait for their last words; return what is missing then."""
        for worker in self._collected.waited_for:
            self._runner.send_message(STOP, packed(Said(self._number)), worker)
        until = time.monotonic() + _STOP_S
        while not self._over.wait(_LOOK_S):
            if (lost := self._lost()) is not None:
                return lost
            if time.monotonic() > until:
                return f"the worker {self._collected.waited_for[0]} did not stop when it was asked to"
        return None

    def _lost(self) -> str | None:
        """Return that a worker is lost, which nobody tells: Locust only stops to hear of it."""
        clients = getattr(self._runner, "clients", None)
        if clients is None:
            return None
        now = time.monotonic()
        for worker in self._collected.waited_for:
            node = clients.get(worker)
            if node is not None and node.state != "missing":
                self._silent_since.pop(worker, None)
                continue
            silent = now - self._silent_since.setdefault(worker, now)
            if node is None or silent >= _PATIENCE_S:
                return f"the worker {worker} was lost before it was done"
        return None

    # -- what workers say ---------------------------------------------------------------------------------------------

    def on_ready(self, msg: Any) -> None:
        """Take note that a worker is ready, or why it cannot be."""
        said = self._heard(msg, Said)
        if said is None:
            return
        apart = (machine_now() - said.real) / SECOND
        if said.text:
            self._fail(UsageError(f"the worker {msg.node_id}: {said.text}"))
        elif abs(apart) > _CLOCKS_APART_S:
            self._fail(UsageError(f"the worker {msg.node_id}: its clock differs from the master's by {apart:+.1f} s"))
        self._ready.add(msg.node_id)
        if self._ready >= set(self._collected.workers) or self._failure is not None:
            self._all_ready.set()

    def on_batch(self, msg: Any) -> None:
        """Take what a worker hands over."""
        batch = self._heard(msg, Batch)
        if batch is not None:
            try:
                self._collected.batch(msg.node_id, batch)
            except HarnessError as error:
                self._fail(error)

    def on_done(self, msg: Any) -> None:
        """Take a worker's last word."""
        done = self._heard(msg, Done)
        if done is not None:
            try:
                self._collected.done(msg.node_id, done)
            except HarnessError as error:
                self._fail(error)
            if self._collected.complete:
                self._over.set()

    def on_trouble(self, msg: Any) -> None:
        """Take note that a worker failed."""
        said = self._heard(msg, Said)
        if said is not None:
            self._fail(HarnessError(f"the worker {msg.node_id} was in trouble: {said.text}"))

    def on_failed(self, msg: Any) -> None:
        """Take note that a client did not come to its end by itself."""
        failed = self._heard(msg, Failed)
        if failed is not None:
            self._failures[failed.client] = failed.how

    def on_refused(self, msg: Any) -> None:
        """Pass on to the other parts of a client that one was refused."""
        refused = self._heard(msg, Refused)
        if refused is None:
            return
        for worker, hand in self.hands.items():
            if worker != msg.node_id and refused.client in hand:
                self._runner.send_message(REFUSED, msg.data, worker)

    def _heard(self, msg: Any, kind: type[Any]) -> Any:
        """Return a message of this run; None when it is of another, or of a worker that came too late."""
        try:
            said = unpacked(msg.data, kind)
        except HarnessError as error:
            self._fail(error)
            return None
        return said if said.run == self._number and msg.node_id in self._collected.workers else None

    def _fail(self, error: ScenarioError) -> None:
        """Keep the first thing that makes the run worthless, and end it."""
        self._failure = self._failure or error
        self._all_ready.set()
        self._over.set()
