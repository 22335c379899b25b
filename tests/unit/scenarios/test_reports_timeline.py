"""The facts and the drawing of a timeline: what is shown, that it is bounded, and that it lies where it should."""

import re

import pytest

from kibo_scenarios.evidence import Evidence, FileFact, JobFact, PoolLimit
from kibo_scenarios.moments import HOUR, MINUTE, SECOND
from kibo_scenarios.reports.drawing import Shape, draw
from kibo_scenarios.reports.exchanges import shown_exchanges
from kibo_scenarios.reports.time_axis import time_axis
from kibo_scenarios.reports.timeline import (
    FILES_KEPT,
    LOCATIONS_KEPT,
    MARKS_KEPT,
    SPANS_KEPT,
    Level,
    Timeline,
    timeline_of,
)
from kibo_scenarios.testing import POOL, Story

from .hostile import impatient_run


def timeline(evidence: Evidence) -> Timeline:
    """Return the timeline of a run without findings."""
    return timeline_of(evidence, ())


def test_a_longer_refusal_makes_a_restriction_longer() -> None:
    """RL-8: refusals inside a restriction are part of it; one after it begins another."""
    story = Story()
    story.poll(1, status=429, retry_after=60)
    story.poll(1, at=30, status=429, retry_after=900)
    story.poll(1, at=1000, status=429, retry_after=60)
    windows = timeline(story.evidence()).windows

    assert [(0, 930, 900, 2, 1), (1000, 1060, 60, 1, 3)] == [
        ((w.start - story.start) // SECOND, (w.end - story.start) // SECOND, w.retry_after_s, w.refusals, w.seq)
        for w in windows
    ]


def test_what_is_left_follows_the_servers_count() -> None:
    """RL-3, RL-4: an admitted request takes one, a new minute and a new quarter give back, a 429 takes none."""
    story = Story()
    for at in (0, 1, 61):
        story.poll(1, at=at)
    story.poll(1, at=62, status=429, retry_after=60)
    limit = PoolLimit(route=POOL, requests_per_minute=2, requests_per_hour=10)
    minute, hour = timeline(story.evidence(limits=(limit,))).budgets
    start = story.start

    assert [
        Level(start, 1),
        Level(start + SECOND, 0),
        Level(start + MINUTE, 2),
        Level(start + 61 * SECOND, 1),
        Level(start + 2 * MINUTE, 2),
    ] == list(minute.levels)
    assert [9, 8, 7, 7, 7, 7, 10] == [level.left for level in hour.levels]
    assert start + HOUR == hour.levels[-1].at


def test_a_long_run_is_bounded() -> None:
    """Marks, levels and locations stay within their bounds, and nothing is lost from the counts."""
    story = Story()
    story.delete(["a"], jobs=range(1, 300))
    for second in range(20_000):
        story.poll(1, at=second)
    jobs = {
        job: JobFact(location_code=f"L{job}", status="SUCCESS", finished_at=story.start + HOUR) for job in range(300)
    }
    limit = PoolLimit(route=POOL, requests_per_minute=100, requests_per_hour=None)
    facts = timeline(story.evidence(jobs=jobs, limits=(limit,)))

    assert 20_000 == sum(mark.count for mark in facts.marks if mark.kind == "poll")
    assert MARKS_KEPT >= sum(mark.kind == "poll" for mark in facts.marks)
    assert MARKS_KEPT >= len(facts.budgets[0].levels)
    assert (LOCATIONS_KEPT, 299 - LOCATIONS_KEPT) == (len(facts.locations), facts.locations_left_out)
    assert ["275 more locations with jobs are not drawn"] == draw(facts, 1100).notes
    assert len(draw(facts, 1100).shapes) < 1_000


def test_locations_with_failed_jobs_are_kept() -> None:
    """J-8: of many locations those with failed jobs are drawn."""
    story = Story()
    story.delete(["a"], jobs=range(100))
    jobs = {
        job: JobFact(location_code=f"L{job:02}", status="FAILED" if job == 99 else "SUCCESS", finished_at=story.start)
        for job in range(100)
    }

    assert "L99" in {one.location for one in timeline(story.evidence(jobs=jobs)).locations}


def test_failed_jobs_are_drawn_where_they_failed() -> None:
    """However many jobs a location has, one that failed is a span of its own, and painted last."""
    story = Story()
    jobs = {}
    for number in range(500):
        story.delete([f"i{number}"], at=number * 20, jobs=[number])
        ended = story.start + (number * 20 + 5) * SECOND
        jobs[number] = JobFact(location_code="L", status="FAILED" if number == 250 else "SUCCESS", finished_at=ended)
    (location,) = timeline(story.evidence(jobs=jobs)).locations
    last = location.spans[-1]

    assert SPANS_KEPT + 1 >= len(location.spans)
    assert 500 == sum(span.count for span in location.spans)
    assert ("FAILED", 1, 5 * SECOND) == (last.status, last.count, last.end - last.start)


@pytest.mark.parametrize("width", [360, 1100])
def test_a_drawing_stays_in_its_frame(width: float) -> None:
    """No shape begins outside, and every finding is drawn or counted."""
    result = impatient_run(polls=500)
    facts = timeline_of(result.evidence, result.grades)
    drawing = draw(facts, width)

    def inside(shape: Shape) -> bool:
        return 0 <= shape.x <= width and 0 <= shape.y <= drawing.height

    assert [] == [shape for shape in drawing.shapes if not inside(shape)]
    flags = [shape.title for shape in drawing.shapes if shape.kind == "rect" and shape.style.startswith("flag")]
    often = sum(int(match[1]) if (match := re.search(r"broken (\d+) times", title)) else 1 for title in flags)
    assert len(facts.flags) == often + sum(int(note.split()[0]) for note in drawing.notes)


def test_an_empty_run_can_be_drawn() -> None:
    """A client that sent nothing has a timeline too."""
    assert draw(timeline(Story().evidence()), 1100).height > 0


def test_a_quiet_hour_is_folded() -> None:
    """Two busy minutes around an hour of waiting take nearly all of the width."""
    busy = [second * SECOND for second in range(60)]
    later = [HOUR + at for at in busy]
    axis = time_axis([*busy, *later], start=0, end=HOUR + MINUTE, left=0, right=1000)
    ((left, right, length),) = axis.folds()

    assert 44 == pytest.approx(right - left)
    assert HOUR - 2 * MINUTE < length < HOUR
    assert axis.position(MINUTE - SECOND) > 400
    assert axis.position(HOUR) < 600


@pytest.mark.parametrize("width", [360, 1100])
def test_files_and_their_jobs_are_drawn(width: float) -> None:
    """J-12: data for as long as it was written, its trigger, and the jobs that nobody was handed; no lane of calls."""
    story = Story()
    start = story.start
    files = (
        FileFact(folder="in", name="a.zip", appeared_at=start, complete_at=start + HOUR, outcome="archived"),
        FileFact(folder="in", name="a.zip.done", appeared_at=start + MINUTE, complete_at=start + MINUTE),
    )
    jobs = {
        1: JobFact(location_code="L", status="SUCCESS", finished_at=start + 2 * HOUR, added_at=start, file="a.zip"),
        2: JobFact(location_code="M", status="SUCCESS", finished_at=start + 2 * HOUR, added_at=start),
    }
    facts = timeline(story.evidence(files=files, jobs=jobs))
    drawing = draw(facts, width)
    (data,) = (shape for shape in drawing.shapes if shape.style == "file-data")
    (trigger,) = (shape for shape in drawing.shapes if shape.style == "file-trigger")

    assert (start, start + 2 * HOUR) == (facts.start, facts.end)
    assert [("L", HOUR * 2)] == [(one.location, one.spans[0].end - one.spans[0].start) for one in facts.locations]
    assert ("a.zip at 03-02 05:00:00.000: archived", "a.zip.done at 03-02 05:01:00.000") == (data.title, trigger.title)
    assert 0 < data.width < width
    assert "calls" not in {shape.text for shape in drawing.shapes}


def test_many_files_are_bounded() -> None:
    """A drop point that is flooded does not flood the page."""
    story = Story()
    files = tuple(
        FileFact(folder="in", name=f"{number}.zip", appeared_at=story.start, complete_at=story.start)
        for number in range(FILES_KEPT + 1)
    )

    assert FILES_KEPT == len(timeline(story.evidence(files=files)).files)


def test_exchanges_are_capped_in_the_middle() -> None:
    """The first and the last rows stay, cited ones too, and the gap says how many are missing."""
    story = Story()
    for number in range(100):
        story.dry_run([f"i{number}"], at=number)
    rows = shown_exchanges(story.evidence().journal, [50], most=10)

    assert [1, 2, 3, 4, 5, 0, 50, 0, 96, 97, 98, 99, 100] == [row.seq for row in rows]
    assert 100 == sum(row.count for row in rows)
