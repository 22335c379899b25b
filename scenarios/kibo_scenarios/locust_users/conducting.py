"""The master's side of a run: prepares the target, hands out the plan, starts all at once, and makes the result.

A run ends when every worker has said its last word. It is given up at the time limit of the scenario and for a
threshold that says so; then workers are asked to stop, and what they have is judged. A worker that is lost, or that
was in trouble, takes with it what nobody knows: the run then has no result, whatever the others have measured.
"""

import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import LocalRunner

from kibo_scenarios.errors import HarnessError, ScenarioError, UsageError
from kibo_scenarios.evidence import JournalEntry
from kibo_scenarios.load_delivery import LoadDelivery
from kibo_scenarios.locust_users.acting import machine_now
from kibo_scenarios.locust_users.collected import Collected
from kibo_scenarios.locust_users.control_plane import ControlPlane, checked_url, token_of_environment
from kibo_scenarios.locust_users.judging import Ending, judged, result_of
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
    Done,
    Failed,
    Go,
    Plan,
    Refused,
    Role,
    Said,
    packed,
    unpacked,
)
from kibo_scenarios.locust_users.options import RunOptions
from kibo_scenarios.locust_users.splitting import Part, deal
from kibo_scenarios.locust_users.target import Target, bare_start, refuse_what_is_out_of_reach
from kibo_scenarios.locust_users.telling import tell_starter
from kibo_scenarios.locust_users.worlds import World, world_of
from kibo_scenarios.moments import MINUTE, SECOND, format_span
from kibo_scenarios.outlet import say
from kibo_scenarios.pace import Pace
from kibo_scenarios.result import ExitCode
from kibo_scenarios.rules import Verdict
from kibo_scenarios.thresholds import is_final
from kibo_scenarios.workloads.clients import BulkDelete
from kibo_scenarios.workloads.load_run import LoadResult
from kibo_scenarios.workloads.load_scenario import LoadScenario
from kibo_scenarios.workloads.measurements import Measurements
from kibo_scenarios.world import refuse_defective_journal
from kibo_simulator import __version__

_LOOK_S: Final = 0.1
_URGENT_S: Final = 1.0
#: How long a worker may be silent before it is taken for lost, beyond the three seconds after which Locust misses it.
_PATIENCE_S: Final = 5.0
#: Budgets are kept by the minute, by the clock of each machine; what a message takes is in it as well.
_CLOCKS_APART_S: Final = 2.0
_READY_S: Final = 60.0
_STOP_S: Final = 30.0
#: What Locust calls itself where it has no workers.
_ALONE: Final = "local"
_runs = count(1)


