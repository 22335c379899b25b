"""Delivers what was asked for: prints each run as it ends, writes the reports, and says how it all came out.

Everything that can be wrong with the wishes is found when a `Delivery` is made, before anything runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.baseline import Baseline, read_baseline, write_baseline
from kibo_scenarios.errors import UsageError
from kibo_scenarios.outlet import console, say
from kibo_scenarios.profile import Profile
from kibo_scenarios.profiles import find_profile
from kibo_scenarios.report_options import Wishes
from kibo_scenarios.reports import print_report, to_json, write_report
from kibo_scenarios.reports.board import Board, board_run, encode_board, read_board
from kibo_scenarios.reports.files import BADGE, JUNIT, PAGE, SARIF, journals_of, write_file
from kibo_scenarios.reports.terminal import print_overview
from kibo_scenarios.result import ExitCode, RunResult, exit_code
from kibo_scenarios.rules import RULES, Rule, with_levels
from kibo_scenarios.whole_files import alone_at
from kibo_simulator.version import __version__


@dataclass(slots=True)
class Delivery:
    """The reports of one command.

    Attributes:
        wishes: What was asked for.
        profile: The levels and thresholds to judge by.
        baseline: The failures that are known.
    """

    wishes: Wishes
    profile: Profile
    baseline: Baseline
    terminal: Console = field(default_factory=console)
    results: list[RunResult] = field(default_factory=list)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules to judge by, with the profile's levels."""
        return with_levels(RULES, self.profile.levels)

    def add(self, result: RunResult) -> None:
        """Print a run that has ended, and write what belongs to it alone."""
        self.results.append(result)
        assessment = self.baseline.assess(result, strict=self.wishes.strict)
        report = None if self.wishes.folder is None else write_report(assessment, self.wishes.folder)
        if self.wishes.as_json:
            say(to_json(assessment), nl=False)
        else:
            print_report(self.terminal, assessment, report=report)

    def finish(self) -> ExitCode:
        """Write what all runs share, and return the exit code."""
        strict, as_json = self.wishes.strict, self.wishes.as_json
        baseline = self.baseline
        for entry in baseline.stale(self.results, strict=strict):
            say(f"stale in the baseline, for it passes now: {entry}", err=as_json)
        if self.wishes.write_baseline is not None:
            baseline = baseline.renewed(self.results, strict=strict)
            write_baseline(baseline, self.wishes.write_baseline)
            say(f"baseline       {self.wishes.write_baseline}: {len(baseline.entries)} known", err=as_json)
        assessments = [baseline.assess(result, strict=strict) for result in self.results]
        if len(assessments) > 1 and not as_json:
            print_overview(self.terminal, assessments)
        for name, file in self._write(assessments):
            say(f"{name:14} {file}", err=as_json)
        return exit_code(assessment.conclusion for assessment in assessments)

    def _write(self, assessments: Sequence[Assessment]) -> Iterator[tuple[str, Path]]:
        """Write the files that were asked for, and tell which."""
        # Each format loads its own library, and only when it is wanted.
        from kibo_scenarios.reports.badge import to_badge  # noqa: PLC0415
        from kibo_scenarios.reports.junit_xml import to_junit  # noqa: PLC0415
        from kibo_scenarios.reports.sarif import to_sarif  # noqa: PLC0415

        wishes, folder = self.wishes, self.wishes.folder
        if folder is not None:
            sarif = to_sarif(assessments, version=__version__, journals=journals_of(assessments))
            write_file("--report", folder / JUNIT, to_junit(assessments))
            write_file("--report", folder / SARIF, sarif)
            write_file("--report", folder / BADGE, to_badge(assessments))
            write_file("--report", folder / PAGE, self._page(Board(), assessments, folder / PAGE))
            yield "page", folder / PAGE
        if wishes.junit is not None:
            write_file("--junit", wishes.junit, to_junit(assessments))
            yield "JUnit", wishes.junit
        if wishes.sarif is not None:
            write_file("--sarif", wishes.sarif, to_sarif(assessments, version=__version__))
            yield "SARIF", wishes.sarif
        if wishes.badge is not None:
            write_file("--badge", wishes.badge, to_badge(assessments))
            yield "badge", wishes.badge
        if wishes.html is not None:
            write_file("--html", wishes.html, self._page(Board(), assessments, wishes.html))
            yield "page", wishes.html
        if wishes.board is not None:
            # Read again, with nobody else at it: other runs may have been added since this one began.
            with alone_at(wishes.board):
                board = read_board(wishes.board, "--append")
                write_file("--append", wishes.board, self._page(board, assessments, wishes.board))
            yield "board", wishes.board

    def _page(self, board: Board, assessments: Sequence[Assessment], file: Path) -> bytes:
        from kibo_scenarios.reports.page import render_page  # noqa: PLC0415 - the template engine is slow to load

        board = board.with_runs(map(board_run, assessments))
        return encode_board(board) + b"\n" if file.suffix == ".json" else render_page(board)


def deliver(wishes: Wishes) -> Delivery:
    """Check the wishes and return what fulfils them.

    Raises:
        UsageError: A file that is asked for cannot be used; says which, and why.
    """
    profile = find_profile(wishes.profile)
    baseline = Baseline() if wishes.baseline is None else read_baseline(wishes.baseline)
    if wishes.baseline is None and wishes.write_baseline is not None and wishes.write_baseline.exists():
        # What it says of other clients and scenarios is kept.
        baseline = read_baseline(wishes.write_baseline)
    if wishes.board is not None:
        if wishes.board.suffix not in {".html", ".json"}:
            raise UsageError(f"--append {wishes.board}: expected a file that ends in .html or .json")
        _refuse_unshowable(wishes.board)
    files = {
        "--junit": wishes.junit,
        "--sarif": wishes.sarif,
        "--html": wishes.html,
        "--append": wishes.board,
        "--badge": wishes.badge,
        "--write-baseline": wishes.write_baseline,
    }
    for flag, file in files.items():
        _refuse_unwritable(flag, file)
    if wishes.folder is not None:
        _make_folder(wishes.folder)
    return Delivery(wishes, profile, baseline)


def _refuse_unshowable(file: Path) -> None:
    """Try the board that is there before anything runs: a run must not be lost to it in the end."""
    from kibo_scenarios.reports.page import render_page  # noqa: PLC0415

    board = read_board(file, "--append")
    try:
        if board.runs:
            render_page(board)
    except Exception:  # noqa: BLE001 - whatever somebody wrote into the file, it is not our defect
        raise UsageError(f"--append {file}: what it says of its runs cannot be shown; start a new board") from None


def _refuse_unwritable(flag: str, file: Path | None) -> None:
    if file is not None and not file.absolute().parent.is_dir():
        raise UsageError(f"{flag} {file}: there is no folder {file.parent}")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"--report {folder}: Not a directory") from None
    except OSError as error:
        raise UsageError(f"--report {folder}: {error.strerror or error}") from None
