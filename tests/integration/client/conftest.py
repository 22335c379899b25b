"""The client as a child process, and a simulator for it, over real sockets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

CLIENT = [sys.executable, "-m", "kibo_client.cli"]
GIVEN = {
    # Nothing listens on this port: whoever sends anything fails to connect.
    "KIBO_API_HOST": "http://127.0.0.1:9",
    "KIBO_TENANT": "1001",
    "KIBO_CLIENT_ID": "sample.app",
    "KIBO_SHARED_SECRET": "sample-secret",
}


def environment(**settings: str) -> dict[str, str]:
    """The process's own environment with these Kibo settings and no others."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith("KIBO_")}, **settings}


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A simulator on a port of its own: its URL, and an export of a part of its stock."""
    with subprocess.Popen(
        [sys.executable, "-m", "kibo_simulator.cli", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with urlopen(f"{url}/_simulator/inventory?format=csv") as answer:
            rows = answer.read().decode().splitlines(keepends=True)
        path = tmp_path / "part.csv"
        path.write_text("".join([rows[0], *rows[1:60]]), encoding="utf-8")
        yield url, str(path)
        process.terminate()
