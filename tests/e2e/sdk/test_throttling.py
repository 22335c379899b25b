"""What users of the official SDK see of a 429 (RL-7, RL-8, RL-12): the reason why docs/official-sdk.md has recipes."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import STANDING_STILL, serving

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def seen(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same three calls under a limit of one a minute, with either body."""
    with serving(modules, tmp_path_factory.mktemp("throttling"), "--auth", "off", *STANDING_STILL) as node:
        empty, body = node.run(HERE / "throttling.js", SIMULATOR_RECIPE="open").splitlines()
    return {"empty": json.loads(empty), "json": json.loads(body)}


def test_an_empty_body_hides_the_status(seen: dict[str, Any]) -> None:
    """The SDK parses every body of an error: Kibo's empty 429 becomes a SyntaxError without status and header."""
    error = seen["empty"]

    assert (error["name"], error["response"], error["errorCode"]) == ("SyntaxError", None, None)
    assert error["message"] == "Unexpected end of JSON input"


def test_a_json_body_shows_the_status_but_no_header(seen: dict[str, Any]) -> None:
    """With ``throttle_body: json`` it is a ResponseError with status and correlation id; Retry-After is not in it."""
    error = seen["json"]
    response = error["response"]

    assert (error["name"], error["errorCode"]) == ("ResponseError", "TOO_MANY_REQUESTS")
    assert sorted(response) == ["correlationId", "status", "statusText", "url"]
    assert (response["status"], len(response["correlationId"])) == (429, 32)


@pytest.mark.parametrize("body", ["empty", "json"])
def test_a_post_middleware_sees_status_and_header(seen: dict[str, Any], body: str) -> None:
    """It is called before the body is parsed, with status and headers and no body, whichever body there is."""
    first, refused, early, on_time = seen[body]["seen"]

    assert [first, refused, early, on_time] == [
        [200, None, "undefined"],
        [429, "60", "undefined"],
        [429, "60", "undefined"],
        [200, None, "undefined"],
    ]


@pytest.mark.parametrize("body", ["empty", "json"])
def test_waiting_for_exactly_so_long_is_enough(seen: dict[str, Any], body: str) -> None:
    """RL-8: a second less than Retry-After is too early, Retry-After itself is not."""
    assert seen[body]["afterwards"] == ["refused", "answered"]
