"""What every report of a sweep shows, worked out once: the question, the lines of the grid, and where it breaks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Final

from kibo_scenarios.moments import SECOND, format_span
from kibo_scenarios.result import Conclusion
from kibo_scenarios.sweeps import Axis, Check, Outcome, Value, as_written

#: An axis that only repeats the same run with other chances; what is kept is kept with every seed.
_SEED: Final = ("seed",)
#: Nobody cares for milliseconds after so many seconds.
_WHOLE_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep that has run.

    Attributes:
        scenario: As the person called it: a name, or a file.
        name: What its file calls it.
        title: The same.
        outcomes: One for each combination, the last axis fastest.
    """

    scenario: str
    name: str
    title: str
    axes: tuple[Axis, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """The outcomes for one combination of all axes but the first, in the order of the first.

    Attributes:
        label: The combination, for people; empty where there is only one axis.
        numbers: The place of each outcome in the sweep, from 0.
    """

    label: str
    outcomes: tuple[Outcome, ...]
    numbers: tuple[int, ...]


def lines(sweep: Sweep) -> tuple[Line, ...]:
    """Return the lines of the grid."""
    apart = len(sweep.outcomes) // len(sweep.axes[0].values)
    return tuple(
        Line(
            label=label(sweep.axes[1:], sweep.outcomes[first].values[1:]),
            outcomes=sweep.outcomes[first::apart],
            numbers=tuple(range(first, len(sweep.outcomes), apart)),
        )
        for first in range(apart)
    )


def label(axes: Sequence[Axis], values: Sequence[Value]) -> str:
    """Return a combination for people."""
    return " ".join(f"{axis.name}={as_written(value)}" for axis, value in zip(axes, values, strict=True))


def question(sweep: Sweep) -> str:
    """Return what was asked: each axis with its values."""
    return ", ".join(f"{axis.name} = {' · '.join(map(as_written, axis.values))}" for axis in sweep.axes)


def command(sweep: Sweep, outcome: Outcome) -> str:
    """Return the command that repeats one point, with a whole report."""
    settings = " ".join(
        f"--set {quote(f'{axis.name}={as_written(value)}')}"
        for axis, value in zip(sweep.axes, outcome.values, strict=True)
    )
    return f"kibo-scenarios run {quote(sweep.scenario)} {settings}"


def span(outcome: Outcome) -> str:
    """Return how long a run took, for people."""
    return format_span(round(outcome.seconds * SECOND))


def first_broken(outcome: Outcome) -> str:
    """Return what was not kept first, and when its first sign was seen; empty where all was kept."""
    broken = outcome.broken
    return told(broken[0]) if broken else ""


def told(check: Check) -> str:
    """Return a check with how long after the start its first sign was seen."""
    if check.first_s is None:
        return check.name
    precise = check.first_s if check.first_s < _WHOLE_SECONDS else round(check.first_s)
    return f"{check.name} after {format_span(round(precise * SECOND))}"


def frontier(sweep: Sweep) -> Iterator[str]:
    """Return a line for each combination of all axes but the first: for which of its values all is kept, what breaks.

    Seeds are no combination of their own: a value is kept when it is kept with every seed.
    """
    chosen = [index for index, axis in enumerate(sweep.axes) if index and axis.place != _SEED]
    groups: dict[str, list[Line]] = {}
    for line in lines(sweep):
        values = line.outcomes[0].values
        told_where = label([sweep.axes[index] for index in chosen], [values[index] for index in chosen])
        groups.setdefault(told_where, []).append(line)
    for told_where, some in groups.items():
        runs = list(zip(*(line.outcomes for line in some), strict=True))
        text = _seeds([one for (one,) in runs]) if sweep.axes[0].place == _SEED else _frontier(sweep.axes[0], runs)
        yield text + (f"  ({told_where})" if told_where else "")


def edge(runs: Sequence[bool]) -> int | None:
    """Return the place of the first value that is not kept next to one that is; the first of all where none is kept.

    None where all are kept.
    """
    after = [index for index, kept in enumerate(runs) if not kept and index and runs[index - 1]]
    before = [index for index, kept in enumerate(runs) if not kept and index + 1 < len(runs) and runs[index + 1]]
    broken = [index for index, kept in enumerate(runs) if not kept]
    return next(iter(after or before or broken), None)


def _frontier(axis: Axis, runs: Sequence[Sequence[Outcome]]) -> str:
    """Return the line for some runs (with different seeds) of each value of the first axis."""
    held = [all(one.kept for one in some) for some in runs]
    kept = [as_written(value) for value, all_kept in zip(axis.values, held, strict=True) if all_kept]
    text = f"kept with {axis.name} {', '.join(kept)}" if kept else f"kept with none of these values of {axis.name}"
    place = edge(held)
    if place is None:
        return text
    broken = [one for one in runs[place] if not one.kept]
    failed = [one for one in broken if one.conclusion is Conclusion.FAILED]
    worst = (failed or broken)[0]
    seeds = f" (in {len(broken)} of {len(runs[place])} runs)" if len(runs[place]) > 1 else ""
    return f"{text}; {as_written(axis.values[place])} {_breaks(worst)} {first_broken(worst)}{seeds}"


def _seeds(outcomes: Sequence[Outcome]) -> str:
    """Return the line where the first axis itself only repeats the run."""
    broken = [one for one in outcomes if not one.kept]
    text = f"kept with {len(outcomes) - len(broken)} of {len(outcomes)} seeds"
    return (
        f"{text}; {as_written(broken[0].values[0])} {_breaks(broken[0])} {first_broken(broken[0])}" if broken else text
    )


def _breaks(outcome: Outcome) -> str:
    return "breaks" if outcome.conclusion is Conclusion.FAILED else "leaves open"
