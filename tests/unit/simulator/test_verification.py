"""Questions about the journal: what expectations mean, what is shown with a no, and how errors name their place."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from kibo_simulator.journal import JournalEntry
from kibo_simulator.journal.extract import Extract
from kibo_simulator.journal.questions import QuestionError, Questions
from kibo_simulator.journal.verdicts import Check
from kibo_simulator.journal.verification import answered, understood, verdict_of
from kibo_simulator.steps import finish

from .journal_entries import deletion, entry, poll

DELETIONS = {"operation": "deleteItems"}
OPERATIONS = {"deleteItems", "getJob", "getJobs"}


def ask(entries: Sequence[JournalEntry], expect: Any, match: Any = DELETIONS, first: int = 1) -> list[Check]:
    """The checks of one question; entries before ``first`` were dropped."""
    questions = msgspec.convert({"questions": [{"match": match, "expect": expect}]}, Questions)
    held = [each for each in entries if each.seq >= first]
    gone = [each.at for each in entries if each.seq < first]
    return finish(answered(understood(questions, OPERATIONS), Extract(held, 0, first, max(gone, default=None))))


def reasons(checks: Sequence[Check]) -> list[tuple[int, str]]:
    """Numbers and reasons of all entries that show a no."""
    return [(finding.entry.seq, finding.reason) for check in checks for finding in check.findings]


THREE = [deletion(1, 0), deletion(2, 5, items=600), deletion(3, 12)]


@pytest.mark.parametrize(
    ("expect", "verdict", "shown"),
    [
        ({"count": 3}, "yes", []),
        ({"count": {"atLeast": 1, "atMost": 3}}, "yes", []),
        ({"count": 2}, "no", [(3, "is one too many")]),
        ({"each": {"items": {"atMost": 600}, "dryRun": False}}, "yes", []),
        ({"each": {"items": {"atMost": 500}}}, "no", [(2, "items is 600, expected at most 500")]),
        (
            {"each": {"items": 500, "explicit": True}},
            "no",
            [
                (1, "explicit is absent, expected true"),
                (2, "items is 600, expected 500; explicit is absent, expected true"),
                (3, "explicit is absent, expected true"),
            ],
        ),
        ({"total": {"items": 1600}}, "yes", []),
        ({"total": {"items": {"atMost": 1000}}}, "no", [(2, "items is 600"), (1, "items is 500"), (3, "items is 500")]),
        (
            {"total": {"itmes": {"atMost": 1000}}},
            "no",
            [(number, "itmes is absent, expected a number that is not negative") for number in (1, 2, 3)],
        ),
        ({"apart": {"atLeast": 5}}, "yes", []),
        ({"apart": {"atLeast": 6}}, "no", [(2, "began 5 s after the start of 1")]),
        ({"apart": {"atMost": 6.5}}, "no", [(3, "began 7 s after the start of 2")]),
        ({"alone": True}, "yes", []),
    ],
)
def test_expectations_are_judged_and_shown(expect: Any, verdict: str, shown: list[tuple[int, str]]) -> None:
    """Each kind of expectation is met or shown broken by the entries that break it."""
    checks = ask(THREE, expect)

    assert (verdict, shown) == (verdict_of(checks), reasons(checks))


def test_spacing_can_be_measured_from_the_answer() -> None:
    """Kibo's bulk deletion guide asks for seconds between the answer to one call and the next."""
    slow = [deletion(1, 0, took=3), deletion(2, 6)]

    assert ["yes", "yes"] == [check.verdict for check in ask(slow, {"apart": {"atLeast": 5}})]
    assert [(2, "began 3 s after the answer to 1")] == reasons(
        ask(slow, {"apart": {"atLeast": 5, "measured": "answer"}})
    )


def test_too_few_are_shown_with_what_nearly_matched() -> None:
    """The closest entries are those with the fewest reasons against them, the newest first."""
    entries = [
        entry(1, 0, operation="getJob", status=404),
        deletion(2, 1, status=429),
        deletion(3, 2, status=429),
        deletion(4, 3),
    ]
    checks = ask(entries, {"count": 2}, {**DELETIONS, "status": "2xx"})

    assert ("no", "1", "exactly 2") == (checks[0].verdict, checks[0].actual, checks[0].expected)
    assert reasons(checks) == [
        (3, "status is 429, expected 2xx"),
        (2, "status is 429, expected 2xx"),
        (1, "operation is getJob, expected deleteItems; status is 404, expected 2xx"),
    ]


def test_what_is_said_of_none_is_no_yes() -> None:
    """A question that does not say how many expects at least one: a misspelt match must not pass."""
    checks = ask(
        THREE, {"each": {"items": {"atMost": 1_000}}}, {"operation": "deleteItems", "summary": {"dryrun": True}}
    )

    assert [("count", "no"), ("each", "yes")] == [(check.expectation, check.verdict) for check in checks]
    assert (3, "dryrun is absent, expected true") == reasons(checks)[0]


