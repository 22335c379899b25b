"""The container: built where an engine runs, and held to its promises line by line everywhere."""

import json
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as pairs of instruction and the rest of its line, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in lines)]


def final(word: str) -> str:
    """The last instruction of this kind, the one that counts."""
    return [rest for one, rest in instructions() if one == word][-1]


def test_it_serves_by_default_as_nobody_in_particular_and_is_watched() -> None:
    """Not root, `serve` unless told otherwise, a health check, and a signal that drains."""
    assert re.fullmatch(r"[1-9]\d*", final("USER"))
    assert [*json.loads(final("ENTRYPOINT")), *json.loads(final("CMD"))] == [
        "kibo-simulator", "serve", "--host", "0.0.0.0",  # inside a container
    ]  # fmt: skip
    assert json.loads(final("HEALTHCHECK").partition("CMD ")[2]) == ["kibo-simulator", "ctl", "health"]
    assert (final("EXPOSE"), final("STOPSIGNAL")) == ("8765", "SIGTERM")
    order = [word for word, _ in instructions()]
    assert order.index("USER") < order.index("ENTRYPOINT")


def test_what_it_copies_is_there_and_let_in() -> None:
    """Every source of a COPY exists, and .dockerignore excepts it from what is kept out."""
    kept_in = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    sources = [
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if not any(fnmatch(source, kept) for kept in kept_in)] == []


def test_it_builds_and_runs() -> None:
    """The image builds, and its program runs."""
    docker = which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine runs here")
    tag = "kibo-simulator:under-test"
    built = subprocess.run([docker, "build", "-q", "-t", tag, str(ROOT)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    asked = subprocess.run(
        [docker, "run", "--rm", "--entrypoint", "kibo-simulator", tag, "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.startswith("kibo-simulator ")
