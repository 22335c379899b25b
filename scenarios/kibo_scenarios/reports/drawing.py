"""Turns a timeline into shapes with coordinates: pure arithmetic, for a template to write down as SVG.

Lanes from the top: findings, files, calls, polls, 429s, what was left of each limit, jobs by location, the time axis.
Restriction windows are shaded across all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from kibo_scenarios.moments import DAY, HOUR, MINUTE, SECOND, clock_time, format_span
from kibo_scenarios.reports.time_axis import TimeAxis, time_axis
from kibo_scenarios.reports.timeline import Budget, FileMark, Flag, LocationJobs, Mark, Timeline, Window

_TOP: Final = 4.0
_LANE: Final = 26.0
_BUDGET: Final = 44.0
_ROW: Final = 15.0
_BAR: Final = 9.0
_GAP: Final = 9.0
_MOST_ROWS: Final = 6
_NAMES: Final = {"dry": "dry run", "live": "live deletion", "call": "other call", "refused": "429"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One shape: `kind` is ``rect``, ``path`` or ``text``; `style` its class; `seq` the exchange that it leads to."""

    kind: str
    style: str
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    path: str = ""
    text: str = ""
    anchor: str = "start"
    title: str = ""
    seq: int = 0


@dataclass(slots=True)
class Drawing:
    """Shapes in the order in which they are painted, and the room that they take."""

    width: float
    height: float = 0
    shapes: list[Shape] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def rect(
        self, style: str, x: float, y: float, width: float, height: float, *, title: str = "", seq: int = 0
    ) -> None:
        """Add a rectangle; never thinner than can be seen."""
        shape = Shape(
            kind="rect",
            style=style,
            x=_r(x),
            y=_r(y),
            width=_r(max(1.2, width)),
            height=_r(height),
            title=title,
            seq=seq,
        )
        self.shapes.append(shape)

    def path(self, style: str, path: str, *, title: str = "", seq: int = 0) -> None:
        """Add a path."""
        self.shapes.append(Shape(kind="path", style=style, path=path, title=title, seq=seq))

    def text(
        self, style: str, x: float, y: float, text: str, *, anchor: str = "start", title: str = "", seq: int = 0
    ) -> None:
        """Add a text; `y` is its base line."""
        shape = Shape(kind="text", style=style, x=_r(x), y=_r(y), text=text, anchor=anchor, title=title, seq=seq)
        self.shapes.append(shape)


def draw(timeline: Timeline, width: float) -> Drawing:
    """Return the drawing of a timeline that is so many pixels wide; narrow ones have their labels above the lanes."""
    painter = _Painter(timeline, width)
    painter.paint()
    return painter.drawing


