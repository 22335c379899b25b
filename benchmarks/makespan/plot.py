"""The grid as a picture: time lost and 429s of every run, a row a strategy; plain SVG, in light and dark."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from benchmarks.makespan.grid import GIVE_UP_AT, Run
from benchmarks.makespan.summary import by_strategy, median_ratio, median_refusals

WIDTH = 960
TOP = 96
ROW = 38
NAMES = 236
BOTTOM = 64

STYLE = """\
  .card { fill: #ffffff; stroke: #d8dee4 }
  text { font: 13px -apple-system, "Segoe UI", "Helvetica Neue", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 17px; font-weight: 600 }
  .head { font-weight: 600 }
  .quiet { fill: #59636e; font-size: 12px }
  .ours text, text.ours { font-weight: 600; fill: #0b5cad }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .band { fill: #f6f8fa }
  .bound { stroke: #1a7f37; stroke-width: 1.5; stroke-dasharray: 4 3 }
  .boundname { fill: #1a7f37; font-size: 12px }
  .run { fill: #6e7781; fill-opacity: 0.42 }
  .ours .run { fill: #0969da; fill-opacity: 0.6 }
  .median { stroke: #24292f; stroke-width: 2.5 }
  .ours .median { stroke: #0b5cad }
  .never { stroke: #cf222e; stroke-width: 1.6; stroke-opacity: 0.75 }
  .nevername { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #30363d }
    text { fill: #e6edf3 }
    .quiet { fill: #9198a1 }
    .ours text, text.ours { fill: #79b8ff }
    .grid { stroke: #30363d }
    .band { fill: #151b23 }
    .run { fill: #9198a1 }
    .ours .run { fill: #58a6ff }
    .median { stroke: #e6edf3 }
    .ours .median { stroke: #79b8ff }
    .bound { stroke: #3fb950 }
    .boundname { fill: #3fb950 }
    .never { stroke: #ff7b72 }
    .nevername { fill: #ff7b72 }
  }"""


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal scale that has room for 0 and for the very large: logarithmic beyond one `unit`."""

    left: float
    right: float
    unit: float
    most: float

    def at(self, value: float) -> float:
        """The place of a value; beyond the end it is at the end."""
        share = math.log1p(min(max(value, 0.0), self.most) / self.unit) / math.log1p(self.most / self.unit)
        return self.left + share * (self.right - self.left)


LOST = Axis(NAMES + 16, 584, 2.0, (GIVE_UP_AT - 1) * 100.0)
"""Per cent over the optimum."""
NEVER_AT = 622
REFUSED = Axis(688, 924, 1.0, 20_000.0)
LOST_TICKS = ((0, "0"), (1, "1"), (5, "5 %"), (10, "10"), (33, "33"), (100, "100"), (300, "300"))
REFUSED_TICKS = ((0, "0"), (2, "2"), (10, "10"), (100, "100"), (1_000, "1,000"), (10_000, "10,000"))


def plot(runs: Sequence[Run], *, ours: Collection[str]) -> str:
    """Draw the runs.

    Args:
        runs: Every run of the grid.
        ours: The strategies to be set off from the others.
    """
    groups = by_strategy(runs)
    height = TOP + ROW * len(groups) + BOTTOM
    cells = len({run.cell for run in runs})
    phases = len({run.phase_s for run in runs})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="what">',
        '<title id="what">Time lost against the optimum and number of 429s, by strategy</title>',
        f"<style>\n{STYLE}\n</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        f'<text class="title" x="20" y="32">What pacing costs: {cells} pairs of limits, {phases} starts each</text>',
        f'<text class="head" x="{LOST.left:.0f}" y="62">time lost against the optimum, per cent</text>',
        f'<text class="head" x="{REFUSED.left:.0f}" y="62">429s in a run</text>',
    ]
    # Bands first: everything else lies on them.
    parts += [
        f'<rect class="band" x="12" y="{TOP + ROW * index}" width="{WIDTH - 24}" height="{ROW}"/>'
        for index in range(0, len(groups), 2)
    ]
    bottom = TOP + ROW * len(groups)
    parts += _ticks(LOST, LOST_TICKS, bottom)
    parts += _ticks(REFUSED, REFUSED_TICKS, bottom)
    parts.append(f'<text class="quiet nevername" x="{NEVER_AT}" y="{bottom + 18}" text-anchor="middle">never</text>')
    parts += _bound(LOST.at(5), bottom, "wanted: ≤ 5 %")
    parts += _bound(REFUSED.at(2), bottom, "≤ 2")
    for index, (name, group) in enumerate(groups.items()):
        parts += _row(name, group, TOP + ROW * index + ROW / 2, is_ours=name in ours)
    parts.append(
        f'<text class="quiet" x="20" y="{height - 16}">one dot a run · bar: median · × not finished after '
        f"{GIVE_UP_AT} times the optimum · logarithmic beyond the first ticks</text>"
    )
    return "\n".join([*parts, "</svg>", ""])


def _ticks(axis: Axis, ticks: Sequence[tuple[float, str]], bottom: float) -> Iterator[str]:
    for value, label in ticks:
        x = axis.at(value)
        yield f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text class="quiet" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>'


def _bound(x: float, bottom: float, label: str) -> list[str]:
    return [
        f'<line class="bound" x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}"/>',
        f'<text class="boundname" x="{x:.1f}" y="{TOP - 13}" text-anchor="middle">{label}</text>',
    ]


def _row(name: str, runs: Sequence[Run], y: float, *, is_ours: bool) -> list[str]:
    parts = [
        f'<g class="{"ours" if is_ours else "other"}">',
        f'<text x="20" y="{y + 4.5:.1f}">{escape(name)}</text>',
    ]
    for number, run in enumerate(runs):
        # Spread over the row, in a fixed pattern, so that equal values do not hide one another.
        aside = y + (number * 5 % 9 - 4) * 2.6
        if run.ratio is None:
            parts.append(_cross(NEVER_AT + (number * 7 % 9 - 4) * 3.0, aside))
        else:
            parts.append(_dot(LOST.at((run.ratio - 1) * 100), aside))
        parts.append(_dot(REFUSED.at(run.refusals), aside))
    for axis, value in ((LOST, (median_ratio(runs) - 1) * 100), (REFUSED, median_refusals(runs))):
        if math.isfinite(value):
            x = axis.at(value)
            parts.append(f'<line class="median" x1="{x:.1f}" y1="{y - 13:.1f}" x2="{x:.1f}" y2="{y + 13:.1f}"/>')
    return [*parts, "</g>"]


def _dot(x: float, y: float) -> str:
    return f'<circle class="run" cx="{x:.1f}" cy="{y:.1f}" r="3.4"/>'


def _cross(x: float, y: float) -> str:
    return f'<path class="never" d="M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6"/>'
