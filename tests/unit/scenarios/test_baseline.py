"""Baselines: which failures are known, which are new, which are gone."""

from pathlib import Path

import pytest

from kibo_scenarios.baseline import Baseline, Known, read_baseline, write_baseline
from kibo_scenarios.errors import ScenarioFileError
from kibo_scenarios.result import Conclusion, ExitCode, RunResult, exit_code
from kibo_scenarios.rules import Verdict
from kibo_scenarios.testing import Story, result_of


def run(*, spacing: float = 6, client: str = "mine") -> RunResult:
    """Return a run of two deletions; a spacing below 5 breaks BA-5 (S), going live at once breaks WF-1 (M)."""
    story = Story()
    story.delete(["a"], jobs=[1])
    story.delete(["b"], jobs=[2], at=spacing)
    story.list_jobs({1: "SUCCESS", 2: "SUCCESS"}, at=60)
    return result_of(story.evidence(), client=client)


def test_a_known_failure_does_not_fail_the_run() -> None:
    """WF-1 fails; with a baseline that knows it, the run passes, and says what it let pass."""
    result = run()
    assessment = Baseline((Known("WF-1"),)).assess(result, strict=False)

    assert Conclusion.FAILED == result.conclusion()
    assert (Conclusion.PASSED, (), ("WF-1",)) == (
        assessment.conclusion,
        assessment.failures,
        tuple(failure.id for failure in assessment.known_failures),
    )
    assert Verdict.FAIL == assessment.safety


def test_a_new_failure_fails_beside_a_known_one() -> None:
    """With --strict the S rule BA-5 is new, and exit code 1 is due to it alone."""
    assessment = Baseline((Known("WF-1"),)).assess(run(spacing=2), strict=True)

    assert ("BA-5",) == tuple(failure.id for failure in assessment.failures)
    assert ExitCode.FAILED == exit_code([assessment.conclusion])


@pytest.mark.parametrize(
    ("entry", "known"),
    [
        (Known("WF-1", scenario="told-by-hand"), True),
        (Known("WF-1", scenario="another"), False),
        (Known("WF-1", client="mine"), True),
        (Known("WF-1", client="another"), False),
        (Known("WF-1", "told-by-hand", "mine"), True),
    ],
)
def test_an_entry_may_be_for_one_scenario_or_client(entry: Known, known: bool) -> None:  # noqa: FBT001 - a table
    """An entry holds for the runs that it names."""
    assert known == (Baseline((entry,)).assess(run(), strict=False).conclusion is Conclusion.PASSED)


def test_what_passes_is_stale_and_what_was_not_judged_is_not() -> None:
    """BA-4 passed, RT-1 had no opportunity, WF-1 failed, and nobody ran the other scenario."""
    entries = (Known("BA-4"), Known("RT-1"), Known("WF-1"), Known("BA-4", scenario="another"), Known("client"))

    assert (Known("BA-4"), Known("client")) == Baseline(entries).stale([run()], strict=False)


def test_an_entry_for_all_is_needed_as_long_as_one_run_fails() -> None:
    """BA-5 passes in one run and fails in another: the entry for both is not stale."""
    runs = [run(), run(spacing=2, client="other")]

    assert () == Baseline((Known("BA-5"),)).stale(runs, strict=True)
    assert (Known("BA-5"),) == Baseline((Known("BA-5"),)).stale(runs[:1], strict=True)


def test_a_renewed_baseline_keeps_what_it_must(tmp_path: Path) -> None:
    """Written and read again: these runs pass, the reasons and the entries of others stay, stale ones are gone."""
    old = Baseline((Known("WF-1", why="see the tracker"), Known("BA-4"), Known("JB-4", client="another")))
    file = tmp_path / "baseline.yaml"
    write_baseline(old.renewed([run(spacing=2)], strict=True), file)
    renewed = read_baseline(file)

    assert (
        Known("JB-4", client="another"),
        Known("BA-5", "told-by-hand", "mine"),
        Known("WF-1", why="see the tracker"),
    ) == tuple(sorted(renewed.entries, key=lambda entry: entry.client or "~"))[:3]
    assert Conclusion.PASSED == renewed.assess(run(spacing=2), strict=True).conclusion
    assert () == renewed.stale([run(spacing=2)], strict=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("known: [{failure: TH-99}]", ":1:19: $.known[0].failure: unknown failure 'TH-99'; expected a rule id"),
        ("known: [{failure: luck == 0}]", ":1:19: $.known[0].failure: unknown failure 'luck == 0'"),
        ("known: [{rule: TH-1}]", ":1:16: $.known[0].rule: this field is not known here"),
        ("known: 5", ":1:8: $.known: expected array, got int"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, message: str) -> None:
    """File, line, column, path, and what is accepted."""
    file = tmp_path / "baseline.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioFileError) as caught:
        read_baseline(file)

    assert f"{file}{message}" == str(caught.value)[: len(str(file)) + len(message)]
