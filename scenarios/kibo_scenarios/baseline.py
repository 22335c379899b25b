"""Baselines: failures that are known and do not fail a run, so that only new ones do; one that is gone is stale.

A failure is known by its id: the rule's, an expectation as the scenario writes it, or ``client`` for a client that does
not come to its end. An entry may name a scenario or a client; without them it holds for all.
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from ruamel.yaml import YAML

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.errors import ScenarioFileError, UsageError
from kibo_scenarios.figures import FIGURES
from kibo_scenarios.result import CLIENT_FAILURE, RunResult
from kibo_scenarios.rules import RULES_BY_ID, Verdict
from kibo_scenarios.whole_files import replace_file
from kibo_simulator.files.yaml_places import read_yaml

_EXPECTATION: Final = re.compile(r"(\w+) (?:==|!=|<=|>=|<|>) [0-9.e+]+", re.ASCII)
_HEAD: Final = """\
# Failures that are known. A run fails only for others; one that is gone is reported as stale.
"""


class Known(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One failure that is known; `why` is for people."""

    failure: str
    scenario: str | None = None
    client: str | None = None
    why: Annotated[str, Meta(max_length=1000)] = ""

    def __str__(self) -> str:
        scope = [f"{name} {value}" for name, value in (("scenario", self.scenario), ("client", self.client)) if value]
        return f"{self.failure} ({', '.join(scope)})" if scope else self.failure

    def covers(self, result: RunResult) -> bool:
        """Whether it speaks of this run."""
        return self.scenario in {None, result.scenario.name} and self.client in {None, result.client}


class BaselineDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """A baseline as its file spells it."""

    known: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The known failures of one file."""

    entries: tuple[Known, ...] = ()

    def assess(self, result: RunResult, *, strict: bool) -> Assessment:
        """Return a run as this baseline sees it."""
        known = frozenset(entry.failure for entry in self.entries if entry.covers(result))
        return Assessment(result=result, strict=strict, known=known)

    def stale(self, results: Sequence[RunResult], *, strict: bool) -> tuple[Known, ...]:
        """Return the entries that passed where they were judged, and failed in none of these runs."""
        found = []
        for entry in self.entries:
            runs = [result for result in results if entry.covers(result)]
            failing = any(entry.failure in {one.id for one in run.failures(strict=strict)} for run in runs)
            if not failing and any(entry.failure in _passed(run) for run in runs):
                found.append(entry)
        return tuple(found)

    def renewed(self, results: Sequence[RunResult], *, strict: bool) -> "Baseline":
        """Return a baseline in which these runs pass; entries that speak of other runs only are kept."""
        kept = [entry for entry in self.entries if not any(entry.covers(result) for result in results)]
        needed: list[Known] = []
        for result in results:
            for failure in result.failures(strict=strict):
                old = [e for e in self.entries if e.failure == failure.id and e.covers(result)]
                needed += old or [Known(failure.id, result.scenario.name, result.client)]
        return Baseline(tuple(dict.fromkeys([*kept, *needed])))


def read_baseline(file: Path) -> Baseline:
    """Read and check a baseline.

    Raises:
        ScenarioFileError: With the line, the column, the path and what is accepted.
    """
    document = read_yaml(file, what="baseline", failure=ScenarioFileError)
    try:
        written = msgspec.convert(document.value, BaselineDocument)
    except msgspec.ValidationError as error:
        raise document.rejection(str(error)) from None
    for index, entry in enumerate(written.known):
        if not _is_failure(entry.failure):
            raise document.error(
                f"$.known[{index}].failure",
                f"unknown failure {entry.failure!r}; expected a rule id such as TH-1, an expectation such as "
                f"'throttled == 0', or {CLIENT_FAILURE!r}",
            )
    return Baseline(written.known)


def write_baseline(baseline: Baseline, file: Path) -> None:
    """Write a baseline, replacing the file as a whole.

    Raises:
        UsageError: The file cannot be written.
    """
    text = io.StringIO(_HEAD)
    text.seek(0, io.SEEK_END)
    yaml = YAML()
    yaml.width = 200
    yaml.dump({"known": [msgspec.to_builtins(entry) for entry in baseline.entries]}, text)
    try:
        replace_file(file, text.getvalue().encode())
    except OSError as error:
        raise UsageError(f"--write-baseline {file}: {error.strerror or error}") from None


def _passed(result: RunResult) -> frozenset[str]:
    """Return the ids of what was judged and is in order; what stayed inconclusive is not."""
    rules: Iterable[str] = (grade.rule.id for grade in result.grades if grade.verdict is Verdict.PASS)
    expectations = (str(one.expectation) for one in result.checked if one.met)
    ended = () if result.client_failure else (CLIENT_FAILURE,)
    return frozenset([*rules, *expectations, *ended])


def _is_failure(text: str) -> bool:
    match = _EXPECTATION.fullmatch(text)
    return text in RULES_BY_ID or text == CLIENT_FAILURE or (match is not None and match[1] in FIGURES)
