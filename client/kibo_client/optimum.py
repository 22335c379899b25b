"""The least time any client needs for requests under two limits: oracle and planner in one (RL-3, RL-4, RL-5).

The server admits at most R requests in a calendar minute and at most H in four consecutive quarters of an
hour. "At most R in a minute" says exactly that request i falls into a later minute than request i-R; "at most
H in four consecutive quarters" says exactly that request i falls at least four quarters after request i-H. A
gap g says that request i comes no sooner than g after request i-1. So every rule has the form t[i] >=
f(t[i-k]) with f non-decreasing, and the recursion

    t[i] = max(t0, t[i-1] + g, start of the minute after t[i-R], start of the fourth quarter after t[i-H])

satisfies all of them. It is also a lower bound, term by term: let u be any schedule that obeys the rules, and suppose
t[j] <= u[j] for all j < i. Then t[i] = f(t[i-k]) for one of the rules, and f(t[i-k]) <= f(u[i-k]) <= u[i]. By
induction no schedule ends sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kibo_client.units import MINUTE, QUARTER

QUARTERS_IN_WINDOW = 4


def start_of_next(moment: int, window: int, count: int = 1) -> int:
    """The start of the count-th window after the one that holds the moment; windows are aligned to the epoch."""
    return (moment // window + count) * window


def earliest_times(
    gaps: Iterable[int],
    *,
    released_at: int,
    requests_per_minute: int | None,
    requests_per_hour: int | None,
    history: Sequence[int] = (),
    minute: int = MINUTE,
    quarter: int = QUARTER,
) -> list[int]:
    """The earliest moments at which requests can be admitted, one per gap, in the server's time.

    Args:
        gaps: For each request, the least time after the request before it (the first gap counts only with a history).
        released_at: No request comes before this moment.
        requests_per_minute: R; None means no such limit.
        requests_per_hour: H; None means no such limit.
        history: Moments of requests admitted earlier, ascending; the last max(R, H) suffice.
        minute: Length of the short window; other values are for exhaustive tests on small instances.
        quarter: Length of a bucket of the long window.

    Raises:
        ValueError: A limit is below 1, so that nothing could ever be sent.
    """
    for limit in (requests_per_minute, requests_per_hour):
        if limit is not None and limit < 1:
            raise ValueError(f"a limit must be at least 1, not {limit}")
    times = list(history)
    first = len(times)
    for gap in gaps:
        index = len(times)
        moment = released_at
        if index:
            moment = max(moment, times[-1] + gap)
        if requests_per_minute is not None and index >= requests_per_minute:
            moment = max(moment, start_of_next(times[index - requests_per_minute], minute))
        if requests_per_hour is not None and index >= requests_per_hour:
            moment = max(moment, start_of_next(times[index - requests_per_hour], quarter, QUARTERS_IN_WINDOW))
        times.append(moment)
    return times[first:]
