"""What a run tells while it goes on: typed values, in order; the engine knows nobody who listens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from kibo_scenarios.figures import Checked
from kibo_scenarios.grading import Grade
from kibo_scenarios.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A scenario is about to be run."""

    scenario: Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldReady:
    """The tenant is seeded and the targets are chosen."""

    records: int
    locations: int
    targets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEnded:
    """The client has ended after so many simulated microseconds; `failure` says how, if it did not end well."""

    span: int
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGraded:
    """A rule has been judged."""

    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationChecked:
    """An expectation of the scenario has been compared with its figure."""

    checked: Checked


Event: TypeAlias = RunStarted | WorldReady | ClientEnded | RuleGraded | ExpectationChecked
Listener: TypeAlias = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Listen to nothing."""
    del event
