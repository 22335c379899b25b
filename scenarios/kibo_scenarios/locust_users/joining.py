"""Joins a Locust process to a run: makes the users of a scenario, and hooks master, worker or both into Locust."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import gevent
import gevent.socket
import msgspec
from locust import events
from locust.argument_parser import parse_locustfile_option
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from kibo_scenarios.errors import ScenarioError, UsageError
from kibo_scenarios.locust_users.options import SCENARIO_VARIABLE, add_options, options_of, scenario_named
from kibo_scenarios.locust_users.telling import leash, tell_starter
from kibo_scenarios.locust_users.working import KiboUser, Worker, user_class
from kibo_scenarios.outlet import say
from kibo_scenarios.result import ExitCode
from kibo_scenarios.workloads.load_scenario import LoadScenario

_PLACEHOLDER = "kibo"


def users_of(scenario: str | None = None) -> dict[str, type[KiboUser]]:
    """Return the users of a load scenario, for the names of a locustfile, and prepare Locust to run it.

    A worker needs no scenario: its users come from the master.

    Args:
        scenario: A name or a file; what ``--kibo-scenario`` or ``KIBO_SCENARIO`` says goes before it.
    """
    if (pipe := leash()) is not None:
        _listen(events.init, lambda **_: gevent.spawn(_end_with_starter, pipe))
    _listen(events.init_command_line_parser, lambda parser, **_: add_options(parser))
    # Locust reads command line, environment and configuration files; its annotation is mistaken.
    told: Any = parse_locustfile_option()
    if told.worker:
        _listen(events.init, _join_as_worker)
        return {_PLACEHOLDER: user_class(_PLACEHOLDER)}
    try:
        found = _load_scenario(scenario_named(sys.argv[1:], os.environ) or scenario)
    except UsageError as error:
        _refuse(error)
    _listen(events.init, lambda environment, **_: _join(environment, found))
    return {name: user_class(name) for name in found.clients}


def _load_scenario(name: str | None) -> LoadScenario:
    if name is None:
        raise UsageError(
            f"--kibo-scenario: is missing; expected the name of a load scenario or a file, or {SCENARIO_VARIABLE}"
        )
    # A worker has no use for all that reads scenarios, and starts sooner without.
    from kibo_scenarios.workloads.load_file import find_any  # noqa: PLC0415

    found = find_any(name)
    if not isinstance(found, LoadScenario):
        raise UsageError(f"{name}: grades one client; Locust runs load scenarios, which have $.clients")
    return found


def _join_as_worker(environment: Environment, **_: Any) -> None:
    Worker(environment)


def _join(environment: Environment, scenario: LoadScenario) -> None:
    runner = environment.runner
    # A worker that was forked by --processes has read the scenario with its master.
    if isinstance(runner, WorkerRunner | LocalRunner):
        Worker(environment)
    if not isinstance(runner, MasterRunner | LocalRunner):
        return
    from kibo_scenarios.locust_users.conducting import Conductor  # noqa: PLC0415 - as above
    from kibo_scenarios.locust_users.dispatching import dispatcher_of  # noqa: PLC0415

    options = environment.parsed_options
    assert options is not None
    try:
        told = options_of(options)
        if told.seed is not None:
            scenario = msgspec.structs.replace(scenario, seed=told.seed)
        conductor = Conductor(environment, scenario, told)
    except UsageError as error:
        _refuse(error)
    except ScenarioError as error:
        _refuse(error, ExitCode.HARNESS_FAILED)
    # The plan says how many users there are and where: what Locust would do about it is of no use.
    options.num_users = sum(client.workers for client in scenario.clients.values())
    options.spawn_rate = 100.0
    options.enable_rebalancing = False
    environment.dispatcher_class = dispatcher_of(conductor.enrol)
    _listen(environment.events.test_start, lambda **_: conductor.begin())
    _listen(environment.events.quitting, lambda **_: conductor.interrupted())
    if isinstance(runner, MasterRunner):
        tell_starter("port", runner.server.port)


def _end_with_starter(pipe: int) -> None:
    """End this process as soon as whoever started it is gone: nobody would stop it."""
    gevent.socket.wait_read(pipe)
    os.kill(os.getpid(), signal.SIGTERM)


def _listen(hook: Any, listener: Callable[..., object]) -> None:
    hook.add_listener(listener)


def _refuse(error: ScenarioError, code: ExitCode = ExitCode.USAGE) -> NoReturn:
    say(f"kibo-scenarios: {error}", err=True)
    tell_starter("code", code)
    sys.exit(code)
