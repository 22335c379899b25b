"""What docs/load.md shows is what happens: its file runs, and its tables are complete."""

import re
from pathlib import Path

import msgspec
import pytest

from kibo_scenarios.result import Conclusion
from kibo_scenarios.thresholds import METRICS, parse_expression, parse_selector
from kibo_scenarios.workloads import LoadScenario, read_any, run_load
from kibo_scenarios.workloads.clients import Adjusts, BulkDelete, Lookups, Orders, Polls, Refreshes
from kibo_scenarios.workloads.load_scenario import LoadDocument

from .console import walk

FIGURES = Path(__file__).parents[2] / "docs" / "figures"
TEXT = (Path(__file__).parents[2] / "docs" / "load.md").read_text(encoding="utf-8")


def copied(name: str, folder: Path) -> Path:
    """The file of this name in the page, as somebody would save it."""
    (block,) = re.findall(rf"^```yaml\n(name: {name}\n.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    file = folder / f"{name}.yaml"
    file.write_text(block, encoding="utf-8")
    return file


def test_its_file_runs_and_keeps_its_promises(tmp_path: Path) -> None:
    """Copied as it stands."""
    scenario = read_any(copied("our-evening", tmp_path))
    assert isinstance(scenario, LoadScenario)

    assert Conclusion.PASSED == run_load(scenario).conclusion


@pytest.mark.slow
def test_its_capacity_question_has_the_answer_that_it_shows(tmp_path: Path) -> None:
    """The command prints what the page shows, and draws what the page draws."""
    copied("new-stores", tmp_path)

    assert 1 == walk("docs/load.md", "", tmp_path)
    assert (FIGURES / "new-stores.svg").read_text(encoding="utf-8") == (tmp_path / "new-stores.svg").read_text(
        encoding="utf-8"
    )


def test_its_tables_are_complete() -> None:
    """Every key of a file, every kind of client with its keys, and every metric is named, and nothing else."""
    named = set(re.findall(r"`(\w[\w-]*)`", TEXT))
    kinds = (Lookups, Adjusts, Orders, Refreshes, Polls, BulkDelete)
    keys = {field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)}

    assert set() == {field.name for field in msgspec.structs.fields(LoadDocument)} - named
    assert set() == (keys | {str(kind.__struct_config__.tag) for kind in kinds}) - named
    assert set() == set(METRICS) - named


def test_its_comparisons_are_accepted() -> None:
    """Each form in the table of metrics is one of that metric."""
    table = re.search(r"^\| metric \|.*?\n\n", TEXT, re.DOTALL | re.MULTILINE)
    assert table is not None
    checked = 0
    for line in table[0].strip().splitlines()[2:]:
        metrics, forms = (re.findall(r"`([^`]+)`", cell) for cell in line.split("|")[1:3])
        for metric in metrics:
            for form in forms:
                assert form == parse_expression(form, parse_selector(metric).metric).text
                checked += 1

    assert checked > len(METRICS)
