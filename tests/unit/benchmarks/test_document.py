"""The generated document: parts between markers are renewed, everything else stays."""

from pathlib import Path

import pytest
from benchmarks.document import replaced, write
from benchmarks.outcome import Section, Table

SECTION = Section(
    name="x",
    title="The X",
    method="How.",
    tables=(Table(title="T", columns=("a",), rows=[("1",)]),),
    data=[],
    plots={"x.svg": "<svg/>"},
)


def test_a_new_part_goes_to_the_end() -> None:
    """What the document does not have yet is added to it."""
    assert "# D\n\n<!-- begin: x -->\nnew\n<!-- end: x -->\n" == replaced("# D\n", "x", "new\n")


def test_a_known_part_is_renewed_in_its_place() -> None:
    """Text before, between and after generated parts is left alone."""
    before = "a\n<!-- begin: x -->\nold\n<!-- end: x -->\nb\n"

    assert "a\n<!-- begin: x -->\nnew\n<!-- end: x -->\nb\n" == replaced(before, "x", "new")


@pytest.mark.parametrize("broken", ["<!-- begin: x -->", "<!-- end: x -->", "<!-- end: x --><!-- begin: x -->"])
def test_markers_without_their_partner_are_refused(broken: str) -> None:
    """A document that was damaged by hand is not damaged further."""
    with pytest.raises(ValueError, match="'x' are not a pair"):
        replaced(broken, "x", "new")


def test_sections_and_plots_are_written(tmp_path: Path) -> None:
    """Writing twice gives the same files: text with what it was measured on, and the plot beside it."""
    write([SECTION], {"Machine": "M"}, tmp_path)
    first = (tmp_path / "docs/benchmarks.md").read_text(encoding="utf-8")
    written = write([SECTION], {"Machine": "M"}, tmp_path)

    assert ["benchmarks.md", "x.svg"] == [path.name for path in written]
    assert first == (tmp_path / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert "## The X\n\nHow.\n\n![The X](figures/x.svg)\n\n**T**" in first
    assert "Measured on machine: M." in first
    assert (tmp_path / "docs/figures/x.svg").read_text(encoding="utf-8") == "<svg/>"
