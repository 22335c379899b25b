"""A real aiohttp client and server in virtual time: each known trap is handled, or shown with its remedy."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import os
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from pathlib import Path as FilePath
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from kibo_scenarios.memory_transport import (
    EXACT_TIMEOUTS,
    Harm,
    Link,
    Links,
    MemoryConnector,
    MemoryNetwork,
    Uniform,
    memory_session,
    serve_in_memory,
)
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

START_US = 1_700_000_000_000_000
URL = "http://simulator.test/"
Scenario = Callable[[VirtualTimeLoop, aiohttp.ClientSession, list[str]], Awaitable[Any]]


def application(seen: list[str]) -> web.Application:
    """Make a small server that writes down what reaches it."""

    async def hello(request: web.Request) -> web.Response:
        seen.append(f"{request.method} at {asyncio.get_running_loop().time()}")
        return web.json_response({"remote": request.remote, "body": len(await request.read())})

    async def slow(request: web.Request) -> web.Response:
        try:
            await asyncio.sleep(float(request.query["s"]))
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return web.Response(text="slept")

    async def echo(request: web.Request) -> web.Response:
        answer = web.Response(body=await request.read())
        answer.enable_compression()
        return answer

    async def file(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(FilePath(__file__))

    app = web.Application(client_max_size=10_000_000)
    app.router.add_route("*", "/", hello)
    app.router.add_get("/slow", slow)
    app.router.add_post("/echo", echo)
    app.router.add_get("/file", file)
    return app


def run(scenario: Scenario, *, links: Links | None = None, seed: int | None = None, **server: Any) -> Any:
    """Run a scenario with a session and the server's log."""
    session_options = server.pop("session", {})

    async def main(loop: VirtualTimeLoop) -> Any:
        seen: list[str] = []
        network = MemoryNetwork(links)
        async with (
            serve_in_memory(application(seen), network, **server),
            memory_session(network, URL, **session_options) as session,
        ):
            return await scenario(loop, session, seen)

    return run_virtual(main, start_us=START_US, seed=seed)


def test_a_request_and_its_answer() -> None:
    """A request over 25 ms each way takes two round trips with a new connection, one with an old one."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[Any]:
        async with session.post("/", data=b"12345") as answer:
            body = await answer.json()
        first = loop.now_us
        async with session.get("/") as answer:
            await answer.read()
        return [body, first, loop.now_us, seen]

    assert run(scenario, links=Link.delayed(25_000)) == [
        {"remote": "127.0.0.1", "body": 5},
        100_000,
        150_000,
        ["POST at 0.075", "GET at 0.125"],
    ]


def test_date_tells_simulated_time() -> None:
    """Trap 1: the Date header is the simulated wall clock, thirty virtual days on as well."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[int]:
        dates = []
        for _ in range(2):
            async with session.get("/") as answer:
                dates.append(int(parsedate_to_datetime(answer.headers["Date"]).timestamp()) * 1_000_000)
            await asyncio.sleep(30 * 86_400)
        return dates

    assert run(scenario) == [START_US, START_US + 30 * 86_400_000_000]


def test_date_may_be_set_by_the_application() -> None:
    """Trap 1: an application with a clock of its own has the last word, and stamping can be left to it."""

    async def main(loop: VirtualTimeLoop) -> list[str]:
        dates = []
        for stamp in (True, False):
            app = application([])

            async def own_clock(_request: web.Request, response: web.StreamResponse) -> None:
                response.headers["Date"] = "Sat, 01 Jan 2000 00:00:00 GMT"

            app.on_response_prepare.append(own_clock)
            network = MemoryNetwork()
            async with (
                serve_in_memory(app, network, stamp_date=stamp),
                memory_session(network, URL) as session,
                session.get("/") as answer,
            ):
                dates.append(answer.headers["Date"])
        return dates

    assert run_virtual(main, start_us=START_US) == ["Sat, 01 Jan 2000 00:00:00 GMT"] * 2


