"""A simulator for the official SDK to talk to, and Node.js programs that do so."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .installation import NotInstalledError, installed

BIN = Path(sys.executable).parent
CA_FILE = "kibo-simulator-ca.pem"
HERE = Path(__file__).parent
RECIPES = {"open": ("--auth", "off"), "tls": ("--tls",)}
STANDING_STILL = ("--clock", "manual", "--start", "2026-03-02T05:00:00Z")


@dataclass(frozen=True, slots=True)
class Node:
    """Runs programs with the SDK at hand against one simulator."""

    modules: Path
    url: str
    ca_file: Path | None

    def run(self, program: Path, **environment: str) -> str:
        """Run a program to its end; what it printed."""
        # Not the machine's own environment: the SDK's token call obeys proxy variables, even for 127.0.0.1.
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TMPDIR") if name in os.environ}
        trust = {"NODE_EXTRA_CA_CERTS": str(self.ca_file)} if self.ca_file else {}
        done = subprocess.run(
            ["node", str(program)],
            env={**kept, **trust, "NODE_PATH": str(self.modules), "SIMULATOR_URL": self.url, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode or done.stderr:
            raise AssertionError(f"{program.name}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr}")
        return done.stdout


@pytest.fixture(scope="session")
def modules() -> Path:
    """The installed SDK."""
    try:
        return installed()
    except NotInstalledError as error:
        pytest.skip(str(error))


@contextmanager
def serving(modules: Path, folder: Path, *flags: str) -> Iterator[Node]:
    """A simulator on a port of its own; over TLS it keeps its authority in ``folder``."""
    if "--tls" in flags:
        pytest.importorskip("trustme", reason="the extra tls is not installed")
        flags = (*flags, "--tls-dir", str(folder))
    with (
        (folder / "stderr.txt").open("w+") as errors,
        subprocess.Popen(
            [str(BIN / "kibo-simulator"), "serve", "--port", "0", *flags],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                errors.seek(0)
                raise AssertionError(errors.read())
            url = str(json.loads(line)["url"])
            yield Node(modules, url, folder / CA_FILE if url.startswith("https") else None)
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class Round:
    """What came of calling all methods, and the operations that the simulator noted, each with its client."""

    recipe: str
    results: dict[str, tuple[str, str]]
    answers: dict[str, list[Any]]
    operations: set[tuple[str | None, str | None]]


@pytest.fixture(scope="session", params=RECIPES)
def every_method(request: pytest.FixtureRequest, modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Round:
    """All cases in one run, by one of the two recipes."""
    recipe = str(request.param)
    flags = ("--limits", "off", *STANDING_STILL, *RECIPES[recipe])
    with serving(modules, tmp_path_factory.mktemp(recipe), *flags) as node:
        rows = [json.loads(line) for line in node.run(HERE / "run.js", SIMULATOR_RECIPE=recipe).splitlines()]
        context = ssl.create_default_context(cafile=node.ca_file)
        with urllib.request.urlopen(f"{node.url}/_simulator/journal", timeout=10, context=context) as journal:
            entries = [json.loads(line) for line in journal]
    return Round(
        recipe,
        {row["method"]: (row["outcome"], row.get("detail", "")) for row in rows},
        {row["method"]: row.get("answers", []) for row in rows},
        {(entry["operation"], entry["client"]) for entry in entries},
    )
