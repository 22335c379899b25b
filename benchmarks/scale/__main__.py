"""`python -m benchmarks.scale`: the scale benchmark alone, on request with all five million records."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from benchmarks import machine
from benchmarks.scale.section import FULL, USUAL, measure


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--full", is_flag=True, help=f"{FULL.records:,} records instead of {USUAL.records:,}.")
def main(*, full: bool) -> None:
    """Load, look up and delete, beside plain SQLite in the same process."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    for key, value in machine.describe().items():
        console.print(f"[bold]{key}[/bold]  {value}", highlight=False)
    section = measure(FULL if full else USUAL)
    for table in section.tables:
        console.print(table.to_rich())
    for sentence in section.missed:
        console.print(f"[yellow]target missed[/yellow]  {sentence}", highlight=False)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.scale")
