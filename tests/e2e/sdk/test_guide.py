"""docs/official-sdk.md does what it shows: each program meets the server started above it and prints what is below.

The clock stands still, and where a program waits the simulator's clock is moved instead (RL-8).
"""

import json
import re
import shlex
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest

from .conftest import STANDING_STILL, serving
from .test_every_method import CASES

HERE = Path(__file__).parent
GUIDE = (HERE.parents[2] / "docs" / "official-sdk.md").read_text()
PUBLISHED = "127.0.0.1:8765"


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the guide: how the server is started, its text, and what it prints."""

    flags: tuple[str, ...]
    text: str
    shown: str


def programs(guide: str) -> list[Program]:
    """The programs in order, each with the nearest server above and the output right below."""
    found = []
    flags: tuple[str, ...] = ()
    text = ""
    for kind, content in re.findall(r"^```(\w+)\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE):
        if kind == "console":
            (command,) = re.findall(r"^\$ kibo-simulator serve(.*)$", content, re.MULTILINE)
            flags = tuple(shlex.split(re.sub(r"--tls-dir \S+", "", command)))
        elif kind == "js":
            text = content
        else:
            found.append(Program(flags, text, content))
    return found


def covered() -> str:
    """The table of methods by class."""
    rows = ["| class | methods |", "|---|---|"]
    for name, group in groupby((case.split(".") for case in CASES), key=itemgetter(0)):
        methods = ", ".join(f"`{method}`" for _, method in group)
        rows.append(f"| `{name}` | {methods} |")
    return "\n".join(rows)


PROGRAMS = programs(GUIDE)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_program_prints_what_the_guide_shows(modules: Path, tmp_path: Path, number: int) -> None:
    """Only the port is another."""
    program = PROGRAMS[number]
    with serving(modules, tmp_path, *program.flags, *STANDING_STILL) as node:
        file = tmp_path / "program.js"
        file.write_text(program.text.replace(PUBLISHED, node.url.partition("//")[2]))
        printed = node.run(file, SIMULATOR_RECIPE="open", NODE_OPTIONS=f"--require={HERE / 'passing_time.js'}")

    assert printed == program.shown
    assert PUBLISHED in program.text


def test_the_guide_has_both_recipes_and_both_answers_to_a_429() -> None:
    """Four programs, one of them over TLS."""
    assert [program.flags for program in PROGRAMS] == [("--auth", "off"), ("--tls",), *[("--auth", "off")] * 2]


def test_the_guide_names_the_version_that_is_tested() -> None:
    """The version in the text is the pinned one."""
    pinned = json.loads((HERE / "package.json").read_text())["dependencies"]

    assert re.findall(r"`(@kibocommerce/rest-sdk)` ([\d.]+),", GUIDE) == list(pinned.items())


def test_the_guide_lists_the_methods_that_are_tested() -> None:
    """The table at its end is the one that the cases make."""
    assert GUIDE.partition("other product codes.\n\n")[2] == covered() + "\n"
