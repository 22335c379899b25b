"""Every method that the official SDK has for inventory is called, unchanged, and what it did is read back.

Twice: straight to a simulator without authentication, and by OAuth and the tenant look-up over TLS (A-1 to A-3). The
clock stands still and jobs are let to their end by the control plane, so nothing waits.
"""

import json
import re
import ssl
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import STANDING_STILL, serving

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
CASES = sorted(
    name
    for file in (HERE / "cases").glob("*.js")
    for name in re.findall(r"^  '(\w+Api\.\w+)': async", file.read_text(), re.MULTILINE)
)
NOT_SIMULATED: dict[str, str] = json.loads((HERE / "not_simulated.json").read_text())
RECIPES = {"open": ("--auth", "off"), "tls": ("--tls",)}


@dataclass(frozen=True, slots=True)
class Round:
    """What came of all methods, and which operations the simulator noted for whom."""

    results: dict[str, tuple[str, str]]
    operations: set[tuple[str | None, str | None]]


@pytest.fixture(scope="module", params=RECIPES)
def every_method(
    request: pytest.FixtureRequest, modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Round]:
    """All cases in one run, by one of the two recipes."""
    recipe = str(request.param)
    flags = ("--limits", "off", *STANDING_STILL, *RECIPES[recipe])
    with serving(modules, tmp_path_factory.mktemp(recipe), *flags) as node:
        lines = node.run(HERE / "run.js", SIMULATOR_RECIPE=recipe).splitlines()
        results = {row["method"]: (row["outcome"], row.get("detail", "")) for row in map(json.loads, lines)}
        context = ssl.create_default_context(cafile=node.ca_file)
        with urllib.request.urlopen(f"{node.url}/_simulator/journal", timeout=10, context=context) as journal:
            entries = [json.loads(line) for line in journal]
        yield Round(results, {(entry["operation"], entry["client"]) for entry in entries})


@pytest.mark.parametrize("method", CASES)
def test_a_method_does_what_it_says(every_method: Round, method: str) -> None:
    """Called through the SDK, it has the effect that its case reads back."""
    outcome, detail = every_method.results[method]

    assert outcome == "passed", detail


@pytest.mark.parametrize("method", sorted(NOT_SIMULATED))
def test_what_is_said_to_be_missing_is_missing(every_method: Round, method: str) -> None:
    """A method on the list of what is not simulated finds a 404 that the SDK can read; else it needs a case."""
    outcome, detail = every_method.results[method]

    assert outcome == "not simulated", detail


def test_no_method_is_left_out(every_method: Round) -> None:
    """The SDK's own classes say which methods there are: each has a case or stands on the list, and no other does."""
    assert sorted(every_method.results) == sorted([*CASES, *NOT_SIMULATED])
    assert not set(CASES) & set(NOT_SIMULATED)


def test_the_sdk_found_its_way(every_method: Round, request: pytest.FixtureRequest) -> None:
    """Over TLS it logs in and looks its tenant up by itself; without authentication it does neither."""
    asked = {operation for operation, _ in every_method.operations}
    clients = {client for operation, client in every_method.operations if operation not in {None, "authenticate"}}
    by_oauth = "tls" in request.node.name

    assert asked & {"authenticate", "getTenant"} == ({"authenticate", "getTenant"} if by_oauth else set())
    assert clients == ({"sample.app"} if by_oauth else {"anonymous"})
