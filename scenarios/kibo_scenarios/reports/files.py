"""Writes what runs leave on disk: for each its report and journal, and for all of them page, JUnit, SARIF and badge."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.errors import UsageError
from kibo_scenarios.reports.json_document import to_json
from kibo_scenarios.whole_files import replace_file

PAGE: Final = "report.html"
JUNIT: Final = "junit.xml"
SARIF: Final = "report.sarif"
BADGE: Final = "badge.svg"
JOURNAL: Final = "journal.ndjson"


def write_report(assessment: Assessment, folder: Path) -> Path:
    """Write report and journal of one run below a folder, replacing earlier ones, and return the report's path.

    Raises:
        UsageError: The folder cannot be written to.
    """
    result = assessment.result
    place = folder / result.scenario.name
    report = place / "report.json"
    try:
        place.mkdir(parents=True, exist_ok=True)
        replace_file(place / JOURNAL, b"".join(line.rstrip(b"\n") + b"\n" for line in result.journal))
        replace_file(report, to_json(assessment))
    except OSError as error:
        raise UsageError(f"--report {folder}: {error.strerror or error}") from None
    return report


def journals_of(assessments: Sequence[Assessment]) -> dict[int, str]:
    """Return where `write_report` put the journals, relative to its folder."""
    return {index: f"{one.result.scenario.name}/{JOURNAL}" for index, one in enumerate(assessments)}


def write_file(flag: str, file: Path, content: bytes) -> None:
    """Write one file that was asked for.

    Raises:
        UsageError: It cannot be written; says the flag and the reason.
    """
    try:
        replace_file(file, content)
    except OSError as error:
        raise UsageError(f"{flag} {file}: {error.strerror or error}") from None
