"""Writes the audit report of a run: JSON for programs, CSV for spreadsheets, one HTML page for people (C12)."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from kibo_client.errors import ReportError
from kibo_client.report import BulkDeleteReport, iso
from kibo_client.summary import summary_rows

if TYPE_CHECKING:
    from kibo_client.audit import AuditRow
    from kibo_client.update_report import UpdateReport

    Report: TypeAlias = BulkDeleteReport | UpdateReport

COLUMNS = ("LocationCode", "PartNumber", "UPC", "SKU", "Quantity", "Outcome", "JobID", "At", "Reason")
FORMATS = ("json", "csv", "html")
# A page with more rows than this is read by nobody, and opened by no browser with pleasure.
MOST_ROWS_ON_PAGE = 2_000
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Where:
    """The tenant that a run was on, and its host."""

    tenant: int
    api_host: str


def write_audit(
    rows: Iterable[AuditRow], report: Report, directory: Path, *, where: Where, formats: Iterable[str] = FORMATS
) -> Iterator[Path]:
    """Write report.json, report.csv and report.html, and yield each path once it is whole.

    Args:
        rows: What became of each record.
        report: The account of the run.
        directory: Where the files go; it is made if need be.
        where: The tenant that the run was on.
        formats: Which of the three.

    Raises:
        ReportError: A file cannot be written.
    """
    kept = list(rows)
    texts = {"json": _json, "csv": None, "html": _html}
    for name in formats:
        path = directory / f"report.{name}"
        unfinished = path.with_name(f".{path.name}.new")
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                if (text := texts[name]) is None:
                    _csv(kept, file)
                else:
                    file.write(text(kept, report, where))
            unfinished.replace(path)
        except OSError as error:
            raise ReportError(path, f"cannot be written: {error.strerror}") from error
        yield path


def check_directory(directory: Path) -> None:
    """Make the directory of a report to come, and see that it can be written to: later a run would have been for it.

    Raises:
        ReportError: It cannot.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(directory, f"cannot be made: {error.strerror}") from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise ReportError(directory, "cannot be written to; give a directory that can")


def _csv(rows: Iterable[AuditRow], file: Any) -> None:
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        # A reason may repeat what a server said, and a spreadsheet must not run that; identifiers have to stay as
        # they are, so that the file can serve as a list again.
        reason = f"'{row.reason}" if row.reason.startswith(_FORMULA) else row.reason
        writer.writerow(
            (
                row.location_code,
                row.part_number or "",
                row.upc or "",
                row.sku or "",
                "" if row.quantity is None else row.quantity,
                row.outcome,
                "" if row.job_id is None else row.job_id,
                "" if row.at is None else iso(row.at),
                reason,
            )
        )


def _json(rows: list[AuditRow], report: Report, where: Where) -> str:
    told = {"tenant": where.tenant, "apiHost": where.api_host, **report.to_json_dict()}
    return json.dumps({**told, "records": [_row(row) for row in rows]}, ensure_ascii=False) + "\n"


def _row(row: AuditRow) -> dict[str, Any]:
    told = {
        "locationCode": row.location_code,
        "partNumber": row.part_number,
        "upc": row.upc,
        "sku": row.sku,
        "quantity": row.quantity,
        "outcome": row.outcome,
        "jobID": row.job_id,
        "at": None if row.at is None else iso(row.at),
        "reason": row.reason or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _html(rows: list[AuditRow], report: Report, where: Where) -> str:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - slow to import, rarely wanted

    from kibo_client.audit_page import PAGE  # noqa: PLC0415

    # What went wrong comes first: that is what the page is read for.
    ordered = sorted(rows, key=lambda row: not row.reason)
    what = "deletion" if isinstance(report, BulkDeleteReport) else report.kind
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(PAGE)
    return template.render(
        title=f"Inventory {what}: {report.outcome}",
        where=where,
        ok=report.ok,
        facts=summary_rows(report),
        outcomes=Counter(row.outcome for row in rows).most_common(),
        reasons=Counter(row.reason for row in rows if row.reason).most_common(50),
        failed=report.failed_jobs,
        throttled=report.throttled,
        rows=ordered[:MOST_ROWS_ON_PAGE],
        total=len(rows),
        iso=iso,
        with_quantity=any(row.quantity is not None for row in rows),
        started=iso(report.started_at),
        finished=iso(report.finished_at),
    )