def test_order_is_judged_by_answers_and_beginnings() -> None:
    """Before and after compare the answer of one with the beginning of the other."""
    entries = [entry(1, 0, took=2, summary={"dryRun": True}), deletion(2, 1, took=4), deletion(3, 6)]
    dry, live = {"summary": {"dryRun": True}}, {"summary": {"dryRun": False}}

    assert [(1, "was not answered before 2 began")] == reasons(ask(entries, {"before": live}, dry))
    assert [(2, "began before 1 was answered")] == reasons(ask(entries, {"after": dry}, live))
    assert "yes" == verdict_of(ask(entries, {"after": dry}, {"since": 2}))
    assert [(3, "began although no other was there")] == reasons(ask(entries, {"after": {"status": 500}}, {"since": 2}))


def test_equal_instants_are_in_the_order_of_the_journal() -> None:
    """With a clock that stands still (T-2) the journal's numbers tell what came first."""
    entries = [entry(1, 0, summary={"dryRun": True}), deletion(2, 0)]

    assert "yes" == verdict_of(ask(entries, {"after": {"summary": {"dryRun": True}}}, {"summary": {"dryRun": False}}))
    assert "no" == verdict_of(ask(entries, {"after": {"summary": {"dryRun": False}}}, {"summary": {"dryRun": True}}))


def test_calls_can_be_held_to_one_at_a_time() -> None:
    """Alone: none begins while another is unanswered; a longer one before it counts, too."""
    entries = [deletion(1, 0, took=10), deletion(2, 10, took=1), deletion(3, 10.5)]

    assert [(3, "began before 2 was answered")] == reasons(ask(entries, {"alone": True}))


def test_jobs_must_be_seen_to_end() -> None:
    """None while another is pending: polls in the journal tell what the client could know (J-4)."""
    begun = [deletion(1, 0, job_ids=(7, 8)), poll(2, 1, 7, "WORKING"), poll(3, 2, 7)]
    listed = entry(4, 3, operation="getJobs", summary={"jobStatuses": {"7": "SUCCESS", "8": "FAILED"}})
    lost = entry(4, 3, operation="getJobs", summary={"jobStatuses": {"8": "FAILED"}}, response_lost=True)
    wanted = {"jobsEnded": True}

    assert "yes" == verdict_of(ask([*begun, listed, deletion(5, 4)], wanted))
    assert [(5, "began although no poll showed the end of job 8")] == reasons(
        ask([*begun, lost, deletion(5, 4)], wanted)
    )
    assert [(4, "began before poll 5 showed the end of an earlier job")] == reasons(
        ask([*begun, deletion(4, 4), poll(5, 5, 8)], wanted)
    )


@pytest.mark.parametrize(
    ("match", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"method": "get"}, [4]),
        ({"method": ["GET", "POST"]}, [1, 2, 3, 4]),
        ({"path": "/api/*/deleteItems"}, [1, 2, 3]),
        ({"path": "/queue/?"}, [4]),
        ({"path": "/queue"}, []),
        ({"operation": ["getJob", "getJobs"]}, [4]),
        ({"tenant": 2002}, [3]),
        ({"client": "sample.app"}, [1, 2, 3, 4]),
        ({"status": 429}, [2]),
        ({"status": ["2xx", 404]}, [1, 3, 4]),
        ({"fault": True}, [3]),
        ({"fault": "slow"}, [3]),
        ({"fault": False}, [1, 2, 4]),
        ({"responseLost": True}, [3]),
        ({"since": 2}, [3, 4]),
        ({"from": "2026-03-02T05:00:01Z", "until": "2026-03-02T05:00:03Z"}, [2, 3]),
        ({"summary": {"items": 500}}, [1]),
        ({"summary": {"items": {"atLeast": 100, "atMost": 499}}}, [2]),
        ({"summary": {"items": None}}, [3, 4]),
        ({"summary": {"locationCodes": {"contains": "WH-001"}}}, [3]),
        ({"summary": {"hashes": {"contains": "abc"}}}, [1]),
        ({"summary": {"dryRun": 0}}, []),
    ],
)
def test_matches_mean_what_they_say(match: Any, found: list[int]) -> None:
    """Every field of a match, alone; a truth value is no number, and details count as part of the summary."""
    entries = [
        deletion(1, 0, details=(lambda body: {"hashes": [body.decode()]}, b"abc")),
        deletion(2, 1, items=400, status=429),
        entry(3, 2, tenant=2002, summary={"locationCodes": ["WH-001"]}, fault="slow", response_lost=True),
        poll(4, 3, 1),
    ]
    checks = ask(entries, {"count": 0}, match)

    assert found == [finding.entry.seq for finding in checks[0].findings]


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ({"expect": {}}, "$.questions[0].expect: expects nothing; accepted: count, each, total, apart, before, after"),
        ({"expect": {"count": {}}}, "$.questions[0].expect.count: needs a number, or one of exactly"),
        ({"expect": {"count": {"exactly": 1, "atLeast": 1}}}, "$.questions[0].expect.count: exactly goes alone"),
        ({"expect": {"count": {"atLeast": 2, "atMost": 1}}}, "$.questions[0].expect.count: nothing is both"),
        ({"expect": {"each": {"items": {}}}}, "$.questions[0].expect.each.items: needs a value"),
        ({"expect": {"each": {"items": {"atLeast": 2, "atMost": 1}}}}, "$.questions[0].expect.each.items: nothing is"),
        ({"expect": {"apart": {}}}, "$.questions[0].expect.apart: needs atLeast or atMost, in seconds"),
        ({"expect": {"before": {"from": "soon"}}}, "$.questions[0].expect.before.from: 'soon' is not an ISO 8601"),
        (
            {"match": {"operation": ["getJob", "deleteItem"]}, "expect": {"count": 0}},
            "$.questions[0].match.operation[1]: there is no operation 'deleteItem'",
        ),
        (
            {"match": {"from": "2026-03-02", "until": "2026-03-01"}, "expect": {"count": 0}},
            "$.questions[0].match.until: is not later than from",
        ),
    ],
)
def test_questions_that_cannot_be_meant_are_refused_with_their_place(question: Any, place: str) -> None:
    """A JSON path and what is accepted; a name that no operation has would otherwise make every count 0."""
    with pytest.raises(QuestionError) as caught:
        understood(msgspec.convert({"questions": [question]}, Questions), OPERATIONS)

    assert str(caught.value).startswith(place)


