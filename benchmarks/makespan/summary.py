"""From single runs to the tables: ratios and refusals by strategy, over the grid and cell by cell."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.makespan.grid import GIVE_UP_AT, Run
from benchmarks.outcome import Table, at_most

KNOWN_RATIO = at_most(1.05)
KNOWN_REFUSALS = at_most(0)
UNKNOWN_REFUSALS = at_most(2)


def by_strategy(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Group runs by strategy, in order of appearance."""
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        grouped.setdefault(run.strategy, []).append(run)
    return grouped


def median_ratio(runs: Iterable[Run]) -> float:
    """The median ratio; a run that was broken off is infinitely worse than any that came to its end."""
    return statistics.median_high(_ratios(runs))


def worst_ratio(runs: Iterable[Run]) -> float:
    """The worst ratio, infinite if a run was broken off."""
    return max(_ratios(runs))


def median_refusals(runs: Iterable[Run]) -> int:
    """The median number of 429s in a run."""
    return statistics.median_high(run.refusals for run in runs)


def ratio_text(ratio: float) -> str:
    """Write a ratio; an infinite one is that of a run without an end."""
    return f"{ratio:.2f}" if math.isfinite(ratio) else "never"


def _ratios(runs: Iterable[Run]) -> list[float]:
    return [math.inf if run.ratio is None else run.ratio for run in runs]


def overview(runs: Sequence[Run]) -> Table:
    """One row a strategy: the whole grid at a glance."""
    return Table(
        title="Makespan ÷ optimum and manners over the whole grid",
        columns=(
            "strategy",
            "median ratio",
            "worst ratio",
            "429s a run, median",
            "most",
            "sent too early, most",
            "unfinished",
        ),
        rows=[
            (
                name,
                ratio_text(median_ratio(group)),
                ratio_text(worst_ratio(group)),
                f"{median_refusals(group):,}",
                f"{max(run.refusals for run in group):,}",
                f"{max(run.early for run in group):,}",
                f"{sum(run.ratio is None for run in group)} of {len(group)}",
            )
            for name, group in by_strategy(runs).items()
        ],
        note=(
            f"“never”: not finished after {GIVE_UP_AT} times the optimum. “Sent too early”: requests that left while "
            "any Retry-After already received, by whichever worker, was still running (TH-1, TH-2)."
        ),
    )


def cell_by_cell(runs: Sequence[Run]) -> Table:
    """One column a cell: the worst ratio over the phases, and the most 429s."""
    cells = list(dict.fromkeys(run.cell for run in runs))
    rows = []
    for name, group in by_strategy(runs).items():
        row = [name]
        for cell in cells:
            there = [run for run in group if run.cell == cell]
            row.append(f"{ratio_text(worst_ratio(there))} · {max(run.refusals for run in there):,}")
        rows.append(tuple(row))
    return Table(
        title="Cell by cell: worst ratio over the phases · most 429s",
        columns=("strategy \\ limits a minute/hour", *map(str, cells)),
        rows=rows,
    )


def side_by_side(bare: Sequence[Run], whole: Sequence[Run]) -> Table:
    """The bare ledger beside the whole stack, strategy by strategy."""
    return Table(
        title=f"Bare ledger and whole stack: {bare[0].cell}, begun {bare[0].phase_s:g} s into the quarter",
        columns=("strategy", "ratio, ledger", "whole stack", "429s, ledger", "whole stack"),
        rows=[
            (
                one.strategy,
                ratio_text(worst_ratio([one])),
                ratio_text(worst_ratio([other])),
                f"{one.refusals:,}",
                f"{other.refusals:,}",
            )
            for one, other in zip(bare, whole, strict=True)
        ],
        note="The whole stack is real HTTP between aiohttp's client and the whole simulator, in virtual time.",
    )


def missed(runs: Sequence[Run], *, known: str, unknown: str) -> list[str]:
    """Name every run of ours that breaks a bound."""
    found = []
    for run in runs:
        where = f"{run.strategy}: {run.cell}, begun {run.phase_s:g} s into the quarter"
        if run.strategy == known:
            if run.ratio is None or not KNOWN_RATIO.met(run.ratio):
                found.append(f"{where}: {ratio_text(worst_ratio([run]))} of the optimum, and {KNOWN_RATIO} was wanted")
            if not KNOWN_REFUSALS.met(run.refusals):
                found.append(f"{where}: {run.refusals} times 429, and none was wanted")
        if run.strategy == unknown and not UNKNOWN_REFUSALS.met(run.refusals):
            found.append(f"{where}: {run.refusals} times 429, and {UNKNOWN_REFUSALS} was wanted")
        if run.strategy in {known, unknown} and run.early:
            found.append(f"{where}: {run.early} requests left before a Retry-After had expired")
    return found


def to_json(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """The runs as plain values."""
    return [
        {
            "strategy": run.strategy,
            "limits": asdict(run.cell.limits),
            "requests": run.cell.requests,
            "phaseS": run.phase_s,
            "ratio": run.ratio,
            "admitted": run.done,
            "refusals": run.refusals,
            "early": run.early,
        }
        for run in runs
    ]
