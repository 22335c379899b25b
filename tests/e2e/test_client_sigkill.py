"""The client killed with SIGKILL at random points of a throttled run with faults, and resumed to its end (C8, C12)."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from random import Random
from secrets import randbelow
from shutil import which
from typing import Any

import pytest

from kibo_scenarios.drivers.faketime import forget_shared_state, sped_up

from .conftest import Serve

KILLS = int(os.environ.get("KIBO_CLIENT_KILLS", "3"))
SEED = int(os.environ.get("KIBO_CLIENT_KILL_SEED") or randbelow(2**32))
SPEED = 60
CLIENT = ["-m", "kibo_client.cli"]
LIMITS = {"pools": [{"route": "/api/commerce/inventory/*", "rpm": 50, "rph": 600}]}
FAULTS = [
    {"match": {"path": "/api/commerce/inventory/*", "probability": 0.04}, "effect": {"kind": "status", "status": 503}},
    {"match": {"path": "/api/commerce/inventory/*", "probability": 0.03}, "effect": {"kind": "reset"}},
    {"match": {"operation": "deleteItems", "probability": 0.05}, "effect": {"kind": "lost_answer"}},
]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(which("faketime") is None, reason="faketime is not installed")]


def told(url: str, path: str) -> Any:
    """What the control plane says."""
    with urllib.request.urlopen(f"{url}/_simulator{path}", timeout=60) as answer:
        content = answer.read()
        return (
            [json.loads(line) for line in content.splitlines()]
            if "ndjson" in answer.headers["Content-Type"]
            else (json.loads(content))
        )


def stock(url: str) -> dict[tuple[str, str], int]:
    """Quantity on hand by location and SKU."""
    return {(row["locationCode"], row["sku"]): row["onHand"] for row in told(url, "/inventory")}


def test_killed_at_random_points_the_end_is_that_of_an_undisturbed_run(serve: Serve, tmp_path: Path) -> None:
    """C8, C12: every target is gone and nothing else, no job is left unseen, and nothing is named as undone."""
    limits, faults = tmp_path / "limits.json", tmp_path / "faults.json"
    limits.write_text(json.dumps(LIMITS), encoding="utf-8")
    faults.write_text(json.dumps(FAULTS), encoding="utf-8")
    url = serve(
        "--clock", f"x{SPEED}", "--limits", str(limits), "--faults", str(faults), "--sample", "4", "400",
        "--seed", str(SEED % 1_000),
    ).url  # fmt: skip
    before = stock(url)
    doomed = {key for key in before if int(key[1][-2:]) % 2}
    targets, journal, log = tmp_path / "targets.jsonl", tmp_path / "run.journal", tmp_path / "errors.log"
    targets.write_text(
        "".join(json.dumps({"locationCode": code, "sku": sku}) + "\n" for code, sku in sorted(doomed)), encoding="utf-8"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KIBO_")},
        "KIBO_API_HOST": url, "KIBO_TENANT": "1001", "KIBO_SITE": "1",
        "KIBO_CLIENT_ID": "sample.app", "KIBO_SHARED_SECRET": "sample-secret",
    }  # fmt: skip
    command = sped_up([sys.executable, *CLIENT], SPEED, 0)
    first = ["delete", "--targets", str(targets), "--batch-size", "5", "--run-journal", str(journal)]
    limited = ["--rpm", "50", "--rph", "600", "--yes", "--progress", "none"]
    random = Random(SEED)
    sys.stdout.write(f"KIBO_CLIENT_KILL_SEED={SEED} KIBO_CLIENT_KILLS={KILLS}\n")
    killed = 0
    while killed < KILLS:
        again = ["resume", str(journal)] if journal.exists() and journal.stat().st_size else first
        with (
            log.open("ab") as errors,
            subprocess.Popen(
                [*command, *again, *limited],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                # faketime waits for the client beside it: both are to die.
                start_new_session=True,
            ) as process,
        ):
            try:
                # Done before its time: there is nothing left to kill.
                assert process.wait(0.5 + 1.5 * random.random()) == 0, log.read_text(encoding="utf-8")
                break
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                forget_shared_state(process.pid)
                killed += 1
    ended = subprocess.run(
        [*command, "resume", str(journal), *limited, "--json"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    # Jobs of submissions whose answers nobody saw may still be at work.
    deadline = time.monotonic() + 30
    while any(job["status"] in {"PENDING", "WORKING"} for job in told(url, "/jobs?limit=100000")):
        assert time.monotonic() < deadline
    after = stock(url)

    assert ended.returncode == 0, ended.stderr[-2_000:]
    report = json.loads(ended.stdout)
    assert killed == KILLS
    assert {key: count for key, count in before.items() if key not in doomed} == after
    assert (report["openJobs"], report["undone"]) == ([], [])
