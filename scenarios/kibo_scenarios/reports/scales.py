"""Chooses where an axis of values is labelled: round numbers, whether they are times, shares or counts."""

from collections.abc import Sequence
from typing import Final

from kibo_scenarios.moments import DAY, HOUR, MINUTE, SECOND, format_span

_MILLISECOND: Final = 1_000
_SPANS: Final = (
    *(_MILLISECOND * n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
    *(DAY * n for n in (1, 2, 5, 10, 20, 50)),
)
_MOST_STEPS: Final = 4


def ticks(highest: float, unit: str) -> tuple[float, ...]:
    """Return round numbers from 0 on, the last not below ``highest``.

    Args:
        highest: The greatest value, 0 or more.
        unit: ``s`` for seconds, ``share`` for a share, empty for a count.
    """
    if unit == "s":
        step = next((span / SECOND for span in _SPANS if span * _MOST_STEPS >= highest * SECOND), None)
    elif not unit and highest <= _MOST_STEPS:
        step = 1.0
    else:
        step = None
    if step is None:
        step = _decimal_step(highest)
    steps = max(1, -int(-highest // step))
    return tuple(step * index for index in range(steps + 1))


def shown(value: float, unit: str) -> str:
    """Return a value for people."""
    if unit == "s":
        return "0" if not value else format_span(round(value * SECOND))
    if unit == "share":
        return f"{value * 100:.4g}%"
    return f"{value:,.6g}" if value < 1_000_000 else f"{value:,.0f}"


def least_step(values: Sequence[float]) -> float:
    """Return how far the values differ, as a share of the greatest; 0 where all are the same."""
    highest = max(values, default=0.0)
    return (highest - min(values)) / highest if highest else 0.0


def _decimal_step(highest: float) -> float:
    power = 1.0
    while power * 10 * _MOST_STEPS <= highest:
        power *= 10
    while power * _MOST_STEPS / 10 >= highest > 0:
        power /= 10
    return next(power * n for n in (1, 2, 5, 10, 20) if power * n * _MOST_STEPS >= highest)
