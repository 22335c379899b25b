"""What docs/locust.md shows is what happens: its commands are run as they stand, but for the numbers of ports."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

TEXT: Final = (Path(__file__).parents[2] / "docs" / "locust.md").read_text(encoding="utf-8")
BLOCKS: Final = [
    block.replace("\\\n", "") for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
]
COMMANDS: Final = [line for block in BLOCKS for line in block.splitlines() if not line.startswith("pip ")]
PATIENCE: Final = 90.0
PROGRAMS: Final = Path(sys.executable).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the file of the page."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    (tmp_path / "newsletter.yaml").write_text(block, encoding="utf-8")
    return tmp_path


@contextmanager
def started(folder: Path, name: str, command: str, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A command of the page, until the context ends; what it says goes to a file."""
    path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, **more.pop("environment", {})}
    with (folder / f"{name}.log").open("wb") as log:
        # exec: whoever ends the shell is to end the program.
        words = ["bash", "-c", f"exec {command}"]
        with subprocess.Popen(
            words, cwd=folder, env=environment, stderr=log, text=True, **({"stdout": log} | more)
        ) as process:
            try:
                yield process
            finally:
                process.terminate()
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()


def said(folder: Path, name: str) -> str:
    """What a command has printed."""
    return (folder / f"{name}.log").read_text(encoding="utf-8")


def report_of(folder: Path) -> dict[str, Any]:
    """The report that a master has written."""
    report: dict[str, Any] = json.loads((folder / "reports/newsletter/report.json").read_text(encoding="utf-8"))
    return report


@pytest.mark.slow
def test_its_one_command_does_everything(folder: Path) -> None:
    """Simulator, master and two workers on this machine: all promises are kept, by every kind of client."""
    command = COMMANDS[0]
    with started(folder, "all", f"{command} --report reports") as process:
        code = process.wait(PATIENCE)
    report = report_of(folder)

    assert 0 == code, said(folder, "all")
    assert "kibo-scenarios locust newsletter.yaml --speed 90" == command
    assert ("PASSED", "Locust, 2 workers, x90") == (report["conclusion"], report["time"])
    assert {"storefront", "tills", "pick-up", "watcher", "newsletter", "clean-up"} == {
        row["client"] for row in report["clients"]
    }
    assert {"deleteItems", "getJob"} <= {row["operation"] for row in report["clients"]}


@pytest.mark.slow
def test_its_master_and_two_workers_do_together_what_the_file_says(folder: Path) -> None:
    """Both send; nothing is lost or counted twice; 429s are throttled, not failed; thresholds and reports follow."""
    _, world, serve, master, worker = COMMANDS
    reading, writing = os.pipe()
    with ExitStack() as stack, os.fdopen(reading) as told:
        with started(folder, "world", world) as process:
            assert 0 == process.wait(PATIENCE), said(folder, "world")
        serving = stack.enter_context(started(folder, "simulator", serve.replace("8765", "0"), stdout=subprocess.PIPE))
        assert serving.stdout is not None
        url = json.loads(serving.stdout.readline())["url"]
        conducting = stack.enter_context(
            started(
                folder,
                "master",
                master.replace("http://127.0.0.1:8765", url).replace("5557", "0") + " --json-file locust",
                environment={"KIBO_LOCUST_PIPE": str(writing)},
                pass_fds=(writing,),
            )
        )
        os.close(writing)
        port = told.readline().removeprefix("port ").strip()
        workers = [
            stack.enter_context(started(folder, f"worker-{number}", worker.replace("5557", port))) for number in (1, 2)
        ]
        codes = [process.wait(PATIENCE) for process in (conducting, *workers)]
    report = report_of(folder)
    entries = map(json.loads, (folder / "reports/newsletter/journal.ndjson").read_bytes().splitlines())
    # The deletion is done by a process of its own, and whoever is let in has no name before.
    seen = [entry for entry in entries if entry["client"] not in {"clean-up", None}]
    rows = [row for row in json.loads((folder / "locust.json").read_text()) if row["method"] != "CLIENT"]
    sent = [row for row in rows if not row["name"].endswith(" authenticate")]
    refused = Counter(entry["client"] for entry in seen if entry["status"] == 429)
    done = Counter(entry["client"] for entry in seen if entry["status"] == 200)

    assert [0, 0, 0] == codes, said(folder, "master")
    assert ("PASSED", "Locust, 2 workers, x90", None) == (report["conclusion"], report["time"], report["incomplete"])
    assert {"PASS"} == {one["verdict"] for one in report["thresholds"]}
    # Both workers did their part, and what they sent is what the server saw.
    assert ["worker 1", "worker 2"] == list(report["senders"])
    assert all(report["senders"].values())
    assert len(seen) == sum(report["senders"].values()) == sum(row["num_requests"] for row in sent)
    # Whoever was refused came again: all that was wanted was done, once.
    assert (24, 46, 3) == (done["storefront"], done["newsletter"], done["watcher"])
    assert 0 < sum(refused.values())
    assert 0 == sum(row["num_failures"] for row in rows)
    assert refused == Counter(
        row["client"] for row in report["clients"] for _ in range(row["throttled"]) if row["client"] != "clean-up"
    )
    assert b"<testsuite " in (folder / "reports/junit.xml").read_bytes()
    assert b"Locust, 2 workers, x90" in (folder / "reports/report.html").read_bytes()
    assert "http_429_rate: > 0" in said(folder, "master")


@pytest.mark.slow
def test_its_locustfile_has_a_user_for_every_client(folder: Path) -> None:
    """Locust itself lists them."""
    (file,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    (folder / "locustfile.py").write_text(file, encoding="utf-8")
    with started(folder, "list", "locust --list") as listing:
        code = listing.wait(PATIENCE)

    assert 0 == code
    assert ["storefront", "tills", "pick-up", "watcher", "newsletter", "clean-up"] == said(folder, "list").split()[-6:]


def test_it_has_every_flag_of_the_command_and_every_option_for_locust() -> None:
    """And no other."""
    from kibo_scenarios.locust_command import run_with_locust
    from kibo_scenarios.locust_users.options import OPTIONS

    table = TEXT[TEXT.index("| flag |") : TEXT.index("## On several machines")]
    flags = {flag for option in run_with_locust.params for flag in option.opts if flag.startswith("--")}

    assert flags == set(re.findall(r"`(--[a-z-]+)", table))
    assert set(OPTIONS) == set(re.findall(r"--kibo-\w+", TEXT))
    assert all(shlex.split(command) for command in COMMANDS)
