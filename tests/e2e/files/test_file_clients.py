"""Programs that send inventory files, graded in processes of their own by the folder that they put them in (C25)."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import BIN

from kibo_scenarios.cli import main

from .openssh import needs_sftp

EXAMPLE = Path(__file__).parents[3] / "examples" / "inventory_files.py"
#: A minute takes two seconds in compressed time.
SHORT = """\
name: short
title: A Refresh and an Update
seed: 5
simulator: {sample: {locations: 2, products: 30}}
work:
  kind: files
  files:
    - {kind: refresh}
    - {kind: update, at: 30s, products: 0.5, format: jsonl}
testable: [FI-1, FI-2]
expect: {files: "== 2", off_target: "== 0", strays: "== 0"}
time_limit: 10m
"""
#: What a task says, for programs of few words.
TOLD = """\
told() { sed -n "s/.*\\"$1\\": \\"\\(.*\\)\\",/\\1/p" "$KIBO_TASK_FILE" | head -1; }
drop=$(told dropFolder) feed=$(told file)
"""
OURS = TOLD + "kibo-client file make $feed --kind refresh --to . && kibo-client file upload *.zip --to $drop"
NAMED = "name=T_${KIBO_TENANT}_REFRESH_$(TZ=America/Los_Angeles date +%y%m%d%H%M%S).csv"
OVER_SFTP = (
    TOLD
    + "kibo-client file make $feed --kind refresh --to . && KIBO_SFTP_PASSWORD=$KIBO_SHARED_SECRET "
    + 'kibo-client file upload *.zip --to "$(told sftpUrl)" --any-host-key'
)
TRIGGER_FIRST = (
    TOLD
    + NAMED
    + """
cp $feed $name && : > $name.done
options="-o BatchMode=no -o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
export SSH_ASKPASS=$PWD/askpass SSH_ASKPASS_REQUIRE=force DISPLAY=:0
printf 'put %s\\nput %s\\n' $name.done $name |
sftp -q $options -o PreferredAuthentications=password -b - "$(told sftpUrl)"
"""
)
NAIVE = (
    TOLD + "name=T_${KIBO_TENANT}_REFRESH_$(TZ=UTC date +%y%m%d%H%M%S).csv\n: > $drop/$name.done\ncp $feed $drop/$name"
)


def graded(capsys: pytest.CaptureFixture[str], scenario: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Grade a client; exit code and report."""
    with pytest.raises(SystemExit) as caught:
        main(["grade", scenario, "--json", *options])
    out, errors = capsys.readouterr()
    assert out, errors
    return int(caught.value.code or 0), json.loads(out)


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    """The verdicts about files."""
    return {rule["id"]: rule["verdict"] for rule in report["rules"] if rule["id"].startswith("FI-")}


@pytest.fixture
def short(tmp_path: Path) -> str:
    """A short scenario in a file."""
    file = tmp_path / "short.yaml"
    file.write_text(SHORT, encoding="utf-8")
    return str(file)


def test_the_example_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """FI-1, FI-2: in real time, whatever the machine's own zone is; the stock is what the feed says."""
    code, report = graded(capsys, "nightly-file", "--", sys.executable, str(EXAMPLE))

    assert (0, None, {"FI-1": "PASS", "FI-2": "PASS"}) == (code, report["clientFailure"], verdicts(report))
    assert (0, 0, 1, 1) == tuple(report["scope"][name] for name in ("offTarget", "strays", "files", "filesImported"))
    assert 1_000 < report["scope"]["targetRecords"]


def test_the_example_keeps_simulated_time(capsys: pytest.CaptureFixture[str], short: str) -> None:
    """In compressed time it counts from the moment that the task tells, and sends the second file when it is due."""
    code, report = graded(capsys, short, "--compressed", "--", sys.executable, str(EXAMPLE))

    assert (0, {"FI-1": "PASS", "FI-2": "PASS"}, 2) == (code, verdicts(report), report["scope"]["filesImported"])
    first, second = (int(name[-10:-4]) for name in report["clientReport"]["files"])
    # Pacific time, in names that end with hours, minutes and seconds: due at 21:00:00 and 21:00:30.
    assert 210000 <= first <= second
    assert 210030 <= second < 211000


@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
def test_the_example_keeps_simulated_time_under_faketime(capsys: pytest.CaptureFixture[str], short: str) -> None:
    """Its own clock is the simulated one; names are of March 2026."""
    code, report = graded(capsys, short, "--speed", "60", "--", sys.executable, str(EXAMPLE))

    assert (0, {"FI-1": "PASS", "FI-2": "PASS"}, 2) == (code, verdicts(report), report["scope"]["filesImported"])
    assert all("_260301210" in name for name in report["clientReport"]["files"])


