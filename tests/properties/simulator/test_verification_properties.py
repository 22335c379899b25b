"""Verification against a model that compares everything with everything, and its honesty about dropped entries."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.simulator.journal_entries import SECOND, START, entry

from kibo_simulator.journal import JournalEntry
from kibo_simulator.journal.extract import Extract
from kibo_simulator.journal.questions import Questions
from kibo_simulator.journal.verification import answered, understood
from kibo_simulator.steps import finish
from kibo_simulator.timestamps import iso_microseconds

HALF = SECOND // 2
ENDED = {"SUCCESS", "FAILED"}


@st.composite
def journals(draw: st.DrawFn) -> list[JournalEntry]:
    """Up to eight requests that overlap; deletions make jobs, which later ones poll."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 6), st.integers(0, 3), st.booleans(), st.sampled_from([200, 429]), st.integers(-1, 3)
            ),
            max_size=8,
        )
    )
    entries: list[JournalEntry] = []
    jobs = 0
    for seq, (at, took, polls, status, number) in enumerate(sorted(rows, key=lambda row: row[0] + row[1]), 1):
        times: dict[str, Any] = {"took": took / 2, "status": status}
        if polls:
            known = (
                draw(st.dictionaries(st.sampled_from(range(1, jobs + 1)), st.sampled_from(["WORKING", "SUCCESS"])))
                if jobs
                else {}
            )
            summary: dict[str, Any] = {"jobStatuses": {str(job): known[job] for job in sorted(known)}}
            entries.append(entry(seq, at / 2, operation="getJobs", summary=summary, **times))
            continue
        made = tuple(range(jobs + 1, jobs + 1 + draw(st.integers(0, 2))))
        jobs += len(made)
        summary = {"items": number} if number >= 0 else {}
        entries.append(entry(seq, at / 2, summary=summary, job_ids=made, **times))
    return entries


def bounds(least: int, most: int) -> st.SearchStrategy[dict[str, int]]:
    """An order about a number."""
    number = st.integers(least, most)
    return st.one_of(
        st.builds(lambda n: {"atLeast": n}, number),
        st.builds(lambda n: {"atMost": n}, number),
        st.builds(lambda a, b: {"atLeast": min(a, b), "atMost": max(a, b)}, number, number),
    )


def instants() -> st.SearchStrategy[str]:
    """Instants around those of the entries."""
    return st.integers(0, 6).map(lambda half: iso_microseconds(START + half * HALF))


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from([200, "4xx", [200, 429]]),
        "summary": st.fixed_dictionaries({"items": bounds(0, 3)}),
        "since": st.integers(0, 8),
        "from": instants(),
    },
)
MATCHES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.just({"operation": "deleteItems"}),
    st.just({"operation": "getJobs"}),
    st.just({"status": 200}),
    FILTERS,
)
EXPECTATIONS = st.fixed_dictionaries(
    {
        "count": st.one_of(st.integers(0, 8), bounds(0, 8)),
        "each": st.fixed_dictionaries({"items": bounds(0, 3)}),
        "total": st.fixed_dictionaries({"items": st.one_of(st.integers(0, 8), bounds(0, 8))}),
        "apart": st.builds(
            lambda order, measured: {**{key: value / 2 for key, value in order.items()}, "measured": measured},
            bounds(0, 4),
            st.sampled_from(["starts", "answer"]),
        ),
        "before": MATCHES,
        "after": MATCHES,
        "alone": st.just(value=True),
        "jobsEnded": st.just(value=True),
    }
)
"""One of each kind, so that every example tries them all."""


def holds(value: Any, wanted: Any) -> bool:
    """Whether a number is as an order says."""
    if not isinstance(value, int | float):
        return False
    order = wanted if isinstance(wanted, dict) else {"atLeast": wanted, "atMost": wanted}
    return bool(order.get("atLeast", value) <= value <= order.get("atMost", value))


