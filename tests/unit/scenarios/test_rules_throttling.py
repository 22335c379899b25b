"""TH-1 to TH-7 on stories told by hand: each can pass, fail, and say that nothing could be concluded."""

from typing import Any

import pytest

from kibo_scenarios.evidence import Evidence, PoolLimit, RoundTrip
from kibo_scenarios.moments import SECOND
from kibo_scenarios.rules import RULES_BY_ID, Outcome, Verdict
from kibo_scenarios.testing import Story


def judge(rule: str, evidence: Evidence) -> Outcome:
    """Return what one rule says."""
    return RULES_BY_ID[rule].judge(evidence)


def refused_then(seconds: float, retry_after: int = 60) -> Story:
    """A submission is refused and comes back after some seconds."""
    story = Story()
    story.delete("a", status=429, retry_after=retry_after)
    story.wait(seconds)
    story.delete("a", jobs=[1])
    return story


@pytest.mark.parametrize(
    ("seconds", "retry_after", "verdict"),
    [
        (60, 60, Verdict.PASS),
        (59.95, 60, Verdict.PASS),
        (59.949, 60, Verdict.FAIL),
        (30, 60, Verdict.FAIL),
        (0.050001, 60, Verdict.FAIL),
        (0.05, 60, Verdict.INCONCLUSIVE),
        (120, 900, Verdict.FAIL),
        (3600, 3600, Verdict.PASS),
        (86_400, 60, Verdict.PASS),
    ],
)
def test_th1_only_too_early_is_a_breach(seconds: float, retry_after: int, verdict: Verdict) -> None:
    """TH-1: the refused call may come back at Retry-After less 50 ms, or ever so late, but not earlier."""
    assert verdict == judge("TH-1", refused_then(seconds, retry_after).evidence()).verdict


def test_th1_needs_a_429() -> None:
    """TH-1: without a 429 nothing is concluded."""
    story = Story()
    story.delete("a", jobs=[1])

    assert Verdict.INCONCLUSIVE == judge("TH-1", story.evidence()).verdict


def test_th1_needs_something_after_the_429() -> None:
    """TH-1: a client that ends with a 429 has not shown that it waits."""
    story = Story()
    story.delete("a", status=429, retry_after=60)

    assert Verdict.INCONCLUSIVE == judge("TH-1", story.evidence()).verdict


def test_th1_names_the_two_requests_and_the_shortfall() -> None:
    """TH-1: the finding carries both entries and says by how much the wait was broken."""
    outcome = judge("TH-1", refused_then(20).evidence())

    assert ((1, 2),) == tuple(finding.entries for finding in outcome.findings)
    assert "20 s after the 429 of #1 deleteItems (Retry-After 60): 40 s too early" in outcome.actual


def test_th1_keeps_the_longest_promise() -> None:
    """TH-1: coming back early and being refused for less does not shorten what was promised first."""
    story = Story()
    story.delete("a", status=429, retry_after=900)
    story.delete("a", at=450, status=429, retry_after=60)
    story.delete("a", at=510)

    assert 2 == judge("TH-1", story.evidence()).breaches


def test_th1_excuses_what_was_on_its_way() -> None:
    """TH-1: another request that may have been sent before the refusal was known is no breach, and no proof either."""
    story = Story()
    story.delete("a", status=429, retry_after=60)
    story.delete("b", at=0.049, status=429, retry_after=60)

    assert Verdict.INCONCLUSIVE == judge("TH-1", story.evidence()).verdict

    story.delete("b", at=61, jobs=[1])

    assert Verdict.PASS == judge("TH-1", story.evidence()).verdict


def test_th1_does_not_excuse_a_copy() -> None:
    """TH-1: the refused poll itself, sent again at once, was sent in the knowledge of the refusal."""
    story = Story()
    story.poll(7, status=429, retry_after=60)
    story.poll(7, at=0.01, status=429, retry_after=60)

    assert Verdict.FAIL == judge("TH-1", story.evidence()).verdict


def test_th1_cannot_tell_copies_of_requests_with_a_body() -> None:
    """TH-1, RL-11: refused deletions were never read, so equal hashes do not make one the copy of the other."""
    story = Story()
    for moment in (0, 0.01, 60):
        story.delete("a", at=moment, status=429, retry_after=60)

    assert Verdict.FAIL == judge("TH-1", story.evidence(tolerance=0)).verdict
    assert Verdict.PASS == judge("TH-1", story.evidence()).verdict


