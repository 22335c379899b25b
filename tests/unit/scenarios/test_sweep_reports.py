"""Reports of sweeps: where it breaks is told, no label is cut off, and what a file says stays text."""

import csv
import re
import shlex
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.reports.scales import ticks
from kibo_scenarios.reports.sweep_documents import sweep_csv
from kibo_scenarios.reports.sweep_drawing import MOST_LINES, NARROW, WIDE, sweep_svg
from kibo_scenarios.reports.sweep_page import render_sweep_page
from kibo_scenarios.reports.sweep_terminal import folded
from kibo_scenarios.reports.sweep_view import Sweep, edge, frontier
from kibo_scenarios.rules import Verdict
from kibo_scenarios.sweeps import Axis, Outcome, SweepError, Value, as_written, parse_axis, parse_setting

from .hostile import ATTACK
from .sweeps_made import broken_from, point, sweep_of

SVG = "{http://www.w3.org/2000/svg}"
LONG = "clients.a-client-with-a-long-name-indeed.stages.0.rate"
#: No usual font draws a letter narrower, on the average.
NARROW_LETTER = 5.5
GRIDS = {
    "one point": sweep_of("seed=1"),
    "one axis": sweep_of("stores=5,10,20,40", made=broken_from(20)),
    "two axes": sweep_of(f"{LONG}=1,2,3", "limits.rpm=10,20", made=broken_from(2)),
    "three axes": sweep_of("limits.rpm=1,2", f"{LONG}=10,20", "seed=1,2,3", made=broken_from(2)),
    "seconds to days": sweep_of("stores=0.01,1,60,1440,20000", made=broken_from(20)),
    "long values": sweep_of(Axis("title", ("title",), ("x" * 80, "y" * 80)), f"{LONG}=1,2"),
    "many values": sweep_of(f"seed={','.join(map(str, range(200)))}"),
    "many lines": sweep_of("stores=1,2", f"seed={','.join(map(str, range(60)))}", made=broken_from(2)),
    "open": sweep_of("stores=1,2", made=lambda values: point(values, Verdict.INCONCLUSIVE, value=None)),
}


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("sweep", GRIDS.values(), ids=GRIDS.keys())
def test_no_label_is_cut_off(sweep: Sweep, width: int) -> None:
    """However long names are, and however few or many points: all text lies within the drawing, and so do all marks."""
    root = ET.fromstring(sweep_svg(sweep, width=width))
    _, _, wide, high = map(float, root.attrib["viewBox"].split())
    texts = root.findall(f"{SVG}text")
    outside = []
    for text in texts:
        length = len(text.text or "") * NARROW_LETTER
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        left = x - {"start": 0.0, "middle": length / 2, "end": length}[text.attrib["text-anchor"]]
        if left < 0 or left + length > wide or not 8 <= y <= high:
            outside.append((text.text, left, length, y))
    circles = [(float(one.attrib["cx"]), float(one.attrib["cy"])) for one in root.findall(f"{SVG}circle")]

    assert [] == outside
    assert texts
    assert all(6 <= x <= wide - 6 and 0 < y < high for x, y in circles)


def marks(sweep: Sweep) -> list[str]:
    """The conclusions that the drawing marks, row by row."""
    found = ET.fromstring(sweep_svg(sweep)).findall(f"{SVG}circle")
    return [one.attrib["class"].split()[1] for one in found if one.attrib.get("class", "").startswith("mark ")]


def test_each_point_is_marked_by_how_it_came_out() -> None:
    """A row for each combination of the other axes, first axis to the right; rows beyond what fits are told."""
    many = GRIDS["many lines"]

    assert ["PASSED", "FAILED", "FAILED", "PASSED", "FAILED", "FAILED"] == marks(GRIDS["two axes"])
    assert ["NOTHING_CONCLUDED"] * 2 == marks(GRIDS["open"])
    assert 2 * MOST_LINES == len(marks(many))
    assert "36 more combinations are not drawn" in sweep_svg(many)


def test_what_does_not_differ_gets_no_panel() -> None:
    """Where all runs take as long, and nothing is refused, a line says so instead of a picture of it."""
    same, differs = sweep_svg(sweep_of("stores=1,2")), sweep_svg(GRIDS["one axis"])

    assert ("all runs take about 1 m" in same, "no request was refused" in same, "polyline" in same) == (
        True,
        True,
        False,
    )
    assert 3 == differs.count("<polyline")
    assert 'class="bound"' in differs


@given(st.floats(0, 1e8), st.sampled_from(["", "s", "share"]))
@settings(deadline=None)
def test_axes_have_few_round_labels_from_nothing_to_beyond_the_highest(highest: float, unit: str) -> None:
    """Whatever the values are."""
    found = ticks(highest, unit)

    assert 0 == found[0]
    assert highest <= found[-1] * (1 + 1e-9)
    assert 2 <= len(found) <= 6
    assert sorted(set(found)) == list(found)


@pytest.mark.parametrize(
    ("runs", "place"),
    [("++--", 2), ("--++", 1), ("++++", None), ("----", 0), ("+-+-", 1), ("-", 0), ("+", None)],
)
def test_it_breaks_next_to_what_is_kept(runs: str, place: int | None) -> None:
    """After it, if there is such a place, else before it; at the first value where nothing is kept."""
    assert place == edge([run == "+" for run in runs])


def by_seed(values: tuple[Value, ...]) -> Outcome:
    """Twenty stores are too many for the second seed."""
    verdict = Verdict.FAIL if 20 in values and 2 in values else Verdict.PASS
    return point(values, verdict, first_s=754.3)


