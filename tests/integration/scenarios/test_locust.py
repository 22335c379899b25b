"""Load scenarios run by Locust's own master and workers, as processes, against a served simulator."""

import json
import os
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from kibo_scenarios.locust_users.starting import LOCUSTFILE
from kibo_scenarios.trials import ServedSimulator, serving

LIMITS: Final = {"pools": [{"route": "/api/commerce/inventory/*", "rpm": 30, "rph": 900}], "extension": "off"}
WORLD: Final[Mapping[str, Any]] = {"seed": 3, "sample": {"locations": 3, "products": 40}, "limits": LIMITS}
CLIENTS: Final[Mapping[str, Any]] = {
    "shop": {"kind": "lookups", "share": 0.5, "bursts": [{"at": "0s", "requests": 24, "within": "1m"}]},
    "tills": {"kind": "adjusts", "share": 0.1, "stages": [{"for": "1m", "rate": 4}]},
    "pick-up": {"kind": "orders", "share": 0.1, "fulfil_after": "30s", "stages": [{"for": "1m", "rate": 2}]},
    "rude": {"kind": "lookups", "workers": 2, "starts": "1m", "bursts": [{"at": "0s", "requests": 36, "within": "1s"}]},
    "watcher": {"kind": "polls", "every": "20s", "for": "1m"},
}
START: Final = "2026-03-02T05:00:00Z"
PATIENCE: Final = 60.0


def scenario(folder: Path, **more: Any) -> Path:
    """Write a load scenario of all kinds of clients, one of them rude."""
    file = folder / "load.yaml"
    thresholds = {"http_429_rate": ["> 0", "< 0.5"], "jobs_failed": "== 0", "given_up": "== 0", "rules_broken": "== 0"}
    told = {
        "name": "small", "title": "A small one", "seed": 3, "start": START, "simulator": {**WORLD},
        "clients": CLIENTS, "thresholds": thresholds, **more,
    }  # fmt: skip
    told["simulator"].pop("seed")
    # JSON is YAML.
    file.write_text(json.dumps(told), encoding="utf-8")
    return file


