"""What the client's pages show is what happens: their examples are run against a served simulator."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Serve
from .console import ROOT, walk


@pytest.mark.slow
def test_the_page_of_the_command_line_does_what_it_shows(serve: Serve, tmp_path: Path) -> None:
    """Each command of docs/client.md prints what the page says it prints."""
    assert walk("docs/client.md", serve().url, tmp_path) > 10


@pytest.mark.slow
def test_the_programs_of_the_library_page_run(serve: Serve, tmp_path: Path) -> None:
    """Each program of docs/library.md prints what the page says it prints."""
    page = (ROOT / "docs/library.md").read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```\n+^```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (exports,) = re.findall(r"^export (.*)$", page, re.MULTILINE)
    given = dict(pair.split("=", 1) for pair in exports.split())
    given["KIBO_API_HOST"] = serve().url
    printed = []
    for program, _ in programs:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **given},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        printed.append(done.stdout + done.stderr)

    assert [shown for _, shown in programs] == printed
    assert len(programs) == page.count("```python")
