"""What docs/faults.md shows is what happens: every kind of fault, on the wire, by curl."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from kibo_simulator import read_faults
from kibo_simulator.faults.reading import _KINDS

from .conftest import Serve
from .console import console_blocks, walk

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


@pytest.mark.slow
def test_the_page_does_what_it_shows(serve: Serve, tmp_path: Path) -> None:
    """Each command, run in one shell in order, prints what the page says; the server has nothing to complain of."""
    served = serve()
    commands = walk("docs/faults.md", served.url, tmp_path)
    code, errors = served.stop()

    assert (True, 0, "") == (commands > 50, code, errors)


def test_every_kind_is_shown_at_work() -> None:
    """No kind of fault is without an example and a heading."""
    text = PAGE.read_text(encoding="utf-8")
    put_down = {
        kind for command, _ in console_blocks(text) for kind in re.findall(r'"kind\\?": \\?"([a-z_]+)', command)
    }
    headings = {kind for line in re.findall(r"^### (.*)$", text, re.MULTILINE) for kind in line.split(" and ")}

    assert (set(_KINDS), set(_KINDS)) == (put_down, headings)


def test_the_lists_on_the_page_are_fault_documents() -> None:
    """Every YAML block can be read as it stands."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    read = [read_faults(YAML(typ="safe").load(block)) for block in blocks]

    assert [3, 3] == [len(faults) for faults in read]