@pytest.mark.parametrize(
    ("after", "verdict"),
    [(0.019999, Verdict.INCONCLUSIVE), (0.02, Verdict.INCONCLUSIVE), (0.020001, Verdict.FAIL)],
)
def test_th1_knows_the_way_is_shorter_when_told(after: float, verdict: Verdict) -> None:
    """TH-1: with a round trip of exactly 20 ms, what is sent in the instant of the answer is not blamed."""
    story = Story()
    story.delete("a", status=429, retry_after=60)
    story.delete("b", at=after)

    trip = RoundTrip(least=20_000, greatest=20_000)

    assert verdict == judge("TH-1", story.evidence(round_trip=trip)).verdict


def test_th1_a_tie_does_not_excuse_what_comes_after_it() -> None:
    """TH-1: who never waits is excused once at most, even where everything happens in no time."""
    story = Story()
    for moment in (0, 0.02, 0.04):
        story.delete("a", at=moment, status=429, retry_after=60)

    trip = RoundTrip(least=20_000, greatest=20_000)

    assert 1 == judge("TH-1", story.evidence(round_trip=trip)).breaches


def test_th1_leaves_other_pools_alone() -> None:
    """TH-1, RL-1: a refusal holds for its own pool only."""
    story = Story()
    story.delete("a", status=429, retry_after=60)
    story.delete("a", at=1, pool="/other/*")
    story.delete("a", at=60)

    assert Verdict.PASS == judge("TH-1", story.evidence()).verdict


def working_story() -> Story:
    """Two jobs are open when a poll is refused."""
    story = Story()
    story.delete("a", jobs=[1, 2])
    story.wait(10)
    story.poll(1, status=429, retry_after=60)
    return story


def test_th2_other_calls_must_wait_too() -> None:
    """TH-2: while the poll of one job waits, the poll of another is a breach, and TH-1 is not blamed for it."""
    story = working_story()
    story.poll(2, at=15)
    story.poll(1, at=70)

    assert Verdict.FAIL == judge("TH-2", story.evidence()).verdict
    assert Verdict.PASS == judge("TH-1", story.evidence()).verdict


def test_th2_passes_when_everybody_waits() -> None:
    """TH-2: with other work waiting and nothing sent, the pool was kept still."""
    story = working_story()
    story.poll(2, at=70)
    story.poll(1, at=70.1)

    assert Verdict.PASS == judge("TH-2", story.evidence()).verdict


def test_th2_needs_other_work() -> None:
    """TH-2: a client with only one thing to do has shown nothing about its other callers."""
    assert Verdict.INCONCLUSIVE == judge("TH-2", refused_then(60).evidence()).verdict


def test_th2_needs_a_429() -> None:
    """TH-2: open jobs and unsent batches are no opportunity as long as nothing is refused."""
    story = Story()
    story.delete("a", jobs=[1, 2])
    story.poll(1, at=10)
    story.delete("b", at=20, jobs=[3])

    assert Verdict.INCONCLUSIVE == judge("TH-2", story.evidence()).verdict


def test_th2_counts_unsent_batches_as_other_work() -> None:
    """TH-2: a refused list call while batches are unsent gives the opportunity."""
    story = Story()
    story.delete("a", jobs=[1])
    story.list_jobs(at=10, status=429, retry_after=60)
    story.delete("b", at=70, jobs=[2])

    assert Verdict.PASS == judge("TH-2", story.evidence()).verdict


def test_th2_stops_where_th1_begins() -> None:
    """TH-2: once the refused caller itself is back early, what follows is its breach alone, and no pass either."""
    story = working_story()
    story.poll(1, at=20)
    story.poll(2, at=25)

    assert Verdict.FAIL == judge("TH-1", story.evidence()).verdict
    assert Verdict.INCONCLUSIVE == judge("TH-2", story.evidence()).verdict


def test_th2_leaves_a_gate_that_opens_early_to_th1() -> None:
    """TH-2: when refused caller and others are let go together, too early, the one breach is TH-1's."""
    story = working_story()
    story.poll(2, at=40)
    story.poll(1, at=40.05)

    assert Verdict.FAIL == judge("TH-1", story.evidence()).verdict
    assert Verdict.INCONCLUSIVE == judge("TH-2", story.evidence()).verdict


def test_th2_a_caller_that_never_comes_back_excuses_nobody() -> None:
    """TH-2: the refused caller may have given up; the others had to wait all the same."""
    story = working_story()
    story.poll(2, at=15)

    assert Verdict.FAIL == judge("TH-2", story.evidence()).verdict


def test_th3_a_capped_wait_fails() -> None:
    """TH-3: coming back after 120 s of 900 is a breach."""
    assert Verdict.FAIL == judge("TH-3", refused_then(120, 900).evidence()).verdict


