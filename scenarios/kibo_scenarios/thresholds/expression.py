"""The grammar of thresholds: ``p(95) < 200ms``, ``< 0.01``, ``<= 1.1 * optimum``, and ``metric{client:wms}``."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from kibo_scenarios.thresholds.metrics import METRICS, Metric

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType(
    {
        "<": operator.lt,
        "<=": operator.le,
        "==": operator.eq,
        "!=": operator.ne,
        ">=": operator.ge,
        ">": operator.gt,
    }
)
_SECONDS: Final = MappingProxyType({"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0})
_AGGREGATES: Final = ("avg", "med", "min", "max", "count")
EXPRESSION: Final = re.compile(
    r"\s*(?:(?P<aggregate>avg|med|min|max|count|p\((?P<share>\d{1,2}(?:\.\d{1,3})?)\))\s*)?"
    r"(?P<comparison><=|>=|==|!=|<|>)\s*"
    r"(?P<number>\d{1,12}(?:\.\d{1,9})?)\s*(?P<unit>ms|s|m|h|d|%)?"
    r"\s*(?P<optimum>\*\s*optimum)?\s*",
    re.ASCII,
)
_SELECTOR: Final = re.compile(r"([a-z0-9_]+)(?:\{([^{}]*)\})?", re.ASCII)
_LABEL: Final = re.compile(r"\s*(client|operation)\s*:\s*([A-Za-z0-9_-]+)\s*", re.ASCII)


class ThresholdError(ValueError):
    """A threshold that means nothing; says what is accepted."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The right side of a comparison: a number, in seconds where it is a time; times the optimum where that is said."""

    number: float
    of_optimum: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """One comparison.

    Attributes:
        text: As it was written.
        comparison: The operator.
        bound: What is compared with.
        aggregate: ``avg``, ``med``, ``min``, ``max`` or ``count`` of a trend; None for ``p`` and for other kinds.
        share: The per cent of ``p(95)``; None for all others.
    """

    text: str
    comparison: str
    bound: Bound
    aggregate: str | None = None
    share: float | None = None

    def holds(self, value: float, optimum: float = 1.0) -> bool:
        """Return whether a value meets the bound."""
        limit = self.bound.number * (optimum if self.bound.of_optimum else 1.0)
        return _COMPARISONS[self.comparison](value, limit)


@dataclass(frozen=True, slots=True)
class Selector:
    """Which metric, of which requests."""

    metric: Metric
    labels: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        labels = ",".join(f"{name}:{value}" for name, value in self.labels.items())
        return f"{self.metric.name}{{{labels}}}" if labels else self.metric.name


def parse_selector(text: str) -> Selector:
    """Return the metric and the labels that a threshold's key names.

    Raises:
        ThresholdError: There is no such metric, or a label is none.
    """
    match = _SELECTOR.fullmatch(text.strip())
    if match is None or match[1] not in METRICS:
        name = match[1] if match else text
        raise ThresholdError(f"there is no metric {name[:60]!r}; expected one of {', '.join(METRICS)}")
    labels: dict[str, str] = {}
    for part in match[2].split(",") if match[2] else ():
        label = _LABEL.fullmatch(part)
        if label is None:
            raise ThresholdError(f"{part.strip()[:60]!r} selects nothing; expected client:NAME or operation:NAME")
        labels[label[1]] = label[2]
    return Selector(METRICS[match[1]], labels)


def parse_expression(text: str, metric: Metric) -> Expression:
    """Return what one comparison of a metric means.

    Raises:
        ThresholdError: It is no comparison, or one that this kind of metric does not have.
    """
    match = EXPRESSION.fullmatch(text)
    if match is None:
        raise ThresholdError(
            f"{text[:60]!r} is no comparison; expected one such as '< 0.01', 'p(95) < 200ms' or '<= 1.1 * optimum'"
        )
    number, unit = float(match["number"]), match["unit"]
    aggregated = match["aggregate"] is not None
    counted = match["aggregate"] == "count"
    if metric.kind == "trend" and not aggregated:
        raise ThresholdError(f"{metric.name} is a distribution; begin with p(95), {', '.join(_AGGREGATES)}")
    if metric.kind != "trend" and aggregated:
        raise ThresholdError(f"{metric.name} is one number; leave {match['aggregate']} out")
    if match["optimum"] and (metric.name != "makespan" or unit):
        raise ThresholdError("only makespan has an optimum, and its multiple has no unit: '<= 1.1 * optimum'")
    timed = metric.unit == "s" and not counted and not match["optimum"]
    if timed and unit not in _SECONDS:
        raise ThresholdError(f"{metric.name} is a time; add a unit: {', '.join(_SECONDS)}")
    if not timed and unit is not None and not (unit == "%" and metric.kind == "rate"):
        raise ThresholdError(f"{metric.name} has no unit {unit!r}")
    if unit == "%":
        number /= 100
    elif unit is not None:
        number *= _SECONDS[unit]
    share = float(match["share"]) if match["share"] else None
    if share == 0:
        raise ThresholdError("p(0) is min; say so")
    return Expression(
        text=" ".join(text.split()),
        comparison=match["comparison"],
        bound=Bound(number, bool(match["optimum"])),
        aggregate=match["aggregate"] if share is None else None,
        share=share,
    )
