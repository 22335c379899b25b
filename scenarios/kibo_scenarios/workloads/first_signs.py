"""Finds when a run first showed what later missed a threshold: of several misses the first is often the cause.

A sign is the first refusal, failure, late answer or late job among what the threshold counts. It is no verdict: a rate
may well bear one refusal. What only the end can tell, such as too few jobs, has none.
"""

from collections.abc import Mapping
from typing import Final

from kibo_scenarios.thresholds import Threshold
from kibo_scenarios.workloads.measurements import Measurements

#: Which counts of `measurements.Cell` are signs of a metric.
_COUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "http_429_rate": ("throttled",),
    "restrictions": ("throttled",),
    "throttled_time": ("throttled",),
    "http_5xx_rate": ("failed",),
    "error_rate": ("refused", "lost"),
    "given_up": ("given_up",),
}


def first_sign(measured: Measurements, threshold: Threshold) -> int | None:
    """Return when the first sign was seen, in microseconds since the epoch; None where there was none."""
    selector, expression = threshold.selector, threshold.expression
    if expression.comparison not in {"<", "<=", "=="}:
        return None
    cells, jobs = measured.meant(selector)
    name = selector.metric.name
    if name in _COUNTS:
        signs = [cell.first[count] for cell in cells for count in _COUNTS[name] if count in cell.first]
    elif name == "jobs_failed":
        signs = [job.ended_at for job in jobs if job.status == "FAILED" and job.ended_at is not None]
    elif expression.aggregate == "count" or selector.metric.kind != "trend":
        return None
    elif name == "job_wait":
        signs = [
            job.ended_at
            for job in jobs
            if job.ended_at is not None and job.wait_s is not None and not expression.holds(job.wait_s)
        ]
    else:
        signs = [
            at
            for cell in cells
            for latency, at in zip(cell.latencies, cell.settled_at, strict=True)
            if not expression.holds(latency)
        ]
    return min(signs, default=None)
