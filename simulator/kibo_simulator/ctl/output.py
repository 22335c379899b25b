"""Shows answers: tables and lines for people on a terminal, JSON for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from kibo_simulator.plain_text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Output:
    """Where answers go; ``as_json`` is for programs, and is on whenever nobody is looking."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json or not sys.stdout.isatty()

    def __repr__(self) -> str:
        return f"<Output {'JSON' if self.as_json else 'for people'}>"

    def record(self, answer: Mapping[str, Any]) -> None:
        """One thing: a line of JSON, or a line for each of its fields."""
        if self.as_json:
            self.line(answer)
            return
        width = max(map(len, answer), default=0)
        for name, value in answer.items():
            click.echo(f"{printable(name):{width}}  {shown(value)}")

    def rows(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, nothing: str) -> None:
        """Many things: a line of JSON each, or a table of some of their fields; ``nothing`` is for none."""
        if self.as_json:
            for row in rows:
                self.line(row)
            return
        kept = list(rows)
        if not kept:
            click.echo(nothing)
            return
        # rich is slow to import.
        from rich.console import Console  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in kept:
            table.add_row(*(Text(shown(row.get(column))) for column in columns))
        Console().print(table)

    def line(self, answer: object) -> None:
        """One line of JSON, whoever is looking."""
        click.echo(msgspec.json.encode(answer).decode())


def shown(value: object) -> str:
    """A value for people: nothing for null, lists by commas, maps as ``name=value``."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(shown, value))
        case dict():
            return " ".join(f"{printable(str(name))}={shown(each)}" for name, each in value.items())
    return printable(str(value))
