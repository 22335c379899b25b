"""docs/files.md is run as it stands, and names every setting."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.e2e.conftest import Serve
from tests.e2e.console import walk

from kibo_simulator.settings import FileSettings

PAGE = Path(__file__).parents[3] / "docs" / "files.md"


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="curl and jq are not both installed")
def test_the_page_does_what_it_shows(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command, run in one shell in order beside the drop folder, prints what the page says."""
    served = serve("--drop", str(tmp_path / "drop"), "--clock", "manual", "--start", "2026-03-02T05:00:00Z")
    monkeypatch.setenv("KIBO_SIMULATOR_URL", served.url)
    (tmp_path / "examples").symlink_to(PAGE.parents[1] / "examples")
    commands = walk("docs/files.md", served.url, tmp_path)

    assert commands > 15


@pytest.mark.slow
def test_the_program_on_the_page_prints_what_it_shows(tmp_path: Path) -> None:
    """The same from Python."""
    (tmp_path / "drop" / "in").mkdir(parents=True)
    (program, shown), *more = re.findall(
        r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, more) == (0, shown, []), done.stderr


def test_the_page_names_every_setting() -> None:
    """No setting of files is without its line."""
    named = set(re.findall(r"`?([a-z_0-9]+)`?", PAGE.read_text(encoding="utf-8")))
    settings = {field.name for field in msgspec.structs.fields(FileSettings)}

    assert settings - named == set()
