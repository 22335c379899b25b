"""Which job to ask about when: growing intervals, single jobs while they are few, the queue's list when they are many.

Laws of this file:
1. Two polls of one job, and two list calls, are at least 10 s apart (JB-1); the interval grows while nothing
   ends (JB-2).
2. A job seen in a terminal status is never asked for again (JB-3); every other one is, until its patience ends (JB-4).
3. A list that leaves out an outstanding job is followed to its end; what it never shows is polled by id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kibo_client.events import JobSeen, ListJobs, PollJob
from kibo_client.units import MINUTE, SECOND

LEAST_INTERVAL = 10 * SECOND
USUAL_LONGEST_INTERVAL = 30 * SECOND
LONGEST_INTERVAL = 5 * MINUTE
FIRST_DELAY = 5 * SECOND
LEAST_DELAY = SECOND
# The oldest job is asked about this often before it is thought stuck, and the others asked about all the same.
POLLS_OF_THE_OLDEST = 6
# What is learnt late costs at most this share of the time already waited.
LATENESS_SHARE = 20
FEW = 4
MOST_SINGLE_POLLS = 20
DEFAULT_PAGE_SIZE = 1000
TERMINAL = frozenset({"SUCCESS", "FAILED"})


@dataclass(frozen=True, slots=True)
class Poll:
    """The next question about jobs, and when it is due."""

    request: PollJob | ListJobs
    due_at: int


@dataclass(slots=True)
class _Track:
    known_since: int
    due_at: int
    interval: int = LEAST_INTERVAL
    polls: int = 0
    listed: bool = True
    """Whether the list can be expected to show it."""


class PollSchedule:
    """The outstanding jobs of a run.

    Args:
        patience: How long the jobs may go without any of them ending, in microseconds, before they are given up.
        page_size: How many jobs a list call may ask for.
    """

    def __init__(self, *, patience: int, page_size: int = DEFAULT_PAGE_SIZE) -> None:
        self._patience = patience
        self._page_size = page_size
        self._outstanding: dict[int, _Track] = {}
        self._last_progress_at = 0
        self._began_at = 0
        self._mean_time: int | None = None
        self._newest_end: tuple[int, int] | None = None
        self._list_due_at = 0
        self._list_interval = LEAST_INTERVAL
        self._list_works = True
        self._page_start = 0
        self._unseen: set[int] = set()
        self._seen_in_sweep: set[int] = set()

    def __repr__(self) -> str:
        return f"<PollSchedule {len(self._outstanding)} outstanding>"

    def __len__(self) -> int:
        return len(self._outstanding)

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._outstanding

    @property
    def outstanding(self) -> tuple[int, ...]:
        """The jobs not yet seen in a terminal status, oldest first."""
        return tuple(self._outstanding)

    def add(self, job_ids: Iterable[int], now: int) -> None:
        """Take on jobs that were handed out at this moment."""
        if not self._outstanding:
            self._began_at = now
            self._list_interval = LEAST_INTERVAL
        for job_id in job_ids:
            self._outstanding.setdefault(job_id, _Track(now, self._expected(len(self._outstanding) + 1, now)))
        if self._began_at == now:
            first_list = min(self._expected(len(self._outstanding), now), now + USUAL_LONGEST_INTERVAL)
            self._list_due_at = max(self._list_due_at, first_list)
        self._last_progress_at = now

    def _expected(self, rank: int, now: int, *, ended_ago: int = 0) -> int:
        """When the job of this rank behind one that ended so long ago can be expected to have ended (J-5)."""
        if self._mean_time is None:
            return now + FIRST_DELAY
        ahead = min(LONGEST_INTERVAL, max(LEAST_DELAY, self._mean_time * rank))
        return max(now, now - ended_ago + ahead)

    def overdue(self, now: int) -> bool:
        """Whether nothing has ended for so long that the outstanding jobs are to be given up."""
        return bool(self._outstanding) and now - self._last_progress_at > self._patience

    def give_up(self, job_id: int) -> None:
        """Ask no more about a job."""
        self._outstanding.pop(job_id, None)
        self._unseen.discard(job_id)

    def list_is_useless(self) -> None:
        """The list cannot be had: from now on, jobs are polled by id."""
        self._list_works = False
        self._page_start = 0

    def list_due_at(self) -> int:
        """The earliest moment for a list call, whatever it is for (JB-1)."""
        return self._list_due_at

    def next(self, *, affordable: int) -> Poll | None:
        """The next question; None if no job is outstanding.

        Args:
            affordable: How many single polls a round may cost.
        """
        if not self._outstanding:
            return None
        by_list = self._list_works and len(self._outstanding) > max(FEW, min(affordable, MOST_SINGLE_POLLS))
        single = [
            (track.due_at, job_id) for job_id, track in self._outstanding.items() if not (by_list and track.listed)
        ]
        polls = [Poll(PollJob(job_id), due_at) for due_at, job_id in (min(single),)] if single else []
        if by_list and len(single) < len(self._outstanding):
            polls.append(Poll(self._page(), self._list_due_at))
        return min(polls, key=lambda poll: poll.due_at)

    def expect_the_rest(self) -> None:
        """Called once an answer has been taken in: the jobs not asked about yet follow behind the last that ended."""
        if self._newest_end is None:
            return
        (now, ended_ago), self._newest_end = self._newest_end, None
        for rank, waiting in enumerate(self._outstanding.values(), 1):
            if not waiting.polls:
                waiting.due_at = self._expected(rank, now, ended_ago=ended_ago)

    def _page(self) -> ListJobs:
        if self._page_start:
            return ListJobs(self._page_size, self._page_start)
        # Newest first: the outstanding jobs are the newest of ours, give or take other people's.
        wanted = len(self._outstanding) + len(self._outstanding) // 4 + 25
        return ListJobs(min(self._page_size, max(100, wanted)), 0)

    def asked(self, request: PollJob | ListJobs, now: int) -> None:
        """A question has been put and has ended at this moment, with whatever result."""
        if isinstance(request, ListJobs):
            self._list_due_at = max(self._list_due_at, now + LEAST_INTERVAL)
        elif request.job_id in self._outstanding:
            track = self._outstanding[request.job_id]
            track.polls += 1
            track.due_at = now + track.interval
            track.interval = self._grown(track.interval, now - track.known_since)
            if request.job_id == next(iter(self._outstanding)) and track.polls <= POLLS_OF_THE_OLDEST:
                self._hold_back_the_rest(track)

    def _hold_back_the_rest(self, oldest: _Track) -> None:
        """Jobs end in order: while the oldest has not, there is no use in asking about the others."""
        for rank, waiting in enumerate(self._outstanding.values()):
            if not waiting.polls:
                after = rank * (FIRST_DELAY if self._mean_time is None else self._mean_time)
                waiting.due_at = max(waiting.due_at, oldest.due_at + min(LONGEST_INTERVAL, after))

    def saw(self, job: JobSeen, now: int) -> bool:
        """Take a job's status; True if it ended one that was outstanding."""
        self._unseen.discard(job.job_id)
        if job.job_id not in self._outstanding or job.status not in TERMINAL:
            return False
        track = self._outstanding.pop(job.job_id)
        self._last_progress_at = now
        took = job.took if job.took is not None else now - track.known_since
        self._mean_time = took if self._mean_time is None else (3 * self._mean_time + took) // 4
        ended_ago = job.ended_ago or 0
        if self._newest_end is None or self._newest_end[0] < now or ended_ago < self._newest_end[1]:
            self._newest_end = (now, ended_ago)
        return True

    def listed(self, request: ListJobs, job_ids: Iterable[int], now: int) -> None:
        """A page has been read (its jobs are taken by `saw`): decide whether to turn the page or to rest."""
        on_page = set(job_ids)
        if request.start == 0:
            self._unseen = {j for j, track in self._outstanding.items() if track.listed} - on_page
            self._seen_in_sweep = set()
        fresh = on_page - self._seen_in_sweep
        self._seen_in_sweep |= on_page
        self._unseen -= on_page
        if self._unseen and fresh:
            self._page_start = request.start + len(on_page)
            return
        for job_id in self._unseen:
            if job_id in self._outstanding:
                self._outstanding[job_id].listed = False
        self._page_start = 0
        self._unseen = set()
        rest = self._list_interval
        if self._mean_time is not None:
            rest = max(LEAST_INTERVAL, min(rest, self._mean_time * len(self._outstanding)))
        self._list_due_at = max(self._list_due_at, now + rest)
        self._list_interval = self._grown(self._list_interval, now - self._began_at)

    @staticmethod
    def _grown(interval: int, waited: int) -> int:
        longest = min(LONGEST_INTERVAL, max(USUAL_LONGEST_INTERVAL, waited // LATENESS_SHARE))
        return max(interval, min(interval * 3 // 2, longest))