@pytest.mark.parametrize(("gap_s", "connections"), [(14.9, 1), (15.1, 2), (3_600, 2)])
def test_pooled_connections_age_in_virtual_time(gap_s: float, connections: int) -> None:
    """Trap 2: a connection idle for longer than the client's 15 s is not used again."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> int:
        for _ in range(2):
            async with session.get("/") as answer:
                await answer.read()
            await asyncio.sleep(gap_s)
        connector = session.connector
        assert isinstance(connector, MemoryConnector)
        return connector._network.opened

    assert run(scenario) == connections


@pytest.mark.parametrize(
    ("server", "gap_s", "expected"),
    [
        ({"keepalive_s": 75}, 75, {"answered", "disconnected"}),
        ({"keepalive_s": 75}, 74, {"answered"}),
        ({"keepalive_s": 75}, 76, {"answered"}),
        ({}, 75, {"answered"}),
        ({}, 3_600, {"answered"}),
    ],
)
def test_coming_back_as_the_server_closes(server: dict[str, Any], gap_s: float, expected: set[str]) -> None:
    """Trap 3: a POST at the instant the server closes its idle connection may be lost; the default is prime."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> str:
        async with session.post("/") as answer:
            await answer.read()
        await asyncio.sleep(gap_s)
        try:
            async with session.post("/") as answer:
                await answer.read()
        except aiohttp.ServerDisconnectedError:
            return "disconnected"
        return "answered"

    options: dict[str, Any] = {"session": {"connector": {"keepalive_timeout": 4_000}}}

    assert {run(scenario, seed=seed, **options, **server) for seed in range(20)} == expected


def test_a_request_that_crosses_the_servers_close() -> None:
    """Trap 3: with a delay on the link, a POST sent while the close is under way is lost, tie or no tie."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[str]:
        async with session.post("/") as answer:
            await answer.read()
        await asyncio.sleep(74.995)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.post("/")
        return seen

    options: dict[str, Any] = {"session": {"connector": {"keepalive_timeout": 4_000}}}

    assert run(scenario, links=Link.delayed(10_000), keepalive_s=75, **options) == ["POST at 0.03"]


def test_larger_bodies_are_compressed_and_files_read_inline() -> None:
    """Trap 4: aiohttp compresses bodies and reads files in the executor, which takes no virtual time here."""
    own_text = FilePath(__file__).read_text("utf-8")

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[Any]:
        body = b"compressible " * 10_000
        async with session.post("/echo", data=body, compress=True) as answer:
            same = await answer.read() == body
            encoding = answer.headers["Content-Encoding"]
        async with session.get("/file") as answer:
            text = await answer.text()
        return [same, encoding, text == own_text, loop.now_us]

    assert run(scenario) == [True, "deflate", True, 0]


@pytest.mark.parametrize(
    ("timeout", "ends_s"),
    [
        (aiohttp.ClientTimeout(total=30, ceil_threshold=EXACT_TIMEOUTS), 34.5),
        (aiohttp.ClientTimeout(total=30), 35.0),
        (aiohttp.ClientTimeout(sock_read=30), 34.5),
    ],
)
def test_timeouts_are_exact_on_request(timeout: aiohttp.ClientTimeout, ends_s: float) -> None:
    """Trap 5: time-outs above 5 s are rounded up to a whole second of loop time, unless told not to."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[Any]:
        await asyncio.sleep(4.5)
        with pytest.raises(TimeoutError):
            await session.get("/slow?s=3600", timeout=timeout)
        ended = loop.time()
        await asyncio.sleep(1)
        return [ended, seen]

    assert run(scenario, handler_cancellation=True) == [ends_s, ["cancelled"]]


