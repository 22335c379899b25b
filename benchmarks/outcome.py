"""What a benchmark hands back: figures with peers and targets, and tables that read alike on screen and in docs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table as RichTable


class UnavailableError(Exception):
    """A benchmark cannot be run on this machine; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a figure is held to."""

    bound: float
    at_least: bool

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"

    def met(self, value: float) -> bool:
        """Whether a value keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound


def at_least(bound: float) -> Target:
    """Make a lower bound."""
    return Target(bound, at_least=True)


def at_most(bound: float) -> Target:
    """Make an upper bound."""
    return Target(bound, at_least=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value, what it is compared with, and the bound on their ratio (or, without a peer, on the value)."""

    what: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    target: Target | None = None
    inverse: bool = False
    """The ratio is peer ÷ value: for times and costs, where less is better but the bound speaks of speed."""

    @property
    def ratio(self) -> float | None:
        """Value ÷ peer, or the other way round for an inverse one; None without a peer."""
        if self.peer_value is None:
            return None
        return self.peer_value / self.value if self.inverse else self.value / self.peer_value

    @property
    def met(self) -> bool | None:
        """Whether the bound is kept; None where there is none."""
        if self.target is None:
            return None
        return self.target.met(self.value if self.ratio is None else self.ratio)

    def to_json(self) -> dict[str, Any]:
        """The figure as plain values."""
        return {
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "peer": self.peer or None,
            "peerValue": self.peer_value,
            "ratio": self.ratio,
            "target": None if self.target is None else str(self.target),
            "met": self.met,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cells of text under headings; the first column is a name, the others are figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def to_markdown(self) -> str:
        """The table as GitHub reads it."""
        lines = [
            f"**{self.title}**",
            "",
            _line(self.columns),
            _line(["---", *["---:"] * (len(self.columns) - 1)]),
            *map(_line, self.rows),
        ]
        return "\n".join([*lines, "", self.note] if self.note else lines)

    def to_rich(self) -> RichTable:
        """The table as a terminal shows it."""
        table = RichTable(title=self.title, title_justify="left", caption=self.note or None, caption_justify="left")
        for index, column in enumerate(self.columns):
            table.add_column(column, justify="right" if index else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*row)
        return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The outcome of one benchmark.

    Attributes:
        name: What the command line calls it.
        title: Heading in the document.
        method: What was measured, how, and against what, for people.
        tables: The figures, readable.
        data: The same for machines.
        missed: Each bound that was not kept, as a sentence.
        plots: SVG documents by file name.
    """

    name: str
    title: str
    method: str
    tables: Sequence[Table]
    data: Any
    missed: Sequence[str] = ()
    plots: Mapping[str, str] = field(default_factory=dict)


def figures_table(title: str, figures: Iterable[Figure], note: str = "") -> Table:
    """Lay figures out beside their peers."""
    return Table(
        title=title,
        columns=("", "measured", "compared with", "it", "ratio", "target", "met"),
        rows=[
            (
                figure.what,
                f"{number(figure.value)} {figure.unit}",
                figure.peer,
                "" if figure.peer_value is None else f"{number(figure.peer_value)} {figure.unit}",
                "" if figure.ratio is None else f"{figure.ratio:.2f}",
                "" if figure.target is None else str(figure.target),
                {True: "yes", False: "no", None: ""}[figure.met],
            )
            for figure in figures
        ],
        note=note,
    )


def missed_figures(figures: Iterable[Figure]) -> list[str]:
    """Say of each figure that breaks its bound by how much it does."""
    return [
        f"{figure.what}: {figure.value if figure.ratio is None else figure.ratio:.3g}, and {figure.target} was wanted"
        for figure in figures
        if figure.met is False
    ]


def number(value: float) -> str:
    """Write a number with as many digits as mean something: three, or all of a large whole one."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
