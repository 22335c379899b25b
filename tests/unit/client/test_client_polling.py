"""When which job is asked about (JB-1 to JB-4)."""

from itertools import pairwise

from kibo_client.events import JobSeen, ListJobs, PollJob
from kibo_client.polling import Poll, PollSchedule
from kibo_client.units import HOUR, SECOND


def schedule(*jobs: int) -> PollSchedule:
    """A schedule that took these jobs on at moment 0."""
    polls = PollSchedule(patience=HOUR)
    polls.add(jobs, 0)
    return polls


def test_intervals_grow_from_ten_to_thirty_seconds() -> None:
    """JB-1, JB-2: 10, 15, 22.5, 30, 30 seconds between polls of a job that does not end."""
    polls, times = schedule(7), list[int]()
    for _ in range(6):
        poll = polls.next(affordable=5)
        assert poll is not None
        times.append(poll.due_at)
        polls.asked(poll.request, poll.due_at)

    assert [(b - a) / SECOND for a, b in pairwise(times)] == [10, 15, 22.5, 30, 30]


def test_an_ended_job_is_not_asked_about_again() -> None:
    """JB-3."""
    polls = schedule(7)

    assert polls.saw(JobSeen(7, "FAILED"), SECOND) is True
    assert polls.saw(JobSeen(7, "FAILED"), SECOND) is False
    assert polls.next(affordable=5) is None


def test_a_few_jobs_are_polled_by_id_and_many_by_list() -> None:
    """The list call sweeps many jobs in one request."""
    assert schedule(1, 2, 3).next(affordable=0) == Poll(PollJob(1), 5 * SECOND)
    assert schedule(*range(300)).next(affordable=20) == Poll(ListJobs(400, 0), 5 * SECOND)


def test_a_list_that_leaves_jobs_out_is_followed_page_by_page() -> None:
    """JB-4: the next page is due ten seconds later and begins where the last one ended."""
    polls = schedule(*range(30))
    first = ListJobs(100, 0)
    polls.asked(first, 5 * SECOND)
    for job_id in range(20, 30):
        polls.saw(JobSeen(job_id, "SUCCESS"), 5 * SECOND)
    polls.listed(first, range(20, 30), 5 * SECOND)

    assert polls.next(affordable=0) == Poll(ListJobs(1000, 10), 15 * SECOND)


def test_what_the_list_never_shows_is_polled_by_id() -> None:
    """JB-4: an empty page ends the sweep; jobs left out are asked about one by one."""
    polls = schedule(*range(30))
    page = ListJobs(100, 0)
    polls.asked(page, 5 * SECOND)
    polls.listed(page, (), 5 * SECOND)
    poll = polls.next(affordable=0)

    assert poll is not None
    assert isinstance(poll.request, PollJob)


def test_only_the_oldest_job_is_asked_about_until_one_has_ended() -> None:
    """Jobs end in order (J-5): polls of the others would be wasted; then each is expected in its turn."""
    polls = schedule(1, 2, 3)
    polls.asked(PollJob(1), 5 * SECOND)
    again = polls.next(affordable=5)
    polls.saw(JobSeen(1, "SUCCESS", took=4 * SECOND), 15 * SECOND)
    polls.expect_the_rest()

    assert again == Poll(PollJob(1), 15 * SECOND)
    assert polls.next(affordable=5) == Poll(PollJob(2), 19 * SECOND)


def test_patience_ends() -> None:
    """Jobs that never end do not keep a run alive for ever."""
    polls = schedule(1)

    assert (polls.overdue(HOUR), polls.overdue(HOUR + 1)) == (False, True)
