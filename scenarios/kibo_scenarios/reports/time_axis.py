"""Lays time out along a line: linear where something happens, and folded where nothing does.

An hour of waiting for a Retry-After is one quiet fold of fixed width, so that the seconds before and after it can be
read. Positions never run backwards: a later moment never lies left of an earlier one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from kibo_scenarios.moments import HOUR, MINUTE, SECOND, clock_time

#: Quiet spans shorter than this are never folded.
LEAST_FOLD: Final = 45 * SECOND
#: A quiet span is folded when it takes more than this share of all time that is left.
FOLD_SHARE: Final = 0.08
MOST_FOLDS: Final = 8
_STEPS: Final = (
    *(SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12, 24, 72, 168)),
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the axis: from one moment and position to another; `folded` ones are not to scale."""

    start: int
    end: int
    left: float
    right: float
    folded: bool

    def position(self, at: int) -> float:
        """Return where a moment of this stretch lies."""
        if self.end == self.start:
            return self.left
        return self.left + (at - self.start) / (self.end - self.start) * (self.right - self.left)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled moment."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The axis of one drawing, made by `time_axis`."""

    stretches: tuple[Stretch, ...]

    def position(self, at: int) -> float:
        """Return where a moment lies; those outside lie at the ends."""
        index = bisect_right([stretch.start for stretch in self.stretches], at) - 1
        stretch = self.stretches[max(0, index)]
        return stretch.position(min(max(at, stretch.start), stretch.end))

    def ticks(self, *, least_gap: float) -> tuple[Tick, ...]:
        """Return labels at round times, at least so far apart."""
        ticks: list[Tick] = []
        for stretch in self.stretches:
            if stretch.folded or stretch.right - stretch.left < least_gap / 2:
                continue
            for at in _round_times(stretch, least_gap):
                x = stretch.position(at)
                if not ticks or x - ticks[-1].x >= least_gap:
                    ticks.append(Tick(x, clock_time(at)[6:14]))
        return tuple(ticks)

    def folds(self) -> tuple[tuple[float, float, int], ...]:
        """Return left, right and length of every fold."""
        return tuple((one.left, one.right, one.end - one.start) for one in self.stretches if one.folded)


def time_axis(
    moments: Iterable[int], *, start: int, end: int, left: float, right: float, fold_width: float = 44.0
) -> TimeAxis:
    """Return an axis from `left` to `right` on which quiet spans between the moments are folded."""
    points = sorted({min(max(at, start), end) for at in moments} | {start, end})
    folds = _folds(points, end - start, most=min(MOST_FOLDS, int((right - left) / 2.5 / fold_width)))
    width = (right - left) - fold_width * len(folds)
    busy = (end - start) - sum(later - earlier for earlier, later in folds)
    stretches: list[Stretch] = []
    at, x = start, left

    def scaled(until: int) -> None:
        nonlocal at, x
        if until > at or not stretches:
            wide = width * (until - at) / busy if busy else width / (len(folds) + 1)
            stretches.append(Stretch(at, until, x, x + wide, folded=False))
            at, x = until, x + wide

    for earlier, later in folds:
        scaled(earlier)
        stretches.append(Stretch(earlier, later, x, x + fold_width, folded=True))
        at, x = later, x + fold_width
    scaled(end)
    return TimeAxis(tuple(stretches))


def _folds(points: Sequence[int], span: int, *, most: int) -> list[tuple[int, int]]:
    """Return the quiet spans to fold, leaving a little of each at both ends so that marks keep off the fold."""
    gaps = sorted(pairwise(points), key=lambda gap: gap[0] - gap[1])
    folds: list[tuple[int, int]] = []
    rest = span
    for earlier, later in gaps[:most]:
        length = later - earlier
        if length < LEAST_FOLD or length < rest * FOLD_SHARE:
            break
        folds.append((earlier, later))
        rest -= length
    margin = max(rest // 50, 1)
    return sorted((earlier + margin, later - margin) for earlier, later in folds if later - earlier > 4 * margin)


def _round_times(stretch: Stretch, least_gap: float) -> list[int]:
    span = stretch.end - stretch.start
    wide = stretch.right - stretch.left
    step = next((step for step in _STEPS if span == 0 or step / span * wide >= least_gap), _STEPS[-1])
    first = -(-stretch.start // step) * step
    return [first + step * index for index in range((stretch.end - first) // step + 1)] if first <= stretch.end else []
