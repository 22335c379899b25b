"""Thresholds: what must come out of a load scenario, parsed before it runs and judged after it."""

from kibo_scenarios.thresholds.expression import Bound, Expression, ThresholdError, parse_expression, parse_selector
from kibo_scenarios.thresholds.judgement import Judged, Judgement, Threshold, is_final, judge, untold
from kibo_scenarios.thresholds.metrics import METRICS, Metric, Samples, percentile

__all__ = [
    "METRICS",
    "Bound",
    "Expression",
    "Judged",
    "Judgement",
    "Metric",
    "Samples",
    "Threshold",
    "ThresholdError",
    "is_final",
    "judge",
    "parse_expression",
    "parse_selector",
    "percentile",
    "untold",
]
