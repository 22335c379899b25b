"""Batch jobs in virtual time: the reference client does each scenario of the library, told by a task like any other."""

from pathlib import Path

import pytest

from kibo_scenarios.drivers import ClientReport, Task
from kibo_scenarios.drivers.task_file import task_document
from kibo_scenarios.errors import ScenarioFileError
from kibo_scenarios.library import find
from kibo_scenarios.rules import Verdict
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario_file import read_scenario

SCENARIOS = ("batch-job-retries", "batch-job-failures", "batch-job-cancelled", "batch-job-overnight")


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_reference_client_does_it(name: str) -> None:
    """BJ-1 and everything that the scenario promises pass, no rule fails, and all expectations are met."""
    result = run_scenario(find(name))
    verdicts = {grade.rule.id: grade.verdict for grade in result.grades}

    assert result.client_failure is None
    assert {Verdict.PASS} == {verdicts[rule] for rule in result.scenario.testable}
    assert Verdict.FAIL not in verdicts.values()
    assert [] == [checked for checked in result.checked if not checked.met]


def test_two_runs_are_the_same() -> None:
    """T-4: the same scenario leaves the same journal, to the byte but for the machine's own clock."""
    first, second = (run_scenario(find("batch-job-failures")) for _ in range(2))

    assert first.evidence.journal == second.evidence.journal
    assert first.client_report == second.client_report


def lines_of(file: str) -> int:
    """How many lines a file has."""
    return len(Path(file).read_text(encoding="utf-8").splitlines())


def test_a_client_is_told_what_to_feed() -> None:
    """The task file of another process has the feed, the code, the date and when to cancel."""
    told: list[object] = []

    async def look(task: Task) -> ClientReport:
        document = task_document(task, Path("report.json"))
        assert document.feed is not None
        assert task.feed is not None
        told.append((document.work, document.items, lines_of(document.feed.file), document.feed.batch_job_code))
        told.append((document.feed.scheduled_date, document.feed.cancel_after_seconds))
        return ClientReport()

    run_scenario(find("batch-job-overnight"), driver=look)
    run_scenario(find("batch-job-cancelled"), driver=look)

    assert [
        ("batch-jobs", (), 150, "batch-job-overnight"),
        ("2026-03-03T02:30:00.000000Z", None),
        ("batch-jobs", (), 200, "batch-job-cancelled"),
        (None, 90.0),
    ] == told


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("{batch: {products: 1}}", "$.work.batch: only means something where work.kind is batch-jobs"),
        ("{kind: batch-jobs, batch: {products: 0}}", "$.work.batch.products"),
        ("{kind: batch-jobs, batch: {scheduled: soon}}", "$.work.batch.scheduled"),
        ("{kind: batch-jobs, batch: {cancel_after: 3}}", "$.work.batch.cancel_after"),
    ],
)
def test_work_that_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, work: str, said: str) -> None:
    """Before the run, with the path in the file."""
    file = tmp_path / "scenario.yaml"
    file.write_text(f"name: x\ntitle: x\nwork: {work}\n", encoding="utf-8")

    with pytest.raises(ScenarioFileError) as refused:
        read_scenario(file)

    assert said in str(refused.value)
