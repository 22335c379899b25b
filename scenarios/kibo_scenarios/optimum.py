"""The least time in which any client could have sent the same requests under the same limits (RL-3 to RL-5).

The bound is the recursion ``t[i] = max(t0, t[i-1] + gap, start of the minute after t[i-R], start of the fourth quarter
hour after that of t[i-H])``. "At most R in a minute" says that request i lies in a later minute than request i-R; "at
most H in four quarters" says that it lies at least four quarters after request i-H. Every term is a non-decreasing
function of an earlier time, so the recursion is below every feasible schedule, term by term, and is itself feasible.
"""

from collections.abc import Sequence

from kibo_scenarios.moments import MINUTE

QUARTER_HOUR = 15 * MINUTE


def earliest_times(
    gaps: Sequence[int], *, start: int, requests_per_minute: int | None, requests_per_hour: int | None
) -> list[int]:
    """Return the earliest possible times of requests, in order.

    Args:
        gaps: For each request, the least time since the one before; the first is counted from `start`.
        start: When work may begin, microseconds since the epoch on the server's clock.
        requests_per_minute: At least 1, None when unlimited.
        requests_per_hour: At least 1, None when unlimited.
    """
    times: list[int] = []
    last = start
    for index, gap in enumerate(gaps):
        at = last + gap
        if requests_per_minute is not None and index >= requests_per_minute:
            at = max(at, (times[index - requests_per_minute] // MINUTE + 1) * MINUTE)
        if requests_per_hour is not None and index >= requests_per_hour:
            at = max(at, (times[index - requests_per_hour] // QUARTER_HOUR + 4) * QUARTER_HOUR)
        times.append(at)
        last = at
    return times
