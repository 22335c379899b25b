"""Every method that the official SDK has for inventory is called, unchanged, and what it did is read back.

Twice: straight to a simulator without authentication, and by OAuth and the tenant look-up over TLS (A-1 to A-3). The
clock stands still and jobs are let to their end by the control plane, so nothing waits.
"""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from .conftest import Round
from .declarations import Declarations

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
CASES = sorted(
    name
    for file in (HERE / "cases").glob("*.js")
    for name in re.findall(r"^  '(\w+Api\.\w+)': async", file.read_text(), re.MULTILINE)
)
NOT_SIMULATED: dict[str, str] = json.loads((HERE / "not_simulated.json").read_text())
DIFFERENCES: dict[str, str] = json.loads((HERE / "differences.json").read_text())


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


def test_the_sdk_found_its_way(every_method: Round) -> None:
    """Over TLS it logs in and looks its tenant up by itself; without authentication it does neither."""
    asked = {operation for operation, _ in every_method.operations}
    clients = {client for operation, client in every_method.operations if operation not in {None, "authenticate"}}
    by_oauth = every_method.recipe == "tls"

    assert asked & {"authenticate", "getTenant"} == ({"authenticate", "getTenant"} if by_oauth else set())
    assert clients == ({"sample.app"} if by_oauth else {"anonymous"})


def test_answers_are_what_the_sdk_declares(every_method: Round, modules: Path) -> None:
    """Every field of every answer is declared, with its type; where not, the list of differences says why."""
    declarations = Declarations(modules)
    found = {
        difference
        for method in CASES
        for answer in every_method.answers[method]
        for difference in declarations.differences(method, answer)
    }

    # A bracket in a pattern would be a set of characters.
    patterns = {pattern: pattern.replace("[", "[[]") for pattern in DIFFERENCES}
    assert sorted(each for each in found if not any(fnmatchcase(each, escaped) for escaped in patterns.values())) == []
    assert [pattern for pattern, escaped in patterns.items() if not any(fnmatchcase(x, escaped) for x in found)] == []
