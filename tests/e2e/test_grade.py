"""`kibo-scenarios grade` with clients in processes of their own: verdicts, ends, errors, and nothing left behind."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kibo_scenarios.cli import commands, main
from kibo_scenarios.declaration import read_declaration
from kibo_scenarios.drivers import child
from kibo_scenarios.drivers.faketime import ProbeFailedError, measure
from kibo_scenarios.drivers.task_file import TaskDocument, read_report_file
from kibo_scenarios.evidence import RecordKey

from .conftest import BIN

SMALL = """\
name: small
title: A small one
seed: 3
simulator:
  sample: {locations: 2, products: 40}
  limits: {pools: [{route: /api/commerce/inventory/*, rpm: 20, rph: 200}]}
  jobs: {base_s: 20}
client: {rpm: 20, rph: 200}
work: {targets: {products: 0.7}}
time_limit: 30m
"""
needs_faketime = pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")


@pytest.fixture
def small(tmp_path: Path) -> str:
    """A small scenario in a file."""
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return str(file)


Grade = Callable[..., tuple[int, str, str]]


@pytest.fixture
def grade(capsys: pytest.CaptureFixture[str]) -> Grade:
    """A function that runs the command and returns exit code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["grade", *arguments])
        out, errors = capsys.readouterr()
        return int(caught.value.code or 0), out, errors

    return call


def judged(code: int, ended: tuple[int, str, str]) -> dict[str, Any]:
    """Expect an exit code and return the report."""
    actual, out, errors = ended
    assert code == actual, errors
    report: dict[str, Any] = json.loads(out)
    return report


def refused(ended: tuple[int, str, str]) -> str:
    """Expect a usage error and return the one line that says it."""
    code, out, errors = ended
    assert (2, "") == (code, out)
    (line,) = errors.splitlines()
    return line


def failed_rules(report: dict[str, Any]) -> set[str]:
    """Return the rules that the client broke."""
    return {rule["id"] for rule in report["rules"] if rule["verdict"] == "FAIL"}


def python(folder: Path, text: str) -> tuple[str, str]:
    """Return the command for a client written in Python."""
    file = folder / "client.py"
    file.write_text(text, encoding="utf-8")
    return sys.executable, str(file)


def alive(process: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked after yet does not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return done.stdout.strip()[:1] not in {"", "Z"}


ASK_ONCE = """\
import json, os, time, urllib.request

task = json.load(open(os.environ["KIBO_TASK_FILE"]))
urllib.request.urlopen(urllib.request.Request(
    os.environ["KIBO_AUTH_HOST"] + "/api/platform/applications/authtickets/oauth",
    json.dumps({"client_id": os.environ["KIBO_CLIENT_ID"], "client_secret": os.environ["KIBO_SHARED_SECRET"]}).encode(),
))
"""


@pytest.mark.slow
@needs_faketime
def test_a_client_outside_faketime_is_a_wrong_configuration(grade: Grade, small: str, tmp_path: Path) -> None:
    """A program that has got rid of it cannot be judged at x60: that is said, and is not the client's failure."""
    command = python(tmp_path, ASK_ONCE + "time.sleep(20)\n")

    assert "does not run under faketime: it has not loaded libfaketime; use --speed 1" in refused(
        grade(small, "--speed", "60", "--", "env", "-u", "LD_PRELOAD", *command)
    )


@pytest.mark.slow
def test_a_client_that_hangs_is_ended_with_all_it_has_started(grade: Grade, small: str, tmp_path: Path) -> None:
    """Its grandchild goes with it, though in a session of its own, and the last of its output is shown."""
    command = python(
        tmp_path,
        ASK_ONCE
        + "import subprocess\n"
        + "other = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
        + f"open({str(tmp_path / 'id')!r}, 'w').write(str(other.pid))\n"
        + "print('still waiting', flush=True)\ntime.sleep(1000)\n",
    )
    code, out, errors = grade(small, "--time-limit", "1500ms", "--", *command)

    assert 1 == code
    assert "the client had not finished after 1.5 s of simulated time" in out
    assert "client.py, stdout:\n  still waiting\n" == errors
    assert not alive(int((tmp_path / "id").read_text()))


@pytest.mark.slow
def test_an_exit_code_is_a_failure_unless_the_report_explains_it(grade: Grade, small: str, tmp_path: Path) -> None:
    """ST-1: who names everything as undone has told the truth, and may say so by its exit code."""
    all_undone = (
        "json.dump({'undone': [{'locationCode': code, **item} for code in task['locationCodes']"
        " for item in task['items']]}, open(task['reportFile'], 'w'))\n"
    )
    silent = judged(1, grade(small, "--json", "--", *python(tmp_path, ASK_ONCE + "raise SystemExit(3)\n")))
    honest = judged(0, grade(small, "--json", "--", *python(tmp_path, ASK_ONCE + all_undone + "raise SystemExit(3)\n")))

    assert ("ended with exit code 3", {"ST-1"}) == (silent["clientFailure"], failed_rules(silent))
    assert (None, set()) == (honest["clientFailure"], failed_rules(honest))


@pytest.mark.slow
def test_compressed_time_tells_waits_in_proportion(grade: Grade, small: str, tmp_path: Path) -> None:
    """RL-7: a minute is two seconds, so Retry-After 60 reads 2, and who waits that long has waited a minute."""
    loop = """\
token = json.load(urllib.request.urlopen(urllib.request.Request(
    os.environ["KIBO_AUTH_HOST"] + "/api/platform/applications/authtickets/oauth",
    json.dumps({"client_id": os.environ["KIBO_CLIENT_ID"], "client_secret": os.environ["KIBO_SHARED_SECRET"]}).encode(),
)))
seen = []
for attempt in range(22):
    try:
        urllib.request.urlopen(urllib.request.Request(
            os.environ["KIBO_API_HOST"] + "/api/commerce/inventory/v1/queue?limit=1",
            headers={"Authorization": "Bearer " + token["access_token"]},
        ))
    except urllib.error.HTTPError as error:
        seen.append(error.headers["Retry-After"])
        time.sleep(int(error.headers["Retry-After"]))
json.dump({"seen": seen, "expires": token["expires_in"], "by": task["clock"]["divideDelaysBy"]},
          open(task["reportFile"], "w"))
"""
    report = judged(1, grade(small, "--json", "--compressed", "--", *python(tmp_path, ASK_ONCE + loop)))

    assert {"seen": ["2"], "expires": 120, "by": 30} == report["clientReport"]
    assert [60] == [refusal["retryAfterS"] for refusal in report["refusals"]]
    assert "TH-1" not in failed_rules(report)
    assert "compressed x30" == report["time"]["mode"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--", "no-such-program"), "no-such-program: there is no such program that can be run"),
        (("--", "false"), "false: ended with exit code 1 before it had sent anything"),
        ((), "COMMAND: the client is missing; give it after --, or watch one with --driver black-box"),
        (("--driver", "black-box", "--", "true"), "--driver black-box: only watches; leave COMMAND out, or the option"),
        (("--idle", "5s", "--", "true"), "--for and --idle: only mean something with --driver black-box"),
        (("--compressed", "--speed", "2", "--", "true"), "--compressed: has a speed of its own"),
        (("--speed", "nan", "--", "true"), "--speed nan: expected a number from 1 to 240"),
        (("--idle", "5 apples", "--", "true"), "Invalid value for '--idle': expected a span such as 90s"),
        (("--client", "nowhere.yaml", "--", "true"), "nowhere.yaml: No such file or directory"),
    ],
)
def test_what_cannot_be_run_is_a_usage_error(
    grade: Grade, small: str, arguments: tuple[str, ...], message: str
) -> None:
    """One line, exit code 2, no verdict about anybody."""
    assert message in refused(grade(small, *arguments))


def test_what_fails_in_the_harness_is_not_the_clients_failure(
    grade: Grade, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full when the task is to be written ends with exit code 4 and no verdict."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(child, "write_task_file", full)
    code, out, errors = grade(small, "--", "true")

    assert (4, "") == (code, out)
    assert "kibo-scenarios: the harness failed: true could not be run: OSError" in errors


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["signal", "idle"])
def test_a_black_box_is_watched_until_it_is_told_to_stop(small: str, ending: str) -> None:
    """The address and credentials are printed; SIGTERM, or silence, ends the run with verdicts."""
    flags = ["--idle", "500ms"] if ending == "idle" else []
    command = [str(BIN / "kibo-scenarios"), "grade", small, "--driver", "black-box", "--json", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = process.stderr.readline().split()[-1]
        assert "sample.app, sample-secret" in process.stderr.readline() + process.stderr.readline()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{url}/api/commerce/inventory/v1/queue", timeout=10)
        if ending == "signal":
            process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    report = json.loads(out)

    assert 0 == process.returncode
    assert (1, "black box") == (sum(report["requests"].values()), report["client"])
    assert set() == failed_rules(report)


@pytest.mark.slow
def test_ending_the_harness_ends_its_client(small: str, tmp_path: Path) -> None:
    """SIGTERM in the middle of a run leaves no client behind and says that nothing was concluded."""
    marker = tmp_path / "id"
    text = f"import os, time\nopen({str(marker)!r}, 'w').write(str(os.getpid()))\ntime.sleep(1000)\n"
    client = python(tmp_path, text)
    command = [str(BIN / "kibo-scenarios"), "grade", small, "--", *client]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        give_up = time.monotonic() + 20
        while not (marker.exists() and marker.read_text()):
            assert time.monotonic() < give_up
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=30)

    assert (130, "") == (process.returncode, out)
    assert "kibo-scenarios: interrupted; nothing was concluded" == errors.strip()
    assert not alive(int(marker.read_text()))


@pytest.mark.slow
@needs_faketime
def test_speed_is_measured_and_the_clocks_agree(grade: Grade, small: str, tmp_path: Path) -> None:
    """A probe that gets rid of faketime is found out; a client under it reads the simulator's clock, nearly."""
    asked = "json.dump({'now': time.time()}, open(task['reportFile'], 'w'))\n"
    report = judged(1, grade(small, "--json", "--speed", "60", "--", *python(tmp_path, ASK_ONCE + asked)))
    started = datetime.fromisoformat(report["time"]["startedAt"]).timestamp()

    assert 0 <= report["clientReport"]["now"] - started <= 90
    assert 40 < measure(("sh", "-c", "echo; sleep {seconds}; echo"), 60) < 80
    assert measure(("env", "-u", "LD_PRELOAD", "sh", "-c", "echo; sleep {seconds}; echo"), 60) < 2


@pytest.mark.slow
@needs_faketime
@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="shared memory is no folder here")
def test_what_a_killed_faketime_left_stops_no_other() -> None:
    """What it shares bears its number, which comes round again; whoever has the number now is not held up by it."""
    shared, number = Path("/dev/shm"), subprocess.run(["sh", "-c", "echo $$"], capture_output=True, check=True).stdout
    left = [shared / f"faketime_shm_{int(number) + ahead}" for ahead in range(1, 200)]
    for file in left:
        file.touch()
    try:
        assert 40 < measure(("sh", "-c", "echo; sleep {seconds}; echo"), 60) < 80
    finally:
        for file in left:
            # What another has put in its place since is not empty.
            with suppress(FileNotFoundError):
                if not file.stat().st_size:
                    file.unlink()


@needs_faketime
def test_a_probe_that_cannot_be_started_says_why() -> None:
    """Its own words, where it has any."""
    with pytest.raises(ProbeFailedError, match=r"^trying it gave 'sh: no such thing'$"):
        measure(("sh", "-c", "echo 'sh: no such thing' >&2"), 60)
    with pytest.raises(ProbeFailedError, match=r"^it wrote nothing when it was tried$"):
        measure(("true",), 60)


def test_speed_needs_faketime(grade: Grade, small: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without it the message says what else can be done."""
    monkeypatch.setenv("PATH", str(tmp_path))
    line = refused(grade(small, "--speed", "60", "--", sys.executable, "client.py"))

    assert "--speed 60: needs the program faketime" in line
    assert "without it use --speed 1, or --compressed if the client's delays can be set" in line


def test_the_guide_shows_files_that_are_accepted(tmp_path: Path) -> None:
    """The declaration and the report of docs/grading.md, and every option that it names."""
    guide = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")
    (declaration,) = re.findall(r"^```yaml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    (report,) = re.findall(r"^```json\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    (tmp_path / "client.yaml").write_text(declaration, encoding="utf-8")
    (tmp_path / "report.json").write_text(report, encoding="utf-8")
    named = read_report_file(tmp_path / "report.json", [RecordKey("WH-001", "P", "800001011278", None)])
    (table,) = re.findall(r"^The task file is JSON:\n\n(.*?)\n\n", guide, re.DOTALL | re.MULTILINE)
    keys = {key for row in table.splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1])}
    options = {option for parameter in commands.commands["grade"].params for option in parameter.opts}

    assert set(TaskDocument.__struct_encode_fields__) == keys
    assert "warehouse-sync" == read_declaration(tmp_path / "client.yaml").name
    assert {RecordKey("WH-001", "P", "800001011278", None): "its job failed twice"} == named.undone
    assert set(re.findall(r"(?<=`)--[a-z-]+", guide)) <= options