def test_no_timeout_of_its_own() -> None:
    """Trap 5: sessions made here wait as long as they are asked to, past aiohttp's default of 300 s."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[Any]:
        async with session.get("/slow?s=7200") as answer:
            return [await answer.text(), loop.time()]

    assert run(scenario) == ["slept", 7200.0]


@pytest.mark.parametrize(
    ("method", "resend", "seen_by_server"),
    [("GET", True, 2), ("GET", False, 1), ("POST", True, 1), ("POST", False, 1)],
)
def test_silent_resends(method: str, resend: bool, seen_by_server: int) -> None:  # noqa: FBT001
    """Trap 6: aiohttp repeats a GET whose connection drops; middlewares see each attempt; it can be switched off."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[int]:
        attempts: list[str] = []

        async def count(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
            attempts.append(request.method)
            return await handler(request)

        with pytest.raises(aiohttp.ClientError):
            await session.request(method, "/", middlewares=(count,))
        return [len(attempts), len(seen)]

    links = Link.cut_before_answer(harm=Harm.END)

    assert run(scenario, links=links, session={"silent_resend": resend}) == [seen_by_server, seen_by_server]


def test_closing_the_session_goes_in_order() -> None:
    """Trap 7: requests in progress end in the order they began when their session closes, not by address."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[int]:
        ended: list[int] = []

        async def ask(number: int) -> None:
            try:
                await session.get(f"/slow?s={900 + number}")
            except aiohttp.ClientError:
                ended.append(number)

        tasks = [asyncio.create_task(ask(number)) for number in range(40)]
        await asyncio.sleep(1)
        await session.close()
        await asyncio.wait(tasks)
        return ended

    assert run(scenario) == list(range(40))


def test_waiters_for_several_hosts_are_released_reproducibly() -> None:
    """Trap 8: aiohttp shuffles hosts with the global random numbers, which a run seeds."""

    async def main(loop: VirtualTimeLoop) -> list[str]:
        network = MemoryNetwork(Link.delayed(1_000))
        order: list[str] = []
        async with memory_session(network, connector={"limit": 1}) as session:

            async def ask(host: str) -> None:
                try:
                    await session.get(f"http://{host}/")
                except aiohttp.ClientConnectorError:
                    order.append(host)

            async with asyncio.TaskGroup() as group:
                for number in range(20):
                    group.create_task(ask(f"host{number}.test"))
        return order

    def order_with(seed: int) -> list[str]:
        random.seed()
        return run_virtual(main, start_us=0, seed=seed)

    assert order_with(1) == order_with(1)
    assert order_with(1) != order_with(2)


def test_a_failing_scenario_leaves_no_tasks() -> None:
    """Trap 9: when the scenario raises with requests in progress, the server is still cleaned up, in good time."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(session.get("/slow?s=900"))
            await asyncio.sleep(1)
            raise LookupError("mine")

    with pytest.raises(ExceptionGroup) as caught:
        run(scenario)

    assert [repr(error) for error in caught.value.exceptions] == ["LookupError('mine')"]
    assert not hasattr(caught.value, "__notes__")


def test_there_is_no_access_log(caplog: pytest.LogCaptureFixture) -> None:
    """Trap 10: the access log, which would show no time for any request, is off."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> int:
        async with session.get("/") as answer:
            return answer.status

    with caplog.at_level(logging.DEBUG, logger="aiohttp.access"):
        status = run(scenario)

    assert (status, caplog.records) == (200, [])


def test_five_megabytes_there_and_back() -> None:
    """A large body passes both ways with back-pressure and arrives unharmed."""
    body = random.Random(1).randbytes(5_000_000)

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[Any]:
        async with session.post("/echo", data=io.BytesIO(body)) as answer:
            return [answer.status, hashlib.sha256(await answer.read()).digest()]

    assert run(scenario, links=Link.delayed(1_000)) == [200, hashlib.sha256(body).digest()]


def test_an_ambiguous_submit() -> None:
    """A POST whose answer is cut fails for the client, and yet the server has acted on it."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[Any]:
        outcomes: list[int | str] = []
        for _ in range(4):
            try:
                async with session.post("/", data=b"submit") as answer:
                    outcomes.append(answer.status)
            except aiohttp.ClientOSError:
                outcomes.append("unknown")
        return [outcomes, len(seen)]

    links = [Link.cut_before_answer(exchange=2), Link(), Link.cut_before_answer()]

    assert run(scenario, links=links) == [[200, "unknown", 200, 200], 4]


def test_a_black_hole_ends_with_the_timeout() -> None:
    """A link that delivers nothing costs exactly the time-out."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[Any]:
        with pytest.raises(TimeoutError):
            await session.post("/", timeout=aiohttp.ClientTimeout(total=60, ceil_threshold=EXACT_TIMEOUTS))
        return [loop.time(), seen]

    assert run(scenario, links=Link.black_hole()) == [60.0, []]


def test_a_slow_connect_ends_with_its_own_timeout() -> None:
    """The time-out for connecting covers the round trip of the link."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[Any]:
        with pytest.raises(aiohttp.ConnectionTimeoutError):
            await session.get("/", timeout=aiohttp.ClientTimeout(sock_connect=3))
        return [loop.time(), seen]

    assert run(scenario, links=Link.delayed(2_000_000)) == [3.0, []]


def test_nobody_listens() -> None:
    """A host that does not exist, and a server that has stopped, refuse connections as in life."""

    async def main(loop: VirtualTimeLoop) -> list[str]:
        network = MemoryNetwork()
        refused = []
        async with memory_session(network) as session:
            async with serve_in_memory(application([]), network), session.get(URL) as answer:
                refused.append(str(answer.status))
            for url in (URL, "http://elsewhere.test:8080/"):
                with pytest.raises(aiohttp.ClientConnectorError) as caught:
                    await session.get(url)
                refused.append(caught.value.strerror or "")
        return refused

    assert run_virtual(main, start_us=0) == [
        "200",
        "nobody accepts at simulator.test:80 on this network",
        "nobody accepts at elsewhere.test:8080 on this network",
    ]


def test_leaving_in_the_middle_of_a_request() -> None:
    """Cancelling a request closes its connection, and the server's handler is told."""

    async def scenario(loop: VirtualTimeLoop, session: aiohttp.ClientSession, seen: list[str]) -> list[Any]:
        asking = asyncio.create_task(session.get("/slow?s=900"))
        await asyncio.sleep(2)
        asking.cancel()
        await asyncio.wait([asking])
        await asyncio.sleep(1)
        return [asking.cancelled(), seen, loop.time()]

    assert run(scenario, handler_cancellation=True) == [True, ["cancelled"], 3.0]


def test_streaming_in_both_directions() -> None:
    """A body sent in pieces over time arrives in pieces over time."""

    async def main(loop: VirtualTimeLoop) -> list[tuple[bytes, float]]:
        async def relay(request: web.Request) -> web.StreamResponse:
            answer = web.StreamResponse()
            await answer.prepare(request)
            async for piece in request.content.iter_any():
                await answer.write(piece.upper())
            return answer

        async def slowly() -> Any:
            for piece in (b"a", b"b", b"c"):
                yield piece
                await asyncio.sleep(100)

        app = web.Application()
        app.router.add_post("/", relay)
        network = MemoryNetwork()
        async with (
            serve_in_memory(app, network),
            memory_session(network, URL) as session,
            session.post("/", data=slowly()) as answer,
        ):
            return [(piece, loop.time()) async for piece in answer.content.iter_any()]

    assert run_virtual(main, start_us=0) == [(b"A", 0.0), (b"B", 100.0), (b"C", 200.0)]


def busy_log(seed: int | None) -> list[str]:
    """Let four workers post over two connections, with sleeps on both sides and drawn delays; give the log."""

    async def main(loop: VirtualTimeLoop) -> list[str]:
        log: list[str] = []
        dice = loop.random("work")

        async def handler(request: web.Request) -> web.Response:
            body = await request.read()
            await asyncio.sleep(dice.choice([0, 0.001, 1, 30]))
            log.append(f"{loop.now_us} server {request.query['n']} {len(body)}")
            return web.Response(text="done")

        app = web.Application()
        app.router.add_post("/", handler)
        network = MemoryNetwork(Link.delayed(Uniform(0, 3)))
        async with (
            serve_in_memory(app, network),
            memory_session(network, URL, connector={"limit": 2}) as session,
        ):

            async def work(worker: int) -> None:
                for number in range(3):
                    size = dice.choice([200, 3_000, 30_000])
                    async with session.post(f"/?n={worker}.{number}", data=bytes(size)) as answer:
                        await answer.read()
                    log.append(f"{loop.now_us} worker {worker} {number} {answer.status}")
                    await asyncio.sleep(dice.choice([0, 5, 60, 900]))

            async with asyncio.TaskGroup() as group:
                for worker in range(4):
                    group.create_task(work(worker))
        return log

    return run_virtual(main, start_us=START_US, seed=seed)


def fingerprint(log: list[str]) -> str:
    """Reduce a log to something to compare."""
    return hashlib.sha256("\n".join(log).encode()).hexdigest()


@pytest.mark.slow
def test_a_thousand_runs_give_one_log() -> None:
    """The same seed gives the same log a thousand times; this is what everything else rests on."""
    assert {fingerprint(busy_log(7)) for _ in range(1_000)} == {fingerprint(busy_log(7))}


def test_seeds_agree_and_differ() -> None:
    """Equal seeds agree, different seeds differ, and all do the same work."""
    logs = {seed: busy_log(seed) for seed in (None, 1, 2, 3)}

    assert len({fingerprint(log) for log in logs.values()}) == 4
    assert {seed: fingerprint(busy_log(seed)) for seed in logs} == {s: fingerprint(log) for s, log in logs.items()}
    assert {len(log) for log in logs.values()} == {24}


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_another_process_agrees(hash_seed: str) -> None:
    """A process with another order of hashes writes the same log."""
    program = (
        "import importlib.util as u, sys;"
        "s = u.spec_from_file_location('scenario', sys.argv[1]); m = u.module_from_spec(s);"
        "s.loader.exec_module(m); print(m.fingerprint(m.busy_log(7)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, __file__],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.strip() == fingerprint(busy_log(7))


def test_aiohttp_is_the_one_we_know() -> None:
    """The private names of aiohttp that the connector leans on exist; when this fails, read aiohttp_client.py."""
    missing = [
        name
        for name in ("_get", "_release", "_cleanup", "_create_connection")
        if not callable(getattr(aiohttp.BaseConnector, name, None))
    ]
    clocks = [
        name
        for name in ("_get", "_release", "_cleanup")
        if "monotonic" not in getattr(aiohttp.BaseConnector, name).__code__.co_names
    ]

    assert (missing, clocks) == ([], [])


async def test_the_network_serves_the_standard_loop() -> None:
    """Without virtual time the network works as well, on the loop that is running."""
    network = MemoryNetwork(Link.delayed(10))
    async with (
        serve_in_memory(application([]), network),
        memory_session(network, URL) as session,
        session.get("/") as answer,
    ):
        assert answer.status == 200
