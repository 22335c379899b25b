"""The first sign of a missed threshold: the first refusal, failure, late answer or late job among what it counts."""

import pytest

from kibo_scenarios.evidence import JobFact, JournalEntry
from kibo_scenarios.moments import SECOND
from kibo_scenarios.thresholds import Threshold, parse_expression, parse_selector
from kibo_scenarios.workloads.first_signs import first_sign
from kibo_scenarios.workloads.measurements import Measurements
from kibo_scenarios.workloads.settled import Settled


def measured() -> Measurements:
    """Ten seconds in which more goes wrong with each."""
    found = Measurements()
    for second, client, status in [
        (1, "shop", 200),
        (2, "till", 429),
        (3, "shop", 429),
        (4, "shop", 500),
        (5, "", 401),
    ]:
        at = second * SECOND
        found.saw(
            JournalEntry(
                seq=second,
                started_at=at,
                finished_at=at,
                status=status,
                client=client,
                operation="adjust",
                job_ids=(second,),
            )
        )
    for second, took, given_up in [(6, 1, False), (7, 4, False), (8, 2, True)]:
        found.settled(Settled("shop", "adjust", (second - took) * SECOND, second * SECOND, 200, 1, given_up))
    facts = {
        1: JobFact(location_code="A", status="SUCCESS", finished_at=9 * SECOND),
        2: JobFact(location_code="A", status="FAILED", finished_at=10 * SECOND),
        3: JobFact(location_code="A", status="WORKING", finished_at=None),
    }
    found.knows_jobs(facts, {1: 1 * SECOND, 2: 9 * SECOND, 3: 9 * SECOND})
    return found


@pytest.mark.parametrize(
    ("key", "comparison", "second"),
    [
        ("http_429_rate", "<= 0", 2),
        ("http_429_rate{client:shop}", "<= 0", 3),
        ("throttled_time", "< 1s", 2),
        ("http_5xx_rate", "<= 0", 4),
        ("error_rate", "<= 0", 5),
        ("error_rate{client:shop}", "<= 0", None),
        ("given_up", "== 0", 8),
        ("latency", "p(95) < 3s", 7),
        ("adjust_latency", "max < 1s", 6),
        ("latency", "max > 9s", None),
        ("latency", "count < 1", None),
        ("jobs_failed", "== 0", 10),
        ("job_wait", "max < 2s", 9),
        ("jobs_done", ">= 100", None),
        ("makespan", "< 1s", None),
    ],
)
def test_the_first_sign_is_of_what_the_threshold_counts(key: str, comparison: str, second: int | None) -> None:
    """Of its clients alone; None where only the end of the run can tell."""
    selector = parse_selector(key)
    threshold = Threshold(selector, parse_expression(comparison, selector.metric))

    assert (None if second is None else second * SECOND) == first_sign(measured(), threshold)
