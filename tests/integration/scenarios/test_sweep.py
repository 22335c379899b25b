"""Sweeps: every combination is checked, run and told, on several processes as on one."""

import json
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kibo_scenarios.cli import main
from kibo_scenarios.sweeps import SweepError, cells, parse_axis, sweep
from kibo_scenarios.workloads.load_file import find_document

TILLS = """\
name: tills
title: How many sales a minute can be reported?
simulator:
  sample: {locations: 2, products: 40}
  limits: {pools: [{route: /api/commerce/inventory/*, rpm: 10, rph: 1000}]}
clients:
  tills: {kind: adjusts, stages: [{for: 10m, rate: 5}]}
thresholds: {http_429_rate: "<= 0"}
"""


@pytest.fixture
def tills(tmp_path: Path) -> str:
    """A small load scenario in a file."""
    file = tmp_path / "tills.yaml"
    file.write_text(TILLS, encoding="utf-8")
    return str(file)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command line and return exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capsys.readouterr()
    assert isinstance(caught.value.code, int)
    return int(caught.value.code), out, err


def test_where_it_breaks(capsys: pytest.CaptureFixture[str], tills: str, tmp_path: Path) -> None:
    """Twenty a minute are too many for ten, and not for a hundred; table, frontier, drawing and exit code say so."""
    svg = tmp_path / "tills.svg"
    over = ("--over", "limits.rpm=10,100", "--over", "clients.tills.stages.0.rate=1,20")
    code, out, err = run(capsys, "sweep", tills, *over, "--svg", str(svg), "--processes", "1")
    out = " ".join(out.split())
    results = [word for word in out.split() if word in {"PASSED", "FAILED"}]

    assert (1, "") == (code, err)
    assert ["PASSED", "FAILED", "PASSED", "PASSED"] == results
    assert "kept with limits.rpm 10, 100 (clients.tills.stages.0.rate=1)" in out
    assert "kept with limits.rpm 100; 10 breaks http_429_rate: <= 0 after 18 s (clients.tills.stages.0.rate=20)" in out
    circles = ET.parse(svg).getroot().findall("{http://www.w3.org/2000/svg}circle")
    assert ["PASSED", "PASSED", "FAILED", "PASSED"] == [
        name.removeprefix("mark ") for circle in circles if (name := circle.get("class", "")).startswith("mark")
    ]


def test_all_reports_at_once_and_one_point_again(
    capsys: pytest.CaptureFixture[str], tills: str, tmp_path: Path
) -> None:
    """A folder has page, JSON, CSV and drawing; the command of a point runs that very point."""
    folder = tmp_path / "new" / "sweep"
    code, out, _ = run(capsys, "sweep", tills, "--over", "clients.tills.stages.0.rate=30", "--report", str(folder))
    (point,) = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))["runs"]
    program, *again = shlex.split(point["command"])
    repeated, told, _ = run(capsys, *again, "--json")
    report = json.loads(told)

    assert (1, 1, "kibo-scenarios") == (code, repeated, program)
    assert {"report.html", "sweep.json", "sweep.csv", "sweep.svg"} == {file.name for file in folder.iterdir()}
    assert all(str(folder / file.name) in out for file in folder.iterdir())
    assert point["simulatedSeconds"] == report["simulatedSeconds"]
    assert point["throttled"] == sum(row["throttled"] for row in report["clients"])
    (check,) = point["checks"]
    assert (check["verdict"], check["seen"]) == (report["thresholds"][0]["verdict"], report["thresholds"][0]["because"])
    assert 0 < check["firstAfterSeconds"] < 60


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sweep", "FILE", "--over", "seed=1", "--html", "no/such/x"], "--html no/such/x: there is no folder no/such"),
        (["sweep", "FILE", "--over", "seed=1", "--csv", "no/such/x"], "--csv no/such/x: there is no folder no/such"),
        (["sweep", "FILE", "--over", "seed=1", "--report", "FILE"], "--report "),
        (["run", "FILE", "--set", "seed=1", "--set", "seed=2"], "--set: the same place stands there twice"),
        (["run", "FILE", "--set", "seed=-1"], "--set seed=-1: "),
        (["run", "FILE", "--set", "clients.tills.stages.7.rate=1"], "--set clients.tills.stages.7.rate: there is no"),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_anything_runs(
    capsys: pytest.CaptureFixture[str], tills: str, arguments: list[str], said: str
) -> None:
    """One line that names the flag, and exit code 2."""
    code, out, err = run(capsys, *(tills if word == "FILE" else word for word in arguments))

    assert (2, "", 1) == (code, out, len(err.splitlines()))
    assert said in err


@pytest.mark.slow
def test_several_processes_come_to_the_same_outcomes(tills: str) -> None:
    """Order and outcomes do not depend on who worked where."""
    grid = list(cells(find_document(tills), [parse_axis("seed=1,2,3"), parse_axis("limits.rpm=5")]))

    assert list(sweep(grid, processes=1)) == list(sweep(grid, processes=2))


def test_scenarios_with_one_client_are_swept_as_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Smaller batches take longer; a place with a default need not stand in the file."""
    file = tmp_path / "small.yaml"
    file.write_text("name: small\ntitle: Small\nsimulator: {sample: {locations: 2, products: 40}}\n", encoding="utf-8")
    code, out, _ = run(capsys, "sweep", str(file), "--over", "batch_size=10,40", "--json", "--processes", "1")
    ten, forty = json.loads(out)["runs"]

    assert 0 == code
    assert {"batch_size": 10} == ten["at"]
    assert ten["simulatedSeconds"] > forty["simulatedSeconds"]


@pytest.mark.parametrize(
    ("axis", "said"),
    [
        ("rpm", "--over rpm: expected PLACE=VALUE,VALUE such as limits.rpm=20,50,100"),
        ("a b=1", "--over a b=1: expected PLACE=VALUE,VALUE"),
        ("seed=1,", "--over seed=1,: '' is no plain value"),
        ("seed=1,1", "--over seed=1,1: a value stands there twice"),
        ("seed=[1", "--over seed=[1: '[1' is no plain value"),
    ],
)
def test_axes_that_mean_nothing_are_refused(axis: str, said: str) -> None:
    """What is accepted is told."""
    with pytest.raises(SweepError) as caught:
        parse_axis(axis)

    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        (["seed=1,-1"], "$.seed: expected int >= 0"),
        (["clients.till.share=0.5"], "$.clients.till"),
        (["clients.tills.stages.7.rate=1"], "stages.7.rate: there is no clients.tills.stages.7 in this"),
        (["shops=1,2"], "$.shops: this field is not known here; short words are limits.rpm, limits.rph, stores, "),
        (["title.x=1"], "--over title.x: there is no title.x in this scenario"),
        (["seed=1", "seed=2"], "--over: the same place stands there twice"),
        ([f"{name}={','.join(map(str, range(1, 41)))}" for name in ("seed", "limits.rpm")], "1,600 combinations"),
    ],
)  # fmt: skip
def test_combinations_that_are_no_scenario_are_refused_before_anything_runs(
    capsys: pytest.CaptureFixture[str], tills: str, axes: list[str], said: str
) -> None:
    """One line that names the axis, or the place, and exit code 2."""
    code, out, err = run(capsys, "sweep", tills, *(part for axis in axes for part in ("--over", axis)))

    assert (2, "", 1) == (code, out, len(err.splitlines()))
    assert said in err
