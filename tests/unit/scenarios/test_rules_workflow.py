"""WF-1 to WF-3, ST-1 and ST-2 on stories told by hand."""

from typing import Any

import pytest

from kibo_scenarios.evidence import Evidence
from kibo_scenarios.profile import Profile
from kibo_scenarios.rules import RULES_BY_ID, Outcome, Verdict
from kibo_scenarios.testing import Story, record, stock


def judge(rule: str, evidence: Evidence) -> Outcome:
    """Return what one rule says."""
    return RULES_BY_ID[rule].judge(evidence)


def test_wf1_a_dry_run_of_everything_covers_it() -> None:
    """WF-1: items may be covered by several dry runs, and at more locations than needed."""
    story = Story()
    story.dry_run("ab", ["L1", "L2", "L3"])
    story.dry_run("c", ["L1"])
    story.dry_run("c", ["L2"])
    story.delete("abc", ["L1", "L2"], at=10)

    assert Verdict.PASS == judge("WF-1", story.evidence()).verdict


@pytest.mark.parametrize(
    ("items", "locations", "everywhere"),
    [("abd", ["L1"], False), ("ab", ["L1", "L9"], False), ("ab", [], True)],
)
def test_wf1_an_item_a_location_or_all_of_them_may_be_missing(
    items: str,
    locations: list[str],
    everywhere: bool,  # noqa: FBT001
) -> None:
    """WF-1: one item, one location, or the step to all locations beyond the dry run is a breach."""
    story = Story()
    story.dry_run("abc", ["L1", "L2"])
    story.delete(items, locations, everywhere=everywhere, at=10)

    assert Verdict.FAIL == judge("WF-1", story.evidence()).verdict


def test_wf1_a_dry_run_everywhere_covers_each_location() -> None:
    """WF-1: a dry run over all locations covers any of them, and all of them."""
    story = Story()
    story.dry_run("a", everywhere=True)
    story.delete("a", ["L7"], at=10)
    story.delete("a", everywhere=True, at=20)

    assert Verdict.PASS == judge("WF-1", story.evidence()).verdict


@pytest.mark.parametrize(
    ("dry", "live", "verdict"),
    [
        (("a", None), ("a/red", "a"), Verdict.PASS),
        (("a/red", "a"), ("a/red", "a"), Verdict.PASS),
        (("a/red", "a"), ("a", None), Verdict.FAIL),
        (("a/red", "a"), ("a/blue", "a"), Verdict.FAIL),
        (("b", None), ("a/red", "a"), Verdict.FAIL),
    ],
)
def test_wf1_a_dry_run_of_some_records_covers_no_others(
    dry: tuple[str, str | None], live: tuple[str, str | None], verdict: Verdict
) -> None:
    """WF-1: a product's dry run covers each of its records; that of a tagged record covers this record only."""
    story = Story()
    story.dry_run([dry[0]], records_of=dry[1] and [dry[1]])
    story.delete([live[0]], records_of=live[1] and [live[1]], at=10)

    assert verdict == judge("WF-1", story.evidence()).verdict


@pytest.mark.parametrize("how", [{"status": 429, "retry_after": 60}, {"lost": True}, {"takes": 60}, {"status": 504}])
def test_wf1_a_dry_run_without_an_answer_covers_nothing(how: dict[str, Any]) -> None:
    """WF-1: a dry run that was refused, lost, or still running when the live call came told the client nothing."""
    story = Story()
    story.dry_run("a", **how)
    story.delete("a", at=10)

    assert Verdict.FAIL == judge("WF-1", story.evidence()).verdict


def test_wf1_needs_a_live_deletion() -> None:
    """WF-1: dry runs alone show nothing."""
    story = Story()
    story.dry_run("a")

    assert Verdict.INCONCLUSIVE == judge("WF-1", story.evidence()).verdict


