"""What docs/faults.md shows is what happens: every kind of fault, on the wire, by curl."""

import json
import re
from pathlib import Path
from urllib.request import urlopen

import pytest
from ruamel.yaml import YAML

from kibo_simulator import read_faults
from kibo_simulator.faults.reading import _KINDS

from .conftest import Serve, run
from .console import console_blocks, walk

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


@pytest.mark.slow
def test_the_page_does_what_it_shows(serve: Serve, tmp_path: Path) -> None:
    """Each command, run in one shell in order, prints what the page says; the server has nothing to complain of."""
    served = serve()
    commands = walk("docs/faults.md", served.url, tmp_path)
    code, errors = served.stop()

    assert (True, 0, "") == (commands > 50, code, errors)


@pytest.mark.slow
def test_faults_are_given_by_flag_and_configuration(serve: Serve, tmp_path: Path) -> None:
    """The flag goes before the configuration; what cannot be meant is one line and exit code 2."""
    file = tmp_path / "faults.yaml"
    file.write_text("- {id: flag, effect: {kind: reset}}\n")
    configuration = tmp_path / "all.yaml"
    configuration.write_text("faults:\n- {id: file, effect: {kind: reset}}\n")
    told = []
    for flags in (["--config", str(configuration)], ["--config", str(configuration), "--faults", str(file)]):
        with urlopen(f"{serve(*flags).url}/_simulator/faults") as answer:
            told.append([fault["id"] for fault in json.load(answer)["faults"]])
    file.write_text("- {effect: {kind: reset}, match: {operation: deleteItem}}\n")
    refused = run("kibo-simulator", "serve", "--port", "0", "--faults", str(file))

    assert [["file"], ["flag"]] == told
    assert (2, "", 1) == (refused.returncode, refused.stdout, len(refused.stderr.splitlines()))
    assert f"--faults {file}:1:46: $[0].match.operation: there is no operation 'deleteItem'" in refused.stderr


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
