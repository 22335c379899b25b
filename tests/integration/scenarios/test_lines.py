"""The bare connections of load scenarios' clients, against real aiohttp servers in virtual time."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from kibo_scenarios.lines import Lines, NoAnswerError
from kibo_scenarios.memory_transport import Fault, Harm, Link, MemoryNetwork, Path, serve_in_memory
from kibo_scenarios.plain_answers import Answered
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

HOST = "simulator.test"


async def echo(request: web.Request) -> web.Response:
    """Say back what came."""
    told = (request.method, request.raw_path, request.host, request.headers.get("Authorization", "-"))
    return web.Response(text=" ".join(told) + " " + await request.text())


async def refuse(_: web.Request) -> web.Response:
    """Refuse with a wait."""
    return web.Response(status=429, headers={"Retry-After": "900"})


async def dribble(request: web.Request) -> web.StreamResponse:
    """Answer in chunks whose number nobody knows beforehand."""
    response = web.StreamResponse()
    await response.prepare(request)
    for part in (b"one ", b"two ", b"three"):
        await response.write(part)
    return response


async def leave(_: web.Request) -> web.Response:
    """Answer, and hang up."""
    response = web.Response(text="bye")
    response.force_close()
    return response


async def break_off(request: web.Request) -> web.StreamResponse:
    """Promise more than comes."""
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport is not None
    request.transport.close()
    return response


def talk(link: Link, main: Callable[[Lines, MemoryNetwork, VirtualTimeLoop], Awaitable[None]]) -> None:
    """Serve the handlers above at their names, and talk to them."""

    async def whole(loop: VirtualTimeLoop) -> None:
        application = web.Application()
        for handler in (echo, refuse, dribble, leave, break_off):
            application.router.add_route("*", f"/{handler.__name__}", handler)
        network = MemoryNetwork(link)
        async with serve_in_memory(application, network, HOST):
            lines = Lines(lambda make: network.connect(make, HOST, 80), HOST)
            await main(lines, network, loop)
            await lines.aclose()

    run_virtual(whole, start_us=0)


def test_a_request_arrives_as_it_was_meant_and_the_connection_is_kept() -> None:
    """Method, path, token and body arrive; what follows goes over the same connection, whatever the status."""

    async def main(lines: Lines, network: MemoryNetwork, loop: VirtualTimeLoop) -> None:
        answers = [
            await lines.ask("GET", "/echo?items=a%2Cb"),
            await lines.ask("POST", "/echo", b'{"a":1}', "secret"),
            await lines.ask("GET", "/refuse"),
            await lines.ask("GET", "/dribble"),
        ]

        assert answers == [
            Answered(200, "", b"GET /echo?items=a%2Cb simulator.test - "),
            Answered(200, "", b'POST /echo simulator.test Bearer secret {"a":1}'),
            Answered(429, "900", b""),
            Answered(200, "", b"one two three"),
        ]
        assert (network.opened, loop.now_us) == (1, 5 * 2 * 25_000)

    talk(Link.delayed(25_000), main)


def test_a_connection_that_the_server_closes_is_replaced() -> None:
    """The next request does not go where nobody listens any more."""

    async def main(lines: Lines, network: MemoryNetwork, _: VirtualTimeLoop) -> None:
        answers = [await lines.ask("GET", "/leave") for _ in range(2)]

        assert [answer.body for answer in answers] == [b"bye", b"bye"]
        assert network.opened == 2

    talk(Link(), main)


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (Link.refusing(), "/echo"),
        (Link.cut_before_answer(), "/echo"),
        (Link.cut_before_answer(harm=Harm.END), "/echo"),
        (Link.reset_after_answer_bytes(40), "/echo"),
        (Link.half_closed_after_answer_bytes(40), "/echo"),
        (Link(), "/break_off"),
    ],
)
def test_whatever_leaves_the_outcome_open_is_no_answer(link: Link, path: str) -> None:
    """RT-5: refused, cut, reset or broken off; nothing is sent a second time."""

    async def main(lines: Lines, network: MemoryNetwork, _: VirtualTimeLoop) -> None:
        with pytest.raises(NoAnswerError):
            await lines.ask("GET", path)

        assert network.opened == 1

    talk(link, main)


@pytest.mark.parametrize(
    "path",
    [
        Path(0, Fault(Harm.VANISH)),
        Path(0, Fault(Harm.VANISH, 160)),
    ],
)
def test_patience_ends_to_the_microsecond(path: Path) -> None:
    """An answer that never comes, or stops midway, is given up after so many seconds, not at some later round."""

    async def main(lines: Lines, _: MemoryNetwork, loop: VirtualTimeLoop) -> None:
        with pytest.raises(NoAnswerError):
            await lines.ask("GET", "/echo")

        assert loop.now_us == 300_000_000

    talk(Link(to_client=path), main)


def test_patience_begins_anew_with_each_request() -> None:
    """One timer watches over all of a connection, and no answer falls victim to its predecessor's."""

    async def main(lines: Lines, _: MemoryNetwork, loop: VirtualTimeLoop) -> None:
        assert [(await lines.ask("GET", "/refuse")).status for _ in range(4)] == [429] * 4
        assert loop.now_us == 5 * 200_000_000

    talk(Link.delayed(100_000_000), main)