class Conductor:
    """One master, or a Locust without workers, and the runs that it is asked for.

    Args:
        environment: Locust's.
        scenario: What to run.
        options: What was said on the command line.

    Raises:
        UsageError: The target cannot be used for this scenario.
    """

    def __init__(self, environment: Environment, scenario: LoadScenario, options: RunOptions) -> None:
        self._environment = environment
        self._scenario = scenario
        self._options = options
        self._delivery = LoadDelivery(options.wishes)
        if not environment.host:
            raise UsageError("--host: is missing; expected the address of the target, such as http://127.0.0.1:8765")
        control = ControlPlane(checked_url(environment.host), token_of_environment())
        self._control = control if not options.bare and control.answers() else None
        if self._control is None:
            refuse_what_is_out_of_reach(scenario, options.speed)
        self._dealt: Mapping[str, Mapping[str, int]] = {}
        self._target: Target | None = None
        self._world: World | None = None
        self._run = 0
        self._hands: Sequence[Mapping[str, Part]] = ()
        self._collected = Collected(Measurements(), books=False)
        self._ready: set[str] = set()
        self._all_ready, self._over = Event(), Event()
        self._failure: ScenarioError | None = None
        self._journal: list[JournalEntry] = []
        self._lines: list[bytes] = []
        self._silent_since: dict[str, float] = {}
        self._failures: dict[str, str] = {}
        self.concluded = True
        runner = environment.runner
        assert runner is not None
        for kind, listener in ((READY, self._on_ready), (BATCH, self._on_batch), (DONE, self._on_done)):
            runner.register_message(kind, listener)
        runner.register_message(TROUBLE, self._on_trouble)
        runner.register_message(REFUSED, self._on_refused)
        runner.register_message(FAILED, self._on_failed)

    def __repr__(self) -> str:
        return f"<Conductor of {self._scenario.name}, run {self._run}>"

    # -- before -------------------------------------------------------------------------------------------------------

    def enrol(self, workers: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Return how many users of each client each worker has; a run begins here, if it has not begun."""
        if not self._dealt:
            self._dealt = self._deal(workers)
        return self._dealt

    def _deal(self, workers: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        self._run = next(_runs)
        self._target, self._world, self._hands = None, None, ()
        self._collected = Collected(Measurements(), books=self._control is not None)
        self._collected.expect(workers)
        self._ready = set()
        self._all_ready, self._over = Event(), Event()
        self._failure, self._journal, self._lines, self._silent_since = None, [], [], {}
        self._failures = {}
        self.concluded = False
        with self._failing():
            self._target = None if self._control is None else Target(self._control, self._options.speed)
            self._world = world_of(self._scenario, self._control)
            self._hands = deal(self._scenario.clients, self._world.budgets, len(workers))
        hands: Sequence[Mapping[str, Part]] = self._hands or [{} for _ in workers]
        return {
            worker: {name: hand[name].users if name in hand else 0 for name in self._scenario.clients}
            for worker, hand in zip(workers, hands, strict=True)
        }

    def begin(self) -> None:
        """Hand out the plan, and see the run through in a greenlet of its own."""
        if isinstance(self._runner, LocalRunner):
            # Without workers Locust asks only afterwards who is to do what; a master does it the other way round.
            self.enrol([_ALONE])
        with self._failing():
            if self._world is not None:
                self._hand_out(self._world)
        gevent.spawn(self._see_through)

    def _hand_out(self, world: World) -> None:
        speed = 1.0 if self._target is None else self._target.speed
        if self._target is not None:
            self._target.admit(world.tenants)
        for worker, hand in zip(self._collected.workers, self._hands, strict=True):
            roles = {
                name: Role(
                    client=self._scenario.clients[name],
                    tenant=world.tenants[name],
                    part=part,
                    export=world.exports.get(name, ""),
                    site=world.sites[world.tenants[name]],
                )
                for name, part in hand.items()
            }
            asked = {world.tenants[name] for name in hand}
            plan = Plan(
                version=__version__,
                run=self._run,
                scenario=self._scenario.name,
                seed=self._scenario.seed,
                speed=speed,
                own_applications=self._control is not None,
                names=list(self._scenario.clients),
                roles=roles,
                shops={tenant: shop for tenant, shop in world.shops.items() if tenant in asked},
            )
            self._runner.send_message(PLAN, packed(plan), worker)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Keep what goes wrong for the greenlet that ends the run: Locust would log it, and wait for nothing."""
        try:
            yield
        except ScenarioError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not look like a target that failed
            traceback.print_exc()
            self._fail(HarnessError(f"{type(error).__name__}: {error}"))

    @property
    def _runner(self) -> Any:
        runner = self._environment.runner
        assert runner is not None
        return runner

    # -- while it runs ------------------------------------------------------------------------------------------------

    def _see_through(self) -> None:
        """Run to the end, whatever that is, and quit."""
        began = time.monotonic()
        try:
            self._wait_for_workers()
            go = bare_start(machine_now()) if self._target is None else self._target.start(machine_now)
            for worker in self._collected.workers:
                self._runner.send_message(GO, packed(go), worker)
            result = self._live(go, began)
            self._delivery.add(result)
            code = self._delivery.finish()
        except UsageError as error:
            code = _complained(str(error), ExitCode.USAGE)
        except ScenarioError as error:
            code = _complained(f"the harness failed: {error}", ExitCode.HARNESS_FAILED)
        except Exception:  # noqa: BLE001 - a defect of ours must not look like a target that failed
            traceback.print_exc()
            code = _complained("the harness failed: this is a defect, see above", ExitCode.HARNESS_FAILED)
        self._end(code)

    def _wait_for_workers(self) -> None:
        if not self._all_ready.wait(_READY_S):
            raise HarnessError(f"not all workers were ready within {_READY_S:.0f} s")
        if self._failure is not None:
            raise self._failure

    def _end(self, code: ExitCode) -> None:
        self.concluded = True
        self._dealt = {}
        self._environment.process_exit_code = int(code)
        tell_starter("code", code)
        options = self._environment.parsed_options
        if options is None or options.headless:
            self._runner.quit()
            return
        self._runner.stop()
        if options.autoquit >= 0 and self._environment.web_ui is not None:
            gevent.sleep(options.autoquit)
            self._runner.quit()
            web_ui: Any = self._environment.web_ui
            web_ui.stop()

    def interrupted(self) -> None:
        """Note that Locust ends before the run does."""
        if not self.concluded:
            self.concluded = True
            code = _complained("interrupted; nothing was concluded", ExitCode.INTERRUPTED)
            self._environment.process_exit_code = int(code)
            tell_starter("code", code)

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
                self._look(jobs=any(one.selector.metric.name.startswith("job") for one in urgent))
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
        if self._target is not None:
            self._target.settle()
            self._look(jobs=True)
            refuse_defective_journal(self._journal)
            incomplete = incomplete or self._doubt()
        speed = "real time" if go.speed == 1 else f"x{go.speed:g}"
        workers = len(self._collected.workers)
        world = self._world
        assert world is not None
        return result_of(
            scenario,
            self._collected,
            world.settings,
            self._journal,
            self._lines,
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
            self._runner.send_message(STOP, packed(Said(self._run)), worker)
        lost = self._lost()
        while not self._over.wait(_LOOK_S) and lost is None:
            lost = self._lost(_STOP_S)
        return lost

    def _lost(self, patience: float = _PATIENCE_S) -> str | None:
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
            if node is None or silent >= patience:
                return f"the worker {worker} was lost before it was done"
        return None

    def _look(self, *, jobs: bool) -> None:
        """Take over what the target's books have by now."""
        target, world = self._target, self._world
        if target is None or world is None:
            return
        entries, lines = target.seen(self._scenario)
        self._journal += entries
        self._lines += lines
        for entry in entries:
            self._collected.measured.saw(entry)
        if jobs:
            found = list(target.jobs(sorted(set(world.tenants.values()))))
            self._collected.measured.knows_jobs(
                {number: fact for number, fact, _ in found}, {number: added for number, _, added in found}
            )

    def _doubt(self) -> str | None:
        deletes = {name for name, client in self._scenario.clients.items() if isinstance(client, BulkDelete)}
        kept = [entry for entry in self._journal if entry.client not in deletes and entry.operation != "authenticate"]
        return self._collected.doubt(len(kept))

    # -- what workers say ---------------------------------------------------------------------------------------------

    def _on_ready(self, msg: Any, **_: Any) -> None:
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

    def _on_batch(self, msg: Any, **_: Any) -> None:
        batch = self._heard(msg, Batch)
        if batch is not None:
            try:
                self._collected.batch(msg.node_id, batch)
            except HarnessError as error:
                self._fail(error)

    def _on_done(self, msg: Any, **_: Any) -> None:
        done = self._heard(msg, Done)
        if done is not None:
            try:
                self._collected.done(msg.node_id, done)
            except HarnessError as error:
                self._fail(error)
            if self._collected.complete:
                self._over.set()

    def _on_trouble(self, msg: Any, **_: Any) -> None:
        said = self._heard(msg, Said)
        if said is not None:
            self._fail(HarnessError(f"the worker {msg.node_id} was in trouble: {said.text}"))

    def _on_failed(self, msg: Any, **_: Any) -> None:
        failed = self._heard(msg, Failed)
        if failed is not None:
            self._failures[failed.client] = failed.how

    def _on_refused(self, msg: Any, **_: Any) -> None:
        refused = self._heard(msg, Refused)
        if refused is None:
            return
        for worker, hand in zip(self._collected.workers, self._hands, strict=True):
            if worker != msg.node_id and refused.client in hand:
                self._runner.send_message(REFUSED, msg.data, worker)

    def _heard(self, msg: Any, kind: type[Any]) -> Any:
        """Return a message of this run; None when it is of another, or of a worker that came too late."""
        try:
            said = unpacked(msg.data, kind)
        except HarnessError as error:
            self._fail(error)
            return None
        return said if said.run == self._run and msg.node_id in self._collected.workers else None

    def _fail(self, error: ScenarioError) -> None:
        """Keep the first thing that makes the run worthless, and end it."""
        self._failure = self._failure or error
        self._all_ready.set()
        self._over.set()


def _complained(message: str, code: ExitCode) -> ExitCode:
    say(f"kibo-scenarios: {message}", err=True)
    sys.stderr.flush()
    return code