def meant(entries: list[JournalEntry], match: Any) -> list[JournalEntry]:
    """The entries that match, in order of arrival."""
    status = match.get("status", [200, 429])
    statuses = [429] if status == "4xx" else [status] if isinstance(status, int) else status
    found = [
        each
        for each in entries
        if match.get("operation", each.operation) == each.operation
        and each.status in statuses
        and ("summary" not in match or holds(each.summary.get("items"), match["summary"]["items"]))
        and each.seq > match.get("since", 0)
        and iso_microseconds(each.at) >= match.get("from", "")
    ]
    return sorted(found, key=lambda each: (each.at, each.seq))


def answered_first(one: JournalEntry, other: JournalEntry) -> bool:
    """Whether one was answered before the other began, by time or else by the journal."""
    return one.finished_at < other.at or (one.finished_at == other.at and one.seq < other.seq)


def seen(entries: list[JournalEntry], job: int, by: JournalEntry) -> bool:
    """Whether some poll had shown the end of a job before another request began."""
    return any(
        answered_first(each, by) and (each.summary.get("jobStatuses") or {}).get(str(job)) in ENDED for each in entries
    )


def model(entries: list[JournalEntry], match: Any, kind: str, wanted: Any) -> bool:
    """Whether an expectation is met by a journal that is all there."""
    found = meant(entries, match)
    pairs = [(found[index], found[index + 1]) for index in range(len(found) - 1)]
    rules: dict[str, Callable[[], bool]] = {
        "count": lambda: holds(len(found), wanted),
        "each": lambda: all(holds(each.summary.get("items"), wanted["items"]) for each in found),
        "total": lambda: (
            all("items" in each.summary for each in found)
            and holds(sum(each.summary["items"] for each in found), wanted["items"])
        ),
        "apart": lambda: all(
            holds((b.at - (a.finished_at if wanted["measured"] == "answer" else a.at)) / SECOND, wanted)
            for a, b in pairs
        ),
        "before": lambda: all(answered_first(each, other) for each in found for other in meant(entries, wanted)),
        "after": lambda: all(any(answered_first(other, each) for other in meant(entries, wanted)) for each in found),
        "alone": lambda: (
            not any(a.at < b.finished_at and (b.at, b.seq) < (a.at, a.seq) for a in found for b in found if a is not b)
        ),
        "jobsEnded": lambda: all(
            seen(entries, job, later)
            for index, later in enumerate(found)
            for earlier in found[:index]
            for job in earlier.job_ids
        ),
    }
    return rules[kind]()


def verdicts(extract: Extract, match: Any, expect: Any) -> dict[str, str]:
    """What verification says of each expectation."""
    questions = msgspec.convert({"questions": [{"match": match, "expect": expect}]}, Questions)
    return {check.expectation: check.verdict for check in finish(answered(understood(questions), extract))}


@settings(deadline=None, max_examples=150)
@given(journals(), MATCHES, EXPECTATIONS)
def test_a_whole_journal_is_judged_as_the_model_does(entries: list[JournalEntry], match: Any, expect: Any) -> None:
    """Never inconclusive, and yes exactly when comparing everything with everything says so."""
    expected = {kind: "yes" if model(entries, match, kind, wanted) else "no" for kind, wanted in expect.items()}

    assert expected == verdicts(Extract(entries), match, expect)


@settings(deadline=None, max_examples=150)
@given(journals(), st.integers(1, 8), MATCHES, EXPECTATIONS)
def test_dropped_entries_never_turn_an_answer(entries: list[JournalEntry], gone: int, match: Any, expect: Any) -> None:
    """With the oldest entries gone the answer is that of the whole journal, or inconclusive."""
    lost = [each.at for each in entries[:gone]]
    short = verdicts(Extract(entries[gone:], 0, min(gone, len(entries)) + 1, max(lost, default=None)), match, expect)
    whole = verdicts(Extract(entries), match, expect)

    assert {} == {
        kind: (short[kind], whole[kind]) for kind in whole if short[kind] not in {"inconclusive", whole[kind]}
    }
