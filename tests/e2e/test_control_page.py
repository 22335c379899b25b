"""What docs/control-plane.md shows is what happens, and its table is made from the routes."""

import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from kibo_simulator.announcements import KINDS
from kibo_simulator.cli import main
from kibo_simulator.journal.questions import Apart, Bounds, Expectations, Match, Questions, Wanted
from kibo_simulator.journal.verification import understood
from kibo_simulator.web.control import ROUTES

from .conftest import Serve
from .console import walk

PAGE = Path(__file__).parents[2] / "docs" / "control-plane.md"
TABLE = re.compile(r"<!-- kibo-simulator endpoints --of control -->\n(.*?)<!-- end -->\n", re.DOTALL)


def questions() -> str:
    """The questions that the page asks."""
    (block,) = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return str(block)


@pytest.mark.slow
def test_the_page_does_what_it_shows(serve: Serve, tmp_path: Path) -> None:
    """Each command, run in one shell in order, prints what the page says; the server has nothing to complain of."""
    served = serve("--clock", "manual", "--start", "2026-03-02T05:00:00Z")
    (tmp_path / "questions.json").write_text(questions(), encoding="utf-8")
    commands = walk("docs/control-plane.md", served.url, tmp_path)
    code, errors = served.stop()

    assert (True, 0, "") == (commands > 25, code, errors)


def test_the_table_is_up_to_date() -> None:
    """The page has every route; if not: put what kibo-simulator endpoints --of control prints between the marks."""
    printed = CliRunner().invoke(main, ["endpoints", "--of", "control"]).output
    (table,) = TABLE.findall(PAGE.read_text(encoding="utf-8"))

    assert printed == table
    assert len(ROUTES) + 2 == len(printed.splitlines())


def test_the_whole_vocabulary_is_explained() -> None:
    """Every field of a question, every kind of event and every parameter of the journal is on the page."""
    text = PAGE.read_text(encoding="utf-8")
    fields = {
        field.encode_name
        for kind in (Match, Expectations, Wanted, Bounds, Apart)
        for field in msgspec.structs.fields(kind)
    }
    parameters = {parameter.name for route in ROUTES if route.name == "getJournal" for parameter in route.query}

    assert set() == {name for name in fields | {*KINDS} | parameters if not re.search(rf"[`\"]{name}[`\"=]", text)}


def test_the_questions_of_the_page_can_be_meant() -> None:
    """They are examples to begin from."""
    asked = understood(msgspec.json.decode(questions(), type=Questions), {"deleteItems"})

    assert ["live deletions", "no refusals"] == [question.name for question in asked]
