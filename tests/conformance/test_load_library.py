"""The packaged load scenarios: each keeps its promises, and its page shows what comes of it."""

import sys
from pathlib import Path

import msgspec
import pytest

from kibo_scenarios.moments import MINUTE
from kibo_scenarios.result import Conclusion
from kibo_scenarios.workloads import run_load

from .load_pages import FOLDER, INDEX, NAMES, figure, index, page, scenario_of

#: A hundred thousand requests take too long for every run of the suite; its page is made by hand, and its beginning
#: is held against itself below.
PEAK = "load-peak-day"
#: The same events come in another order under other interpreters, which start tasks differently.
PAGES_ARE_MADE_BY = (3, 11)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name != PEAK])
def test_promises_are_kept_and_the_page_shows_it(name: str) -> None:
    """``python -m tests.conformance.load_pages`` would change nothing."""
    result = run_load(scenario_of(name))

    assert [] == [
        (str(one.threshold), one.judgement.because) for one in result.judged if one.judgement.verdict != "PASS"
    ]
    assert Conclusion.PASSED == result.conclusion
    if sys.version_info[:2] == PAGES_ARE_MADE_BY:
        assert page(result) == (FOLDER / f"{name}.md").read_text(encoding="utf-8")
        assert figure(result) == (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_beginning_of_the_peak_day_are_the_same_twice() -> None:
    """The same bytes; cut off, as it says, and nobody is refused."""
    scenario = msgspec.structs.replace(scenario_of(PEAK), time_limit=20 * MINUTE)
    first, again = run_load(scenario), run_load(scenario)

    assert first.journal == again.journal
    assert len(first.journal) > 200
    assert {"run": "had not finished after 20 m of simulated time"} == first.failures
    assert 0 == sum(cell.throttled for cell in first.measured.cells.values())


def test_the_page_of_the_peak_day_is_of_the_file_as_it_is() -> None:
    """More than 100,000 requests, and the whole file beside what came of it."""
    text = (FOLDER / f"{PEAK}.md").read_text(encoding="utf-8")

    assert Path(scenario_of(PEAK).file).read_text(encoding="utf-8") in text
    assert "**PASSED**" in text
    assert "`requests: >= 100000` | PASS" in text


def test_every_page_is_listed() -> None:
    """The list of pages is that of the scenarios; nothing is left over from scenarios that are gone."""
    assert index() == INDEX.read_text(encoding="utf-8")
    assert sorted([*NAMES, "README"]) == sorted(file.stem for file in FOLDER.glob("*.md"))
