"""The metrics that thresholds may speak of: what each counts, in which unit, and how a value is made of samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["rate", "count", "trend", "span"]
Unit = Literal["", "s"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is measured.

    Attributes:
        name: What thresholds call it.
        kind: A share of requests, a number of things, a distribution of times, or one span of time.
        meaning: One line for people.
    """

    name: str
    kind: Kind
    meaning: str

    @property
    def unit(self) -> Unit:
        """Seconds for times; rates and counts have none."""
        return "s" if self.kind in {"trend", "span"} else ""


@dataclass(frozen=True, slots=True)
class Samples:
    """What was measured of one metric under one selector.

    Attributes:
        values: For a trend the times, for a span the spans, in seconds; empty for the others.
        hits: For a rate how many requests were meant, for a count how many things there were.
        total: For a rate out of how many requests.
    """

    values: Sequence[float] = ()
    hits: int = 0
    total: int = 0


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that is not exceeded by ``share`` per cent of them (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share / 100 * len(ordered)) - 1)]


METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("requests", "count", "requests that reached the server"),
            Metric("http_429_rate", "rate", "share of the requests that were refused for the limits"),
            Metric("http_5xx_rate", "rate", "share of the requests that the server failed"),
            Metric("error_rate", "rate", "share of the requests that failed otherwise: 4xx but 429, or no answer"),
            Metric("latency", "trend", "from the wish to send until the answer that settled it, waits included"),
            Metric("lookup_latency", "trend", "the same, of look-ups"),
            Metric("adjust_latency", "trend", "the same, of adjusts"),
            Metric("order_latency", "trend", "the same, of allocations and fulfilments"),
            Metric("jobs_done", "count", "jobs that succeeded"),
            Metric("jobs_failed", "count", "jobs that failed"),
            Metric("jobs_unfinished", "count", "jobs that had not ended when the run was over"),
            Metric("job_wait", "trend", "from enqueueing a job to its end"),
            Metric("throttled_time", "span", "how long pools were restricted, all in all"),
            Metric("restrictions", "count", "restrictions that were begun"),
            Metric("given_up", "count", "wishes that their client gave up"),
            Metric("makespan", "span", "from the first request of a client with an end to its last"),
            Metric("rules_broken", "count", "conformance rules of level M that a client broke"),
        )
    }
)
