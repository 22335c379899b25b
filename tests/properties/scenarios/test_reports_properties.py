"""Any journal can be shown: nothing crashes, everything is bounded, and no exchange is lost from the counts."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.evidence import JobFact, PoolLimit, Summary
from kibo_scenarios.reports.board import Board, board_run
from kibo_scenarios.reports.drawing import draw
from kibo_scenarios.reports.exchanges import shown_exchanges
from kibo_scenarios.reports.page import render_page
from kibo_scenarios.result import RunResult
from kibo_scenarios.testing import POOL, Story, result_of

summaries = st.builds(
    Summary,
    items=st.none() | st.integers(0, 2_000),
    dry_run=st.none() | st.booleans(),
    item_hashes=st.none() | st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
    location_codes=st.none() | st.lists(st.sampled_from("LM"), max_size=2).map(tuple),
    job_id=st.none() | st.integers(1, 4),
    job_status=st.none() | st.sampled_from(["WORKING", "FAILED"]),
    job_statuses=st.none() | st.just({"1": "SUCCESS", "x": "?"}),
)
requests: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "operation": st.sampled_from(["authenticate", "deleteItems", "getJob", "getJobs", None]),
        "at": st.sampled_from([0, 0.01, 1, 9, 59, 60, 61, 899, 900, 3600, 90_000]) | st.floats(0, 5_000),
        "takes": st.sampled_from([0, 0.1, 20]),
        "status": st.sampled_from([200, 200, 200, 404, 429, 503]),
        "retry_after": st.sampled_from([None, 0, 60, 3600, 10**9]),
        "lost": st.booleans(),
        "summary": summaries,
        "job_ids": st.lists(st.integers(1, 4), max_size=2, unique=True).map(tuple),
        "pool": st.sampled_from([POOL, None, "another"]),
        "path": st.text(max_size=8),
    }
)


@st.composite
def runs(drawn: st.DrawFn) -> RunResult:
    """Return a run with any requests, jobs and limits."""
    story = Story()
    for request in drawn(st.lists(requests, max_size=25)):
        story.request(**request)
    statuses = st.sampled_from(["SUCCESS", "FAILED", "PENDING"])
    ends = st.none() | st.integers(0, 10**10).map(lambda later: story.start + later)
    jobs = {
        job: JobFact(location_code=f"L{job}", status=drawn(statuses), finished_at=drawn(ends)) for job in range(1, 5)
    }
    limit = PoolLimit(
        route=POOL,
        requests_per_minute=drawn(st.none() | st.integers(0, 60)),
        requests_per_hour=drawn(st.none() | st.integers(0, 60)),
    )
    return result_of(story.evidence(jobs=jobs, limits=(limit,)))


@settings(deadline=None, max_examples=60)
@given(runs())
def test_any_run_can_be_shown(result: RunResult) -> None:
    """The page is made; no shape leaves its frame, whatever Retry-After and job ends claim."""
    run = board_run(Assessment(result=result))
    page = render_page(Board().with_runs([run]))

    assert page.endswith(b"</html>")
    for width in (360, 1100):
        drawing = draw(run.timeline, width)
        assert [] == [
            shape
            for shape in drawing.shapes
            if not (0 <= shape.x <= width and shape.x + shape.width <= width + 1 and 0 <= shape.y <= drawing.height)
        ]


@settings(deadline=None, max_examples=60)
@given(runs(), st.integers(0, 10))
def test_no_exchange_is_lost_from_the_counts(result: RunResult, most: int) -> None:
    """Rows, lines for several, and gaps add up to the journal; what is cited has a row of its own."""
    journal = result.evidence.journal
    cited = [entry.seq for entry in journal[::3]]
    rows = shown_exchanges(journal, cited, most=most)

    assert len(journal) == sum(row.count for row in rows)
    assert set(cited) <= {row.seq for row in rows if row.count == 1}
