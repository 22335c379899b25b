"""What the README shows is what happens: its console blocks are run line by line against a served simulator."""

from pathlib import Path

import pytest

from .conftest import Serve
from .console import walk


@pytest.mark.slow
def test_the_readme_does_what_it_shows(serve: Serve, tmp_path: Path) -> None:
    """Each command of the README, run in one shell in order, prints what the README says it prints."""
    assert walk("README.md", serve().url, tmp_path) > 15
