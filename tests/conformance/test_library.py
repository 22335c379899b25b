"""The packaged conformance scenarios: the project's own client passes each, and each makes testable what it says."""

from pathlib import Path

import pytest

from kibo_scenarios.library import find
from kibo_scenarios.result import Conclusion, RunResult
from kibo_scenarios.rules import RULES, Verdict
from kibo_scenarios.runner import run_scenario

from .library_page import NAMES, PAGE, page


def without_machine_time(result: RunResult) -> tuple[object, ...]:
    """Return everything of a run that its seed decides."""
    return result.evidence, result.span, result.client_report


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_reference_client_passes(name: str) -> None:
    """No rule fails, efficiency included; what the scenario promises is testable; the same seed gives the same run."""
    scenario = find(name)
    result, again = run_scenario(scenario), run_scenario(scenario)

    assert [] == [(grade.rule.id, grade.outcome.actual) for grade in result.grades if grade.verdict is Verdict.FAIL]
    assert [] == [grade.rule.id for grade in result.missed]
    assert Conclusion.PASSED == result.conclusion(strict=True)
    assert without_machine_time(result) == without_machine_time(again)


def test_every_rule_has_its_opportunity() -> None:
    """The scenarios together make every rule testable."""
    promised = {rule for name in NAMES for rule in find(name).testable}

    assert {rule.id for rule in RULES} == promised


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_called_like_its_scenario(name: str) -> None:
    """``kibo-scenarios run NAME`` and the name in reports are the same; there is something to read about each."""
    scenario = find(name)

    assert (name, Path(scenario.file).stem) == (scenario.name, scenario.name)
    assert len(scenario.description) > 100


def test_the_page_shows_the_library() -> None:
    """docs/scenarios.md is what ``python -m tests.conformance.library_page`` writes."""
    assert page() == PAGE.read_text(encoding="utf-8")
