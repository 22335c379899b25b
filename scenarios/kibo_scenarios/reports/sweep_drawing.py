"""A sweep as a drawing: which runs kept everything, and below it how long they took and where thresholds were missed.

The first axis goes to the right. Each combination of the others is a row of marks, and a line of the same colour in
the panels below. Labels are measured before anything is placed, so that none is cut off. The same drawing stands alone
and in the page, where a narrow one is shown on phones.
"""

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from kibo_scenarios.reports.scales import least_step, shown, ticks
from kibo_scenarios.reports.sweep_view import Line, Sweep, first_broken, lines, span
from kibo_scenarios.result import Conclusion
from kibo_scenarios.rules import Verdict
from kibo_scenarios.sweeps import Outcome, as_written

WIDE: Final = 760
NARROW: Final = 350
MOST_LINES: Final = 24
MOST_THRESHOLDS: Final = 3
_COLOURS: Final = ("#2a78d6", "#c77700", "#1a9a63", "#8a5cd6", "#d6457c", "#0e8f9c", "#8a6d3b", "#6b7686")
_DOT: Final = re.compile(r"\.(?=[A-Za-z])")
_JOINT: Final = re.compile(r"\. (?=[A-Za-z])")
_DASHES: Final = ("", "7 4", "2 4")
#: What letters take of the widest font that stands in for ``sans-serif``, at 12 pixels.
_LETTER: Final = 7.4
_WIDE_LETTERS: Final = frozenset("%mwMW@#…")
_EDGE: Final = 8
_ROW: Final = 22
_LEADING: Final = 15
_PANEL: Final = 120
#: Runs whose times differ by less tell nothing by a line of their own.
_LEAST_SPREAD: Final = 0.02
_STYLE: Final = (
    ".sweep{--ink:#1c2430;--dim:#5b6676;--rule:#d9dee5;--ground:#fff;--good:#1a7f4b;--bad:#c0362c;--open:#9a6700}"
    "@media(prefers-color-scheme:dark){.sweep{--ink:#e6eaf0;--dim:#9aa5b4;--rule:#2d3541;--ground:#12161c;"
    "--good:#4cc38a;--bad:#ff7b70;--open:#e3b341}}"
    ".sweep .ground{fill:var(--ground)}.sweep text{fill:var(--dim);font:12px system-ui,sans-serif}"
    ".sweep .name{fill:var(--ink)}.sweep .rule{stroke:var(--rule)}.sweep .bound{stroke:var(--bad);stroke-dasharray:5 4}"
    ".sweep .mark{stroke-width:2;fill:none}.sweep .PASSED{stroke:var(--good);fill:var(--good)}"
    ".sweep .FAILED{stroke:var(--bad)}.sweep .NOTHING_CONCLUDED{stroke:var(--open);stroke-dasharray:3 2}"
    ".sweep .hollow{fill:var(--ground)}"
)


@dataclass(frozen=True, slots=True)
class Panel:
    """What is drawn upwards in one panel.

    Attributes:
        title: What it is.
        unit: As in `scales.ticks`.
        value: Of a run; None where it has none.
        bound: Where a threshold lies; None where there is none.
    """

    title: str
    unit: str
    value: Callable[[Outcome], float | None]
    bound: float | None = None


def panels(sweep: Sweep) -> tuple[Panel, ...]:
    """Return what is worth a panel: time and refusals where they differ, and thresholds that were missed somewhere."""
    found = []
    if len(sweep.outcomes) == 1 or least_step([one.seconds for one in sweep.outcomes]) >= _LEAST_SPREAD:
        found.append(Panel("simulated time", "s", lambda one: one.seconds))
    if any(one.throttled for one in sweep.outcomes):
        found.append(Panel("requests refused with 429", "", lambda one: one.throttled))
    missed: dict[str, tuple[float, str]] = {}
    for one in sweep.outcomes:
        for check in one.checks:
            if check.verdict is Verdict.FAIL and check.bound is not None:
                missed.setdefault(check.name, (check.bound, check.unit))
    for name, (bound, unit) in list(missed.items())[:MOST_THRESHOLDS]:
        found.append(Panel(name, unit, _value_of(name), bound))
    return tuple(found)


