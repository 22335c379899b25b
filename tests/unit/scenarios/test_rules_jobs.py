"""JB-1 to JB-5 on stories told by hand."""

from typing import Any

import pytest

from kibo_scenarios.evidence import Evidence, JobFact
from kibo_scenarios.rules import RULES_BY_ID, Outcome, Verdict
from kibo_scenarios.testing import Story, record


def judge(rule: str, evidence: Evidence) -> Outcome:
    """Return what one rule says."""
    return RULES_BY_ID[rule].judge(evidence)


@pytest.mark.parametrize(("gap", "verdict"), [(10, Verdict.PASS), (9.95, Verdict.PASS), (9.9, Verdict.FAIL)])
def test_jb1_polls_of_one_job(gap: float, verdict: Verdict) -> None:
    """JB-1: ten seconds between two polls of one job."""
    story = Story()
    story.poll(7)
    story.poll(7, at=gap)

    assert verdict == judge("JB-1", story.evidence()).verdict


@pytest.mark.parametrize(("gap", "verdict"), [(10, Verdict.PASS), (1, Verdict.FAIL)])
def test_jb1_lists_of_the_queue(gap: float, verdict: Verdict) -> None:
    """JB-1: a list call is one poll of the queue, and two of them keep the same distance."""
    story = Story()
    story.list_jobs({7: "WORKING"})
    story.list_jobs({7: "WORKING"}, at=gap)

    assert verdict == judge("JB-1", story.evidence()).verdict


def test_jb1_many_jobs_may_be_polled_side_by_side() -> None:
    """JB-1: polls of different jobs, and a list beside them, are not held against each other."""
    story = Story()
    for job in range(5):
        story.poll(job, at=job / 10)
    story.list_jobs(at=1)

    assert Verdict.INCONCLUSIVE == judge("JB-1", story.evidence()).verdict


def listed(story: Story, at: float, start: int, shown: int, **how: Any) -> None:
    """Tell a list call for one page of 100 that shows so many jobs."""
    story.list_jobs(
        {start + index: "WORKING" for index in range(shown)}, at=at, query=f"limit=100&startIndex={start}", **how
    )


def test_jb1_the_pages_of_one_listing_are_one_poll() -> None:
    """JB-1: going on where the page before ended is one poll, however many pages there are."""
    story = Story()
    listed(story, 0, 0, 100)
    listed(story, 1, 100, 100)
    listed(story, 2, 200, 7)
    listed(story, 3, 207, 0)

    assert Verdict.INCONCLUSIVE == judge("JB-1", story.evidence()).verdict

    listed(story, 10, 0, 100)
    listed(story, 11, 100, 100)

    assert Verdict.PASS == judge("JB-1", story.evidence()).verdict


@pytest.mark.parametrize(
    ("at", "start"),
    [(2, 100), (2, 1), (2, 101), (2, 201), (2, 0), (9.9, 0)],
    ids=["the same page", "a page back", "one further", "past the end", "from the start", "the start, early"],
)
def test_jb1_a_growing_start_is_no_way_round(at: float, start: int) -> None:
    """JB-1: a list call that does not go on where the last page ended is another poll of the queue."""
    story = Story()
    listed(story, 0, 0, 100)
    listed(story, 1, 100, 100)
    listed(story, at, start, 100)

    assert Verdict.FAIL == judge("JB-1", story.evidence()).verdict


def test_jb1_watching_the_end_of_the_queue_is_polling() -> None:
    """JB-1: a start that creeps along with every list call, or an end that is asked for over and over, is one."""
    creeping, waiting = Story(), Story()
    for second in range(5):
        listed(creeping, second, second, 100)
        listed(waiting, second, 7, 0)

    assert 4 == judge("JB-1", creeping.evidence()).breaches
    assert 4 == judge("JB-1", waiting.evidence()).breaches


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("locationCode=L1", "locationCode=L2", Verdict.INCONCLUSIVE),
        ("", "locationCode=L1", Verdict.INCONCLUSIVE),
        ("locationCode=L1", "locationCode=L1&limit=7", Verdict.FAIL),
        ("types=DELETE", "types=ADJUST", Verdict.FAIL),
        ("limit=100", "limit=101", Verdict.FAIL),
    ],
)
def test_jb1_the_queue_of_a_location_is_its_own(one: str, other: str, verdict: Verdict) -> None:
    """JB-1: lists of two locations are two polls; another filter or page size does not make another queue."""
    story = Story()
    story.list_jobs({7: "WORKING"}, query=one)
    story.list_jobs({7: "WORKING"}, query=other, at=1)

    assert verdict == judge("JB-1", story.evidence()).verdict


