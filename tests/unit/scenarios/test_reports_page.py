"""The page: one self-contained file, every link leads somewhere, and nothing that a run says becomes markup."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kibo_scenarios.errors import UsageError
from kibo_scenarios.reports.board import Board, board_run, encode_board, read_board
from kibo_scenarios.reports.page import render_page
from kibo_scenarios.result import RunResult

from .hostile import ATTACK, assessed, hostile_run, impatient_run


class Page(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, name: str) -> list[str]:
        """Return all values of one attribute."""
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]


def board(*results: RunResult) -> Board:
    """Return a board of these runs."""
    return Board().with_runs(board_run(assessed(result)) for result in results)


def test_what_a_run_says_stays_text() -> None:
    """Hostile part numbers, paths, locations, statuses and client names add no element and no attribute."""
    hostile, plain = Page(render_page(board(hostile_run()))), Page(render_page(board(impatient_run())))
    allowed = {tag for tag, _ in plain.tags}
    scripts = [attributes for tag, attributes in hostile.tags if tag == "script"]

    assert set() == {tag for tag, _ in hostile.tags} - allowed
    assert [{"type": "application/json", "id": "board"}] == scripts
    assert not [name for _, attributes in hostile.tags for name in attributes if name.startswith("on")]
    assert any(ATTACK.split("\x00")[0] in text for text in hostile.texts)
    assert not any("49]" in text for text in hostile.texts)


def test_a_page_needs_nothing_else() -> None:
    """No address of another file or host is in it, and its own policy forbids to load any."""
    page = Page(render_page(board(impatient_run())))
    policy = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]

    assert ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"] == policy
    assert set() == {value for value in page.values("href") if not value.startswith(("#", "data:,"))}
    assert [] == page.values("src")
    assert not re.search(rb"url\(|@import|https?://", render_page(board(impatient_run())))


def test_every_link_leads_to_one_place() -> None:
    """Ids are unique, also with two clients on the page, and every fragment has its id."""
    page = Page(render_page(board(impatient_run(), impatient_run(client="other"), hostile_run())))
    ids = page.values("id")

    assert len(set(ids)) == len(ids)
    assert set() == {value[1:] for value in page.values("href") if value.startswith("#")} - set(ids)


def test_findings_lead_to_their_exchanges() -> None:
    """TH-1: the early return and the 429 before it are rows of the table, linked from finding and timeline."""
    page = render_page(board(impatient_run())).decode()
    finding = page.partition('id="r1-TH-1"')[2].partition("</article>")[0]

    assert ["4", "5"] == re.findall(r'href="#r1-e(\d+)"', finding)
    assert {"r1-e4", "r1-e5"} <= set(Page(page.encode()).values("id"))
    assert re.search(r'<a href="#r1-e5">\s*<rect class="flag level-M"', page)


def test_long_runs_stay_small_and_say_so() -> None:
    """Five thousand polls are one line of the table and a few shapes; the page tells that they are."""
    long, short = (render_page(board(impatient_run(polls=polls))) for polls in (5_000, 40))

    assert "4,974 lists, all answered" in long.decode()
    assert "Polls in a row are one line" in long.decode()
    assert len(long) < 3 * len(short)


def test_a_page_does_not_carry_what_clients_say_of_themselves() -> None:
    """A client's own report may name a hundred thousand records, or hold what is nobody's business."""
    result = replace(impatient_run(), client_report={"undone": ["a-record-of-its-own"] * 1_000})

    assert b"a-record-of-its-own" not in render_page(board(result))


def test_let_pass_is_not_passed() -> None:
    """A run that only a baseline lets pass is called so, and does not look like one that passed."""
    result = impatient_run()
    known = frozenset(failure.id for failure in result.failures())
    page = render_page(Board().with_runs([board_run(assessed(result, known=known))])).decode()

    assert '<span class="conclusion open">Known failures</span>' in page
    assert '<span class="conclusion pass">' not in page


def test_verdicts_are_never_told_by_colour_alone() -> None:
    """Every verdict has a word beside its colour, for screen readers at least."""
    page = render_page(board(impatient_run())).decode()
    badges = re.findall(r'<span class="verdict \w+">(.*?)</span></span>|<span class="verdict \w+">(.*?)</td>', page)

    assert badges
    assert all(re.search("pass|fail|inconclusive|not applicable", "".join(badge)) for badge in badges)


def test_a_board_grows_and_replaces(tmp_path: Path) -> None:
    """A second client gets a column, the same one again takes its old place; from a page as from JSON."""
    first = board(impatient_run(polls=2), impatient_run(client="other"))
    for name, content in (("board.html", render_page(first)), ("board.json", encode_board(first))):
        file = tmp_path / name
        file.write_bytes(content)
        again = read_board(file, "--append").with_runs([board_run(assessed(impatient_run(polls=7)))])

        assert first == read_board(file, "--append")
        assert [("impatient", 7), ("other", 3)] == [
            (run.report.client, run.report.requests["queueLists"]) for run in again.runs
        ]


def test_a_board_that_holds_an_attack_is_read_again(tmp_path: Path) -> None:
    """What looks like the end of the element does not end the document in it."""
    file = tmp_path / "board.html"
    file.write_bytes(render_page(board(hostile_run())))

    assert ATTACK == read_board(file, "--append").runs[0].report.client


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>", "this is no board of this version; expected a file that --append or --html has written"),
        (b'{"format": 1, "runs": [{}]}', "this is no board"),
        (json.dumps({"format": 99, "runs": []}).encode(), "its format is 99, this version reads 1"),
    ],
)
def test_what_is_no_board_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """Another file is neither misread nor overwritten."""
    file = tmp_path / "board.html"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(f"--append {file}: {message}")):
        read_board(file, "--append")


def test_the_same_board_gives_the_same_page() -> None:
    """T-4: nothing of the moment of writing is in the page."""
    assert render_page(board(impatient_run())) == render_page(board(impatient_run()))
