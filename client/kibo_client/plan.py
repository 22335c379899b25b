"""What a run will cost before it is begun: requests, hours, off-peak windows, polls, and when it ends (C16, C17, C18).

The schedule is the recursion of `optimum`, with two more terms: submissions wait for off-peak hours, and polls are
put in where the client would put them. It assumes that every dry run is clean, that nobody else draws on the quota,
and that jobs take a fixed time each, one after another (J-5).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from kibo_client.census import Census
from kibo_client.optimum import QUARTERS_IN_WINDOW, start_of_next
from kibo_client.units import HOUR, MINUTE, QUARTER, SECOND
from kibo_client.urgency import SCARCE_POLL_INTERVAL
from kibo_client.windows import DailyWindow

# Watching the last jobs: the first looks, then ever rarer ones.
FIRST_LOOK = 10 * SECOND
LONGEST_LOOK = 5 * MINUTE
MOST_LOOKS_AT_THE_END = 500


class Work(Enum):
    """What is planned."""

    DELETE = "delete"
    REFRESH = "refresh"
    ADJUST = "adjust"


@dataclass(frozen=True, slots=True)
class Usual:
    """What is advised for a kind of work."""

    batch_size: int
    spacing_s: float


RECOMMENDED = {Work.DELETE: Usual(500, 5.0), Work.REFRESH: Usual(3000, 1.0), Work.ADJUST: Usual(1000, 1.0)}
LARGEST_BATCHES = {Work.DELETE: 1000, Work.REFRESH: 12_000, Work.ADJUST: 1000}


class Spending(Enum):
    """What a request is spent on."""

    DRY_RUN = "dry runs"
    SUBMISSION = "submissions"
    POLL = "polls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Under which rules a run goes; durations in microseconds, limits None where they are not known."""

    requests_per_minute: int | None
    requests_per_hour: int | None
    spacing: int
    batch_size: int
    job_time: int
    off_peak: DailyWindow | None = None


