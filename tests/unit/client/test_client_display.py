"""What a run looks like on a terminal of 80 columns: the panel, the question, the summary."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from kibo_client.events import Answered, DryRun, Failed, Scope, Sent, Wait
from kibo_client.progress import Panel
from kibo_client.report import NOT_COME_TO, BulkDeleteReport, Progress, ThrottledRequest, UndoneTarget
from kibo_client.retry import AnswerClass
from kibo_client.settings import Settings
from kibo_client.summary import duration, question, summary
from kibo_client.targets import Target
from kibo_client.units import SECOND

NOW = 1_800_000_000 * SECOND


def drawn(progress: Progress | None, *events: Sent | Answered | Wait) -> list[str]:
    """The panel after these events, as rich records it at 80 columns."""
    console = Console(width=80, record=True, file=StringIO())
    panel = Panel(console, lambda: progress, lambda: NOW)
    for event in events:
        panel.show(event)
    console.print(panel._table())
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_the_panel_shows_where_the_run_stands() -> None:
    """Batches, jobs, requests, what is left of the budget, and what is waited for and why."""
    progress = Progress("submitting", 8, 8, 2, 1200, 300, 1, 1234, 2, 36, 154)
    wait = Wait(NOW + 3_600 * SECOND, "Retry-After 3600 s")

    assert drawn(progress, wait) == [
        "phase     submitting",
        "batches   ━━━━━━                    2 of 8 submitted",
        "jobs      ━━━━━━━━━━━━━━━━━━        900 of 1,200 ended, 1 failed",
        "requests  1,234, 2 throttled",
        "budget    36 left this minute, 154 left this hour",
        "waiting   1 h 1 s: Retry-After 3600 s",
    ]


def test_the_panel_says_little_while_there_is_little_to_say() -> None:
    """Before anything was submitted: no jobs, no 429s, no limits; a wait is over with the next request."""
    progress = Progress("finding the scope", 8, 4, 0, 0, 0, 0, 4, 0, None, None)

    assert drawn(None) == []
    assert drawn(progress, Wait(NOW + SECOND, "x"), Sent(NOW, DryRun(4))) == [
        "phase     finding the scope",
        "batches   ━━━━━━━━━━━━              4 of 8 checked",
        "requests  4",
        "budget    limits not known yet",
    ]


def test_a_failure_stays_in_sight_above_the_panel() -> None:
    """C15: what went wrong is a line of its own, whatever characters the server put into it."""
    failure = Answered(NOW, Failed(AnswerClass.SERVER_ERROR, 503, "[red]busy[/red]", 0.5))

    assert drawn(None, failure) == ["2027-01-15T08:00:00.000Z 503 [red]busy[/red]"]


def test_the_question_tells_what_is_at_stake() -> None:
    """C1: where, how much, what is left out, and how to agree; no line is wider than 80 columns."""
    settings = Settings(api_host="https://t1001.example.com", tenant=1001, client_id="a", shared_secret="s3cret")
    asked = question(settings, Scope(399_000, 2_300, 250, 7, 12, 3, 399_015, 2_302, 2))

    assert asked.splitlines() == [
        "About to delete for good, on tenant 1001 (https://t1001.example.com):",
        "  399,000 records of 2,300 products at 250 locations, in 7 batches",
        "  you asked for 399,015 records of 2,302 products",
        "  12 of them are not there, 3 cannot be deleted safely",
        "  2 identifiers match more than that: narrowed down, or left alone",
        "Type the tenant id and the number of records (1001 399000) to go on: ",
    ]


def report(
    *, stopped: str | None = None, reasons: tuple[str, ...] = (), optimum_s: float | None = None
) -> BulkDeleteReport:
    """The account of a small run that took 4,201.5 s."""
    return BulkDeleteReport(
        outcome="stopped" if stopped else "undone" if reasons else "deleted",
        stopped=stopped,
        requested_records=1_500,
        requested_products=20,
        requested_locations=2,
        scope=None,
        deleted_records=0,
        not_found_records=0,
        batches=0,
        requests={},
        throttled=(),
        jobs={},
        failed_jobs=(),
        open_jobs=(),
        undone=tuple(UndoneTarget(Target("N", f"P{n}", None, None), reason) for n, reason in enumerate(reasons)),
        started_at=NOW,
        finished_at=NOW + 4_201_500_000,
        optimum_s=optimum_s,
    )


def test_a_dry_run_says_nothing_of_deleting() -> None:
    """WF-1: what would be done, and nothing of what was not; one of each is no plural."""
    ran = replace(
        report(), outcome="dry run", requested_products=1, requests={"dryRun": 1}, scope=Scope(1, 1, 1, 1, 0, 0)
    )
    expected = [
        "outcome      dry run",
        "requested    1,500 records of 1 product at 2 locations",
        "scope        1 record of 1 product at 1 location, in 1 batch",
        "records      0 not found, 0 undone",
        "requests     dryRun 1",
    ]

    assert list(summary(replace(ran, finished_at=NOW + SECOND))) == expected
    assert list(summary(ran)) == [*expected, "duration     1 h 10 m 2 s"]


def test_a_stopped_run_says_once_why() -> None:
    """C15: the reason of the whole run is not repeated for its records; other reasons are told."""
    lines = list(summary(report(stopped="not confirmed", reasons=("not confirmed",) * 30 + ("too wide",))))

    assert lines[0] == "outcome      stopped: not confirmed"
    assert lines[9:] == ["undone       1 × too wide", "             partNumber=P30 at N"]


def test_an_interrupted_run_counts_what_it_did_not_come_to() -> None:
    """C15: those records are many, and have nothing of their own to say."""
    lines = list(summary(replace(report(reasons=(NOT_COME_TO,) * 1_030), outcome="interrupted")))

    assert lines[0] == "outcome      interrupted"
    assert lines[9:] == ["undone       1,030 × the run has not come to it"]


def test_undone_records_are_told_by_reason() -> None:
    """The commonest reason first, a few records of each, and where the others are to be found."""
    lines = list(summary(report(reasons=("job 7 failed: deadlock",) + ("its dry run failed: 400",) * 5)))

    assert lines[9:] == [
        "undone       5 × its dry run failed: 400",
        "             partNumber=P1 at N",
        "             partNumber=P2 at N",
        "             partNumber=P3 at N",
        "undone       1 × job 7 failed: deadlock",
        "             partNumber=P0 at N",
        "             and more; --json lists them all",
    ]


def test_refusals_are_told_by_their_waits() -> None:
    """TH-6: a long run may have met hundreds."""
    waits = (60, 3600, None, 60)
    refused = tuple(ThrottledRequest(NOW, wait, "getJob") for wait in waits)

    assert list(summary(replace(report(), throttled=refused)))[6] == (
        "throttled    4: Retry-After missing × 1, Retry-After 60 × 2, Retry-After 3600 × 1"
    )


@pytest.mark.parametrize(
    ("optimum_s", "said"),
    [
        (None, "duration     1 h 10 m 2 s"),
        (10.0, "duration     1 h 10 m 2 s"),
        (4_200.0, "duration     1 h 10 m 2 s; limits and spacing alone take 1 h 10 m"),
    ],
)
def test_the_least_time_is_told_where_it_says_something(optimum_s: float | None, said: str) -> None:
    """TH-7: seconds of latency and guard are no measure of pacing."""
    assert list(summary(report(optimum_s=optimum_s)))[8] == said


def test_spans_are_told_as_people_say_them() -> None:
    """Tenths below a minute, then whole seconds."""
    given = (0.0, 12.64, 5, 59.96, 61, 3_600, 90_061)

    assert [duration(seconds) for seconds in given] == [
        "0 s",
        "12.6 s",
        "5 s",
        "1 m",
        "1 m 1 s",
        "1 h",
        "25 h 1 m 1 s",
    ]


def test_the_panel_does_not_draw_over_the_question() -> None:
    """C1: what was asked, and what was answered, stays on the screen when the panel comes back."""
    screen = StringIO()
    console = Console(width=80, file=screen, force_terminal=True, _environ={"TERM": "xterm"})
    progress = Progress("submitting", 8, 8, 2, 0, 0, 0, 4, 0, None, None)
    with Panel(console, lambda: progress, lambda: NOW) as panel:
        panel.pause()
        screen.write("QUESTION")
        panel.go_on()
        after = screen.getvalue().partition("QUESTION")[2].partition("phase")

    assert after[1] == "phase"
    assert "\x1b[1A" not in after[0]
