"""Delivers what was asked for of a sweep: tells how far it is, prints the table, and writes the reports."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from kibo_scenarios.errors import UsageError
from kibo_scenarios.outlet import console, say
from kibo_scenarios.reports.files import PAGE, write_file
from kibo_scenarios.reports.sweep_documents import sweep_csv, sweep_json
from kibo_scenarios.reports.sweep_drawing import sweep_svg
from kibo_scenarios.reports.sweep_terminal import legend, sweep_table
from kibo_scenarios.reports.sweep_view import Sweep, frontier
from kibo_scenarios.result import ExitCode, exit_code
from kibo_scenarios.sweeps import Outcome

_REPORT: Final = "sweep.json"
_TABLE: Final = "sweep.csv"
_DRAWING: Final = "sweep.svg"


@dataclass(slots=True, kw_only=True)
class SweepDelivery:
    """The reports of one sweep.

    Raises:
        UsageError: A file that is asked for has no folder to be in; found before anything runs.
    """

    as_json: bool
    folder: Path | None
    html: Path | None
    table: Path | None
    svg: Path | None
    terminal: Console = field(default_factory=console)

    def __post_init__(self) -> None:
        for flag, file in (("--html", self.html), ("--csv", self.table), ("--svg", self.svg)):
            if file is not None and not file.absolute().parent.is_dir():
                raise UsageError(f"{flag} {file}: there is no folder {file.parent}")
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"--report {self.folder}: {error.strerror or error}") from None

    def watched(self, outcomes: Iterable[Outcome], many: int) -> Iterator[Outcome]:
        """Return the outcomes as they come, and tell whoever waits at a terminal how many there are."""
        columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
        waiting = Console(stderr=True)
        with Progress(*columns, console=waiting, transient=True, disable=not sys.stderr.isatty()) as progress:
            yield from progress.track(outcomes, total=many, description="runs")

    def finish(self, sweep: Sweep) -> ExitCode:
        """Print the sweep, write what was asked for, and return the exit code."""
        if self.as_json:
            say(sweep_json(sweep), nl=False)
        else:
            self.terminal.print(sweep_table(sweep))
            for line in (*legend(sweep), "", *frontier(sweep)):
                self.terminal.print(Text(line))
        for flag, file, text in self._wanted(sweep):
            write_file(f"--{flag}", file, text.encode())
            say(f"{flag:14} {file}", err=self.as_json)
        return exit_code(one.conclusion for one in sweep.outcomes)

    def _wanted(self, sweep: Sweep) -> Iterator[tuple[str, Path, str]]:
        """Return flag, file and content of everything that is to be written."""
        if self.folder is not None:
            yield "report", self.folder / _REPORT, sweep_json(sweep)
            yield "report", self.folder / _TABLE, sweep_csv(sweep)
            yield "report", self.folder / _DRAWING, sweep_svg(sweep)
            yield "report", self.folder / PAGE, _page(sweep)
        if self.html is not None:
            yield "html", self.html, _page(sweep)
        if self.table is not None:
            yield "csv", self.table, sweep_csv(sweep)
        if self.svg is not None:
            yield "svg", self.svg, sweep_svg(sweep)


def _page(sweep: Sweep) -> str:
    from kibo_scenarios.reports.sweep_page import render_sweep_page  # noqa: PLC0415 - slow to load, often not wanted

    return render_sweep_page(sweep)