def test_th3_needs_3600_to_pass() -> None:
    """TH-3: waiting out 900 does not show that 3600 is waited out; waiting out 3600 does."""
    assert Verdict.INCONCLUSIVE == judge("TH-3", refused_then(900, 900).evidence()).verdict
    assert Verdict.PASS == judge("TH-3", refused_then(3600, 3600).evidence()).verdict


def test_th3_leaves_the_minute_to_th1() -> None:
    """TH-3: a broken wait of 60 s is not an hour-level wait."""
    assert Verdict.INCONCLUSIVE == judge("TH-3", refused_then(1).evidence()).verdict


@pytest.mark.parametrize(("seconds", "verdict"), [(60, Verdict.PASS), (1, Verdict.FAIL)])
def test_th4_falls_back_to_a_minute(seconds: float, verdict: Verdict) -> None:
    """TH-4: a 429 that names no usable time is followed by at least 60 s of quiet."""
    story = Story()
    story.delete("a", status=429)
    story.wait(seconds)
    story.delete("a")

    assert verdict == judge("TH-4", story.evidence()).verdict


def test_th4_needs_a_missing_header() -> None:
    """TH-4: a 429 with a header says nothing about one without."""
    assert Verdict.INCONCLUSIVE == judge("TH-4", refused_then(1).evidence()).verdict


def test_th5_one_hour_restriction_is_learning_two_are_a_habit() -> None:
    """TH-5: the second hour-level restriction that is provoked is the breach; refusals inside the first are not."""
    story = Story()
    story.delete("a", status=429, retry_after=900)
    story.delete("b", at=10, status=429, retry_after=900)
    story.delete("a", at=900)

    assert Verdict.PASS == judge("TH-5", story.evidence()).verdict

    story.delete("c", at=1000, status=429, retry_after=900)

    assert Verdict.FAIL == judge("TH-5", story.evidence()).verdict


def test_th5_needs_the_hourly_limit_to_be_reached() -> None:
    """TH-5: little traffic shows nothing; more than the hourly limit without a restriction passes."""
    story = Story()
    story.delete("a")
    story.delete("b", at=900)
    limits = (PoolLimit(route="*", requests_per_minute=None, requests_per_hour=1),)

    assert Verdict.INCONCLUSIVE == judge("TH-5", story.evidence()).verdict
    assert Verdict.PASS == judge("TH-5", story.evidence(limits=limits)).verdict


@pytest.mark.parametrize(
    ("known", "seconds", "verdict"),
    [(True, 60, Verdict.FAIL), (False, 60, Verdict.INCONCLUSIVE)],
)
def test_th6_holds_where_the_limits_are_known(known: bool, seconds: float, verdict: Verdict) -> None:  # noqa: FBT001
    """TH-6: a 429 counts against a client that had been told the limits; else it is a figure."""
    assert verdict == judge("TH-6", refused_then(seconds).evidence(limits_known=known)).verdict


def test_th6_passes_without_429() -> None:
    """TH-6: no refusal at all."""
    story = Story()
    story.delete("a")

    assert Verdict.PASS == judge("TH-6", story.evidence(limits_known=True)).verdict


def paced(seconds: float) -> Story:
    """Forty batches at an even pace."""
    story = Story()
    for index in range(40):
        story.delete(f"{index}", at=index * seconds)
    return story


@pytest.mark.parametrize(("seconds", "verdict"), [(5.2, Verdict.PASS), (10, Verdict.FAIL)])
def test_th7_sleeping_twice_too_long_wastes_the_budget(seconds: float, verdict: Verdict) -> None:
    """TH-7: batches at the least spacing use the budget; at twice that they use half of it."""
    limits = (PoolLimit(route="*", requests_per_minute=50, requests_per_hour=200),)

    assert verdict == judge("TH-7", paced(seconds).evidence(limits=limits, limits_known=True)).verdict


def test_th7_needs_known_limits_and_enough_work() -> None:
    """TH-7: a client that was not told the limits, or had work for seconds only, is not held to it."""
    limits = (PoolLimit(route="*", requests_per_minute=50, requests_per_hour=200),)
    short = Story()
    short.delete("a")

    assert Verdict.INCONCLUSIVE == judge("TH-7", paced(10).evidence(limits=limits)).verdict
    assert Verdict.INCONCLUSIVE == judge("TH-7", short.evidence(limits=limits, limits_known=True)).verdict