class _Painter:
    def __init__(self, timeline: Timeline, width: float) -> None:
        self.timeline = timeline
        self.narrow = width < 700
        self.gutter = 8.0 if self.narrow else 128.0
        self.drawing = Drawing(width)
        self.right = width - 10
        self.y = _TOP
        self.ticks: list[float] = []
        self.axis: TimeAxis = time_axis(
            _moments(timeline),
            start=timeline.start,
            end=timeline.end,
            left=self.gutter,
            right=self.right,
            fold_width=22 if self.narrow else 44,
        )

    def paint(self) -> None:
        """Draw the whole timeline."""
        timeline = self.timeline
        by_kind: dict[str, list[Mark]] = {}
        for mark in timeline.marks:
            by_kind.setdefault(mark.kind, []).append(mark)
        if timeline.flags:
            self._flags(timeline.flags)
        if timeline.files:
            self._files(timeline.files)
        if timeline.marks or not timeline.files:
            self._calls([*by_kind.get("dry", []), *by_kind.get("live", []), *by_kind.get("call", [])])
        polls = [*by_kind.get("poll", []), *by_kind.get("list", [])]
        if polls:
            self._density("polls", sorted(polls, key=lambda mark: mark.at))
        if by_kind.get("refused"):
            self._refusals(by_kind["refused"])
        for budget in timeline.budgets:
            self._budget(budget)
        if timeline.budgets and timeline.pools > 1:
            self.drawing.notes.append(
                f"What is left is that of {timeline.pool}, the busiest of {timeline.pools} pools of requests"
            )
        if timeline.locations:
            self._jobs(timeline.locations)
        bottom = self.y
        self._time(bottom)
        self._behind(bottom)
        self.drawing.height = _r(self.y)

    def _label(self, text: str, height: float, *, more: str = "") -> float:
        """Write a lane's name, and what more there is to say of it, and return where the lane begins."""
        if self.narrow:
            self.drawing.text("lane", self.gutter, self.y + 10, f"{text} · {more}" if more else text)
            self.y += 15
        else:
            base = self.y + height / 2 + (-2 if more else 4)
            self.drawing.text("lane", 0, base, text)
            if more:
                self.drawing.text("scale", 0, base + 14, more)
        top = self.y
        self.y += height + _GAP
        return top

    def _line(self, y: float) -> None:
        self.drawing.path("base", f"M{_r(self.gutter)} {_r(y)}H{_r(self.right)}")

    def _flags(self, flags: Sequence[Flag]) -> None:
        """Findings stand in rows, so that none hides another; those of one rule that are close together are one."""
        rows: list[float] = []
        clusters: list[tuple[float, int, list[Flag]]] = []
        newest: dict[str, tuple[float, int, list[Flag]]] = {}
        hidden = 0
        for flag in flags:
            x = min(self.axis.position(flag.at), self.right - 38)
            last = newest.get(flag.rule)
            if last is not None and x < last[0] + 42:
                last[2].append(flag)
                continue
            row = next((index for index, right in enumerate(rows) if x >= right), len(rows))
            if row >= _MOST_ROWS:
                hidden += 1
                continue
            if row == len(rows):
                rows.append(0)
            rows[row] = x + 42
            newest[flag.rule] = (x, row, [flag])
            clusters.append(newest[flag.rule])
        top = self._label("findings", max(1, len(rows)) * 17 - 2)
        for x, row, some in clusters:
            self._flag(x, top + row * 17, some)
        if hidden:
            self.drawing.notes.append(
                f"{hidden:,} more findings stand too close together to be drawn; all are listed below"
            )

    def _flag(self, x: float, y: float, flags: Sequence[Flag]) -> None:
        first = flags[0]
        often = f" {len(flags)} times from" if len(flags) > 1 else " at"
        title = f"{first.rule} broken{often} {clock_time(first.at)}" + (f", #{first.seq}" if first.seq else "")
        self.drawing.rect(f"flag level-{first.level}", x, y, 38, 14, title=title, seq=first.seq)
        style = f"flag-text level-{first.level}"
        self.drawing.text(style, x + 19, y + 10.5, first.rule, anchor="middle", seq=first.seq)

    def _files(self, files: Sequence[FileMark]) -> None:
        """Data stands in the upper half for as long as it was written, its triggers below."""
        top = self._label("files", _LANE)
        self._line(top + _LANE)
        half = _LANE / 2
        for file in files:
            left, right = self.axis.position(file.at), self.axis.position(file.complete_at)
            title = f"{file.name} at {clock_time(file.at)}" + (f": {file.outcome}" if file.outcome else "")
            if file.trigger:
                self.drawing.path(
                    "file-trigger", f"M{_r(left)} {_r(top + half + 1)}l5 {_r(half - 2)}h-10z", title=title
                )
            else:
                self.drawing.rect("file-data", left - 1.5, top, max(3.0, right - left), half - 1, title=title)

    def _calls(self, marks: Sequence[Mark]) -> None:
        """Few calls are drawn one by one, as high as they carry items; many are counted like polls, kind upon kind."""
        top = self._label("calls", _LANE)
        self._line(top + _LANE)
        if len(marks) > self.drawing.width / 6:
            self._stacks(marks, top)
            return
        largest = max((mark.items / mark.count for mark in marks), default=1) or 1
        for mark in marks:
            share = 0.35 if mark.kind == "call" else 0.45 + 0.55 * (mark.items / mark.count) / largest
            height = _LANE * share
            x = self.axis.position(mark.at)
            self.drawing.rect(
                f"call-{mark.kind}", x - 1.5, top + _LANE - height, 3, height, title=_told(mark), seq=mark.seq
            )

    def _stacks(self, marks: Sequence[Mark], top: float) -> None:
        columns: dict[int, dict[str, list[Mark]]] = {}
        for mark in marks:
            columns.setdefault(int(self.axis.position(mark.at) / 3), {}).setdefault(mark.kind, []).append(mark)
        most = max(sum(mark.count for some in kinds.values() for mark in some) for kinds in columns.values())
        for column, kinds in columns.items():
            floor = top + _LANE
            for kind, some in kinds.items():
                count = sum(mark.count for mark in some)
                height = max(1.5, _LANE * count / most)
                title = f"{count:,} × {_NAMES.get(kind, kind)} from {clock_time(min(mark.at for mark in some))}"
                self.drawing.rect(f"call-{kind}", column * 3, floor - height, 2.4, height, title=title, seq=some[0].seq)
                floor -= height

    def _density(self, name: str, marks: Sequence[Mark]) -> None:
        """Polls are counted per three pixels: a bar is as high as there are many."""
        top = self._label(name, _LANE)
        self._line(top + _LANE)
        columns: dict[int, list[Mark]] = {}
        for mark in marks:
            columns.setdefault(int(self.axis.position(mark.at) / 3), []).append(mark)
        counts = {column: sum(mark.count for mark in some) for column, some in columns.items()}
        most = max(counts.values())
        for column, some in columns.items():
            count = counts[column]
            height = max(4.0, _LANE * count / most) if most > 1 else _LANE / 2
            noun = "poll" if count == 1 else "polls"
            title = f"{count:,} {noun} from {clock_time(some[0].at)}"
            self.drawing.rect("poll", column * 3, top + _LANE - height, 2.4, height, title=title, seq=some[0].seq)

    def _refusals(self, marks: Sequence[Mark]) -> None:
        top = self._label("429s", 14)
        drawn: list[tuple[float, Mark]] = []
        for mark in marks:
            x = self.axis.position(mark.at)
            if not drawn or x - drawn[-1][0] >= 2.5:
                drawn.append((x, mark))
        waits = {window.seq: f"{window.retry_after_s} s" for window in self.timeline.windows}
        for index, (x, mark) in enumerate(drawn):
            self.drawing.path("refused", f"M{_r(x)} {_r(top)}l5 12h-10z", title=_told(mark), seq=mark.seq)
            room = (drawn[index + 1][0] if index + 1 < len(drawn) else self.right) - x
            if mark.seq in waits and room > 48:
                self.drawing.text("scale", x + 8, top + 10, waits[mark.seq])

    def _budget(self, budget: Budget) -> None:
        lowest = min((level.left for level in budget.levels), default=budget.limit)
        top = self._label(f"left per {budget.name}", _BUDGET, more=f"of {budget.limit:,}, lowest {lowest:,}")
        floor = top + _BUDGET
        self._line(floor)
        scale = _BUDGET / max(1, budget.limit)
        # Several levels at one place are one step, down to where the last of them leaves it.
        steps: dict[float, float] = {}
        for level in budget.levels:
            if level.at <= self.timeline.end:
                steps[_r(self.axis.position(level.at))] = _r(floor - min(level.left, budget.limit) * scale)
        line = f"M{_r(self.gutter)} {_r(top)}{''.join(f'H{x}V{y}' for x, y in steps.items())}H{_r(self.right)}"
        self.drawing.path("budget-area", f"{line}V{_r(floor)}H{_r(self.gutter)}Z")
        self.drawing.path("budget", line)

    def _jobs(self, locations: Sequence[LocationJobs]) -> None:
        if self.narrow:
            self.drawing.text("lane", self.gutter, self.y + 10, "jobs by location")
            self.y += 16
        for one in locations:
            most = 40 if self.narrow else 18
            cut = _middle_cut(one.location or "no location", most)
            self.drawing.text("row", self.gutter if self.narrow else 0, self.y + 9, cut, title=one.location)
            top = self.y + (13 if self.narrow else 2)
            for span in one.spans:
                left, right = self.axis.position(span.start), self.axis.position(span.end)
                jobs = "1 job" if span.count == 1 else f"{span.count:,} jobs"
                title = f"{one.location}: {jobs} {span.status}, {clock_time(span.start)} to {clock_time(span.end)}"
                self.drawing.rect(f"job job-{span.status}", left, top, right - left, _BAR, title=title)
            self.y = top + _ROW - 2
        if self.timeline.locations_left_out:
            self.drawing.notes.append(f"{self.timeline.locations_left_out:,} more locations with jobs are not drawn")
        self.y += _GAP

    def _time(self, bottom: float) -> None:
        taken = -100.0
        for tick in self.axis.ticks(least_gap=64):
            x = min(max(tick.x, 24), self.right - 20)
            if x - taken >= 54:
                self.ticks.append(tick.x)
                self.drawing.text("time", x, bottom + 12, tick.label, anchor="middle")
                taken = x
        self.y = bottom + 18

    def _behind(self, bottom: float) -> None:
        """Paint what lies behind all lanes: restrictions, folds and ticks."""
        front, self.drawing.shapes = self.drawing.shapes, []
        for window in self.timeline.windows:
            self._window(window, bottom)
        for x in self.ticks:
            self.drawing.path("tick", f"M{_r(x)} {_TOP}V{_r(bottom)}")
        taken = -100.0
        for left, right, length in self.axis.folds():
            title, middle = f"{format_span(length)} without a request", (left + right) / 2
            self.drawing.rect("fold", left, _TOP, right - left, bottom - _TOP, title=title)
            if middle - taken >= 38:
                self.drawing.text("fold-text", middle, bottom + 25, _roughly(length), anchor="middle", title=title)
                taken = middle
        if taken > 0:
            self.y += 13
        self.drawing.shapes += front

    def _window(self, window: Window, bottom: float) -> None:
        left, right = self.axis.position(window.start), self.axis.position(window.end)
        many = f", {window.refusals:,} refusals" if window.refusals > 1 else ""
        title = f"restricted for {format_span(window.end - window.start)} from {clock_time(window.start)}{many}"
        self.drawing.rect("window", left, _TOP, right - left, bottom - _TOP, title=title, seq=window.seq)


def _moments(timeline: Timeline) -> Iterable[int]:
    """Return the moments at which something happens; where there are none, time may be folded."""
    yield from (mark.at for mark in timeline.marks)
    yield from (flag.at for flag in timeline.flags)
    yield from (file.at for file in timeline.files)
    yield from (window.start for window in timeline.windows)
    for one in timeline.locations:
        yield from (span.end for span in one.spans)


def _roughly(span: int) -> str:
    """Return a span short enough to stand below its fold."""
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if span >= unit:
            return f"{span / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{span // SECOND} s"


def _middle_cut(text: str, most: int) -> str:
    """Cut a code in the middle: what tells locations apart is often at their ends."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def _told(mark: Mark) -> str:
    name = _NAMES.get(mark.kind, mark.kind)
    many = f"{mark.count:,} × {name}" if mark.count > 1 else name
    items = f", {mark.items:,} items" if mark.items else ""
    return f"#{mark.seq} {many}{items} at {clock_time(mark.at)}"


def _r(value: float) -> float:
    """Round to what a screen can show, so that pages stay small."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded
