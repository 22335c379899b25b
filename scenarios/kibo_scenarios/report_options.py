"""The options of every command that judges a client: what to judge by, what is known, and which reports to write."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person asked for; `delivery.Delivery` fulfils it."""

    profile: str = "guide"
    strict: bool = False
    as_json: bool = False
    folder: Path | None = None
    junit: Path | None = None
    sarif: Path | None = None
    html: Path | None = None
    board: Path | None = None
    badge: Path | None = None
    baseline: Path | None = None
    write_baseline: Path | None = None

    @property
    def keeps_runs_apart_by_name(self) -> bool:
        """Whether two runs of one name would take each other's place in a report."""
        return any((self.folder, self.html, self.board))


_OPTIONS: Final = (
    click.option(
        "--profile",
        default="guide",
        metavar="guide|strict|FILE",
        help="Levels and thresholds of the rules: the guide's own (default), the strict ones, or a YAML file.",
    ),
    click.option("--strict", is_flag=True, help="A failed rule of level S fails the run too."),
    click.option("--json", "as_json", is_flag=True, help="Print the JSON report instead: one document per run."),
    click.option(
        "--report", "folder", type=click.Path(path_type=Path), help="Write all reports and the journal to this folder."
    ),
    click.option("--junit", type=_FILE, help="Write JUnit XML to this file."),
    click.option("--sarif", type=_FILE, help="Write SARIF 2.1.0 to this file."),
    click.option("--html", type=_FILE, help="Write one self-contained page to this file."),
    click.option(
        "--append",
        "board",
        type=_FILE,
        metavar="BOARD",
        help="Add the runs to a page of several clients (.html, or .json for the data alone).",
    ),
    click.option("--badge", type=_FILE, help="Write a badge as SVG to this file."),
    click.option("--baseline", type=_FILE, help="Known failures: only others fail the run, stale ones are named."),
    click.option("--write-baseline", type=_FILE, help="Make this file a baseline in which these runs pass."),
)


def report_options(command: _Command) -> _Command:
    """Give a click command these options; it gets them as one argument, `wishes`."""
    names = Wishes.__dataclass_fields__.keys()

    @functools.wraps(command)
    def wrapped(**arguments: Any) -> Any:
        wishes = Wishes(**{name: arguments.pop(name) for name in names})
        return command(wishes=wishes, **arguments)

    decorated: Any = wrapped
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    typed: _Command = decorated
    return typed
