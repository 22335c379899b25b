"""The page of a sweep in a real browser: no label is cut off, nothing overflows, nothing is complained of."""

from pathlib import Path

import pytest
from tests.unit.scenarios.sweeps_made import broken_from, sweep_of

from kibo_scenarios.reports.sweep_page import render_sweep_page

from .browser import CHROMIUM, browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (apt-get install chromium)"),
]

LONG = "clients.a-client-with-a-very-long-name-that-has-no-place-to-break.stages.0.rate"
#: Texts of the drawings that are shown, and lie outside of them or on one another.
CUT_OFF = """
[...document.querySelectorAll('svg.sweep')].filter(svg => svg.clientWidth).flatMap(svg => {
  const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
  const texts = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBBox()]);
  return texts.filter(([, box], index) => box.x < 0 || box.x + box.width > width || box.y + box.height > height ||
    texts.slice(0, index).some(([, other]) => box.x < other.x + other.width - 1 && other.x < box.x + box.width - 1 &&
      box.y < other.y + other.height - 4 && other.y < box.y + box.height - 4)).map(([text]) => text);
})
"""


async def test_the_page_is_good_at_every_size(tmp_path: Path) -> None:
    """1280 px and a phone's 390 px, light and dark: one drawing is shown; a click on the grid shows its point."""
    file = tmp_path / "page.html"
    sweep = sweep_of("stores=5,10,20,400000", f"{LONG}=1,22", "limits.rpm=10,20", made=broken_from(20))
    file.write_text(render_sweep_page(sweep), encoding="utf-8")
    grounds = {}
    async with browser(tmp_path / "profile") as tab:
        for width in (1280, 390):
            for scheme in ("light", "dark"):
                await tab.open(file.as_uri(), width=width, scheme=scheme)
                assert (width, width) == (
                    await tab.value("document.documentElement.scrollWidth"),
                    await tab.value("window.innerWidth"),
                )
                assert 1 == await tab.value("[...document.querySelectorAll('svg')].filter(e => e.clientWidth).length")
                assert [] == await tab.value(CUT_OFF)
                ground = "document.querySelector('svg .ground')"
                grounds[scheme] = await tab.value(f"getComputedStyle({ground}).fill")
                assert grounds[scheme] == await tab.value("getComputedStyle(document.body).backgroundColor")
        await tab.value("document.querySelectorAll('.grid a')[2].click()")
        shown = await tab.value(
            "(r => r.top >= 0 && r.top <= innerHeight)(document.getElementById('p9').getBoundingClientRect())"
        )
        complaints = tab.complaints

    assert [] == complaints
    assert grounds["light"] != grounds["dark"]
    assert shown