def test_jb1_a_refused_page_may_be_asked_for_again() -> None:
    """JB-1: the repeat of a page that was not shown takes its place in the listing."""
    story = Story()
    listed(story, 0, 0, 100)
    listed(story, 1, 100, 0, status=503)
    listed(story, 3, 100, 100)
    listed(story, 4, 200, 0)

    assert Verdict.INCONCLUSIVE == judge("JB-1", story.evidence()).verdict


def test_jb1_the_same_page_keeps_its_distance_too() -> None:
    """JB-1: a late page of one listing and the same page of the next are ten seconds apart, like the listings."""
    story = Story()
    listed(story, 0, 0, 100)
    listed(story, 9, 100, 100)
    listed(story, 10, 0, 100)

    assert Verdict.PASS == judge("JB-1", story.evidence()).verdict

    listed(story, 11, 100, 100)

    assert Verdict.FAIL == judge("JB-1", story.evidence()).verdict


def test_jb1_leaves_repeats_of_refused_polls_to_th1() -> None:
    """JB-1: a poll that was refused showed nothing, so its repeat is judged by TH-1 only."""
    story = Story()
    story.poll(7, status=429, retry_after=60)
    story.poll(7, at=1)

    assert Verdict.INCONCLUSIVE == judge("JB-1", story.evidence()).verdict


def polled_at(*moments: float) -> Story:
    """A job is polled at these moments and found unfinished."""
    story = Story()
    for at in moments:
        story.poll(7, at=at)
    return story


@pytest.mark.parametrize(
    ("moments", "verdict"),
    [
        ((0, 10, 25, 50), Verdict.PASS),
        ((0, 30, 60, 90), Verdict.PASS),
        ((0, 10, 20, 30), Verdict.FAIL),
        ((0, 10, 20), Verdict.INCONCLUSIVE),
    ],
)
def test_jb2_intervals_grow(moments: tuple[float, ...], verdict: Verdict) -> None:
    """JB-2: a fixed interval of 10 s is a breach; growing ones, or 30 s from the start, are not."""
    assert verdict == judge("JB-2", polled_at(*moments).evidence()).verdict


def test_jb3_an_ended_job_is_left_alone() -> None:
    """JB-3: after SUCCESS, seen by id or in a list, another poll by id is a breach; unfinished jobs show nothing."""
    story = polled_at(0)

    assert Verdict.INCONCLUSIVE == judge("JB-3", story.evidence()).verdict

    story.list_jobs({7: "FAILED"}, at=10)

    assert Verdict.PASS == judge("JB-3", story.evidence()).verdict

    story.poll(7, "FAILED", at=20)

    assert Verdict.FAIL == judge("JB-3", story.evidence()).verdict


def test_jb3_excuses_a_poll_that_was_on_its_way() -> None:
    """JB-3: a poll sent before the end was known is excused, one sent in the knowledge of it is not."""
    story = Story()
    story.list_jobs({7: "SUCCESS"})
    story.poll(7, "SUCCESS", at=0.049)

    assert Verdict.PASS == judge("JB-3", story.evidence()).verdict

    story.poll(7, "SUCCESS", at=0.05)

    assert Verdict.FAIL == judge("JB-3", story.evidence()).verdict


def test_jb4_every_id_is_followed_to_its_end() -> None:
    """JB-4: ids seen ended by id or in a list pass; one that was dropped fails and is named."""
    story = Story()
    story.delete("a", jobs=[1, 2, 3])
    story.poll(1, "SUCCESS", at=10)
    story.list_jobs({2: "FAILED", 3: "WORKING"}, at=10)
    dropped = judge("JB-4", story.evidence())
    story.poll(3, "SUCCESS", at=30)

    assert (Verdict.FAIL, 1) == (dropped.verdict, dropped.breaches)
    assert "job 3, handed out by #1 deleteItems, was never seen ended" == dropped.actual
    assert Verdict.PASS == judge("JB-4", story.evidence()).verdict


