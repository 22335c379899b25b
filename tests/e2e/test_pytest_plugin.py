"""The pytest plugin as its users have it: the documentation's examples, and tests that must fail."""

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLUGIN = "kibo_scenarios.pytest_plugin"


def run_pytest(folder: Path, source: str, *flags: str) -> tuple[dict[str, int], str]:
    """Run a module of tests in a pytest of its own; how many came out how, and what was printed."""
    (folder / "test_examples.py").write_text(source, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n", encoding="utf-8")
    installed = any(one.value == PLUGIN for one in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", PLUGIN]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:schemathesis", *plugin, *flags],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
    )
    last = done.stdout.rstrip().rpartition("\n")[2]
    counts = {
        what.removesuffix("s"): int(number) for number, what in re.findall(r"(\d+) (passed|failed|errors?)", last)
    }
    return counts, done.stdout + done.stderr


@pytest.mark.parametrize("flags", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_examples_of_the_documentation_pass(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """Every block of docs/pytest.md, in order, is a module of passing tests."""
    source = "\n".join(EXAMPLES.findall((ROOT / "docs/pytest.md").read_text(encoding="utf-8")))
    counts, printed = run_pytest(tmp_path, source, *flags)

    # One of them is there twice.
    assert counts == {"passed": source.count("def test_") + 1}, printed


IMPATIENT = """
import asyncio
import pytest
from kibo_scenarios.pytest_plugin import in_virtual_time

FEW = {"pools": [{"route": "/api/commerce/inventory/*", "rpm": 5, "rph": 100}]}


async def call(kibo_world, times, wait):
    async with kibo_world.session() as http:
        headers = {"Authorization": f"Bearer {await kibo_world.token(http)}"}
        for _ in range(times):
            async with http.get("/api/commerce/inventory/v1/queue", headers=headers):
                pass
            await asyncio.sleep(wait)


@pytest.mark.kibo(limits=FEW)
@pytest.mark.kibo_grade(rules=["TH-1"])
@in_virtual_time
async def test_impatient(kibo_world):
    await call(kibo_world, 7, 1)


@pytest.mark.kibo_grade(require=["TH-1"])
@in_virtual_time
async def test_unproven(kibo_world):
    await call(kibo_world, 2, 60)


@pytest.mark.kibo_grade(rules=["XX-1"])
@in_virtual_time
async def test_unknown_rule(kibo_world):
    pass


@pytest.mark.kibo_grade()
def test_nothing_to_judge():
    pass


@in_virtual_time
async def test_no_world():
    pass


@in_virtual_time
def test_not_async(kibo_world):
    pass


@pytest.mark.kibo(limits={"pools": [{"route": "x"}]})
def test_wrong_settings(kibo_world):
    pass


@pytest.mark.kibo(jobs={"workers": 2})
def test_not_its_own(kibo_tenant):
    pass


@pytest.mark.kibo_serve("--clock", "sideways")
def test_wrong_flag(kibo_server):
    pass
"""


def test_what_must_fail_fails_and_says_why(tmp_path: Path) -> None:
    """TH-1: a broken rule names the moment and the remedy; every misuse is named, and nothing passes by accident."""
    counts, printed = run_pytest(tmp_path, IMPATIENT)

    assert counts == {"failed": 6, "error": 3}, printed
    for said in (
        r"TH-1 FAIL: ",
        r"2026-03-02T05:00:06\S+  #\d+ \w+ arrived .* too early",
        r"remedy: Read the Retry-After header",
        r"TH-1 INCONCLUSIVE, and a PASS was required",
        r"unknown rule 'XX-1': expected one of TH-1",
        r"asks for none of kibo_world, kibo_server",
        r"test_no_world is decorated with in_virtual_time and does not ask for kibo_world",
        r"^test_not_async is decorated with in_virtual_time and is not async; use kibo_server$",
        r"kibo: \$\.limits\.pools\[0\]\.route: a route starts with / and may end with \*",
        r"kibo: \$\.jobs: is not a tenant's own; set it in the fixture kibo_session_settings",
        r"^kibo_serve: the simulator did not start: .*--clock sideways: real, manual or xN",
    ):
        assert re.search(said, printed, re.MULTILINE), (said, printed)
    assert "served_simulator.py" not in printed