@dataclass(frozen=True, slots=True)
class HourSpent:
    """What one hour (its beginning in microseconds since the epoch) is spent on."""

    begins_at: int
    spent: dict[Spending, int]

    @property
    def requests(self) -> int:
        """All of it."""
        return sum(self.spent.values())


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """An off-peak window that is used, and how many submissions fall into it."""

    opens_at: int
    closes_at: int
    submissions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cost of a run; moments in microseconds since the epoch.

    Attributes:
        census: What is asked for.
        work: What is to be done with it.
        pace: The rules it is planned under.
        begins_at: When it is begun.
        last_submission_at: When the last batch leaves.
        ends_at: When the last job has been seen to its end.
        requests: How many requests are spent on what.
        most_requests: What dry runs and submissions come to, at worst, if records lie at each other's locations.
        jobs: How many jobs there will be, at most.
        hours: What each hour is spent on; hours without a request are left out.
        affordable_polls: How many more polls the quota would bear without any request being later.
        windows: The off-peak windows used.
    """

    census: Census
    work: Work
    pace: Pace
    begins_at: int
    last_submission_at: int
    ends_at: int
    requests: dict[Spending, int]
    most_requests: int
    jobs: int
    hours: tuple[HourSpent, ...]
    affordable_polls: int | None
    windows: tuple[OpenWindow, ...]


class _Schedule:
    """Requests in order, each at the earliest moment it may be sent."""

    def __init__(self, pace: Pace, begins_at: int) -> None:
        self._pace = pace
        self.now = begins_at
        self.times: list[int] = []
        self.kinds: list[Spending] = []

    def earliest(self, at: int) -> int:
        """The first moment from `at` on at which the quota has room."""
        per_minute, per_hour, count = self._pace.requests_per_minute, self._pace.requests_per_hour, len(self.times)
        moment = max(at, self.now)
        if per_minute is not None and count >= per_minute:
            moment = max(moment, start_of_next(self.times[count - per_minute], MINUTE))
        if per_hour is not None and count >= per_hour:
            moment = max(moment, start_of_next(self.times[count - per_hour], QUARTER, QUARTERS_IN_WINDOW))
        return moment

    def send(self, kind: Spending, at: int) -> int:
        """Spend a request at a moment that `earliest` allowed."""
        self.times.append(at)
        self.kinds.append(kind)
        self.now = at
        return at


def make_plan(census: Census, work: Work, pace: Pace, begins_at: int) -> Plan:
    """Plan a run that is begun at a moment (microseconds since the epoch)."""
    if work is Work.DELETE:
        submissions = dry_runs = census.full_requests(pace.batch_size)
        most = 2 * census.exact_requests(pace.batch_size) + dry_runs
        jobs = _most_jobs(census, pace.batch_size)
    else:
        jobs = submissions = sum(-(-count // pace.batch_size) for count in census.products_at.values())
        dry_runs, most = 0, submissions
    schedule = _Schedule(pace, begins_at)
    for _ in range(dry_runs):
        schedule.send(Spending.DRY_RUN, schedule.earliest(begins_at))
    sent = _submit(schedule, pace, submissions, jobs)
    last_submission_at = sent[-1] if sent else schedule.now
    # The queue works from the first submission on, and can never be done before the last.
    jobs_end_at = max((sent[0] + jobs * pace.job_time) if sent else schedule.now, last_submission_at + pace.job_time)
    look, rest = (last_submission_at + FIRST_LOOK, FIRST_LOOK) if jobs else (0, 0)
    for _ in range(MOST_LOOKS_AT_THE_END if jobs else 0):
        seen_at = schedule.send(Spending.POLL, schedule.earliest(look))
        if seen_at >= jobs_end_at:
            break
        rest = min(LONGEST_LOOK, rest * 3 // 2)
        look = max(look + rest, min(jobs_end_at, look + LONGEST_LOOK))
    return Plan(
        census=census,
        work=work,
        pace=pace,
        begins_at=begins_at,
        last_submission_at=last_submission_at,
        ends_at=max(schedule.now, jobs_end_at if jobs else begins_at),
        requests={kind: schedule.kinds.count(kind) for kind in Spending},
        most_requests=max(most, dry_runs + submissions),
        jobs=jobs,
        hours=_hours(schedule),
        affordable_polls=_affordable(schedule, pace, begins_at),
        windows=_windows(sent, pace.off_peak),
    )


def _submit(schedule: _Schedule, pace: Pace, submissions: int, jobs: int) -> list[int]:
    """Send all submissions, with a poll now and then while jobs are open and batches wait."""
    sent: list[int] = []
    polled_at = schedule.now
    scarce = pace.requests_per_hour is not None
    for number in range(submissions):
        if scarce and jobs and sent and schedule.now - polled_at >= SCARCE_POLL_INTERVAL:
            polled_at = schedule.send(Spending.POLL, schedule.earliest(schedule.now))
        at = schedule.earliest(sent[-1] + pace.spacing if number else schedule.now)
        if pace.off_peak is not None:
            # A window opens on a whole minute, and whatever the quota held back until then it holds back no longer.
            at = schedule.earliest(pace.off_peak.opens_at(at))
        sent.append(schedule.send(Spending.SUBMISSION, at))
    return sent


def _most_jobs(census: Census, size: int) -> int:
    """One job for each location of each full batch (J-1); batches are filled with groups side by side."""
    jobs = room = at = 0
    for locations, products in census.groups:
        left = products
        while left:
            if not room:
                jobs, room, at = jobs + at, size, 0
            taken = min(left, room)
            left, room, at = left - taken, room - taken, min(census.locations, at + locations)
    return jobs + at


def _hours(schedule: _Schedule) -> tuple[HourSpent, ...]:
    spent: dict[int, Counter[Spending]] = {}
    for at, kind in zip(schedule.times, schedule.kinds, strict=True):
        spent.setdefault(at // HOUR * HOUR, Counter())[kind] += 1
    return tuple(HourSpent(begins_at, dict(counts)) for begins_at, counts in sorted(spent.items()))


def _affordable(schedule: _Schedule, pace: Pace, begins_at: int) -> int | None:
    """What the hours of the run leave over; in an hour that is spent, a poll would hold something else back."""
    if pace.requests_per_hour is None:
        return None
    hours = max(1, -(-(schedule.now - begins_at) // HOUR))
    return max(0, hours * pace.requests_per_hour - len(schedule.times))


def _windows(sent: list[int], off_peak: DailyWindow | None) -> tuple[OpenWindow, ...]:
    if off_peak is None:
        return ()
    counts: Counter[int] = Counter(off_peak.closes_at(at) for at in sent)
    return tuple(
        OpenWindow(closes_at - off_peak.length, closes_at, count) for closes_at, count in sorted(counts.items())
    )