@pytest.mark.parametrize(
    ("sweep", "told"),
    [
        (GRIDS["one axis"], ["kept with stores 5, 10; 20 breaks latency: p(95) < 1s after 12 s"]),
        (
            GRIDS["two axes"],
            [
                f"kept with {LONG} 1; 2 breaks latency: p(95) < 1s after 12 s  (limits.rpm=10)",
                f"kept with {LONG} 1; 2 breaks latency: p(95) < 1s after 12 s  (limits.rpm=20)",
            ],
        ),
        (
            sweep_of("stores=5,20", "seed=1,2", made=by_seed),
            ["kept with stores 5; 20 breaks latency: p(95) < 1s after 12 m 34 s (in 1 of 2 runs)"],
        ),
        (
            sweep_of("seed=1,2", "stores=5,20", made=by_seed),
            [
                "kept with 2 of 2 seeds  (stores=5)",
                "kept with 1 of 2 seeds; 2 breaks latency: p(95) < 1s after 12 m 34 s  (stores=20)",
            ],
        ),
        (GRIDS["open"], ["kept with none of these values of stores; 1 leaves open latency: p(95) < 1s"]),
        (sweep_of("stores=5,10"), ["kept with stores 5, 10"]),
    ],
)
def test_the_answer_says_what_is_kept_and_what_breaks_first(sweep: Sweep, told: list[str]) -> None:
    """A line for each combination of the other axes; seeds only repeat, and every one of them has to keep all."""
    assert told == list(frontier(sweep))


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all tags of this name."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("sweep", GRIDS.values(), ids=GRIDS.keys())
def test_the_page_leads_to_every_point(sweep: Sweep) -> None:
    """Question, answer, grid and drawings; every link leads to a point, and every point has its command."""
    page = Page(render_sweep_page(sweep))
    points = [one["id"] for one in page.all("details")]
    links = {str(one["href"]) for one in page.all("a")}

    assert len(sweep.outcomes) == len(points)
    assert {f"#{point}" for point in points} == links
    assert 2 == len(page.all("figure")) == len(page.all("svg"))
    assert all(line in page.text for line in frontier(sweep))
    assert len(sweep.outcomes) == page.text.count("kibo-scenarios run shops.yaml --set ")
    assert int(not all(one.kept for one in sweep.outcomes)) == sum("open" in one for one in page.all("details"))


def test_what_a_file_says_stays_text() -> None:
    """Names, titles, values and what was seen cannot begin a tag, neither in the page nor in the drawing."""
    hostile = ATTACK.replace("\x00", "")
    sweep = sweep_of(
        Axis("title", ("title",), (hostile, "tame")),
        Axis("name", ("name",), (hostile,)),
        made=lambda values: point(values, Verdict.FAIL, name=hostile, seen=hostile),
        scenario=hostile,
        name=hostile,
        title=hostile,
    )
    text = render_sweep_page(sweep)
    page = Page(text)

    assert [] == page.all("script") + page.all("img")
    assert "onerror=alert(2)>" in page.text
    assert "\x1b" not in sweep_svg(sweep)
    assert ET.fromstring(sweep_svg(sweep)).tag == f"{SVG}svg"
    assert 2 == len(page.all("details"))


@pytest.mark.parametrize("sweep", GRIDS.values(), ids=GRIDS.keys())
def test_the_page_needs_nothing_else(sweep: Sweep) -> None:
    """No script, and no address but the name of SVG's namespace; the same sweep gives the same page."""
    text = render_sweep_page(sweep)
    addresses = set(re.findall(r"[a-z]+://[^\"'\s<)]+|@import|url\(", text))

    assert {"http://www.w3.org/2000/svg"} == addresses
    assert [] == [
        tag for tag, attributes in Page(text).tags if tag in {"script", "link", "iframe"} or "src" in attributes
    ]
    assert "default-src 'none'" in text
    assert text == render_sweep_page(sweep)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)
)


@given(VALUES)
@settings(deadline=None)
def test_a_value_is_written_so_that_it_is_read_as_the_same(value: Value) -> None:
    """The command that repeats a point repeats that point, whatever the shell has to carry."""
    word = shlex.split(shlex.quote(f"title={as_written(value)}"))[0]
    (found,) = parse_setting(word).values

    assert (type(value), value) == (type(found), found)


@pytest.mark.parametrize("text", ["stores", "a b=1", "=1"])
def test_a_setting_that_means_nothing_is_refused(text: str) -> None:
    """With what is accepted."""
    with pytest.raises(SweepError, match=re.escape(f"--set {text}: expected PLACE=VALUE such as limits.rpm=20")):
        parse_setting(text)


def test_a_table_for_spreadsheets_holds_numbers_and_no_formulas() -> None:
    """A row for each run."""
    axes = (parse_axis("stores=-5,20"), Axis("title", ("title",), ("=1+1",)))
    rows = list(csv.reader(StringIO(sweep_csv(sweep_of(*axes, made=broken_from(20))))))

    assert [
        ["stores", "title", "conclusion", "seconds", "requests", "429", "not kept"],
        ["-5", "'=1+1", "PASSED", "-300.0", "1000", "-5", ""],
        ["20", "'=1+1", "FAILED", "1200.0", "1000", "20", "latency: p(95) < 1s"],
    ] == rows


def test_a_long_place_is_folded_between_its_parts() -> None:
    """A column's head at the terminal is readable at any width."""
    assert "limits.rpm" == folded("limits.rpm")
    assert "clients.tills.\nstages.0.rate" == folded("clients.tills.stages.0.rate")
