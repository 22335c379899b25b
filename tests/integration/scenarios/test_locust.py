"""Load scenarios run by Locust's own master and workers, as processes, against a served simulator."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from kibo_scenarios.locust_users.extra import LOCUSTFILE
from kibo_scenarios.trials import ServedSimulator, serving

LIMITS: Final = {"pools": [{"route": "/api/commerce/inventory/*", "rpm": 30, "rph": 900}], "extension": "off"}
WORLD: Final[Mapping[str, Any]] = {"sample": {"locations": 3, "products": 40}, "limits": LIMITS}
START: Final = "2026-03-02T05:00:00Z"
PATIENCE: Final = 60.0


def scenario(folder: Path, clients: Mapping[str, Any], thresholds: Mapping[str, Any], **more: Any) -> Path:
    """Write a load scenario in which these clients live."""
    file = folder / "load.yaml"
    told = {
        "name": "small", "title": "A small one", "start": START, "simulator": WORLD,
        "clients": clients, "thresholds": thresholds, **more,
    }  # fmt: skip
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


@pytest.mark.slow
def test_a_worker_that_is_lost_leaves_nothing_concluded(tmp_path: Path) -> None:
    """However well the rest went, the run has no result: exit code 3, and the reports say why."""
    # Long enough that nobody is done when the worker goes.
    clients = {"shop": {"kind": "lookups", "stages": [{"for": "2h", "rate": 60}]}}
    file = scenario(tmp_path, clients, {"given_up": "== 0"})
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


@pytest.mark.slow
def test_a_run_is_cut_off_at_its_time_limit_and_has_failed(tmp_path: Path) -> None:
    """What came until then is all there, and judged; limits change in the meantime as the file says."""
    clients = {"shop": {"kind": "lookups", "on_429": "give_up", "stages": [{"for": "2h", "rate": 60}]}}
    changes = [{"at": "10s", "limits": {"pools": [{"route": "/api/commerce/inventory/*", "rpm": 1, "rph": 900}]}}]
    file = scenario(tmp_path, clients, {"http_429_rate": "> 0"}, time_limit="40s", changes=changes)
    arguments = ["--headless", "--only-summary", "--kibo-speed", "30", "--kibo-report", "report"]
    with serving(tmp_path, WORLD, ["--clock", "manual", "--start", START]) as server:
        alone = locust(tmp_path, "alone", *arguments, "--host", server.url, "--kibo-scenario", str(file))
        with alone as process:
            code = process.wait(PATIENCE)
        seen = [json.loads(line) for line in server.fetch("GET", "/journal").splitlines()]
    report = json.loads((tmp_path / "report/small/report.json").read_text(encoding="utf-8"))

    assert 1 == code, (tmp_path / "alone.log").read_text(encoding="utf-8")
    assert {"run": "had not finished after 40 s of simulated time"} == report["failures"]
    assert (["PASS"], None) == ([one["verdict"] for one in report["thresholds"]], report["incomplete"])
    assert sum(entry["client"] == "shop" for entry in seen) == sum(row["requests"] for row in report["clients"])


@pytest.mark.slow
def test_one_process_runs_a_bare_target_and_judges_by_what_senders_know(tmp_path: Path) -> None:
    """Without workers, with one application for all and no journal: what only that tells is inconclusive."""
    clients = {"shop": {"kind": "lookups", "bursts": [{"at": "0s", "requests": 20, "within": "1s"}]}}
    thresholds = {"requests": "== 20", "http_429_rate": "< 0.1", "jobs_failed": "== 0"}
    file = scenario(tmp_path, clients, thresholds)
    arguments = ["--headless", "--only-summary", "--kibo-bare", "--kibo-report", "report", "--kibo-scenario", str(file)]
    with serving(tmp_path, WORLD) as server:
        credentials = {"KIBO_CLIENT_ID": server.client_id, "KIBO_SHARED_SECRET": server.shared_secret}
        with locust(tmp_path, "alone", *arguments, "--host", server.url, **credentials) as process:
            code = process.wait(PATIENCE)
        seen = [json.loads(line) for line in server.fetch("GET", "/journal").splitlines()]
    said = (tmp_path / "alone.log").read_text(encoding="utf-8")
    report = json.loads((tmp_path / "report/small/report.json").read_text(encoding="utf-8"))

    assert 3 == code, said
    assert {"requests: == 20": "PASS", "http_429_rate: < 0.1": "PASS", "jobs_failed: == 0": "INCONCLUSIVE"} == {
        one["threshold"]: one["verdict"] for one in report["thresholds"]
    }
    assert ("Locust, 1 worker, real time", {"worker 1": 20}) == (report["time"], report["senders"])
    assert {server.client_id} == {entry["client"] for entry in seen} - {None}
    assert server.shared_secret not in said
