"""The pipeline of docs/ci.md, run step by step exactly as it is written there, and the regression that it finds."""

import os
import re
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files() -> dict[str, str]:
    """The files that the page shows, by name."""
    return dict(NAMED.findall(PAGE))


def parsed(text: str) -> Any:
    """A YAML document."""
    return YAML(typ="safe", pure=True).load(text)


def steps(name: str) -> list[dict[str, Any]]:
    """The steps of a workflow that the page shows."""
    (job,) = parsed(files()[name])["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a runner has after its checkouts: a Python, the page's files, and this project beside them."""
    folder = tmp_path_factory.mktemp("pipeline")
    for name, text in files().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    venv.create(folder / "python", with_pip=True)
    (packages,) = (folder / "python").glob("lib/python*/site-packages")
    # The libraries are here already; what is tested is what the steps install.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    kept = ("simulator", "client", "scenarios", "pyproject.toml", "README.md", "LICENSE")
    checkout = folder / "kibo-simulator"
    checkout.mkdir()
    for name in kept:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, checkout / name)
    return folder


def shell(command: str, workspace: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a step as a runner does, with the Python that was set up for it."""
    told = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command],
        cwd=workspace,
        env={**told, "PATH": f"{workspace / 'python/bin'}:{told['PATH']}", **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def pipeline(workspace: Path) -> list[tuple[str, int, str]]:
    """Every ``run`` step of the workflow with its exit code and what it printed."""
    ran = []
    for step in steps(".github/workflows/kibo.yml"):
        if "run" in step:
            done = shell(step["run"], workspace)
            ran.append((step["run"], done.returncode, done.stdout + done.stderr))
    return ran


def test_every_step_of_the_pipeline_passes(pipeline: list[tuple[str, int, str]], workspace: Path) -> None:
    """The pipeline is green, and leaves the artefacts that it says it keeps."""
    assert [(command, code) for command, code, _ in pipeline] == [(command, 0) for command, _, _ in pipeline], pipeline
    assert len(pipeline) == 4
    left = {file.name for file in (workspace / "kibo-reports").rglob("*") if file.is_file()}
    assert {"report.html", "tests.xml"} <= left, left
    assert any(name.endswith(".sarif") for name in left), left


def test_a_pause_that_is_taken_away_turns_the_pipeline_red(
    pipeline: list[tuple[str, int, str]], workspace: Path
) -> None:
    """BA-5: with SPACING = 0 the last step fails, naming the rule, the moment and the fix as the page shows them."""
    client = workspace / "sync.py"
    sound = client.read_text(encoding="utf-8")
    assert sound.count("SPACING = 5\n") == 1
    client.write_text(sound.replace("SPACING = 5\n", "SPACING = 0\n"), encoding="utf-8")
    try:
        done = shell(pipeline[-1][0], workspace)
    finally:
        client.write_text(sound, encoding="utf-8")

    assert done.returncode == 1
    (shown,) = SHOWN.findall(PAGE)
    for line in shown.splitlines():
        pattern = ".*".join(map(re.escape, line.strip().split("…")))
        assert re.search(pattern, done.stdout), (line, done.stdout)


def test_the_composite_action_does_the_same(pipeline: list[tuple[str, int, str]], workspace: Path) -> None:
    """Its steps, with the inputs that the page names, check and run the scenario and write the reports."""
    assert pipeline[0][1] == 0
    action = parsed((ROOT / "action.yml").read_text(encoding="utf-8"))
    inputs = {name: str(told.get("default", "")) for name, told in action["inputs"].items()}
    inputs |= {"scenarios": "kibo-scenarios/nightly.yaml", "report": "of-the-action"}
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        if "run" not in step:
            continue
        assert step["shell"] == "bash"
        environment = {
            name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], value)
            for name, value in step.get("env", {}).items()
        }
        # Text from outside reaches the shell as a variable, never as part of the script.
        assert "${{" not in step["run"]
        if step["name"] == "Install":
            # Done by the pipeline before.
            continue
        done = shell(step["run"], workspace, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (workspace / "of-the-action/report.html").is_file()


def test_the_hook_names_a_program_that_checks(pipeline: list[tuple[str, int, str]], workspace: Path) -> None:
    """The hook's entry, for the files that it selects, accepts the scenario and refuses a spoilt one."""
    assert pipeline[0][1] == 0
    (hook,) = parsed((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    names = [name for name in files() if re.search(hook["files"], name)]
    spoilt = workspace / "kibo-scenarios/spoilt.yaml"
    spoilt.write_text(files()["kibo-scenarios/nightly.yaml"].replace("rpm: 25, rph: 100}]", "rpm: -1}]"), "utf-8")
    try:
        good = shell(f"{hook['entry']} {' '.join(names)}", workspace)
        bad = shell(f"{hook['entry']} {spoilt.relative_to(workspace)}", workspace)
    finally:
        spoilt.unlink()

    assert names == ["kibo-scenarios/nightly.yaml"]
    assert (good.returncode, bad.returncode) == (0, 2), good.stderr + bad.stdout
    assert re.search(r"kibo-scenarios/spoilt\.yaml:\d+:\d+: \$\.simulator\.limits\.pools\[0\]\.rpm: ", bad.stderr)
