"""The clients in examples/: good ones, written independently of each other, break no rule; naive ones break theirs."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from kibo_scenarios.cli import main

from .conftest import BIN
from .sdk.installation import NotInstalledError, installed

EXAMPLES = Path(__file__).parents[2] / "examples"
#: The client believes in more than the server grants, so that it is refused with work waiting.
SCENARIO = """\
name: tight
title: A few batches under a limit that the client does not know
seed: 3
simulator:
  sample: {locations: 3, products: 800}
  limits: {pools: [{route: /api/commerce/inventory/*, rpm: 3, rph: 60}], extension: "off"}
  jobs: {base_s: 10, per_record_s: 0.01}
client: {rpm: 50, rph: 200}
work: {targets: {products: 0.7}}
testable: [TH-1, BA-1, BA-2, BA-4, BA-5, JB-4, JB-5, RT-1, WF-1, ST-1, ST-2]
time_limit: 1h
"""
FAULTS = """\
faults:
  - {match: {operation: deleteItems, after: 2, times: 1}, effect: {kind: status, status: 503}}
  - {match: {location: WH-001, times: 1}, effect: {kind: job_fail}}
"""
OURS = (
    'kibo-client delete --export "$(sed -n \'s/.*"exportFile": "\\(.*\\)",/\\1/p\' "$KIBO_TASK_FILE")" --yes --quiet '
    '--json --rpm 50 --rph 200 > "$(dirname "$KIBO_TASK_FILE")/client-report.json"'
)
GOOD = {
    "kibo-client": ("sh", "-c", OURS),
    "httpx and tenacity": (sys.executable, str(EXAMPLES / "good_httpx.py")),
    "curl": (str(EXAMPLES / "good_curl.sh"),),
    "official SDK": ("node", str(EXAMPLES / "official-sdk.cjs")),
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed"),
]


def graded(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    *command: str,
    text: str = SCENARIO + FAULTS,
    time: tuple[str, ...] = ("--speed", "60"),
) -> tuple[int, dict[str, Any]]:
    """Grade a command; exit code and report."""
    file = folder / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        main(["grade", str(file), "--json", *time, "--", *command])
    out, errors = capsys.readouterr()
    assert out, errors
    report: dict[str, Any] = json.loads(out)
    return int(caught.value.code or 0), report


def verdicts(report: dict[str, Any], *wanted: str) -> set[str]:
    """Return the rules with one of these verdicts."""
    return {rule["id"] for rule in report["rules"] if rule["verdict"] in wanted}


@pytest.mark.parametrize("name", GOOD)
def test_good_clients_pass(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused at the minute, sent away with 503, and with a job that fails, none of them breaks a rule."""
    if GOOD[name][0] == "node":
        try:
            monkeypatch.setenv("NODE_PATH", str(installed()))
        except NotInstalledError as error:
            pytest.skip(str(error))
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    code, report = graded(capsys, tmp_path, *GOOD[name])

    assert (0, set(), None) == (code, verdicts(report, "FAIL"), report["clientFailure"])
    assert {"TH-1", "BA-4", "BA-5", "JB-4", "JB-5", "RT-1", "WF-1", "ST-1", "ST-2"} <= verdicts(report, "PASS")


def test_a_good_client_passes_in_compressed_time(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It divides its own delays, is told shorter waits, and needs no faketime."""
    code, report = graded(capsys, tmp_path, *GOOD["httpx and tenacity"], time=("--compressed",))

    assert (0, set(), None) == (code, verdicts(report, "FAIL"), report["clientFailure"])
    assert {"TH-1", "BA-4", "BA-5", "JB-4", "WF-1", "ST-1", "ST-2"} <= verdicts(report, "PASS")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_naive_client_in_javascript_gets_the_verdicts_it_deserves(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """No dry run, a second between polls and after refusals; what it deletes is right."""
    few = SCENARIO.replace("products: 800", "products: 60")
    code, report = graded(capsys, tmp_path, "node", str(EXAMPLES / "naive.mjs"), text=few)

    assert 1 == code
    assert {"TH-1", "RT-3", "WF-1"} <= verdicts(report, "FAIL")
    assert {"BA-1", "BA-2", "WF-3", "ST-1", "ST-2"} <= verdicts(report, "PASS")
    assert ("x60", 3.0) == (report["time"]["mode"], report["time"]["toleranceS"])


def test_the_naive_client_in_python_gets_the_verdicts_it_deserves(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A token for each call, one product a call, no dry run, and half of every Retry-After."""
    few = (
        SCENARIO.replace("products: 800", "products: 30")
        .replace("rpm: 3", "rpm: 12")
        .replace("base_s: 10", "base_s: 1")
    )
    code, report = graded(capsys, tmp_path, sys.executable, str(EXAMPLES / "naive.py"), text=few)

    assert 1 == code
    assert {"TH-1", "WF-1", "WF-3", "ST-1"} <= verdicts(report, "FAIL")
    assert {"BA-1", "BA-2", "BA-4", "ST-2"} <= verdicts(report, "PASS")
