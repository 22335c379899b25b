"""Judges thresholds by samples: met, missed, or too few samples to tell."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from kibo_scenarios.rules import Verdict
from kibo_scenarios.thresholds.expression import Expression, Selector
from kibo_scenarios.thresholds.metrics import Samples, percentile

_AGGREGATES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "avg": statistics.fmean,
    "med": statistics.median,
    "min": min,
    "max": max,
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One promise of a load scenario.

    Attributes:
        selector: Which metric, of which requests.
        expression: What must hold.
        reason: Why it matters, as the file says; may be empty.
        abort_on_fail: Whether the run is given up as soon as it is missed.
    """

    selector: Selector
    expression: Expression
    reason: str = ""
    abort_on_fail: bool = False

    def __str__(self) -> str:
        return f"{self.selector}: {self.expression.text}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a threshold: the value, in words why, and from how many samples.

    ``value`` is None where there was none; ``needed`` is how many samples it takes to tell.
    """

    verdict: Verdict
    value: float | None
    because: str
    samples: int
    needed: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A threshold with its judgement."""

    threshold: Threshold
    judgement: Judgement


def judge(threshold: Threshold, samples: Samples, optimum: float | None = None) -> Judged:
    """Return what the samples say of a threshold.

    Args:
        threshold: The promise.
        samples: What was measured.
        optimum: The least possible makespan in seconds, where the threshold speaks of it; None when it is not known.
    """
    expression = threshold.expression
    needed, there = _needed(threshold, samples), _there(threshold, samples)
    if there < needed:
        because = f"{there} of the {needed} samples that it takes to tell"
        return Judged(threshold, Judgement(Verdict.INCONCLUSIVE, None, because, there, needed))
    if expression.bound.of_optimum and not optimum:
        known = "is not known" if optimum is None else "is no time at all"
        because = f"the optimum of this work {known}"
        return Judged(threshold, Judgement(Verdict.INCONCLUSIVE, None, because, there, needed))
    value = _value(threshold, samples)
    met = expression.holds(value, 1.0 if optimum is None else optimum)
    because = f"was {_shown(threshold, value)}"
    if expression.bound.of_optimum and optimum:
        because += f", {value / optimum:.2f} * optimum"
    verdict = Verdict.PASS if met else Verdict.FAIL
    return Judged(threshold, Judgement(verdict, value, because, there, needed))


def is_final(judged: Judged) -> bool:
    """Whether a miss that is seen while the run goes on is held against it: what must still grow is waited for."""
    expression, value = judged.threshold.expression, judged.judgement.value
    if judged.threshold.selector.metric.name == "jobs_unfinished" or value is None:
        return False
    return expression.comparison in {"<", "<="} or (expression.comparison == "==" and value > expression.bound.number)


def untold(threshold: Threshold, because: str) -> Judged:
    """Return the judgement of a threshold of which nothing can be known."""
    return Judged(threshold, Judgement(Verdict.INCONCLUSIVE, None, because, 0, 1))


def _there(threshold: Threshold, samples: Samples) -> int:
    match threshold.selector.metric.kind:
        case "rate":
            return samples.total
        case "count":
            return 0
        case _:
            return len(samples.values)


def _needed(threshold: Threshold, samples: Samples) -> int:
    """How many samples it takes before a value means anything."""
    expression = threshold.expression
    match threshold.selector.metric.kind:
        case "count":
            return 0
        case "rate":
            # One request in so many is the least that could break the bound; that many must have been made.
            rare = expression.bound.number if expression.comparison in {"<", "<="} else 1 - expression.bound.number
            # What is broken already stays broken, however few there were.
            broken = samples.total and not expression.holds(samples.hits / samples.total)
            return 1 if broken or rare <= 0 else max(1, ceil(round(1 / rare, 9)))
        case "trend" if expression.share is not None:
            # At least one sample lies beyond the percentile.
            return ceil(round(100 / (100 - expression.share), 9))
        case "trend" if expression.aggregate == "count":
            return 0
        case _:
            return 1


def _value(threshold: Threshold, samples: Samples) -> float:
    expression = threshold.expression
    match threshold.selector.metric.kind:
        case "count":
            return float(samples.hits)
        case "rate":
            return samples.hits / samples.total
        case "span":
            return max(samples.values)
    if expression.aggregate == "count":
        return float(len(samples.values))
    if expression.share is not None:
        return percentile(samples.values, expression.share)
    return float(_AGGREGATES[expression.aggregate or "max"](samples.values))


def _shown(threshold: Threshold, value: float) -> str:
    metric = threshold.selector.metric
    if metric.kind == "rate":
        return f"{value:.4g} ({value:.2%})"
    if metric.unit != "s" or threshold.expression.aggregate == "count":
        return f"{value:,.0f}"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:,.1f} s"
