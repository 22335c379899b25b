"""A sweep as a table, as JSON, and as a drawing of how long it takes and where it breaks."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from kibo_scenarios.moments import SECOND, format_span
from kibo_scenarios.reports.terminal import VERDICT_STYLES
from kibo_scenarios.rules import Verdict
from kibo_scenarios.sweeps import Axis, Outcome

_WIDTH: Final = 760
_HEIGHT: Final = 320
_MARGIN: Final = 60
_COLOURS: Final = ("#2a78d6", "#1baf7a", "#eda100", "#4a3aa7", "#e34948", "#eb6834", "#e87ba4", "#008300")
_STYLES: Final = {
    "PASSED": VERDICT_STYLES[Verdict.PASS],
    "FAILED": VERDICT_STYLES[Verdict.FAIL],
    "NOTHING CONCLUDED": VERDICT_STYLES[Verdict.INCONCLUSIVE],
}


def sweep_table(axes: Sequence[Axis], outcomes: Sequence[Outcome]) -> Table:
    """Return a row for each combination."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for axis in axes:
        table.add_column(axis.name, justify="right", overflow="fold")
    for name in ("time", "requests", "429"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("result", no_wrap=True, min_width=max((len(one.conclusion) for one in outcomes), default=0))
    table.add_column("what was not kept")
    for one in outcomes:
        table.add_row(
            *map(str, one.values),
            format_span(round(one.seconds * SECOND)),
            f"{one.requests:,}",
            f"{one.throttled:,}",
            Text(one.conclusion, style=_STYLES[one.conclusion]),
            Text(", ".join(one.broken)),
        )
    return table


def frontier(axes: Sequence[Axis], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Return a line for each combination of all axes but the first: for which values of that one all is kept."""
    first = axes[0]
    for others in dict.fromkeys(one.values[1:] for one in outcomes):
        kept = [one.values[0] for one in outcomes if one.values[1:] == others and one.conclusion == "PASSED"]
        where = " ".join(f"{axis.name}={value}" for axis, value in zip(axes[1:], others, strict=True))
        told = f"{first.name} {', '.join(map(str, kept))}" if kept else f"none of these values of {first.name}"
        yield f"kept with {told}{f'  ({where})' if where else ''}"


def sweep_json(scenario: str, axes: Sequence[Axis], outcomes: Sequence[Outcome]) -> str:
    """Return the sweep as one JSON document; spans are in simulated seconds."""
    document: dict[str, Any] = {
        "schemaVersion": 1,
        "kind": "sweep",
        "scenario": scenario,
        "axes": [{"name": axis.name, "values": axis.values} for axis in axes],
        "runs": [
            {
                "at": {axis.name: value for axis, value in zip(axes, one.values, strict=True)},
                "conclusion": one.conclusion,
                "simulatedSeconds": one.seconds,
                "requests": one.requests,
                "throttled": one.throttled,
                "broken": one.broken,
            }
            for one in outcomes
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def sweep_svg(scenario: str, axes: Sequence[Axis], outcomes: Sequence[Outcome]) -> str:
    """Return a drawing: the first axis to the right, time upwards, a line for each combination of the others.

    A full dot kept everything, a hollow one did not; beside it stands how many requests were refused, if any.
    """
    values = axes[0].values
    step = (_WIDTH - 2 * _MARGIN) / max(1, len(values) - 1)
    longest = max((one.seconds for one in outcomes), default=0.0) or 1.0
    parts = [f"<title>{escape(scenario)}: time over {escape(axes[0].name)}</title>", *_frame(axes[0], step, longest)]
    for number, others in enumerate(dict.fromkeys(one.values[1:] for one in outcomes)):
        colour = _COLOURS[number % len(_COLOURS)]
        dots = [
            (_MARGIN + values.index(one.values[0]) * step, _up(one.seconds, longest), one)
            for one in outcomes
            if one.values[1:] == others
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in dots)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y, one in dots:
            fill = colour if one.conclusion == "PASSED" else "#fff"
            told = escape(f"{one.conclusion}, {format_span(round(one.seconds * SECOND))}, {one.throttled} refused")
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{fill}" stroke="{colour}" stroke-width="2">'
                f"<title>{told}</title></circle>"
            )
            if one.throttled:
                parts.append(_text(x + 8, y - 6, f"{one.throttled:,} x 429"))
        where = " ".join(f"{axis.name}={value}" for axis, value in zip(axes[1:], others, strict=True))
        parts.append(_text(_MARGIN + 4, 20 + 15 * number, where, colour) if where else "")
    view = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {view}>', *filter(None, parts), "</svg>", ""])


def _up(seconds: float, longest: float) -> float:
    return _HEIGHT - _MARGIN - seconds / longest * (_HEIGHT - 2 * _MARGIN)


def _frame(axis: Axis, step: float, longest: float) -> Iterator[str]:
    bottom = _HEIGHT - _MARGIN
    yield f'<line x1="{_MARGIN}" y1="{bottom}" x2="{_WIDTH - _MARGIN}" y2="{bottom}" stroke="#999"/>'
    for index, value in enumerate(axis.values):
        yield _text(_MARGIN + index * step, bottom + 20, str(value), anchor="middle")
    yield _text(_WIDTH / 2, _HEIGHT - 12, axis.name, anchor="middle")
    for share in (0.5, 1.0):
        y = _up(longest * share, longest)
        yield f'<line x1="{_MARGIN}" y1="{y:.1f}" x2="{_WIDTH - _MARGIN}" y2="{y:.1f}" stroke="#999" opacity="0.3"/>'
        yield _text(_MARGIN - 6, y + 4, format_span(round(longest * share * SECOND)), anchor="end")


def _text(x: float, y: float, text: str, colour: str = "#777", anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="12" font-family="sans-serif" fill="{colour}">{escape(text)}</text>'