def sweep_svg(sweep: Sweep, *, width: int = WIDE) -> str:
    """Return the drawing."""
    return _Drawing(sweep, width).svg()


class _Drawing:
    """One drawing in the making, from the top downwards."""

    def __init__(self, sweep: Sweep, width: int) -> None:
        self._sweep = sweep
        self._width = width
        self._narrow = width < (WIDE + NARROW) / 2
        every = lines(sweep)
        self._lines, self._left_out = every[:MOST_LINES], len(every) - MOST_LINES
        self._panels = panels(sweep)
        self._values = [_cut(as_written(value), 10 if self._narrow else 18) for value in sweep.axes[0].values]
        self._parts: list[str] = []
        self._y = 8.0
        self._labels = [self._wrapped(line.label, 1.0 if self._narrow else 0.32) for line in self._lines]
        self._left = self._margin()
        self._right = width - max(16.0, _wide(self._values[-1]) / 2 + 4)
        if len(self._values) == 1:
            self._right = width - 16.0

    def svg(self) -> str:
        """Draw everything and return it."""
        self._marks()
        for panel in self._panels:
            self._panel(panel)
        self._axis()
        for note in self._notes():
            self._text(0, note)
        wide, high = self._width + 2 * _EDGE, round(self._y + 4)
        view = f'viewBox="-{_EDGE} 0 {wide} {high}" role="img" class="sweep"'
        title = f"{self._sweep.name} over {', '.join(axis.name for axis in self._sweep.axes)}"
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" {view}>',
                f"<title>{_escaped(title)}</title>",
                f"<style>{_STYLE}</style>",
                f'<rect class="ground" x="-{_EDGE}" width="{wide}" height="{high}"/>',
                *self._parts,
                "</svg>",
                "",
            ]
        )

    def _margin(self) -> float:
        """Return what the widest label on the left takes."""
        numbers = [
            _wide(shown(tick, panel.unit))
            for panel in self._panels
            for tick in ticks(_highest(panel, self._lines), panel.unit)
        ]
        names = [] if self._narrow else [_wide(row) + 18 for rows in self._labels for row in rows if row]
        return max([24.0, *numbers, *names]) + 8

    def _marks(self) -> None:
        """A row for each line: full where all was kept, hollow where not."""
        for number, (line, label) in enumerate(zip(self._lines, self._labels, strict=True)):
            top = self._y
            if line.label:
                self._swatch(number, 2, top + 11)
                for row, text in enumerate(label):
                    self._put("name", 18, top + 15 + row * _LEADING, text)
            above = len(label) * _LEADING + 4 if self._narrow and line.label else 0
            middle = top + above + (_ROW if above else max(_ROW, len(label) * _LEADING)) / 2
            for index, one in enumerate(line.outcomes):
                self._parts.append(
                    f'<circle class="mark {one.conclusion.name}" cx="{self._at(index):.1f}" cy="{middle:.1f}" r="6">'
                    f"<title>{_escaped(_about(line, one))}</title></circle>"
                )
            self._y = top + above + (_ROW if above else max(_ROW, len(label) * _LEADING + 4))
        self._y += 6

    def _panel(self, panel: Panel) -> None:
        for row in self._wrapped(panel.title, 1.0):
            self._put("name", 0, self._y + 14, row)
            self._y += _LEADING
        top, bottom = self._y + 14, self._y + 14 + _PANEL
        steps = ticks(_highest(panel, self._lines), panel.unit)

        def up(value: float) -> float:
            return bottom - value / steps[-1] * (bottom - top)

        for tick in steps:
            self._rule(up(tick))
            self._put("", self._left - 8, up(tick) + 4, shown(tick, panel.unit), anchor="end")
        if panel.bound is not None:
            self._rule(up(panel.bound), "bound")
        for number, line in enumerate(self._lines):
            values = [(index, one, panel.value(one)) for index, one in enumerate(line.outcomes)]
            self._curve(
                number, [(self._at(index), up(value), one) for index, one, value in values if value is not None]
            )
        self._y = bottom + 10

    def _curve(self, number: int, points: Sequence[tuple[float, float, Outcome]]) -> None:
        colour = _COLOURS[number % len(_COLOURS)]
        # Lines that lie on one another are drawn side by side.
        aside = (number - (len(self._lines) - 1) / 2) * min(3.0, 12 / len(self._lines))
        places = [(x + aside, y, one) for x, y, one in points]
        track = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
        if len(places) > 1:
            self._parts.append(f'<polyline points="{track}" fill="none" {_stroke(number)}/>')
        for x, y, one in places:
            hollow = "" if one.kept else ' class="hollow"'
            self._parts.append(
                f'<circle{hollow} cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}" stroke="{colour}" stroke-width="2"/>'
            )

    def _axis(self) -> None:
        """The values of the first axis, as many as there is room for, and its name."""
        texts = self._values
        step = (self._right - self._left) / max(1, len(texts) - 1)
        every = 1
        while len(texts) > 1 and every * step < max(map(_wide, texts)) + 10:
            every += 1
        self._y += 6
        for index in range(0, len(texts), every):
            half = _wide(texts[index]) / 2
            x = min(max(self._at(index), half), self._width - half)
            self._put("", x, self._y + 8, texts[index], anchor="middle")
        self._y += 14
        for row in self._wrapped(self._sweep.axes[0].name, 0.9):
            self._put("name", (self._left + self._right) / 2, self._y + 12, row, anchor="middle")
            self._y += _LEADING
        self._y += 6

    def _notes(self) -> Iterator[str]:
        outcomes = self._sweep.outcomes
        yield "full: all was kept; hollow: it was not"
        if not any(panel.title == "simulated time" for panel in self._panels):
            yield f"all runs take about {span(outcomes[0])}"
        if not any(one.throttled for one in outcomes):
            yield "no request was refused"
        if self._left_out > 0:
            yield f"{self._left_out:,} more combinations are not drawn"

    def _at(self, index: int) -> float:
        if len(self._values) == 1:
            return (self._left + self._right) / 2
        left = self._left + 14
        return left + index * (self._right - left) / (len(self._values) - 1)

    def _wrapped(self, text: str, share: float) -> list[str]:
        # A place may be broken after its dots, a combination between its parts; what has neither is cut anywhere.
        most = max(8, int(self._width * share / _LETTER) - 3)
        return [_JOINT.sub(".", row) for row in textwrap.wrap(_DOT.sub(". ", text), most)] or [""]

    def _text(self, x: float, text: str) -> None:
        for row in self._wrapped(text, 1.0):
            self._put("", x, self._y + 12, row)
            self._y += _LEADING

    def _put(self, style: str, x: float, y: float, text: str, anchor: str = "start") -> None:
        named = f' class="{style}"' if style else ""
        self._parts.append(f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_escaped(text)}</text>')

    def _rule(self, y: float, style: str = "rule") -> None:
        self._parts.append(
            f'<line class="{style}" x1="{self._left:.1f}" y1="{y:.1f}" x2="{self._right:.1f}" y2="{y:.1f}"/>'
        )

    def _swatch(self, number: int, x: float, y: float) -> None:
        self._parts.append(f'<line x1="{x}" y1="{y:.1f}" x2="{x + 12}" y2="{y:.1f}" {_stroke(number)}/>')


def _highest(panel: Panel, some: Sequence[Line]) -> float:
    values = [value for line in some for one in line.outcomes if (value := panel.value(one)) is not None]
    return max([*values, panel.bound or 0.0], default=0.0)


def _value_of(name: str) -> Callable[[Outcome], float | None]:
    return lambda outcome: next((check.value for check in outcome.checks if check.name == name), None)


def _about(line: Line, outcome: Outcome) -> str:
    first = as_written(outcome.values[0])
    told = f"{first} {line.label}".strip() + f": {outcome.conclusion}, {span(outcome)}, {outcome.throttled:,} refused"
    return f"{told}, {first_broken(outcome)}" if outcome.conclusion is not Conclusion.PASSED else told


def _stroke(number: int) -> str:
    dash = _DASHES[number // len(_COLOURS) % len(_DASHES)]
    return f'stroke="{_COLOURS[number % len(_COLOURS)]}" stroke-width="2"' + (
        f' stroke-dasharray="{dash}"' if dash else ""
    )


def _wide(text: str) -> float:
    return sum(12.0 if letter in _WIDE_LETTERS else 7.7 for letter in text) + 2


def _cut(text: str, most: int) -> str:
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def _escaped(text: str) -> str:
    return escape("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text))
