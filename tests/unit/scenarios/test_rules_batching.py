"""BA-1 to BA-6 on stories told by hand."""

import pytest

from kibo_scenarios.evidence import Evidence, RoundTrip, Summary
from kibo_scenarios.rules import RULES_BY_ID, Outcome, Verdict
from kibo_scenarios.testing import Story


def judge(rule: str, evidence: Evidence) -> Outcome:
    """Return what one rule says."""
    return RULES_BY_ID[rule].judge(evidence)


@pytest.mark.parametrize(
    ("items", "hard", "recommended"),
    [
        (500, Verdict.PASS, Verdict.PASS),
        (501, Verdict.PASS, Verdict.FAIL),
        (1000, Verdict.PASS, Verdict.FAIL),
        (1001, Verdict.FAIL, Verdict.FAIL),
    ],
)
def test_ba1_ba2_sizes_of_delete_items(items: int, hard: Verdict, recommended: Verdict) -> None:
    """BA-1, BA-2: 1,000 is the maximum and 500 the recommendation, both inclusive."""
    story = Story()
    story.delete(items, status=400 if items > 1000 else 200)

    assert (hard, recommended) == (
        judge("BA-1", story.evidence()).verdict,
        judge("BA-2", story.evidence()).verdict,
    )


@pytest.mark.parametrize(
    ("operation", "items", "hard", "recommended"),
    [
        ("adjust", 1000, Verdict.PASS, Verdict.INCONCLUSIVE),
        ("adjust", 1001, Verdict.FAIL, Verdict.INCONCLUSIVE),
        ("refresh", 3000, Verdict.PASS, Verdict.PASS),
        ("refresh", 12_000, Verdict.PASS, Verdict.FAIL),
        ("refresh", 12_001, Verdict.FAIL, Verdict.FAIL),
        ("getJobs", 99_999, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
    ],
)
def test_ba1_ba2_sizes_of_other_calls(operation: str, items: int, hard: Verdict, recommended: Verdict) -> None:
    """BA-1, BA-2: adjust and refresh have their own limits; other calls have none."""
    story = Story()
    story.request(operation, summary=Summary(items=items))

    assert (hard, recommended) == (
        judge("BA-1", story.evidence()).verdict,
        judge("BA-2", story.evidence()).verdict,
    )


def test_ba3_full_batches_pass_and_single_items_fail() -> None:
    """BA-3: two calls for 600 products are needed; one call per product is waste."""
    full, single = Story(), Story()
    for index in range(2):
        full.delete([f"{index}-{number}" for number in range(300)], jobs=[index])
    for index in range(20):
        single.delete([f"{index}"], jobs=[index])

    assert Verdict.PASS == judge("BA-3", full.evidence()).verdict
    assert Verdict.FAIL == judge("BA-3", single.evidence()).verdict


def test_ba3_allows_a_call_per_set_of_locations() -> None:
    """BA-3: products that go to different locations cannot share a call."""
    story = Story()
    for index in range(10):
        story.delete([f"{index}"], [f"L{index}"], jobs=[index])

    assert Verdict.PASS == judge("BA-3", story.evidence()).verdict


def test_ba3_needs_two_calls() -> None:
    """BA-3: one call shows nothing."""
    story = Story()
    story.delete("a", jobs=[1])

    assert Verdict.INCONCLUSIVE == judge("BA-3", story.evidence()).verdict


def test_ba4_overlapping_submissions_fail() -> None:
    """BA-4: a second submission that arrives before the first was answered was in flight beside it."""
    story = Story()
    story.delete("a", takes=2)
    story.delete("b", at=1)

    assert Verdict.FAIL == judge("BA-4", story.evidence()).verdict


def test_ba4_a_known_round_trip_proves_more() -> None:
    """BA-4: a request that arrives sooner after an answer than any round trip was sent before that answer came."""
    story = Story()
    story.delete("a")
    story.delete("b", at=0.049)

    trip = RoundTrip(least=50_000, greatest=50_000)

    assert Verdict.FAIL == judge("BA-4", story.evidence(round_trip=trip)).verdict
    assert Verdict.PASS == judge("BA-4", story.evidence()).verdict


def test_ba4_a_round_trip_after_the_answer_is_soon_enough() -> None:
    """BA-4: the first moment at which a careful client's next request can arrive proves nothing against it."""
    story = Story()
    story.delete("a", takes=3)
    story.delete("b", at=3.05)

    assert Verdict.PASS == judge("BA-4", story.evidence(round_trip=RoundTrip(least=50_000, greatest=50_000))).verdict


def test_ba4_a_short_submission_does_not_end_a_long_one() -> None:
    """BA-4: the third overlaps the first although the second, in between, was answered long ago."""
    story = Story()
    story.delete("a", takes=10)
    story.delete("b", at=1)
    story.delete("c", at=8)

    assert 2 == judge("BA-4", story.evidence()).breaches


def test_ba4_dry_runs_are_no_submissions() -> None:
    """BA-4: dry runs begin no jobs; only live deletions are held to it."""
    story = Story()
    story.dry_run("a", takes=2)
    story.dry_run("b", at=1, takes=2)
    story.delete("a", at=2)

    assert Verdict.INCONCLUSIVE == judge("BA-4", story.evidence()).verdict


@pytest.mark.parametrize(("gap", "verdict"), [(5, Verdict.PASS), (4.95, Verdict.PASS), (4.9, Verdict.FAIL)])
def test_ba5_counts_from_the_answer(gap: float, verdict: Verdict) -> None:
    """BA-5: five seconds from the answer, however long the request itself took."""
    story = Story()
    story.delete("a", takes=3)
    story.delete("b", at=3 + gap)

    assert verdict == judge("BA-5", story.evidence()).verdict


def test_ba5_one_submission_is_no_opportunity() -> None:
    """BA-5: one submission, or one after a refusal, shows nothing about the spacing."""
    story = Story()
    story.delete("a", status=429, retry_after=60)
    story.delete("a", at=60, jobs=[1])

    assert Verdict.INCONCLUSIVE == judge("BA-5", story.evidence()).verdict


def test_ba5_a_refused_second_batch_was_still_sent_too_early() -> None:
    """BA-5: what counts is when the next batch was sent, not whether it was admitted."""
    story = Story()
    story.delete("a", jobs=[1])
    story.delete("b", at=1, status=429, retry_after=60)

    assert Verdict.FAIL == judge("BA-5", story.evidence()).verdict


def batches_with_slow_jobs(*, gated: bool) -> Story:
    """Three batches; each job is seen unfinished at 40 s and ended at 80 s after its batch."""
    story = Story()
    for index in range(3):
        story.delete(f"{index}", jobs=[index])
        story.poll(index, at=story.now_s + 40)
        if gated:
            story.poll(index, "SUCCESS", at=story.now_s + 80)
        story.wait(90)
    return story


def test_ba6_gating_on_jobs_fails_and_pacing_by_time_passes() -> None:
    """BA-6: batch after batch held back until the jobs were seen ended is gating."""
    assert Verdict.FAIL == judge("BA-6", batches_with_slow_jobs(gated=True).evidence()).verdict
    assert Verdict.PASS == judge("BA-6", batches_with_slow_jobs(gated=False).evidence()).verdict


def test_ba6_quick_jobs_show_nothing() -> None:
    """BA-6: jobs that had ended long before the next batch was due could not hold it back."""
    story = Story()
    for index in range(3):
        story.delete(f"{index}", jobs=[index])
        story.poll(index, "SUCCESS", at=story.now_s + 4)
        story.wait(10)

    assert Verdict.INCONCLUSIVE == judge("BA-6", story.evidence()).verdict


def gated_after(seconds: float, shown: int | None = None) -> Story:
    """Three batches, each sent after its jobs had ended, the last sight of an unfinished one after some seconds."""
    story = Story()
    for index in range(3):
        story.delete(f"{index}", jobs=[index])
        story.poll(index if shown is None else shown, at=story.now_s + seconds)
        story.poll(index, "SUCCESS", at=story.now_s + 80)
        story.wait(90)
    return story


@pytest.mark.parametrize(("seconds", "verdict"), [(30, Verdict.FAIL), (29.9, Verdict.INCONCLUSIVE)])
def test_ba6_patience_is_three_times_the_upper_end_of_the_spacing(seconds: float, verdict: Verdict) -> None:
    """BA-6: only a job seen unfinished 30 s after its batch shows that it may have held the next one back."""
    assert verdict == judge("BA-6", gated_after(seconds).evidence()).verdict


def test_ba6_only_the_batches_own_jobs_count() -> None:
    """BA-6: jobs of something else, unfinished for long, do not make a client gated."""
    assert Verdict.INCONCLUSIVE == judge("BA-6", gated_after(40, shown=99).evidence()).verdict


def test_ba6_a_refusal_in_between_explains_the_delay() -> None:
    """BA-6: a batch that a 429 held back was not held back by its jobs."""
    story = gated_after(40)
    for index in range(2):
        story.poll(99, at=index * 90 + 60, status=429, retry_after=60)

    assert Verdict.INCONCLUSIVE == judge("BA-6", story.evidence()).verdict


def test_ba3_holds_a_client_to_what_it_was_told() -> None:
    """BA-3: batches of 100 are full where the client was told to send no more."""
    story = Story()
    for index in range(5):
        story.delete([f"{index}-{number}" for number in range(100)])

    assert Verdict.PASS == judge("BA-3", story.evidence(batch_size=100)).verdict
    assert Verdict.FAIL == judge("BA-3", story.evidence()).verdict


def test_ba3_halves_of_what_timed_out_are_full() -> None:
    """BA-3, J-9: where 500 items could not be enqueued, batches of 250 are full, and smaller ones are waste."""

    def sent(size: int) -> Verdict:
        story = Story()
        story.delete(500, status=504)
        for first in range(0, 500, size):
            story.delete([f"item-{number}" for number in range(first, first + size)])
        return judge("BA-3", story.evidence()).verdict

    assert (Verdict.PASS, Verdict.FAIL) == (sent(250), sent(100))