@contextmanager
def locust(folder: Path, name: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """One process of Locust by its own command, until the context ends; what it says goes to a file."""
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *arguments]
    with (
        (folder / f"{name}.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment}, cwd=folder) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def master_and_workers(
    folder: Path, file: Path, server: ServedSimulator
) -> Iterator[tuple[subprocess.Popen[bytes], list[subprocess.Popen[bytes]]]]:
    """A master and two workers; a pipe tells the free port that the master has got."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--master", "--master-bind-host", "127.0.0.1"]
    command += ["--master-bind-port", "0", "--expect-workers", "2", "--headless", "--host", server.url]
    command += ["--kibo-scenario", str(file), "--kibo-speed", "90", "--kibo-report", "report"]
    command += ["--json-file", str(folder / "locust")]
    with ExitStack() as stack, os.fdopen(reading) as told:
        log = stack.enter_context((folder / "master.log").open("wb"))
        environment = {**os.environ, "KIBO_LOCUST_PIPE": str(writing)}
        master = stack.enter_context(
            subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder, pass_fds=(writing,))
        )
        stack.callback(master.kill)
        os.close(writing)
        word, _, port = told.readline().partition(" ")
        assert "port" == word, (folder / "master.log").read_text()
        # The variable that names a scenario is of no use to a worker, nor does it need the file.
        workers = [
            stack.enter_context(locust(folder, f"worker-{number}", "--worker", "--master-port", port.strip()))
            for number in (1, 2)
        ]
        yield master, workers


def journal(server: ServedSimulator) -> list[dict[str, Any]]:
    """What the simulator saw of the scenario's clients, without what they did to be let in."""
    entries = [json.loads(line) for line in server.fetch("GET", "/journal").splitlines()]
    return [entry for entry in entries if entry["client"] in CLIENTS]


@pytest.mark.slow
def test_a_master_and_two_workers_do_together_what_the_file_says(tmp_path: Path) -> None:
    """Both send; nothing is lost or counted twice; 429s are throttled, not failed; thresholds and reports follow."""
    file = scenario(tmp_path)
    with serving(tmp_path, WORLD, ["--clock", "manual", "--start", START]) as server:
        with master_and_workers(tmp_path, file, server) as (master, workers):
            code = master.wait(PATIENCE)
            ended = [worker.wait(PATIENCE) for worker in workers]
        seen = journal(server)
    said = (tmp_path / "master.log").read_text(encoding="utf-8")
    report = json.loads((tmp_path / "report/small/report.json").read_text(encoding="utf-8"))
    locusts = {row["name"]: row for row in json.loads((tmp_path / "locust.json").read_text(encoding="utf-8"))}
    asked = {name: row for name, row in locusts.items() if not name.endswith(" authenticate")}
    by_client = Counter(entry["client"] for entry in seen)
    refused = Counter(entry["client"] for entry in seen if entry["status"] == 429)

    assert (0, [0, 0]) == (code, ended), said
    assert ("PASSED", "Locust, 2 workers, x90", None) == (report["conclusion"], report["time"], report["incomplete"])
    # Both workers did their part, and what they sent is what the server saw.
    assert {"worker 1", "worker 2"} == set(report["senders"])
    assert all(report["senders"].values())
    assert len(seen) == sum(report["senders"].values()) == sum(row["num_requests"] for row in asked.values())
    # Whoever was refused came again: all that was wanted was done, once.
    done = Counter(entry["client"] for entry in seen if entry["status"] == 200)
    assert (24, 36, 3) == (done["shop"], done["rude"], done["watcher"])
    assert 0 < sum(refused.values())
    assert 0 == sum(row["num_failures"] for row in locusts.values())
    assert (
        refused + Counter()
        == Counter(
            {name: sum(row["throttled"] for row in report["clients"] if row["client"] == name) for name in by_client}
        )
        + Counter()
    )
    assert {"PASS"} == {one["verdict"] for one in report["thresholds"]}
    assert len(seen) == len((tmp_path / "report/small/journal.ndjson").read_bytes().splitlines())
    assert b"<testsuite " in (tmp_path / "report/junit.xml").read_bytes()
    assert b"Locust, 2 workers, x90" in (tmp_path / "report/report.html").read_bytes()
    assert "http_429_rate: > 0" in said


@pytest.mark.slow
def test_a_worker_that_is_lost_leaves_nothing_concluded(tmp_path: Path) -> None:
    """However well the rest went, the run has no result: exit code 3, and the reports say why."""
    # Long enough that nobody is done when the worker goes.
    clients = {"shop": {"kind": "lookups", "stages": [{"for": "2h", "rate": 60}]}}
    file = scenario(tmp_path, clients=clients, thresholds={"given_up": "== 0"})
    free = {**WORLD, "limits": {"pools": []}}
    with (
        serving(tmp_path, free, ["--clock", "manual", "--start", START]) as server,
        master_and_workers(tmp_path, file, server) as (master, workers),
    ):
        with urllib.request.urlopen(f"{server.url}/_simulator/journal?follow=true", timeout=PATIENCE) as entries:
            while json.loads(entries.readline())["operation"] != "getInventory":
                pass
        workers[0].terminate()
        code = master.wait(PATIENCE)
    report = json.loads((tmp_path / "report/small/report.json").read_text(encoding="utf-8"))

    assert 3 == code
    assert "NOTHING_CONCLUDED" == report["conclusion"]
    assert report["incomplete"].endswith("was lost before it was done")
    assert ["INCONCLUSIVE"] == [one["verdict"] for one in report["thresholds"]]
    assert "nothing can be concluded" in (tmp_path / "master.log").read_text(encoding="utf-8")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, with all that it starts."""
    return subprocess.run(
        [sys.executable, "-m", "kibo_scenarios.cli", "locust", *arguments],
        capture_output=True, text=True, check=False, timeout=PATIENCE, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.slow
def test_one_command_starts_everything_and_a_missed_threshold_fails_it(tmp_path: Path) -> None:
    """Simulator, master and workers on this machine; exit code 1 with the threshold that was missed."""
    clients = {name: CLIENTS[name] for name in ("shop", "watcher")}
    file = scenario(tmp_path, clients=clients, thresholds={"requests": "< 10", "http_429_rate": "<= 0"})
    ended = run(str(file), "--speed", "120", "--json", "--junit", str(tmp_path / "junit.xml"))
    report = json.loads(ended.stdout)

    assert 1 == ended.returncode, ended.stderr
    assert {"requests: < 10": "FAIL", "http_429_rate: <= 0": "PASS"} == {
        one["threshold"]: one["verdict"] for one in report["thresholds"]
    }
    assert [27, 27] == [sum(row["requests"] for row in report["clients"]), sum(report["senders"].values())]
    assert b"<failure" in (tmp_path / "junit.xml").read_bytes()


@pytest.mark.slow
def test_a_bare_target_is_judged_by_what_senders_know(tmp_path: Path) -> None:
    """One application for all, no journal: what only a journal tells is inconclusive, with its reason."""
    clients = {"shop": {"kind": "lookups", "bursts": [{"at": "0s", "requests": 20, "within": "1s"}]}}
    thresholds = {"requests": "== 20", "http_429_rate": "< 0.1", "jobs_failed": "== 0"}
    file = scenario(tmp_path, clients=clients, thresholds=thresholds)
    with serving(tmp_path, WORLD) as server:
        ended = run(
            str(file), "--url", server.url, "--bare", "--json",
            KIBO_CLIENT_ID=server.client_id, KIBO_SHARED_SECRET=server.shared_secret,
        )  # fmt: skip
        clients_seen = {json.loads(line)["client"] for line in server.fetch("GET", "/journal").splitlines()}
    report = json.loads(ended.stdout)

    assert 3 == ended.returncode, ended.stderr
    assert {"requests: == 20": "PASS", "http_429_rate: < 0.1": "PASS", "jobs_failed: == 0": "INCONCLUSIVE"} == {
        one["threshold"]: one["verdict"] for one in report["thresholds"]
    }
    assert {server.client_id} == clients_seen - {None}
    assert server.shared_secret not in ended.stdout + ended.stderr
