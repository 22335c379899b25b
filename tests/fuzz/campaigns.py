"""What is fuzzed: every property of the suite, the world machine, and four storms; each counts in a unit of its own."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from hypothesis import HealthCheck, Phase, settings
from tests.fuzz import storms
from tests.properties.rerun import body_of, rerun, strategies_of
from tests.properties.world.machine import ReplayedWorldMachine, WorldMachine

from kibo_simulator.rate_limits import Pool

PROPERTIES = Path(__file__).parent.parent / "properties"

UNDER = settings(
    stateful_step_count=60,
    phases=[Phase.generate, Phase.shrink],
    database=None,
    deadline=None,
    derandomize=False,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """Something that can be run for a number of examples from a seed; it raises when a property fails.

    ``weight`` is its share of the time; ``run`` returns how many of its ``unit`` it did.
    """

    name: str
    unit: str
    weight: int
    run: Callable[[int, int], int]


@contextmanager
def _counted_requests() -> Iterator[list[int]]:
    """Count what all pools decide meanwhile, into the one number of the list."""
    count = [0]
    admit = Pool.admit

    def counted(self: Pool, now: int) -> int:
        count[0] += 1
        return admit(self, now)

    Pool.admit = counted  # type: ignore[method-assign]
    try:
        yield count
    finally:
        Pool.admit = admit  # type: ignore[method-assign]


def _property(test: Callable[..., None]) -> Callable[[int, int], int]:
    return lambda seed, examples: rerun(test, settings(UNDER, max_examples=examples), seeded=seed)


def _ledger_property(test: Callable[..., None]) -> Callable[[int, int], int]:
    def run(seed: int, examples: int) -> int:
        with _counted_requests() as count:
            rerun(test, settings(UNDER, max_examples=examples), seeded=seed)
        return count[0]

    return run


def _machine(machine: type[WorldMachine]) -> Callable[[int, int], int]:
    def run(seed: int, examples: int) -> int:
        before = WorldMachine.steps
        rerun(machine, settings(UNDER, max_examples=examples), seeded=seed)
        return WorldMachine.steps - before

    return run


def _storm(case: Callable[[str], int]) -> Callable[[int, int], int]:
    def run(seed: int, examples: int) -> int:
        done = 0
        for number in range(examples):
            name = f"{seed}/{number}"
            try:
                done += case(name)
            except Exception as error:
                error.add_note(f"falsifying case: tests.fuzz.storms.{case.__name__}({name!r})")
                raise
        return done

    return run


def _tests_in(module: ModuleType) -> Iterator[Callable[..., None]]:
    """The ``@given`` tests of a module that need nothing else: no fixture, no event loop."""
    for value in vars(module).values():
        if getattr(value, "hypothesis", None) is None or inspect.iscoroutinefunction(body_of(value)):
            continue
        if set(inspect.signature(body_of(value)).parameters) <= set(strategies_of(value)):
            yield value


def campaigns() -> dict[str, Campaign]:
    """Every campaign by its name."""
    found = [
        Campaign("world", "requests to the whole simulator", 8, _machine(WorldMachine)),
        Campaign("world-twice", "requests to the whole simulator", 3, _machine(ReplayedWorldMachine)),
        Campaign("ledger-storm", "ledger steps", 4, _storm(storms.ledger)),
        Campaign("client-storm", "whole-client runs", 24, _storm(storms.client)),
        Campaign("client-limits-storm", "whole-client runs", 18, _storm(storms.client_under_limits)),
        Campaign("client-resume-storm", "whole-client runs", 10, _storm(storms.client_resumed)),
    ]
    for file in sorted(PROPERTIES.rglob("test_*.py")):
        module = import_module(".".join(("tests", *file.relative_to(PROPERTIES.parent).with_suffix("").parts)))
        for test in _tests_in(module):
            name = f"{file.stem.removeprefix('test_')}.{test.__name__.removeprefix('test_')}"
            if file.stem == "test_rate_limits_properties":
                found.append(Campaign(name, "ledger steps", 1, _ledger_property(test)))
            elif file.stem == "test_client_bulk_properties":
                found.append(Campaign(name, "whole-client runs", 1, _property(test)))
            else:
                found.append(Campaign(name, "other examples", 1, _property(test)))
    return {campaign.name: campaign for campaign in found}
