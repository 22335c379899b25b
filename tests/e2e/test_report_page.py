"""The page in a real browser: nothing is complained of, nothing overflows, and links lead to what they name."""

from pathlib import Path

import pytest

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.evidence import JobFact, PoolLimit
from kibo_scenarios.reports.board import Board, board_run
from kibo_scenarios.reports.page import render_page
from kibo_scenarios.result import RunResult
from kibo_scenarios.testing import POOL, Story, result_of

from .browser import CHROMIUM, browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (apt-get install chromium)"),
]

LONG_NAME = "a-client-with-a-very-long-name-that-has-no-place-to-break-" * 2


def busy_run(client: str) -> RunResult:
    """Return a run with many jobs, long names, refusals, a quiet hour, and enough breaches to fill the timeline."""
    story = Story()
    locations = [f"LOCATION-WITH-A-LONG-CODE-{number:03}" for number in range(40)]
    story.delete(["a"], locations, jobs=range(40), path="/api/commerce/inventory/v5/" + "x" * 400)
    for second in range(1, 60):
        story.list_jobs(dict.fromkeys(range(40), "WORKING"), at=second)
    story.poll(1, at=60, status=429, retry_after=3600)
    story.poll(1, at=61, status=429, retry_after=3600)
    for second in range(3700, 3720):
        story.list_jobs(dict.fromkeys(range(40), "SUCCESS"), at=second)
    jobs = {
        job: JobFact(
            location_code=location,
            status="FAILED" if job == 3 else "SUCCESS",
            finished_at=story.start + (10 + job) * 1_000_000,
        )
        for job, location in enumerate(locations)
    }
    limit = PoolLimit(route=POOL, requests_per_minute=60, requests_per_hour=200)
    return result_of(story.evidence(jobs=jobs, limits=(limit,)), client=client)


async def test_the_page_is_good_at_every_size(tmp_path: Path) -> None:
    """1280 px and a phone's 390 px, light and dark: no complaint, no sideways scrolling, the scheme's own colours."""
    file = tmp_path / "page.html"
    runs = [board_run(Assessment(result=busy_run(name))) for name in ("one", LONG_NAME, "three")]
    file.write_bytes(render_page(Board().with_runs(runs)))
    grounds = {}
    async with browser(tmp_path / "profile") as tab:
        for width in (1280, 390):
            for scheme in ("light", "dark"):
                await tab.open(file.as_uri(), width=width, scheme=scheme)
                assert (width, width) == (
                    await tab.value("document.documentElement.scrollWidth"),
                    await tab.value("window.innerWidth"),
                )
                shown = "[...document.querySelectorAll('.timeline svg')].filter(e => e.clientWidth).length"
                assert len(runs) == await tab.value(shown)
                grounds[scheme] = await tab.value("getComputedStyle(document.body).backgroundColor")
        link = "document.querySelector('.finding a.entry')"
        target = f"document.querySelector({link}.getAttribute('href'))"
        await tab.value(f"{link}.click()")
        seen = await tab.value(f"(r => r.top >= 0 && r.bottom <= innerHeight)({target}.getBoundingClientRect())")
        complaints = tab.complaints

    assert [] == complaints
    assert grounds["light"] != grounds["dark"]
    assert seen
