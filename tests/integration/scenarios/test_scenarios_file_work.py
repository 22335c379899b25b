"""Scenarios whose work is to send inventory files: what a client is told, what is checked, what is refused (I-2)."""

import asyncio
import csv
import json
from pathlib import Path

import msgspec
import pytest

from kibo_scenarios.drivers import ClientReport, Task, reference_client
from kibo_scenarios.drivers.task_file import TaskDocument, task_document
from kibo_scenarios.errors import HarnessError, ScenarioFileError, UsageError
from kibo_scenarios.library import find
from kibo_scenarios.moments import HOUR, MINUTE
from kibo_scenarios.result import Conclusion
from kibo_scenarios.rules import Verdict
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario import FileFeed, Scenario, Work
from kibo_scenarios.scenario_file import read_scenario


def small(*feeds: FileFeed) -> Scenario:
    """The nightly file in a small world, with feeds of its own."""
    scenario = find("nightly-file")
    simulator = {**scenario.simulator, "sample": {"locations": 2, "products": 30}}
    return msgspec.structs.replace(
        scenario, simulator=simulator, work=Work(kind="files", files=feeds), testable=(), expectations=()
    )


def test_a_client_is_told_what_to_send_where_and_when() -> None:
    """The task file has drop folder and feeds; each feed is CSV or JSON lines of one record a row."""
    told: list[tuple[TaskDocument, list[dict[str, str]], list[dict[str, str]], bool]] = []

    async def look(task: Task) -> ClientReport:
        document = task_document(task, Path("report.json"))
        assert document.files is not None
        first, second = (Path(feed.file) for feed in document.files.feeds)
        with first.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        lines = [json.loads(line) for line in second.read_text(encoding="utf-8").splitlines()]
        assert task.files is not None
        told.append((document, rows, lines, document.files.drop_folder == str(task.files.drop.path)))
        return ClientReport()

    scenario = small(
        FileFeed(kind="refresh"), FileFeed(kind="update", at="90m", locations=("ST-0001",), format="jsonl")
    )
    run_scenario(scenario, driver=look)
    ((document, rows, lines, there),) = told

    assert document.files is not None
    assert ("files", "2026-11-01T05:30:00.000000Z", True) == (document.work, document.clock.started_at, there)
    assert [
        ("refresh", "2026-11-01T05:30:00.000000Z", 0.0),
        ("update", "2026-11-01T07:00:00.000000Z", 5_400.0),
    ] == [(feed.kind, feed.due_at, feed.due_after_seconds) for feed in document.files.feeds]
    assert {"LocationCode", "PartNumber", "UPC", "SKU", "Quantity"} == set(rows[0]) == set(lines[0])
    assert ({"ST-0001", "WH-001"}, {"ST-0001"}) == (
        {row["LocationCode"] for row in rows},
        {line["LocationCode"] for line in lines},
    )
    assert "0" in {row["Quantity"] for row in rows}
    assert {True, False} == {int(line["Quantity"]) < 0 for line in lines}


def test_what_does_not_arrive_is_seen_in_the_stock() -> None:
    """A client that sends nothing breaks no rule, and every record that the feed would have changed is wrong."""

    async def idle(task: Task) -> ClientReport:
        return ClientReport()

    result = run_scenario(small(FileFeed(kind="update")), driver=idle)

    assert {Verdict.INCONCLUSIVE} == {grade.verdict for grade in result.grades if grade.rule.id.startswith("FI-")}
    assert (result.figures.targets, 0, 0) == (
        result.figures.off_target,
        result.figures.strays,
        result.figures.files,
    )


def test_an_update_is_due_on_top_of_what_was_there() -> None:
    """I-2: without a Refresh before it, changes are added to the stock that the tenant has."""
    result = run_scenario(small(FileFeed(kind="update"), FileFeed(kind="update", at="20m")))

    assert (0, 0, 2, Conclusion.PASSED) == (
        result.figures.off_target,
        result.figures.strays,
        result.figures.files_imported,
        result.conclusion(strict=True),
    )
    assert 20 * MINUTE == result.span


def test_records_that_no_feed_names_must_stay_as_they_are() -> None:
    """Whoever adds rows of his own is seen as well, whether the record was there before or not."""

    async def generous(task: Task) -> ClientReport:
        assert task.files is not None
        await reference_client(task)
        await asyncio.sleep(60)
        drop, name = task.files.drop, f"T_{task.tenant}_UPDATE_261031223100.csv"
        drop.write(name, b'"LocationCode","UPC","Quantity"\n"ST-0001","4006381333931","+1"\n')
        drop.write(f"{name}.done", b"")
        return ClientReport()

    result = run_scenario(small(FileFeed(kind="refresh")), driver=generous)

    assert (0, 1, 2) == (result.figures.off_target, result.figures.strays, result.figures.files_imported)


def test_what_is_dropped_last_is_still_picked_up() -> None:
    """The run lasts until one more look, and the jobs of what it found, are over; then schedules have an end."""
    scenario = small(FileFeed(kind="refresh", at="3m"))
    slow = {
        **scenario.simulator,
        "jobs": {"base_s": 5 * 3600, "per_record_s": 0, "jitter": 0},
        "files": {"fetch_cron": "0 * * * *"},
    }
    result = run_scenario(msgspec.structs.replace(scenario, simulator=slow))

    assert (3 * MINUTE, 0) == (result.span, result.figures.off_target)
    assert [10 * HOUR + 30 * MINUTE] == [
        max(job.finished_at or 0 for job in result.evidence.jobs.values()) - scenario.start
    ]


def test_a_log_of_files_that_has_lost_entries_proves_nothing() -> None:
    """A fault of the harness, and no verdict about the client."""
    scenario = small(FileFeed(kind="refresh"))
    forgetful = {**scenario.simulator, "files": {"log_entries": 3}}

    with pytest.raises(HarnessError, match=r"the log of files dropped \d entries; raise simulator.files.log_entries"):
        run_scenario(msgspec.structs.replace(scenario, simulator=forgetful))


def test_a_feed_about_a_location_that_is_not_there_is_refused() -> None:
    """Before the client is started, with its place."""
    with pytest.raises(UsageError, match=r"work\.files\[1\]\.locations: there is no location 'ST-9' with stock"):
        run_scenario(small(FileFeed(kind="refresh"), FileFeed(kind="update", locations=("ST-9",))))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("work: {files: [{kind: refresh}]}", "$.work.files: only means something where work.kind is files"),
        ("work: {kind: files, files: []}", "$.work.files"),
        ("work: {kind: files, files: [{kind: replace}]}", "$.work.files[0].kind"),
        ("work: {kind: files, files: [{kind: refresh, at: soon}]}", "$.work.files[0].at: expected a span"),
        (
            "work: {kind: files, files: [{kind: refresh, at: 2h}, {kind: update, at: 1h}]}",
            "$.work.files[1].at: expected a span of at least that of the feed before it, got 1h",
        ),
        (
            "work: {kind: files}\nsimulator: {files: {drop: /tmp}}",
            "$.simulator.files.drop: leave it out; files are sent to a folder of the run",
        ),
        (
            "work: {kind: files}\nhappenings: [{at: 1m, close: all}]",
            "$.happenings: are counted from a client's first request, and files need none",
        ),
    ],
)
def test_work_that_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """Before the run, with the path in the file."""
    file = tmp_path / "scenario.yaml"
    file.write_text(f"name: x\ntitle: x\n{text}\n", encoding="utf-8")

    with pytest.raises(ScenarioFileError) as refused:
        read_scenario(file)

    assert said in str(refused.value)
