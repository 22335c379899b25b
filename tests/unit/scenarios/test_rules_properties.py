"""Rules hold their ground on any journal at all, and TH-1 agrees with its definition written out."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.evidence import Evidence, JobFact, JournalEntry, RoundTrip, Summary
from kibo_scenarios.grading import grade
from kibo_scenarios.moments import SECOND
from kibo_scenarios.rules import RULES, RULES_BY_ID, Verdict
from kibo_scenarios.rules.traffic import call_chain
from kibo_scenarios.testing import POOL, Story, record, stock

operations = st.sampled_from(
    ["authenticate", "deleteItems", "delete", "getJob", "getJobs", "adjust", "refresh", "queryInventory", "news", None]
)
moments = st.sampled_from([0, 0.01, 0.05, 0.5, 5, 9.9, 10, 30, 59.95, 60, 61, 900, 3600, 4000])
names = st.lists(st.sampled_from("abc"), max_size=3).map(tuple)
summaries = st.builds(
    Summary,
    items=st.none() | st.integers(0, 13_000),
    dry_run=st.none() | st.booleans(),
    all_locations=st.none() | st.booleans(),
    location_codes=st.none() | names,
    item_hashes=st.none() | names,
    records=st.none() | st.integers(0, 9),
    job_id=st.none() | st.integers(1, 4),
    job_status=st.none() | st.sampled_from(["PENDING", "SUCCESS", "FAILED", "?"]),
    job_statuses=st.none() | st.dictionaries(st.sampled_from(["1", "2", "x", "٣"]), st.just("SUCCESS"), max_size=2),
)
requests = st.fixed_dictionaries(
    {
        "operation": operations,
        "at": moments,
        "takes": st.sampled_from([0, 0.1, 20]),
        "status": st.sampled_from([200, 200, 200, 400, 401, 404, 429, 429, 500, 503]),
        "retry_after": st.sampled_from([None, 60, 900, 3600]),
        "summary": summaries,
        "job_ids": st.lists(st.integers(1, 4), max_size=2).map(tuple),
        "pool": st.sampled_from([POOL, POOL, None, "/other/*"]),
        "what": st.integers(0, 2),
        "lost": st.booleans(),
        "query": st.sampled_from(["", "?startIndex=x", "limit=5&startIndex=5", "%%%"]),
        "path": st.sampled_from(["", "/queue/3", "/queue/999999999999999999999"]),
        "method": st.sampled_from(["GET", "POST"]),
    }
)


def told(described: list[dict[str, Any]]) -> Story:
    """Return the story of these requests."""
    story = Story()
    for request in described:
        story.request(request.pop("operation"), **request)
    return story


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.lists(requests, max_size=25), st.booleans(), st.booleans())
def test_any_journal_is_judged_without_a_crash(described: list[dict[str, Any]], known: bool, failed: bool) -> None:  # noqa: FBT001
    """Unknown operations and missing fields never break a rule, and every finding points at entries that exist."""
    keys = [record("a", "x"), record("b", "x"), record("b", "y")]
    evidence = told(described).evidence(
        before=stock(*keys),
        after=stock(*keys[1:]),
        targets=frozenset(keys[:2]),
        limits_known=known,
        jobs={1: JobFact(location_code="a", status="FAILED" if failed else "SUCCESS", finished_at=1)},
    )
    numbers = {entry.seq for entry in evidence.journal}
    grades = grade(evidence)

    assert list(RULES) == [one.rule for one in grades]
    for one in grades:
        outcome = one.outcome
        assert (one.verdict is Verdict.FAIL) == bool(outcome.findings) == bool(outcome.breaches)
        assert numbers >= set(outcome.evidence).union(*(finding.entries for finding in outcome.findings))
        assert outcome.expected
        assert outcome.actual


def blamed_by_definition(evidence: Evidence) -> set[int]:
    """Return the requests that TH-1 must blame: early returns of a chain to a promise that it knew of."""
    tolerance, travel = evidence.tolerance, evidence.round_trip.greatest
    pooled = [entry for entry in evidence.journal if entry.pool is not None]

    def known(refusal: JournalEntry, request: JournalEntry) -> bool:
        copy = request.method == "GET" and request.request_hash == refusal.request_hash
        return request.started_at >= refusal.finished_at + (0 if copy else travel)

    blamed = set()
    for index, request in enumerate(pooled):
        for earlier, refusal in enumerate(pooled[:index]):
            usable = refusal.status == 429 and refusal.retry_after_s is not None and not refusal.response_lost
            same = (refusal.pool, call_chain(refusal)) == (request.pool, call_chain(request))
            if not usable or not same:
                continue
            # What any request of the pool proves to be known, later ones know as well.
            witnesses = [one for one in pooled[earlier + 1 : index + 1] if one.pool == refusal.pool]
            due = refusal.started_at + (refusal.retry_after_s or 0) * SECOND
            if any(known(refusal, one) for one in witnesses) and request.started_at + tolerance < due:
                blamed.add(request.seq)
    return blamed


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(st.lists(requests, max_size=20), st.sampled_from([0, 20_000, 50_000]))
def test_th1_agrees_with_its_definition(described: list[dict[str, Any]], travel: int) -> None:
    """TH-1: one sweep over the journal blames exactly the requests that the definition blames."""
    evidence = told(described).evidence(round_trip=RoundTrip(least=travel, greatest=travel))
    findings = RULES_BY_ID["TH-1"].judge(evidence).findings

    assert blamed_by_definition(evidence) == {finding.entries[1] for finding in findings}
