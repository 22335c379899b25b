"""Writes what a run leaves on disk: the report and the server's journal, in a folder named after the scenario."""

from pathlib import Path

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.errors import UsageError
from kibo_scenarios.reports.json_document import to_json
from kibo_scenarios.whole_files import replace_file


def write_report(assessment: Assessment, folder: Path) -> Path:
    """Write report and journal below a folder, replacing those of an earlier run, and return the report's path.

    Raises:
        UsageError: The folder cannot be written to.
    """
    result = assessment.result
    place = folder / result.scenario.name
    report = place / "report.json"
    try:
        place.mkdir(parents=True, exist_ok=True)
        replace_file(place / "journal.ndjson", b"".join(line.rstrip(b"\n") + b"\n" for line in result.journal))
        replace_file(report, to_json(assessment))
    except OSError as error:
        raise UsageError(f"--report {folder}: {error.strerror or error}") from None
    return report
