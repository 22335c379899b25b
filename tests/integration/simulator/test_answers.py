"""Whoever puts something around the simulator's application sees its answers whole, and may change them."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from kibo_simulator import Settings, Simulator
from kibo_simulator.web import build_application

HOST = "kibo.test"
PATH = "/api/platform/applications/authtickets/oauth"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def with_a_middleware(inner: web.Application) -> web.Application:
    """One that stands before the simulator's own."""

    @web.middleware
    async def signed(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        response.headers["X-Seen"] = response.headers["Content-Type"]
        return response

    inner.middlewares.insert(0, signed)
    return inner


def with_a_signal(inner: web.Application) -> web.Application:
    """One that listens for answers that are about to leave."""

    async def sign(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Seen"] = response.headers["Content-Type"]

    inner.on_response_prepare.append(sign)
    return inner


def within_another(inner: web.Application) -> web.Application:
    """One that the simulator's is a part of, with a middleware of its own."""
    outer = with_a_middleware(web.Application())
    outer.add_domain(HOST, inner)
    return outer


@pytest.mark.parametrize("around", [with_a_middleware, with_a_signal, within_another])
async def test_what_stands_around_the_application_sees_its_answers(
    around: Callable[[web.Application], web.Application],
) -> None:
    """Answers that leave in one piece do so only where nobody looks."""
    simulator = Simulator(Settings())
    try:
        application = around(build_application(simulator))
        async with (
            TestClient(TestServer(application)) as client,
            client.post(PATH, data=b"{}", headers={"Host": HOST}) as answer,
        ):
            assert (answer.status, answer.headers["Server"]) == (401, "kibo-simulator")
            assert answer.headers["X-Seen"] == "application/json; charset=utf-8"
            assert "errorCode" in await answer.json()
    finally:
        simulator.close()
