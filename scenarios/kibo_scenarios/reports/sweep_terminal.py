"""A sweep at a terminal: a row for each combination."""

from collections.abc import Iterator
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from kibo_scenarios.reports.sweep_view import Sweep, span
from kibo_scenarios.reports.terminal import CONCLUSION_STYLES
from kibo_scenarios.sweeps import as_written

_WIDEST: Final = 16


def sweep_table(sweep: Sweep) -> Table:
    """Return the table of all runs; numbers stand for what was not kept, the first first (see `legend`)."""
    numbers = {name: number for number, name in enumerate(_broken(sweep), 1)}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for axis in sweep.axes:
        table.add_column(Text(folded(axis.name)), justify="right", overflow="fold")
    for name in ("time", "requests", "429"):
        table.add_column(name, justify="right", no_wrap=True)
    widest = max((len(str(one.conclusion)) for one in sweep.outcomes), default=0)
    table.add_column("result", no_wrap=True, min_width=widest)
    table.add_column("not kept")
    for one in sweep.outcomes:
        table.add_row(
            *(Text(as_written(value)) for value in one.values),
            span(one),
            f"{one.requests:,}",
            f"{one.throttled:,}",
            Text(str(one.conclusion), style=CONCLUSION_STYLES[one.conclusion]),
            ", ".join(str(numbers[check.name]) for check in one.broken),
        )
    return table


def legend(sweep: Sweep) -> Iterator[str]:
    """Return a line for each thing that was not kept somewhere, with its number in the table."""
    for number, name in enumerate(_broken(sweep), 1):
        yield f"{number:>3}  {name}"


def _broken(sweep: Sweep) -> list[str]:
    return list(dict.fromkeys(check.name for one in sweep.outcomes for check in one.broken))


def folded(place: str) -> str:
    """Return the name of a place in lines that break only between its parts."""
    rows = [""]
    for part in place.split("."):
        joined = f"{rows[-1]}.{part}" if rows[-1] else part
        if rows[-1] and len(joined) > _WIDEST:
            rows[-1] += "."
            rows.append(part)
        else:
            rows[-1] = joined
    return "\n".join(rows)
