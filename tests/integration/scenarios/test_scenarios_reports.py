"""Reports, profiles and baselines from the command line, as CI would use them."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from kibo_scenarios.cli import main
from kibo_scenarios.reports.board import read_board

SCENARIO = """\
name: NAME
title: A small one
seed: 3
simulator:
  sample: {locations: 2, products: 40}
  limits: {pools: [{route: /api/commerce/inventory/*, rpm: 50, rph: 200}]}
client: {rpm: 50, rph: 200}
testable: [BA-1, ST-1]
expect: {throttled: "== 0", undone: "EXPECTED"}
"""
FAILURE = "undone > 5"


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Run the command line and return exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as caught:
        main(["run", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


def scenario(folder: Path, name: str, expected: str = "== 0") -> Path:
    """Write a small scenario and return its file."""
    file = folder / f"{name}.yaml"
    file.write_text(SCENARIO.replace("NAME", name).replace("EXPECTED", expected), encoding="utf-8")
    return file


def test_report_writes_all_of_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Page, JUnit, SARIF and badge for both runs, report and journal for each."""
    folder = tmp_path / "deep" / "reports"
    code, out, _ = run(capsys, scenario(tmp_path, "one"), scenario(tmp_path, "two"), "--report", folder)

    assert 0 == code
    assert [
        "badge.svg",
        "junit.xml",
        "one/journal.ndjson",
        "one/report.json",
        "report.html",
        "report.sarif",
        "two/journal.ndjson",
        "two/report.json",
    ] == sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    assert ["kibo-client · one", "kibo-client · two"] == [
        suite.get("name") for suite in ET.parse(folder / "junit.xml").getroot()
    ]
    assert [] == json.loads((folder / "report.sarif").read_bytes())["runs"][0]["results"]
    assert str(folder / "report.html") in out.replace("\n", "")


def test_single_reports_go_where_they_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each option writes its one file; --json keeps standard output for the document."""
    names = {"--junit": "j.xml", "--sarif": "s.sarif", "--html": "h.html", "--badge": "b.svg", "--append": "board.json"}
    wanted = [word for flag, name in names.items() for word in (flag, str(tmp_path / name))]
    code, out, err = run(capsys, scenario(tmp_path, "one"), "--json", *wanted)

    assert 0 == code
    assert "one" == json.loads(out)["scenario"]["name"]
    assert set(names.values()) <= {file.name for file in tmp_path.iterdir()}
    assert all(str(tmp_path / name) in err for name in names.values())


def test_a_board_collects_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Two scenarios in two commands, one of them again: the board has both, once."""
    board = tmp_path / "board.html"
    for name in ("one", "two", "one"):
        run(capsys, scenario(tmp_path, name), "--append", board)

    assert [("kibo-client", "one"), ("kibo-client", "two")] == [one.key for one in read_board(board, "").runs]


def test_a_board_that_cannot_be_shown_costs_no_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A board that somebody has written into is refused before the run, whatever is wrong with it."""
    board = tmp_path / "board.json"
    run(capsys, scenario(tmp_path, "one"), "--append", board)
    broken = board.read_text(encoding="utf-8").replace('"verdict":"PASS"', '"verdict":"FINE"')
    board.write_text(broken, encoding="utf-8")
    code, out, err = run(capsys, scenario(tmp_path, "one"), "--append", board)

    assert (2, "") == (code, out)
    assert f"--append {board}: what it says of its runs cannot be shown; start a new board" in err


def test_a_baseline_from_beginning_to_end(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It fails; written down it is known; a new failure fails; what is mended is stale; rewritten it is gone."""
    file, baseline = scenario(tmp_path, "one", "> 5"), tmp_path / "known.yaml"
    failed, _, _ = run(capsys, file)
    written, _, _ = run(capsys, file, "--write-baseline", baseline)
    known, told, _ = run(capsys, file, "--baseline", baseline)
    scenario(tmp_path, "one", "> 6")
    new, _, _ = run(capsys, file, "--baseline", baseline)
    scenario(tmp_path, "one", ">= 0")
    baseline.write_text(baseline.read_text().replace(FAILURE, "undone >= 0"), encoding="utf-8")
    mended, stale, _ = run(capsys, file, "--baseline", baseline)
    run(capsys, file, "--write-baseline", baseline)

    assert (1, 0, 0, 1, 0) == (failed, written, known, new, mended)
    assert f"- expected {FAILURE}, as the baseline knows" in told
    assert "stale in the baseline, for it passes now: undone >= 0 (scenario one, client kibo-client)" in stale
    assert "known: []" in baseline.read_text(encoding="utf-8")


def test_a_profile_changes_what_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A threshold that nobody can keep makes WF-3 a breach, and a level makes it count."""
    profile = tmp_path / "own.yaml"
    profile.write_text("name: own\nlevels: {BA-2: must}\nthresholds: {delete_items_recommended: 1}\n", encoding="utf-8")
    code, out, _ = run(capsys, scenario(tmp_path, "one"), "--profile", profile)

    assert 1 == code
    assert re.search(r"BA-2 +M +FAIL", out)
    assert "safety FAIL" in out
    assert "profile own" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "lax"), "no profile is called 'lax': expected a YAML file, or one of guide, strict"),
        (("--profile", "PLACE/bad.yaml"), "PLACE/bad.yaml:2:17: $.levels.TH-99: unknown rule; expected one of TH-1"),
        (("--baseline", "PLACE/none.yaml"), "PLACE/none.yaml: No such file or directory"),
        (("--append", "PLACE/board.txt"), "--append PLACE/board.txt: expected a file that ends in .html or .json"),
        (("--append", "PLACE/bad.html"), "--append PLACE/bad.html: this is no board"),
        (("--junit", "PLACE/no/j.xml"), "--junit PLACE/no/j.xml: there is no folder PLACE/no"),
        (("--report", "PLACE/bad.html"), "--report PLACE/bad.html: Not a directory"),
        (("--html", "PLACE"), "Invalid value for '--html': File 'PLACE' is a directory."),
    ],
)
def test_mistakes_are_found_before_the_run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """One line with the place and what is accepted, exit code 2, and nothing has run."""
    (tmp_path / "bad.yaml").write_text("name: x\nlevels: {TH-99: must}\n", encoding="utf-8")
    (tmp_path / "bad.html").write_text("<html>", encoding="utf-8")
    monkeypatch.setattr("kibo_scenarios.runner.run_scenario", None)
    expected = f"kibo-scenarios: {message.replace('PLACE', str(tmp_path))}"
    code, out, err = run(
        capsys, scenario(tmp_path, "one"), *(word.replace("PLACE", str(tmp_path)) for word in arguments)
    )

    assert (2, "", expected, 1) == (code, out, err[: len(expected)], err.count("\n"))
