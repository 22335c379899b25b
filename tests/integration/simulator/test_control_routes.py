"""Every declared route of the control plane: who gets in, what is refused, and how refusals look."""

import re
from typing import Any

import pytest
from aiohttp import ClientError

from kibo_simulator.web.control import PREFIX, ROUTES, ControlRoute

from .conftest import Bench, MakeBench

EVERY = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")


def address(route: ControlRoute[Any]) -> str:
    """The route's path with something in place of its names."""
    return re.sub(r"\{\w+\}", "1", route.full_path)


@EVERY
async def test_strangers_are_kept_out_of_every_route(make_bench: MakeBench, route: ControlRoute[Any]) -> None:
    """Security: without a token a page in a browser is 403 everywhere, with one whoever lacks it is 401."""
    open_bench, closed_bench = await make_bench(), await make_bench(control_token="open sesame")  # a test's token
    page = await open_bench.send(route.method, address(route), headers={"Origin": "http://evil.example"})
    stranger = await closed_bench.send(route.method, address(route), headers={"Authorization": "Bearer open says me"})

    assert (403, "FORBIDDEN") == (page.status, page.body["errorCode"])
    assert (401, "UNAUTHORIZED") == (stranger.status, stranger.body["errorCode"])


@EVERY
async def test_every_refusal_carries_a_correlation_id(bench: Bench, route: ControlRoute[Any]) -> None:
    """An id in body and header that are one; no two refusals share it."""
    replies = [await bench.send(route.method, f"{address(route)}?nonsense=1") for _ in range(2)]
    found = [reply.body["correlationId"] for reply in replies]

    assert [reply.headers["x-vol-correlation"] for reply in replies] == found
    assert 2 == len(set(found))
    assert [400, 400] == [reply.status for reply in replies]


async def test_no_route_is_throttled_faulted_or_journaled(bench: Bench) -> None:
    """Contract: the control plane is outside limits, faults and journal, whatever they are made to be for."""
    await bench.send("PUT", f"{PREFIX}/limits", {"pools": [{"route": "/*", "rpm": 0}]})
    everything = {"match": {"path": "*", "times": 1}, "effect": {"kind": "reset"}}
    added = await bench.send("POST", f"{PREFIX}/faults", everything)
    # What makes the simulation anew would take limits and fault with it, and so would the end of the fault.
    routes = [route for route in ROUTES if route.name not in {"reset", "clearFaults", "setLimits"}]
    statuses: dict[str, int] = {}
    for route in routes:
        if "text/event-stream" not in route.media:
            statuses[route.name] = (await bench.send(route.method, address(route))).status
    left = (await bench.send("GET", f"{PREFIX}/faults")).body["faults"]
    journaled = [each.path for each in bench.simulator.journal.held() if each.path.startswith(PREFIX)]
    with pytest.raises(ClientError):
        await bench.send("GET", "/api/nothing")

    assert added.status in {200, 201}
    assert [0] == [fault["uses"] for fault in left]
    assert [] == journaled
    assert {} == {name: status for name, status in statuses.items() if status == 429 or status >= 500}


async def test_looking_changes_nothing_about_the_api(make_bench: MakeBench) -> None:
    """T-4: refusals of the control plane take no numbers from the API's correlation ids, nor leave they traces."""
    quiet, nosy = await make_bench(), await make_bench()
    await nosy.send("GET", "/_simulator/nothing")
    found = [(await bench.send("GET", "/api/nothing")).headers["x-vol-correlation"] for bench in (quiet, nosy)]

    assert found[0] == found[1]
    assert len(quiet.simulator.journal) == len(nosy.simulator.journal)


async def test_a_wrong_method_is_told_the_right_ones(bench: Bench) -> None:
    """405 with Allow where the path exists."""
    reply = await bench.send("DELETE", "/_simulator/clock")

    assert (405, "GET, PUT", "METHOD_NOT_ALLOWED") == (reply.status, reply.headers["Allow"], reply.body["errorCode"])


async def test_an_empty_parameter_is_not_taken_for_none(bench: Bench) -> None:
    """A shell's unset variable must not come to mean the first tenant."""
    reply = await bench.send("GET", "/_simulator/jobs?tenant=")

    assert (400, "tenant: is empty; leave it out or give it a value") == (reply.status, reply.body["message"])


async def test_a_misspelt_parameter_is_refused_by_name(bench: Bench) -> None:
    """A filter that means nothing is told what is accepted instead of being overlooked."""
    reply = await bench.send("GET", "/_simulator/jobs?tennant=1")

    assert reply.body["message"] == ("tennant: is no parameter of GET /_simulator/jobs; tenant, limit are accepted")


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("GET", "jobs?tenant=1001&tenant=1001", None, "tenant: stands here twice; one value is accepted"),
        ("POST", "reset", {"seed": 5}, "$: POST /_simulator/reset takes no body"),
        ("DELETE", "faults", ["fault-1"], "$: DELETE /_simulator/faults takes no body"),
    ],
)
async def test_what_would_be_passed_over_is_refused(
    bench: Bench, method: str, path: str, body: object, message: str
) -> None:
    """A second value and a body that nobody reads were meant for something; an empty object is no body."""
    refused = await bench.send(method, f"/_simulator/{path}", body)
    taken = await bench.send("DELETE", "/_simulator/faults", {})

    assert (refused.status, refused.body["message"]) == (400, message)
    assert taken.status == 200
