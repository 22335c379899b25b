"""Logging in as the official SDK does, and what it makes of being refused (A-1, A-2)."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import STANDING_STILL, serving

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def seen(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Several tries to come in, over TLS."""
    with serving(modules, tmp_path_factory.mktemp("access"), "--tls", *STANDING_STILL) as node:
        found: dict[str, Any] = json.loads(node.run(HERE / "access.js", SIMULATOR_RECIPE="tls"))
    return found


def test_a_wrong_secret_is_told_in_words(seen: dict[str, Any]) -> None:
    """The SDK looks for errorCode in the refusal and throws its message."""
    error = seen["wrongSecret"]

    assert (error["name"], error["status"]) == ("Error", None)
    assert "secret is not known" in error["message"]


def test_another_tenant_is_not_looked_up(seen: dict[str, Any]) -> None:
    """A-2: the look-up is refused, and that is all the SDK tells."""
    assert seen["otherTenant"] == {"name": "Error", "message": "error fetching tenant data", "status": None}


def test_an_unknown_token_is_a_401(seen: dict[str, Any]) -> None:
    """A-1: with a token of its own the SDK gets the platform's envelope and status."""
    error = seen["noSuchToken"]

    assert (error["name"], error["status"]) == ("ResponseError", 401)
    assert "access token is unknown" in error["message"]


def test_a_token_is_renewed(seen: dict[str, Any]) -> None:
    """A-1: an old token is renewed with the refresh token by the same OAuth call, and the new one is good."""
    assert (seen["right"], seen["renewed"]) == ({"answer": []}, {"answer": []})
    assert (seen["otherToken"], seen["lifetime"]) == (True, ["bearer", 3600])
