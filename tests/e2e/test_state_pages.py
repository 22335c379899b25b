"""What docs/state.md and docs/configuration.md show is what happens."""

import re
from pathlib import Path

import pytest

from kibo_simulator.configuration import read_configuration

from .conftest import Serve
from .console import ROOT, walk


@pytest.mark.slow
def test_the_page_on_state_does_what_it_shows(serve: Serve, tmp_path: Path) -> None:
    """Each command prints what the page says; the server has nothing to complain of."""
    served = serve("--clock", "manual", "--start", "2026-03-02T05:00:00Z")
    commands = walk("docs/state.md", served.url, tmp_path)

    assert (True, 0, "") == (commands > 20, *served.stop())


@pytest.mark.slow
def test_the_page_on_configuration_does_what_it_shows(tmp_path: Path) -> None:
    """Each command prints what the page says."""
    assert walk("docs/configuration.md", "", tmp_path) > 7


def test_the_files_on_the_page_are_configurations(tmp_path: Path) -> None:
    """Every YAML block is good as it stands."""
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    file = tmp_path / "kibo.yaml"
    for block in blocks:
        file.write_text(block)
        read_configuration(file)

    assert len(blocks) == 1
