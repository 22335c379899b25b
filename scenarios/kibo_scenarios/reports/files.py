"""Writes what a run leaves on disk: the report and the server's journal, in a folder named after the scenario."""

import os
from pathlib import Path

from kibo_scenarios.errors import UsageError
from kibo_scenarios.reports.json_document import to_json
from kibo_scenarios.result import RunResult


def write_report(result: RunResult, folder: Path, *, strict: bool = False) -> Path:
    """Write report and journal below a folder, replacing those of an earlier run, and return the report's path.

    Raises:
        UsageError: The folder cannot be written to.
    """
    place = folder / result.scenario.name
    try:
        place.mkdir(parents=True, exist_ok=True)
        _replace(place / "journal.ndjson", b"".join(line.rstrip(b"\n") + b"\n" for line in result.journal))
        report = place / "report.json"
        _replace(report, to_json(result, strict=strict))
    except OSError as error:
        raise UsageError(f"--report {folder}: {error.strerror or error}") from None
    return report


def _replace(file: Path, content: bytes) -> None:
    # Whoever reads the file meanwhile sees the old report or the new one, never half of one.
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(file)
