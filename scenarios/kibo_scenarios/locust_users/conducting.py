"""The master's side: prepares the target, begins a run when Locust does, and ends Locust with the run's result."""

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Final

import gevent
from locust.env import Environment
from locust.runners import LocalRunner

from kibo_scenarios.errors import HarnessError, ScenarioError, UsageError
from kibo_scenarios.load_delivery import LoadDelivery
from kibo_scenarios.locust_users.control_plane import ControlPlane, checked_url, token_of_environment
from kibo_scenarios.locust_users.messages import BATCH, DONE, FAILED, READY, REFUSED, TROUBLE
from kibo_scenarios.locust_users.options import RunOptions
from kibo_scenarios.locust_users.running import Run
from kibo_scenarios.locust_users.splitting import Part
from kibo_scenarios.locust_users.target import Target, refuse_what_is_out_of_reach
from kibo_scenarios.locust_users.telling import tell_starter
from kibo_scenarios.locust_users.worlds import world_of
from kibo_scenarios.outlet import say
from kibo_scenarios.result import ExitCode
from kibo_scenarios.workloads.load_run import LoadResult
from kibo_scenarios.workloads.load_scenario import LoadScenario

#: What Locust calls itself where it has no workers.
_ALONE: Final = "local"
_HEARERS: Final = {
    READY: Run.on_ready,
    BATCH: Run.on_batch,
    DONE: Run.on_done,
    TROUBLE: Run.on_trouble,
    FAILED: Run.on_failed,
    REFUSED: Run.on_refused,
}
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
        self._run: Run | None = None
        self._dealt: Mapping[str, Mapping[str, int]] = {}
        self._refusal: ScenarioError | None = None
        self._under_way = False
        for kind in _HEARERS:
            self._runner.register_message(kind, partial(self._hear, kind))

    def __repr__(self) -> str:
        return f"<Conductor of {self._scenario.name}, {self._run!r}>"

    def enrol(self, workers: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Return how many users of each client each worker has; a run begins here, if it has not begun."""
        if not self._dealt:
            self._under_way = True
            self._run = None
            # Raised here, Locust would log it and wait for nothing.
            self._refusal = _failure_of(partial(self._prepare, workers))
            nothing: Mapping[str, Mapping[str, Part]] = {worker: {} for worker in workers}
            hands = nothing if self._refusal is not None else self._hands()
            self._dealt = {
                worker: {name: hand[name].users if name in hand else 0 for name in self._scenario.clients}
                for worker, hand in hands.items()
            }
        return self._dealt

    def begin(self) -> None:
        """See the run through in a greenlet of its own."""
        if isinstance(self._runner, LocalRunner):
            # Without workers Locust asks only afterwards who is to do what; a master does it the other way round.
            self.enrol([_ALONE])
        if self._run is not None:
            # Before Locust itself tells workers to start users.
            self._refusal = _failure_of(self._run.hand_out)
        gevent.spawn(self._see_through)

    def interrupted(self) -> None:
        """Note that Locust ends before the run does."""
        if self._under_way:
            self._concluded(_complained("interrupted; nothing was concluded", ExitCode.INTERRUPTED))

    @property
    def _runner(self) -> Any:
        runner = self._environment.runner
        assert runner is not None
        return runner

    def _hands(self) -> Mapping[str, Mapping[str, Part]]:
        assert self._run is not None, "there is a run or a refusal"
        return self._run.hands

    def _prepare(self, workers: Sequence[str]) -> None:
        target = None if self._control is None else Target(self._control, self._options.speed)
        world = world_of(self._scenario, self._control)
        self._run = Run(self._runner, self._scenario, next(_runs), workers, target, world)

    def _hear(self, kind: str, msg: Any, **_: Any) -> None:
        if self._run is not None:
            _HEARERS[kind](self._run, msg)

    def _see_through(self) -> None:
        """Run to the end, whatever that is, and quit."""
        try:
            self._delivery.add(self._result())
            code = self._delivery.finish()
        except UsageError as error:
            code = _complained(str(error), ExitCode.USAGE)
        except ScenarioError as error:
            code = _complained(f"the harness failed: {error}", ExitCode.HARNESS_FAILED)
        except Exception:  # noqa: BLE001 - a defect of ours must not look like a target that failed
            traceback.print_exc()
            code = _complained("the harness failed: this is a defect, see above", ExitCode.HARNESS_FAILED)
        self._concluded(code)
        self._dealt = {}
        self._leave()

    def _result(self) -> LoadResult:
        if self._refusal is not None:
            raise self._refusal
        assert self._run is not None, "there is a run or a refusal"
        return self._run.see_through()

    def _concluded(self, code: ExitCode) -> None:
        self._under_way = False
        self._environment.process_exit_code = int(code)
        tell_starter("code", code)

    def _leave(self) -> None:
        """End Locust, or leave its page in the browser as it is asked to."""
        options = self._environment.parsed_options
        if options is None or options.headless:
            self._runner.quit()
            return
        self._runner.stop()
        web_ui: Any = self._environment.web_ui
        if options.autoquit >= 0 and web_ui is not None:
            gevent.sleep(options.autoquit)
            self._runner.quit()
            web_ui.stop()


def _failure_of(work: Callable[[], None]) -> ScenarioError | None:
    """Do something, and return what went wrong; None when nothing did."""
    try:
        work()
    except ScenarioError as error:
        return error
    except Exception as error:  # noqa: BLE001 - as in `_see_through`
        traceback.print_exc()
        return HarnessError(f"{type(error).__name__}: {error}")
    return None


def _complained(message: str, code: ExitCode) -> ExitCode:
    say(f"kibo-scenarios: {message}", err=True)
    sys.stderr.flush()
    return code