@pytest.mark.parametrize(
    ("start", "window", "verdict"),
    [
        ("2026-03-02T05:00:00Z", (5, 11), Verdict.PASS),
        ("2026-03-02T11:00:00Z", (5, 11), Verdict.FAIL),
        ("2026-03-02T23:30:00Z", (22, 4), Verdict.PASS),
        ("2026-03-02T03:59:59Z", (22, 4), Verdict.PASS),
        ("2026-03-02T04:00:00Z", (22, 4), Verdict.FAIL),
        ("2026-03-02T05:00:00Z", None, Verdict.NOT_APPLICABLE),
    ],
)
def test_wf2_windows_may_cross_midnight(start: str, window: tuple[int, int] | None, verdict: Verdict) -> None:
    """WF-2: the first hour is inside, the last is not, and the EU window crosses midnight."""
    story = Story(start)
    story.delete("a")

    assert verdict == judge("WF-2", story.evidence(profile=Profile(off_peak_hours_utc=window))).verdict


def test_wf2_needs_a_live_deletion() -> None:
    """WF-2: without a live deletion nothing is concluded."""
    evidence = Story().evidence(profile=Profile(off_peak_hours_utc=(5, 11)))

    assert Verdict.INCONCLUSIVE == judge("WF-2", evidence).verdict


@pytest.mark.parametrize(("second", "verdict"), [(3599, Verdict.PASS), (60, Verdict.FAIL)])
def test_wf3_a_token_serves_for_an_hour(second: float, verdict: Verdict) -> None:
    """WF-3: a new token near the end of the old one is renewal, one a minute later is waste."""
    story = Story()
    story.authenticate()
    story.delete("a", at=1)
    story.authenticate(at=second)
    story.delete("b", at=second + 1)

    assert verdict == judge("WF-3", story.evidence()).verdict


def test_wf3_a_401_excuses_a_new_token() -> None:
    """WF-3: a token that is refused may be replaced at once; a run without calls shows nothing."""
    story = Story()
    story.authenticate()

    assert Verdict.INCONCLUSIVE == judge("WF-3", story.evidence()).verdict

    story.delete("a", at=1, status=401)
    story.authenticate(at=2)
    story.delete("a", at=3)

    assert Verdict.PASS == judge("WF-3", story.evidence()).verdict


A, B, C = record("L1", "a"), record("L1", "b"), record("L2", "a")


def test_st1_targets_are_gone_or_named() -> None:
    """ST-1: a target that is left must be named in the client's report."""
    told = {"before": stock(A, B, C), "targets": frozenset({A, B}), "after": stock(B, C)}

    assert Verdict.FAIL == judge("ST-1", Story().evidence(**told)).verdict
    assert Verdict.PASS == judge("ST-1", Story().evidence(**told, undone=frozenset({B}))).verdict
    assert Verdict.PASS == judge("ST-1", Story().evidence(**{**told, "after": stock(C)})).verdict


def test_st1_needs_targets_that_exist() -> None:
    """ST-1: targets that never existed cannot be deleted."""
    evidence = Story().evidence(before=stock(B), after=stock(B), targets=frozenset({A}))

    assert Verdict.INCONCLUSIVE == judge("ST-1", evidence).verdict


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (stock(B, C), Verdict.PASS),
        (stock(A, B, C), Verdict.PASS),
        (stock(C), Verdict.FAIL),
        (stock(C) | stock(B, on_hand=4), Verdict.FAIL),
        (stock(B, C, record("L3", "z")), Verdict.FAIL),
    ],
)
def test_st2_others_keep_their_figures(after: dict[object, object], verdict: Verdict) -> None:
    """ST-2: a record outside the targets that is deleted, changed or added is a breach; a target left is not."""
    story = Story()
    story.delete("a", ["L1"], jobs=[1])
    evidence = story.evidence(before=stock(A, B, C), targets=frozenset({A}), after=after)

    assert verdict == judge("ST-2", evidence).verdict


def test_st2_needs_a_deletion_and_bystanders() -> None:
    """ST-2: nothing deleted, or nobody standing by, shows nothing."""
    untouched = {"before": stock(A, B), "after": stock(A, B)}
    story = Story()

    assert Verdict.INCONCLUSIVE == judge("ST-2", story.evidence(**untouched, targets=frozenset({A}))).verdict

    story.delete("ab", jobs=[1])

    assert Verdict.INCONCLUSIVE == judge("ST-2", story.evidence(**untouched, targets=frozenset({A, B}))).verdict
