"""`python -m benchmarks`: measures, shows tables, and writes JSON or the document where asked."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from benchmarks import document, machine
from benchmarks.outcome import Section, UnavailableError

# Imported when their turn comes, so that a missing peer stops only what needs it.
NAMES = ("serving", "scale", "virtual_time", "decisions", "makespan", "whole_client", "library", "load_day")
PEERS = ("aiolimiter", "pyrate_limiter", "tenacity")
ROOT = Path(__file__).resolve().parents[1]


def measure(name: str, *, quick: bool) -> Section:
    """Run one benchmark.

    Raises:
        UnavailableError: It needs a package or a facility that this machine lacks.
    """
    try:
        module = importlib.import_module(f"benchmarks.{name}")
    except ModuleNotFoundError as error:
        if error.name not in PEERS:
            raise
        raise UnavailableError(f"{name} needs the package {error.name}; install the extra 'bench'") from error
    section: Section = module.run(quick=quick)
    return section


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar=f"[{'|'.join(NAMES)}]...", type=click.Choice(NAMES))
@click.option("--quick", is_flag=True, help="Fewer cells and rounds: coarser figures in less time.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures to a file."
)
@click.option("--docs", is_flag=True, help="Rewrite docs/benchmarks.md and its plots.")
def main(names: Sequence[str], *, quick: bool, json_file: Path | None, docs: bool) -> None:
    """Measure side by side with peers; all benchmarks unless some are named."""
    if docs and quick:
        raise click.UsageError("--docs is for full measurements; leave --quick away")
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise click.UsageError(f"--json {json_file}: there is no such folder")
    console = Console(width=None if sys.stdout.isatty() else 160)
    measured_on = machine.describe()
    for key, value in measured_on.items():
        console.print(f"[bold]{key}[/bold]  {value}", highlight=False)
    sections = []
    unavailable = []
    for name in names or NAMES:
        begun = time.perf_counter()
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            section = measure(name, quick=quick)
        except UnavailableError as error:
            unavailable.append(str(error))
            continue
        sections.append(section)
        console.print()
        console.rule(f"{section.title}, measured in {time.perf_counter() - begun:.0f} s", align="left")
        for table in section.tables:
            console.print(table.to_rich())
    for sentence in (sentence for section in sections for sentence in section.missed):
        console.print(f"[yellow]target missed[/yellow]  {sentence}", highlight=False)
    if json_file is not None:
        figures = {"measuredOn": measured_on, **{section.name: section.data for section in sections}}
        json_file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if docs:
        for path in document.write(sections, measured_on, ROOT):
            console.print(f"written: {path.relative_to(ROOT)}", highlight=False)
    if unavailable:
        raise click.ClickException("; ".join(unavailable))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
