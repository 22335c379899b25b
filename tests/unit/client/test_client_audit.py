"""The audit of a run in its three forms: every record once, nothing that was said run as code (C12, ST-1)."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from kibo_client.audit import AuditRow
from kibo_client.audit_files import COLUMNS, Where, write_audit
from kibo_client.budget import Budget
from kibo_client.bulk import BulkDelete
from kibo_client.errors import ReportError
from kibo_client.events import (
    Accepted,
    Answer,
    Answered,
    Confirmed,
    DryRun,
    FoundProduct,
    JobSeen,
    PollJob,
    Request,
    ScopeFound,
    Sent,
    Submit,
)
from kibo_client.options import BulkDeleteOptions
from kibo_client.targets import Target

SECOND = 1_000_000
NASTY = "<script>alert(1)</script>"
WHERE = Where(1001, "https://t1001.example.com")
TARGETS = [Target("A", upc="1"), Target("B", upc="1"), Target("A", upc="2"), Target("A", upc=NASTY)]


def machine() -> BulkDelete:
    """A run in which A's job succeeds, B's fails for good, one record is not there, and one has an evil name."""
    run = BulkDelete(
        TARGETS,
        BulkDeleteOptions(max_resubmissions=0, identifiers=frozenset({"upc"})),
        Budget(requests_per_minute=None, requests_per_hour=None),
    )
    found = (FoundProduct(None, "1", None, ("A", "B")), FoundProduct(None, NASTY, None, ("A",)))
    steps: list[tuple[Request, Answer]] = [
        (DryRun(0), ScopeFound(found, 3)),
        (Submit(0), Accepted((7, 8))),
        (PollJob(7), JobSeen(7, "SUCCESS", "A", ended_ago=SECOND)),
        (PollJob(8), JobSeen(8, "FAILED", "B", (f"=cmd {NASTY}",))),
    ]
    for number, (request, answer) in enumerate(steps):
        if number == 1:
            run.record(Confirmed(10 * SECOND, agreed=True))
        run.record(Sent((number + 1) * 20 * SECOND, request))
        run.record(Answered((number + 1) * 20 * SECOND + 1, answer))
    return run


def rows() -> list[AuditRow]:
    """What became of each record."""
    return list(machine().audit())


def test_each_record_is_there_once_with_its_fate() -> None:
    """Deleted by which job and when, not there, or undone and why."""
    fate = {(row.location_code, row.upc): (row.outcome, row.job_id, row.at) for row in rows()}

    assert fate == {
        ("A", "1"): ("deleted", 7, 59 * SECOND + 1),
        ("B", "1"): ("undone", None, None),
        ("A", "2"): ("not found", None, None),
        ("A", NASTY): ("deleted", 7, 59 * SECOND + 1),
    }


def test_the_files_say_the_same(tmp_path: Path) -> None:
    """CSV for spreadsheets, JSON for programs; the tenant is named."""
    paths = list(write_audit(rows(), machine().report(), tmp_path / "new", where=WHERE))
    with (tmp_path / "new" / "report.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    document = json.loads((tmp_path / "new" / "report.json").read_text(encoding="utf-8"))

    assert [path.name for path in paths] == ["report.json", "report.csv", "report.html"]
    assert table[0] == list(COLUMNS)
    assert sorted(row[5] for row in table[1:]) == ["deleted", "deleted", "not found", "undone"]
    assert (document["tenant"], document["apiHost"]) == (1001, "https://t1001.example.com")
    assert sorted(row["outcome"] for row in document["records"]) == sorted(row[5] for row in table[1:])
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["report.csv", "report.html", "report.json"]


def test_what_was_said_is_not_run(tmp_path: Path) -> None:
    """Nothing of a server or a list is markup on the page, or a formula in a spreadsheet; no script, nothing loaded."""
    said = [AuditRow("A", None, "1", None, None, "undone", reason="=HYPERLINK(1)")]
    list(write_audit([*rows(), *said], machine().report(), tmp_path, where=WHERE))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        reasons = [row["Reason"] for row in csv.DictReader(file)]

    assert NASTY not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "src=" not in page.replace("default-src", "")
    assert reasons[-1] == "'=HYPERLINK(1)"


def test_a_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The file is named."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(ReportError, match=r"taken/report\.json: cannot be written: "):
        list(write_audit(rows(), machine().report(), tmp_path / "taken", where=WHERE))