def test_th7_counts_what_the_limits_allow() -> None:
    """TH-7: 40 batches need 39 gaps of 5 s, and a round trip each where that is known; refused ones do not count."""
    limits = (PoolLimit(route="*", requests_per_minute=50, requests_per_hour=200),)
    known: dict[str, Any] = {"limits": limits, "limits_known": True}
    story = paced(5.2)
    story.delete("refused", at=300, status=429, retry_after=60)
    story.poll(7, at=400)
    trip = RoundTrip(least=200_000, greatest=200_000)

    assert "96%: 3 m 23 s for what 3 m 15 s allow" == judge("TH-7", story.evidence(**known)).actual
    assert "100%: 3 m 23 s for what 3 m 23 s allow" == judge("TH-7", story.evidence(**known, round_trip=trip)).actual


@pytest.mark.parametrize(("batches", "verdict"), [(13, Verdict.PASS), (12, Verdict.INCONCLUSIVE)])
def test_th7_a_minute_of_work_is_enough(batches: int, verdict: Verdict) -> None:
    """TH-7: twelve gaps of 5 s are a minute, and enough; eleven are not."""
    limits = (PoolLimit(route="*", requests_per_minute=50, requests_per_hour=200),)
    story = Story()
    for index in range(batches):
        story.delete(f"{index}", at=index * 5)

    assert verdict == judge("TH-7", story.evidence(limits=limits, limits_known=True)).verdict


@pytest.mark.parametrize(("seconds", "verdict"), [(59.95, Verdict.PASS), (59.94, Verdict.FAIL)])
def test_th2_forgives_the_tolerance_and_no_more(seconds: float, verdict: Verdict) -> None:
    """TH-2: another call may come at Retry-After less 50 ms, like the refused one."""
    story = Story()
    story.delete("a", jobs=[1, 2])
    story.poll(1, status=429, retry_after=60)
    story.poll(2, at=seconds)
    story.poll(1, at=70)

    assert verdict == judge("TH-2", story.evidence()).verdict


def test_th5_counts_from_the_very_end_of_a_restriction() -> None:
    """TH-5, RL-8: at its end exactly a restriction is over, and being refused then provokes the next one."""
    story = Story()
    story.delete("a", status=429, retry_after=900)
    story.delete("a", at=900, status=429, retry_after=900)

    assert Verdict.FAIL == judge("TH-5", story.evidence()).verdict


def test_th5_reaching_the_limit_is_not_exceeding_it() -> None:
    """TH-5: as many requests as the hour admits are no opportunity to be restricted."""
    story = Story()
    story.delete("a")
    story.delete("b", at=900)
    limits = (PoolLimit(route="*", requests_per_minute=None, requests_per_hour=2),)

    assert Verdict.INCONCLUSIVE == judge("TH-5", story.evidence(limits=limits)).verdict


def test_th5_names_the_restriction_by_its_number() -> None:
    """TH-5: each further restriction is a finding of its own."""
    story = Story()
    for moment in (0, 900, 1800, 2700):
        story.delete("a", at=moment, status=429, retry_after=900)
    messages = [finding.message for finding in judge("TH-5", story.evidence()).findings]

    assert ["second", "third", "4th"] == [message.split("pool's ")[1].split()[0] for message in messages]


def test_a_hot_loop_of_thousands_is_judged_quickly_and_told_briefly() -> None:
    """TH-1: ten thousand early returns are counted, and only the first ones are kept."""
    story = Story()
    for index in range(10_000):
        story.delete("a", at=index / 10, status=429, retry_after=3600)

    outcome = judge("TH-1", story.evidence(tolerance=SECOND // 20))

    assert (9999, 25) == (outcome.breaches, len(outcome.findings))


def test_injected_refusals_were_not_provoked() -> None:
    """TH-5, TH-6: a 429 that a fault has made says nothing about the client's pace."""
    story = Story()
    for _ in range(2):
        story.poll(1, status=429, retry_after=3600, fault="injected")
        story.wait(3600)
        story.poll(1)

    assert Verdict.INCONCLUSIVE == judge("TH-5", story.evidence()).verdict
    assert Verdict.PASS == judge("TH-6", story.evidence(limits_known=True)).verdict


def test_th5_concludes_nothing_where_others_draw_on_the_budget() -> None:
    """TH-5: who has burnt an hour that is shared cannot be told."""
    story = Story()
    for _ in range(2):
        story.poll(1, status=429, retry_after=3600)
        story.wait(3600)
        story.poll(1)

    assert Verdict.FAIL == judge("TH-5", story.evidence()).verdict
    assert Verdict.INCONCLUSIVE == judge("TH-5", story.evidence(shared=True)).verdict
