"""The command line: what it prints, what it writes, and the exit code of every outcome."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kibo_scenarios import runner
from kibo_scenarios.cli import main
from kibo_scenarios.library import packaged
from kibo_scenarios.rules import RULES

SMALL = """\
name: small
title: A small one
seed: 3
simulator:
  sample: {locations: 2, products: 40}
  limits: {pools: [{route: /api/commerce/inventory/*, rpm: 50, rph: 200}]}
client: {rpm: 50, rph: 200}
testable: [BA-1, ST-1]
expect: {throttled: "== 0"}
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command line and return exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capsys.readouterr()
    assert isinstance(caught.value.code, int)
    return int(caught.value.code), out, err


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small scenario in a file."""
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return file


def test_a_passing_run_reports_and_exits_0(capsys: pytest.CaptureFixture[str], small: Path, tmp_path: Path) -> None:
    """Scope, batches, requests, 429s, jobs, time, a verdict per rule, and where the report lies."""
    folder = tmp_path / "reports"
    code, out, err = run(capsys, "run", str(small), "--report", str(folder))

    assert (0, "") == (code, err)
    for expected in (
        r"dry run found +\d+ records · \d+ products · 2 locations",
        r"batches +1 live deletions accepted",
        r"requests +\d+ = dry runs 1 · live deletions 1",
        r"429s +none",
        r"jobs +2 SUCCESS",
        r"time +.* simulated in .* s of wall time",
        r"ST-1 +M +PASS",
        r"met +throttled == 0 +was 0",
        r"PASSED +\d+ pass",
    ):
        assert re.search(expected, out), expected
    assert str(folder / "small" / "report.json") in out.replace("\n", "")
    assert all(re.search(rf"^ {rule.id} ", out, re.MULTILINE) for rule in RULES)
    assert all(len(line) <= 80 for line in out.splitlines() if "/report." not in line)


def test_the_json_report_has_stable_keys(capsys: pytest.CaptureFixture[str], small: Path, tmp_path: Path) -> None:
    """The document on stdout and the one on disk agree, and hold what the terminal shows and more."""
    code, out, _ = run(capsys, "run", str(small), "--json", "--report", str(tmp_path))
    document = json.loads(out)
    journal = (tmp_path / "small" / "journal.ndjson").read_bytes().splitlines()

    assert 0 == code
    assert document == json.loads((tmp_path / "small" / "report.json").read_bytes())
    assert [
        "format",
        "conclusion",
        "exitCode",
        "safety",
        "efficiency",
        "failures",
        "knownFailures",
        "missed",
        "clientFailure",
        "client",
        "profile",
        "strict",
        "scenario",
        "time",
        "scope",
        "batches",
        "requests",
        "refusals",
        "jobs",
        "verdicts",
        "rules",
        "expectations",
        "clientReport",
    ] == list(document)
    assert [rule.id for rule in RULES] == [rule["id"] for rule in document["rules"]]
    assert sum(document["requests"].values()) == len(journal)


def test_no_secret_is_in_any_report(capsys: pytest.CaptureFixture[str], small: Path, tmp_path: Path) -> None:
    """The shared secret and the tokens made from it stay out of everything that is printed or written."""
    _, out, err = run(capsys, "run", str(small), "--report", str(tmp_path / "r"))
    written = b"".join(file.read_bytes() for file in (tmp_path / "r").rglob("*") if file.is_file())

    assert b"sample-secret" not in written
    assert "sample-secret" not in out + err
    assert b"earer " not in written


def test_a_failed_expectation_exits_1(capsys: pytest.CaptureFixture[str], small: Path) -> None:
    """The report says which expectation failed and what the figure was."""
    small.write_text(SMALL.replace('"== 0"', '"> 5"'), encoding="utf-8")
    code, out, _ = run(capsys, "run", str(small))

    assert 1 == code
    assert re.search(r"not met +throttled > 5 +was 0", out)
    assert "- expected throttled > 5" in out


def test_a_missed_opportunity_exits_3(capsys: pytest.CaptureFixture[str], small: Path) -> None:
    """A rule that was promised to be testable and was not is named with the reason."""
    small.write_text(SMALL.replace("BA-1", "TH-1"), encoding="utf-8")
    code, out, _ = run(capsys, "run", str(small))

    assert 3 == code
    assert "NOTHING CONCLUDED" in out
    assert "- TH-1: no request was answered with 429" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "nope"), "kibo-scenarios: no scenario is called 'nope': expected a file, or one of "),
        (("run", "gone.yaml"), "kibo-scenarios: gone.yaml: No such file or directory"),
        (
            ("run", "bulk-delete", "--time", "fast"),
            "kibo-scenarios: --time fast: expected virtual, real, or x1 to x1000",
        ),
        (("run", "bulk-delete", "--time", "x0"), "kibo-scenarios: --time x0: expected virtual, real, or x1 to x1000"),
        (("run", "bulk-delete", "bulk-delete", "--report", "r"), "kibo-scenarios: --report: two of these scenarios"),
        (("run", "bulk-delete", "--seed", "-1"), "kibo-scenarios: Invalid value for '--seed': -1 is not in the range"),
        (("run",), "kibo-scenarios: Missing argument 'NAME|FILE...'"),
        (
            ("rules", "--format", "xml"),
            "kibo-scenarios: Invalid value for '--format': 'xml' is not one of 'table', 'md', 'json'",
        ),
        (("frobnicate",), "kibo-scenarios: No such command 'frobnicate'"),
    ],
)
def test_usage_errors_exit_2(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    """A mistake at the keyboard is told in plain words, nothing runs, and no traceback is shown."""
    code, out, err = run(capsys, *arguments)

    assert (2, "", message, 1) == (code, out, err[: len(message)], err.count("\n"))


def test_nothing_runs_when_the_last_file_is_bad(
    capsys: pytest.CaptureFixture[str], small: Path, tmp_path: Path
) -> None:
    """All files are checked before the first one is run."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: bad\ntitle: x\nseed: y\n", encoding="utf-8")
    code, out, err = run(capsys, "run", str(small), str(bad))

    assert (2, "", f"kibo-scenarios: {bad}:3:7: $.seed: expected int, got str\n") == (code, out, err)


def test_a_report_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], small: Path, tmp_path: Path
) -> None:
    """A file in the place of the folder is named."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    code, _, err = run(capsys, "run", str(small), "--report", str(tmp_path / "taken"))

    assert (2, f"kibo-scenarios: --report {tmp_path}/taken: Not a directory\n") == (code, err)


def test_an_interrupt_exits_130_in_one_line(
    capsys: pytest.CaptureFixture[str], small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends a run cleanly."""

    def interrupted(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run_scenario", interrupted)

    # The line before it is the one that the terminal shows ^C on.
    assert (130, "", "\nkibo-scenarios: interrupted; nothing was concluded\n") == run(capsys, "run", str(small))


def test_a_harness_fault_exits_4(
    capsys: pytest.CaptureFixture[str], small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect of simulator or harness is never reported as the client's failure."""

    def defect(*arguments: object, **named: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("kibo_simulator.Simulator.stock_records", defect)
    code, _, err = run(capsys, "run", str(small))

    assert (4, "kibo-scenarios: the harness failed: RuntimeError: a defect\n") == (code, err)


def test_the_seed_can_be_chosen(capsys: pytest.CaptureFixture[str], small: Path) -> None:
    """--seed replaces the scenario's own."""
    _, out, _ = run(capsys, "run", str(small), "--json", "--seed", "99")

    assert 99 == json.loads(out)["scenario"]["seed"]


def test_list_and_show(capsys: pytest.CaptureFixture[str]) -> None:
    """Packaged scenarios are listed with their titles, and shown as they are written."""
    _, listed, _ = run(capsys, "list")
    code, shown, _ = run(capsys, "show", "bulk-delete")

    assert set(packaged()) <= set(listed.split())
    assert (0, packaged()["bulk-delete"].read_text(encoding="utf-8")) == (code, shown)


def test_rules_in_three_forms(capsys: pytest.CaptureFixture[str]) -> None:
    """Table, Markdown and JSON name every rule."""
    table, markdown, as_json = (run(capsys, "rules", "--format", form)[1] for form in ("table", "md", "json"))

    assert [rule.id for rule in RULES] == [row["id"] for row in json.loads(as_json)]
    assert [rule.id for rule in RULES] == re.findall(r"^### (\S+) ", markdown, re.MULTILINE)
    assert all(rule.id in table for rule in RULES)


def test_rules_with_the_levels_of_a_profile(capsys: pytest.CaptureFixture[str]) -> None:
    """The strict profile knows no S, and lets waste be one."""
    _, out, _ = run(capsys, "rules", "--format", "json", "--profile", "strict")

    assert {"M", "S"} == {row["level"] for row in json.loads(out)}
    assert all(row["efficiency"] == (row["level"] == "S") for row in json.loads(out))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "SMALL"), 0),
        (("run", "SMALL", "--json"), 0),
        (("run", "FAILING"), 1),
        (("show", "bulk-delete"), 0),
        (("rules",), 0),
        (("rules", "--format", "json"), 0),
        (("--help",), 0),
    ],
)
def test_a_reader_who_goes_away_changes_nothing(small: Path, arguments: tuple[str, ...], expected: int) -> None:
    """`kibo-scenarios run … | true`: the exit code is the run's, without a traceback."""
    failing = small.with_name("failing.yaml")
    failing.write_text(SMALL.replace("== 0", ">= 1"), encoding="utf-8")
    files = {"SMALL": str(small), "FAILING": str(failing)}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody_reads:
        done = subprocess.run(
            [sys.executable, "-m", "kibo_scenarios.cli", *(files.get(word, word) for word in arguments)],
            stdout=nobody_reads,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    assert (expected, b"") == (done.returncode, done.stderr)


def test_the_catalogue_in_the_documentation_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/rules.md is what `kibo-scenarios rules --format md` prints."""
    _, markdown, _ = run(capsys, "rules", "--format", "md")

    assert markdown == (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")


def test_the_list_of_commands_fits_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No summary is cut short at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run(capsys, "--help")

    assert (code, "..." in out.partition("Commands:")[2]) == (0, False)
