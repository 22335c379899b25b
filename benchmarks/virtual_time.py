"""What virtual time costs: whole-stack requests, clock jumps, a fresh world, a virtual day.

Rates of the whole stack are compared with the same program on stock asyncio over loopback TCP in the same process,
round by round, because the machine's mood moves both alike.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from time import process_time

import aiohttp
import msgspec
from aiohttp import web

from benchmarks.outcome import Figure, Section, at_least, at_most, figures_table, missed_figures
from kibo_scenarios.memory_transport import Link, MemoryNetwork, memory_session, serve_in_memory
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

METHOD = """\
The real aiohttp client and the real aiohttp server in one process: on the virtual loop with the transport in memory,
and on stock asyncio over loopback TCP, in turns. GET answers a small JSON; POST carries 30 KB that the handler parses.
The day has a request each five seconds over links of 50 ms, every tenth with 10 KB. All times are
processor time, client and server together, so that a busy machine does not distort them."""
ROUNDS = 3
REQUESTS = 2_000
JUMPS = 50_000
WORLDS = 50
DAY_REQUESTS = 17_280
DAY_WORKERS = 20
FULL_BATCH = msgspec.json.encode({"items": [{"upc": f"{number:036d}", "quantity": 0} for number in range(500)]})
"""30 KB of JSON: a full batch of 500 items."""
SMALL_BATCH = msgspec.json.encode({"items": [{"upc": f"{number:036d}", "quantity": 0} for number in range(160)]})
"""10 KB of JSON."""


def application() -> web.Application:
    """Make the smallest server that answers JSON and parses JSON."""

    async def read(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def parse(request: web.Request) -> web.Response:
        return web.json_response({"count": len(msgspec.json.decode(await request.read())["items"])})

    app = web.Application()
    app.router.add_get("/", read)
    app.router.add_post("/", parse)
    return app


async def requests_per_second(session: aiohttp.ClientSession, method: str, workers: int) -> float:
    """Send the requests from some workers and divide by the processor time it took."""

    async def work() -> None:
        for _ in range(REQUESTS // workers):
            async with session.request(method, "/", data=FULL_BATCH if method == "POST" else None) as answer:
                await answer.json()

    begun = process_time()
    await asyncio.gather(*(work() for _ in range(workers)))
    return REQUESTS / (process_time() - begun)


def in_memory(method: str, workers: int) -> float:
    """Measure the whole stack in virtual time."""

    async def main(_loop: VirtualTimeLoop) -> float:
        network = MemoryNetwork()
        async with (
            serve_in_memory(application(), network),
            memory_session(network, "http://simulator.test/") as session,
        ):
            return await requests_per_second(session, method, workers)

    return run_virtual(main, start_us=0)


def over_tcp(method: str, workers: int) -> float:
    """Measure the same over loopback TCP on stock asyncio."""

    async def main() -> float:
        runner = web.AppRunner(application(), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port = runner.addresses[0][1]
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}/") as session:
                return await requests_per_second(session, method, workers)
        finally:
            await runner.cleanup()

    return asyncio.run(main())


def jumps_per_second() -> float:
    """Measure bare sleeping: one timer, one task, one jump of the clock each."""

    async def main(_loop: VirtualTimeLoop) -> float:
        begun = process_time()
        for _ in range(JUMPS):
            await asyncio.sleep(0.1)
        return JUMPS / (process_time() - begun)

    return run_virtual(main, start_us=0)


def fresh_world_ms() -> float:
    """Measure loop, application, network, session, one request and all the closing."""

    async def main(_loop: VirtualTimeLoop) -> None:
        network = MemoryNetwork()
        async with (
            serve_in_memory(application(), network),
            memory_session(network, "http://simulator.test/") as session,
            session.get("/") as answer,
        ):
            await answer.read()

    begun = process_time()
    for _ in range(WORLDS):
        run_virtual(main, start_us=0)
    return (process_time() - begun) * 1_000 / WORLDS


def virtual_day_s() -> float:
    """Measure a day of one request each five seconds, over links of 50 ms, every tenth with a body."""

    async def main(loop: VirtualTimeLoop) -> float:
        network = MemoryNetwork(Link.delayed(50_000))
        pause_s = 86_400 * DAY_WORKERS / DAY_REQUESTS
        async with (
            serve_in_memory(application(), network),
            memory_session(network, "http://simulator.test/") as session,
        ):

            async def work(worker: int) -> None:
                await asyncio.sleep(worker * pause_s / DAY_WORKERS)
                for number in range(DAY_REQUESTS // DAY_WORKERS):
                    due_s = (number + worker / DAY_WORKERS) * pause_s
                    await asyncio.sleep(max(0.0, due_s - loop.time()))
                    body = SMALL_BATCH if number % 10 == 0 else None
                    async with session.request("POST" if body else "GET", "/", data=body) as answer:
                        await answer.read()

            begun = process_time()
            await asyncio.gather(*(work(worker) for worker in range(DAY_WORKERS)))
            return process_time() - begun

    return run_virtual(main, start_us=0)


def measure(rounds: int) -> list[Figure]:
    """Measure everything, requests in turns with their peer."""
    figures = []
    for method in ("GET", "POST"):
        for workers in (1, 16):
            pairs = [(in_memory(method, workers), over_tcp(method, workers)) for _ in range(rounds)]
            figures.append(
                Figure(
                    what=f"{method}, {workers} at a time",
                    value=statistics.median(pair[0] for pair in pairs),
                    unit="/s",
                    peer="asyncio over TCP",
                    peer_value=statistics.median(pair[1] for pair in pairs),
                    # Virtual time is to be no slower than the sockets it replaces; a tenth is the noise of a run.
                    target=at_least(0.9),
                )
            )
    return [
        *figures,
        Figure(what="clock jumps", value=_median(jumps_per_second, rounds), unit="/s"),
        Figure(what="fresh world", value=_median(fresh_world_ms, rounds), unit="ms", target=at_most(5)),
        Figure(what=f"a virtual day of {DAY_REQUESTS:,} requests", value=virtual_day_s(), unit="s"),
    ]


def run(*, quick: bool = False) -> Section:
    """Measure whole-stack requests, clock jumps, a fresh world and a day."""
    figures = measure(1 if quick else ROUNDS)
    return Section(
        name="virtual_time",
        title="Virtual time: what a simulated request costs",
        method=METHOD,
        tables=(figures_table("Virtual time", figures),),
        data=[figure.to_json() for figure in figures],
        missed=missed_figures(figures),
    )


def _median(measurement: Callable[[], float], rounds: int) -> float:
    return statistics.median(measurement() for _ in range(rounds))
