"""What docs/reports.md shows is what happens: its files are accepted, its commands run, its tables complete."""

import dataclasses
import os
import re
import subprocess
from pathlib import Path

import msgspec
import pytest

from kibo_scenarios.baseline import read_baseline
from kibo_scenarios.profiles import Thresholds, read_profile
from kibo_scenarios.report_options import Wishes

from .conftest import BIN

DOCS = Path(__file__).parents[2] / "docs" / "reports.md"
TEXT = DOCS.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_files_it_shows_are_accepted(tmp_path: Path) -> None:
    """The profile and the baseline are read without a complaint."""
    profile, baseline = blocks("yaml")
    (tmp_path / "profile.yaml").write_text(profile, encoding="utf-8")
    (tmp_path / "baseline.yaml").write_text(baseline, encoding="utf-8")

    assert "our-team" == read_profile(tmp_path / "profile.yaml").name
    assert 2 == len(read_baseline(tmp_path / "baseline.yaml").entries)


def test_its_lists_are_complete() -> None:
    """Every threshold and every option that writes something is named."""
    flags = {"folder": "--report", "as_json": "--json", "board": "--append", "write_baseline": "--write-baseline"}
    options = {flags.get(field.name, f"--{field.name}") for field in dataclasses.fields(Wishes)}

    assert set() == {field.name for field in msgspec.structs.fields(Thresholds)} - set(re.findall(r"`(\w+)`", TEXT))
    assert set() == {option for option in options if option not in TEXT}


@pytest.mark.slow
def test_its_commands_run(tmp_path: Path) -> None:
    """Each command line ends well, in the order in which they stand there."""
    for command in "".join(blocks("sh")).splitlines():
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

        assert 0 == done.returncode, f"{command}\n{done.stdout}\n{done.stderr}"
    assert {"reports", "board.html", "known.yaml"} <= {file.name for file in tmp_path.iterdir()}
