"""How a run came out, and what that means to whoever started it."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, Final

from kibo_scenarios.evidence import Evidence
from kibo_scenarios.figures import Checked, Figures
from kibo_scenarios.grading import Grade, failed
from kibo_scenarios.rules import Verdict
from kibo_scenarios.scenario import Scenario


class ExitCode(IntEnum):
    """The exit codes of the command line; part of its contract."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    NOTHING_CONCLUDED = 3
    HARNESS_FAILED = 4
    INTERRUPTED = 130


class Conclusion(Enum):
    """What a run says of its client, with the exit code that stands for it."""

    PASSED = ExitCode.PASSED
    FAILED = ExitCode.FAILED
    NOTHING_CONCLUDED = ExitCode.NOTHING_CONCLUDED

    def __str__(self) -> str:
        return self.name.replace("_", " ")


#: What the project's own client is called.
REFERENCE_CLIENT: Final = "kibo-client"
#: The id of the failure that the client did not come to an end by itself.
CLIENT_FAILURE: Final = "client"


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason why a run failed.

    Attributes:
        id: The rule's id, the expectation such as ``throttled == 0``, or `CLIENT_FAILURE`; stays the same between runs.
        text: A short phrase for people.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Everything about one run that a report could want.

    Attributes:
        client: What the client is called, in reports and baselines.
        pace: How time passed: ``virtual``, ``real``, or ``x60``.
        started_at: Simulated moment at which the run began.
        span: Simulated microseconds from then until the client had ended.
        wall_s: Seconds on the machine's clock for all of it.
        client_failure: How the client failed to come to an end by itself; None when it did.
        client_report: The client's own report, as it gave it.
        journal: The journal as the server wrote it, line by line.
        output: The last that a client in a process of its own wrote, by name of the stream.
    """

    scenario: Scenario
    pace: str
    evidence: Evidence
    figures: Figures
    grades: tuple[Grade, ...]
    checked: tuple[Checked, ...]
    started_at: int
    span: int
    wall_s: float
    client_failure: str | None
    client_report: Mapping[str, Any]
    journal: tuple[bytes, ...]
    client: str = REFERENCE_CLIENT
    output: Mapping[str, str] = field(default_factory=dict)

    @property
    def missed(self) -> tuple[Grade, ...]:
        """The rules that the scenario promised to make testable and that stayed inconclusive."""
        promised = set(self.scenario.testable)
        return tuple(g for g in self.grades if g.rule.id in promised and g.verdict is Verdict.INCONCLUSIVE)

    def failures(self, *, strict: bool = False) -> tuple[Failure, ...]:
        """Return all reasons why the run failed."""
        reasons = [Failure(CLIENT_FAILURE, f"the client {self.client_failure}")] if self.client_failure else []
        reasons += [Failure(one.rule.id, f"{one.rule.id} failed") for one in failed(self.grades, strict=strict)]
        reasons += [Failure(str(one.expectation), f"expected {one.expectation}") for one in self.checked if not one.met]
        return tuple(reasons)

    def conclusion(self, *, strict: bool = False, known: Container[str] = ()) -> Conclusion:
        """Return what the run says: a failure that is not known outweighs a missed opportunity."""
        if any(failure.id not in known for failure in self.failures(strict=strict)):
            return Conclusion.FAILED
        return Conclusion.NOTHING_CONCLUDED if self.missed else Conclusion.PASSED


def exit_code(conclusions: Iterable[Conclusion]) -> ExitCode:
    """Return the exit code of several runs: one failure fails them all."""
    concluded = set(conclusions)
    for worst in (Conclusion.FAILED, Conclusion.NOTHING_CONCLUDED):
        if worst in concluded:
            return ExitCode(worst.value)
    return ExitCode.PASSED
