"""Delivers what was asked for of load scenarios: prints each run as it ends, and writes the reports."""

from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from kibo_scenarios.errors import UsageError
from kibo_scenarios.outlet import console, say
from kibo_scenarios.report_options import Wishes
from kibo_scenarios.reports.files import JUNIT, PAGE, write_file
from kibo_scenarios.reports.load_documents import load_json, load_junit
from kibo_scenarios.reports.load_terminal import print_load_report
from kibo_scenarios.result import ExitCode, exit_code
from kibo_scenarios.workloads import LoadResult

_REPORT = "report.json"
_JOURNAL = "journal.ndjson"


@dataclass(slots=True)
class LoadDelivery:
    """The reports of one command over load scenarios.

    Raises:
        UsageError: Something is asked for that load scenarios do not have.
    """

    wishes: Wishes
    terminal: Console = field(default_factory=console)
    results: list[LoadResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        wishes = self.wishes
        for flag, told in (
            ("--sarif", wishes.sarif),
            ("--append", wishes.board),
            ("--badge", wishes.badge),
            ("--baseline", wishes.baseline),
            ("--write-baseline", wishes.write_baseline),
        ):
            if told is not None:
                raise UsageError(f"{flag}: is for graded scenarios; a load scenario has thresholds")
        for flag, file in (("--junit", wishes.junit), ("--html", wishes.html)):
            if file is not None and not file.absolute().parent.is_dir():
                raise UsageError(f"{flag} {file}: there is no folder {file.parent}")

    def add(self, result: LoadResult) -> None:
        """Print a run that has ended, and write what belongs to it alone."""
        self.results.append(result)
        if self.wishes.as_json:
            say(load_json(result), nl=False)
        else:
            print_load_report(self.terminal, result)
        if self.wishes.folder is not None:
            folder = self.wishes.folder / result.scenario.name
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"--report {self.wishes.folder}: {error.strerror or error}") from None
            write_file("--report", folder / _REPORT, load_json(result).encode())
            write_file("--report", folder / _JOURNAL, b"".join(result.journal))

    def finish(self) -> ExitCode:
        """Write what all runs share, and return the exit code."""
        from kibo_scenarios.reports.load_page import render_load_page  # noqa: PLC0415 - slow to load, often not wanted

        wishes, folder = self.wishes, self.wishes.folder
        if folder is not None:
            self._write("--report", folder / JUNIT, load_junit(self.results))
            self._write("--report", folder / PAGE, render_load_page(self.results))
        if wishes.junit is not None:
            self._write("--junit", wishes.junit, load_junit(self.results))
        if wishes.html is not None:
            self._write("--html", wishes.html, render_load_page(self.results))
        return exit_code(result.conclusion for result in self.results)

    def _write(self, flag: str, file: Path, content: bytes) -> None:
        write_file(flag, file, content)
        say(f"{flag.removeprefix('--'):14} {file}", err=self.wishes.as_json)