@pytest.mark.parametrize(
    ("expect", "match", "verdict"),
    [
        ({"count": 2}, DELETIONS, "inconclusive"),
        ({"count": {"atLeast": 2}}, DELETIONS, "yes"),
        ({"count": {"atLeast": 3}}, DELETIONS, "inconclusive"),
        ({"count": {"atLeast": 4}}, DELETIONS, "no"),
        ({"count": {"atMost": 3}}, DELETIONS, "yes"),
        ({"count": {"atMost": 2}}, DELETIONS, "inconclusive"),
        ({"count": {"atMost": 1}}, DELETIONS, "no"),
        ({"count": 2}, {"since": 1}, "yes"),
        ({"count": 2}, {"from": "2026-03-02T05:00:05Z"}, "yes"),
        ({"each": {"items": {"atMost": 600}}}, DELETIONS, "inconclusive"),
        ({"each": {"items": {"atMost": 500}}}, DELETIONS, "no"),
    ],
)
def test_dropped_entries_make_answers_inconclusive_never_wrong(expect: Any, match: Any, verdict: str) -> None:
    """With one entry gone an answer is only given where that entry could not have changed it."""
    assert verdict == verdict_of(ask(THREE, expect, match, first=2))


def test_a_dropped_entry_may_have_been_in_between() -> None:
    """Entries are dropped by number: one that arrived later and was answered earlier may have filled a gap."""
    entries = [deletion(1, 1, took=1), deletion(2, 0, took=3), deletion(3, 5)]
    far, near = {"apart": {"atMost": 4}}, {"apart": {"atLeast": 6}}

    assert ["yes", "inconclusive"] == [ask(entries, far, first=first)[-1].verdict for first in (1, 2)]
    assert ["no", "no"] == [ask(entries, near, first=first)[-1].verdict for first in (1, 2)]


def test_a_dropped_entry_may_have_been_the_other_one() -> None:
    """Before and after depend on entries of two kinds: either may be gone."""
    live = {"summary": {"dryRun": False}}
    entries = [deletion(1, 0), entry(2, 5, summary={"dryRun": True}), deletion(3, 9)]
    dry = {"from": "2026-03-02T05:00:05Z", "summary": {"dryRun": True}}

    assert ["no", "inconclusive"] == [ask(entries, {"before": live}, dry, first)[-1].verdict for first in (1, 2)]
    assert ["yes", "inconclusive"] == [ask(entries, {"after": live}, dry, first)[-1].verdict for first in (1, 2)]


def test_the_last_job_to_be_seen_decides() -> None:
    """Several jobs of one call: the one whose end was shown last counts, whichever it was."""
    entries = [deletion(1, 0, job_ids=(7, 8)), poll(2, 1, 8), deletion(3, 2), poll(4, 3, 7)]
    swapped = [deletion(1, 0, job_ids=(8, 7)), *entries[1:]]

    for order in (entries, swapped):
        assert [(3, "began before poll 4 showed the end of an earlier job")] == reasons(ask(order, {"jobsEnded": True}))


def test_entries_are_put_in_the_order_of_their_arrival() -> None:
    """The journal is in the order of answers; a slow request that came first is first."""
    entries = [deletion(1, 2), deletion(2, 2), deletion(3, 0, took=9), deletion(4, 5)]

    assert [(2, "began 0 s after the start of 1"), (1, "began 2 s after the start of 3")] == sorted(
        reasons(ask(entries, {"apart": {"atLeast": 3}})), reverse=True
    )


@pytest.mark.parametrize("expect", [{"count": 1}, {"apart": {"atLeast": 1}}, {"before": {}}, {"total": {"items": 1}}])
def test_others_have_their_turn_between_entries(expect: Any) -> None:
    """Whatever is asked, no step looks at more than a few hundred entries."""
    questions = msgspec.convert({"questions": [{"expect": expect}]}, Questions)
    entries = [deletion(seq, seq) for seq in range(1, 2_001)]

    assert 10 <= sum(1 for _ in answered(understood(questions), Extract(entries)))
