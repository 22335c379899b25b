"""RT-1 to RT-5 on stories told by hand."""

from typing import Any

import pytest

from kibo_scenarios.evidence import Evidence
from kibo_scenarios.rules import RULES_BY_ID, Outcome, Verdict
from kibo_scenarios.testing import Story


def judge(rule: str, evidence: Evidence) -> Outcome:
    """Return what one rule says."""
    return RULES_BY_ID[rule].judge(evidence)


def failing(*moments: float, status: int = 503) -> Story:
    """One request fails at each of these moments but the last."""
    story = Story()
    for at in moments[:-1]:
        story.delete("a", at=at, status=status)
    story.delete("a", at=moments[-1])
    return story


@pytest.mark.parametrize(("wait", "verdict"), [(0.5, Verdict.PASS), (0.1, Verdict.FAIL)])
@pytest.mark.parametrize("how", [{"status": 503}, {"lost": True}])
def test_rt1_failures_are_not_repeated_at_once(how: dict[str, Any], wait: float, verdict: Verdict) -> None:
    """RT-1: half a second at least, after a 5xx and after a lost answer alike."""
    story = Story()
    story.delete("a", **how)
    story.delete("a", at=wait)

    assert verdict == judge("RT-1", story.evidence()).verdict


def test_rt1_needs_a_repeat() -> None:
    """RT-1: other requests after a failure are no repeats of it."""
    story = Story()
    story.delete("a", status=503)
    story.delete("b", at=0.1)

    assert Verdict.INCONCLUSIVE == judge("RT-1", story.evidence()).verdict


@pytest.mark.parametrize(
    ("moments", "verdict"),
    [
        ((0, 1, 3, 7), Verdict.PASS),
        ((0, 1, 2, 3), Verdict.FAIL),
        ((0, 1, 2), Verdict.INCONCLUSIVE),
    ],
)
def test_rt2_waits_grow(moments: tuple[float, ...], verdict: Verdict) -> None:
    """RT-2: three equal waits are a constant; two say nothing."""
    assert verdict == judge("RT-2", failing(*moments).evidence()).verdict


@pytest.mark.parametrize(("attempts", "verdict"), [(20, Verdict.PASS), (21, Verdict.FAIL), (2, Verdict.INCONCLUSIVE)])
@pytest.mark.parametrize("status", [429, 503])
def test_rt3_attempts_are_bounded(attempts: int, status: int, verdict: Verdict) -> None:
    """RT-3: twenty attempts in a row are bounded, refusals of a poll included."""
    story = Story()
    for index in range(attempts):
        story.poll(7, at=60 * index, status=200 if index == attempts - 1 else status)

    assert verdict == judge("RT-3", story.evidence()).verdict


def test_rt3_refusals_of_requests_with_a_body_are_not_told_apart() -> None:
    """RT-3, RL-11: refused deletions were never read, so many of them need not be attempts for one request."""
    story = failing(*(60 * index for index in range(30)), status=429)

    assert Verdict.INCONCLUSIVE == judge("RT-3", story.evidence()).verdict


@pytest.mark.parametrize("status", [400, 403, 404])
def test_rt4_final_answers_are_final(status: int) -> None:
    """RT-4: the same request after 400, 403 or 404 is a breach; another request is not."""
    story = Story()
    story.delete("a", status=status)
    story.delete("b", at=1)

    assert Verdict.PASS == judge("RT-4", story.evidence()).verdict

    story.delete("a", at=2)

    assert Verdict.FAIL == judge("RT-4", story.evidence()).verdict


def test_rt4_a_401_allows_one_repeat_with_a_new_token() -> None:
    """RT-4: 401, new token, repeat is right; a repeat with the old token, or a second 401, is not followed on."""
    good, stubborn = Story(), Story()
    for story in (good, stubborn):
        story.delete("a", status=401)
    good.authenticate(at=1)
    good.delete("a", at=2)
    stubborn.delete("a", at=2)

    assert Verdict.PASS == judge("RT-4", good.evidence()).verdict
    assert Verdict.FAIL == judge("RT-4", stubborn.evidence()).verdict
    assert Verdict.INCONCLUSIVE == judge("RT-4", failing(0, 1).evidence()).verdict


def test_rt5_an_adjust_is_not_repeated_blindly() -> None:
    """RT-5: after a lost answer the queue is asked before the adjust is sent again."""
    blind, careful = Story(), Story()
    for story in (blind, careful):
        story.request("adjust", what="+1", lost=True)
    careful.list_jobs(at=10)
    blind.request("adjust", what="+1", at=20)
    careful.request("adjust", what="+1", at=20)

    assert Verdict.FAIL == judge("RT-5", blind.evidence()).verdict
    assert Verdict.PASS == judge("RT-5", careful.evidence()).verdict
    assert Verdict.INCONCLUSIVE == judge("RT-5", failing(0, 1).evidence()).verdict