def test_our_commands_pass(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """C24 to C26: ``kibo-client file make`` and ``upload`` do what a shell script needs."""
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    code, report = graded(capsys, "nightly-file", "--", "sh", "-c", OURS)

    assert (0, {"FI-1": "PASS", "FI-2": "PASS"}) == (code, verdicts(report))


@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells every write")
@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        ("cp $feed $drop/$name; touch $drop/$name.done", "PASS"),
        ("touch -d 2020-01-01 $name.done; cp $feed $drop/$name; cp -p $name.done $drop", "PASS"),
        ("cp $feed $name; touch $name.done; mv $name.done $drop; mv $name $drop", "FAIL"),
        ("cp $feed $drop/$name; touch $drop/$name.done; echo >> $drop/$name", "FAIL"),
    ],
    ids=["touched", "copied with its time", "moved in the wrong order", "goes on writing"],
)
def test_the_times_of_files_deceive_nobody(
    steps: str, verdict: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """FI-1: under faketime ``touch`` dates files by the simulated clock, and copies bring times along."""
    program = f"cd {tmp_path}\n{TOLD}{NAMED}\n{steps}"
    code, report = graded(capsys, "nightly-file", "--speed", "60", "--", "sh", "-c", program)

    assert (verdict, "PASS") == tuple(verdicts(report).values())
    assert (0 if verdict == "PASS" else 1) == code


def test_our_commands_pass_over_sftp(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same folder over SFTP: every write is noted as it happens."""
    pytest.importorskip("asyncssh")
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    code, report = graded(capsys, "nightly-file", "--", "sh", "-c", OVER_SFTP)

    assert (0, {"FI-1": "PASS", "FI-2": "PASS"}) == (code, verdicts(report))


@needs_sftp
def test_a_trigger_that_goes_first_over_sftp_is_seen_however_fast(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """FI-1: the server sees every write, so that no clock of a file system has to tell them apart."""
    pytest.importorskip("asyncssh")
    (tmp_path / "askpass").write_text('#!/bin/sh\necho "$KIBO_SHARED_SECRET"\n', encoding="utf-8")
    (tmp_path / "askpass").chmod(0o700)
    code, report = graded(capsys, "nightly-file", "--", "sh", "-c", f"cd {tmp_path}\n{TRIGGER_FIRST}")

    assert (1, {"FI-1": "FAIL", "FI-2": "PASS"}) == (code, verdicts(report))


def test_a_naive_script_gets_the_verdicts_it_deserves(capsys: pytest.CaptureFixture[str]) -> None:
    """The trigger comes first and the clock is Greenwich's; what it sends is imported all the same."""
    code, report = graded(capsys, "nightly-file", "--", "sh", "-c", NAIVE)

    assert (1, {"FI-1": "FAIL", "FI-2": "FAIL"}, 0) == (code, verdicts(report), report["scope"]["offTarget"])


def test_a_client_that_fails_at_once_has_not_been_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """One that fails after it has put something there has."""
    with pytest.raises(SystemExit) as caught:
        main(["grade", "nightly-file", "--", "sh", "-c", "echo no such feed >&2; exit 3"])
    _, errors = capsys.readouterr()
    code, report = graded(capsys, "nightly-file", "--", "sh", "-c", TOLD + "touch $drop/stock.csv; exit 3")

    assert (2, "kibo-scenarios: sh: ended with exit code 3 before it had sent anything: no such feed") == (
        caught.value.code,
        errors.strip(),
    )
    assert (1, "ended with exit code 3", "FAIL") == (code, report["clientFailure"], verdicts(report)["FI-2"])


def test_who_declares_to_send_no_files_is_not_asked_to(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The scenario is not applicable: nothing is run, and nothing concluded."""
    declared = tmp_path / "client.yaml"
    declared.write_text("name: deleter\ndoes: [bulk-delete, polling]\n", encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        main(["grade", "nightly-file", "--client", str(declared), "--", "false"])

    said = capsys.readouterr().err.strip()
    assert (3, "nightly-file: not applicable to deleter, which declares to do no files") == (caught.value.code, said)


def test_an_application_is_watched_at_the_drop_folder(tmp_path: Path) -> None:
    """A black box is told where to put its files, and is judged by what came."""
    command = [str(BIN / "kibo-scenarios"), "grade", "nightly-file", "--driver", "black-box", "--json", "--for", "60s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stderr is not None
        told = [process.stderr.readline().rstrip("\n") for _ in range(8)]
        drop = next(Path(line.split()[-1]) for line in told if line.startswith("drop folder"))
        (drop / "stock.csv").write_text("LocationCode,UPC,Quantity\n", encoding="utf-8")
        process.terminate()
        out, _ = process.communicate(timeout=30)
    report = json.loads(out)

    assert [line for line in told if line.startswith("to do") and "refresh of 1,437 rows in " in line]
    assert (1, {"FI-1": "INCONCLUSIVE", "FI-2": "FAIL"}) == (process.returncode, verdicts(report))
