"""The least time in which any client could have sent the same requests under the same limits (RL-3 to RL-5).

The bound is the recursion ``t[i] = max(t0, t[i-1], t[last submission] + spacing if i is one, start of the minute after
that of t[i-R], start of the fourth quarter hour after that of t[i-H])``. "At most R in a minute" says that request i
lies in a later minute than request i-R; "at most H in four quarters" says that it lies at least four quarters after
request i-H. Where deletions have hours of their own (C17), a submission moves on to the next of these. Every term is a
non-decreasing function of an earlier time, so the recursion is below every feasible schedule, term by term, and is
itself feasible.
"""

from collections.abc import Sequence

from kibo_scenarios.moments import DAY, HOUR, MINUTE

QUARTER_HOUR = 15 * MINUTE


def earliest_times(
    submissions: Sequence[bool],
    *,
    start: int,
    spacing: int,
    requests_per_minute: int | None,
    requests_per_hour: int | None,
    off_peak_hours_utc: tuple[int, int] | None = None,
) -> list[int]:
    """Return the earliest possible times of requests that are sent in this order.

    Args:
        submissions: For each request, whether it is a submission.
        start: When work may begin, microseconds since the epoch on the server's clock.
        spacing: Least time between two submissions, whatever is sent between them.
        requests_per_minute: At least 1, None when unlimited.
        requests_per_hour: At least 1, None when unlimited.
        off_peak_hours_utc: First and last hour of the time of day for submissions; None when any will do.
    """
    times: list[int] = []
    last = start
    last_submission: int | None = None
    for index, is_submission in enumerate(submissions):
        at = last
        if is_submission and last_submission is not None:
            at = max(at, last_submission + spacing)
        if requests_per_minute is not None and index >= requests_per_minute:
            at = max(at, (times[index - requests_per_minute] // MINUTE + 1) * MINUTE)
        if requests_per_hour is not None and index >= requests_per_hour:
            at = max(at, (times[index - requests_per_hour] // QUARTER_HOUR + 4) * QUARTER_HOUR)
        if is_submission and off_peak_hours_utc is not None:
            at = next_off_peak(at, off_peak_hours_utc)
        times.append(at)
        last = at
        if is_submission:
            last_submission = at
    return times


def next_off_peak(at: int, hours_utc: tuple[int, int]) -> int:
    """Return the first moment from this one on that lies between the two hours of the day, UTC."""
    first, last = hours_utc
    since = (at - first * HOUR) % DAY
    return at if since < (last - first) % 24 * HOUR else at - since + DAY