def test_jb4_ids_that_never_arrived_do_not_count() -> None:
    """JB-4: ids in an answer that was lost on the way were not handed out."""
    story = Story()
    story.delete("a", jobs=[1], lost=True)

    assert Verdict.INCONCLUSIVE == judge("JB-4", story.evidence()).verdict


def test_jb4_an_answer_that_was_lost_shows_nothing() -> None:
    """JB-4: a terminal status in an answer that was lost was not seen."""
    story = Story()
    story.delete("a", jobs=[1])
    story.poll(1, "SUCCESS", at=10, lost=True)

    assert Verdict.FAIL == judge("JB-4", story.evidence()).verdict


def with_failure(story: Story, **fields: Any) -> Evidence:
    """Return the evidence in which the job at L1 of the first batch failed and the one at L2 succeeded."""
    jobs = {1: JobFact(location_code="L1", status="FAILED", finished_at=5)}
    jobs[2] = JobFact(location_code="L2", status="SUCCESS", finished_at=6)
    return story.evidence(jobs=jobs, **fields)


def first_batch() -> Story:
    """One batch at two locations, followed to its end."""
    story = Story()
    story.delete("ab", ["L1", "L2"], jobs=[1, 2])
    story.list_jobs({1: "FAILED", 2: "SUCCESS"}, at=20)
    return story


def test_jb5_the_failed_scope_is_submitted_again() -> None:
    """JB-5: what was left at the failed location is enough, and so is naming it."""
    story = first_batch()
    named = with_failure(story, undone=frozenset({record("L1", "a")}))
    story.delete("a", ["L1"], at=40, jobs=[3])

    assert Verdict.PASS == judge("JB-5", with_failure(story)).verdict
    assert Verdict.PASS == judge("JB-5", named).verdict


def test_jb5_ignoring_a_failure_is_a_breach() -> None:
    """JB-5: other products there, or the same ones elsewhere, do not take the failed scope up."""
    story = first_batch()
    story.delete("z", ["L1"], at=40, jobs=[3])
    story.delete("a", ["L2"], at=60, jobs=[4])

    assert Verdict.FAIL == judge("JB-5", with_failure(story)).verdict


def test_jb5_resending_everything_is_a_breach() -> None:
    """JB-5: the whole batch again, although one of its jobs had succeeded."""
    story = first_batch()
    story.delete("ab", ["L1", "L2"], at=40, jobs=[3])

    assert Verdict.FAIL == judge("JB-5", with_failure(story)).verdict


@pytest.mark.parametrize(
    ("first", "again", "verdict"),
    [(False, True, Verdict.FAIL), (True, True, Verdict.FAIL), (True, False, Verdict.PASS)],
)
def test_jb5_all_locations_are_as_wide_as_it_gets(first: bool, again: bool, verdict: Verdict) -> None:  # noqa: FBT001
    """JB-5: going over all locations again is more than the failed scope; going over the failed one is not."""
    story = Story()
    story.delete("ab", ["L1", "L2"], jobs=[1, 2], everywhere=first)
    story.delete("ab", ["L1"], at=40, jobs=[3], everywhere=again)

    assert verdict == judge("JB-5", with_failure(story)).verdict


def test_jb5_a_batch_that_failed_everywhere_may_be_sent_again_as_it_is() -> None:
    """JB-5: when every job failed, the whole batch is the failed scope."""
    story = Story()
    story.delete("ab", ["L1"], jobs=[1])
    story.delete("ab", ["L1"], at=40, jobs=[3])

    assert Verdict.PASS == judge("JB-5", with_failure(story)).verdict


def test_jb5_needs_a_failure() -> None:
    """JB-5: jobs that all succeed show nothing."""
    assert Verdict.INCONCLUSIVE == judge("JB-5", first_batch().evidence()).verdict
