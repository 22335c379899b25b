"""What virtual time costs: whole-stack requests, clock jumps, a fresh world, a virtual day.

Rates of the whole stack are compared with the same program on stock asyncio over loopback TCP in the same process,
round by round, because the machine's mood moves both alike.
"""

from __future__ import annotations

import asyncio
import platform
import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from kibo_scenarios.memory_transport import Link, MemoryNetwork, memory_session, serve_in_memory
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

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
    """Send the requests from some workers and divide by the real time it took."""

    async def work() -> None:
        for _ in range(REQUESTS // workers):
            async with session.request(method, "/", data=FULL_BATCH if method == "POST" else None) as answer:
                await answer.json()

    begun = perf_counter()
    await asyncio.gather(*(work() for _ in range(workers)))
    return REQUESTS / (perf_counter() - begun)


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
        begun = perf_counter()
        for _ in range(JUMPS):
            await asyncio.sleep(0.1)
        return JUMPS / (perf_counter() - begun)

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

    begun = perf_counter()
    for _ in range(WORLDS):
        run_virtual(main, start_us=0)
    return (perf_counter() - begun) * 1_000 / WORLDS


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

            begun = perf_counter()
            await asyncio.gather(*(work(worker) for worker in range(DAY_WORKERS)))
            return perf_counter() - begun

    return run_virtual(main, start_us=0)


def measure() -> list[dict[str, Any]]:
    """Measure everything and give one row for each figure: name, value, unit, and target where there is one."""
    rows: list[dict[str, Any]] = []
    for method in ("GET", "POST"):
        for workers in (1, 16):
            pairs = [(in_memory(method, workers), over_tcp(method, workers)) for _ in range(ROUNDS)]
            memory = statistics.median(pair[0] for pair in pairs)
            tcp = statistics.median(pair[1] for pair in pairs)
            name = f"{method}, {workers} at a time"
            rows += [
                {"name": f"{name}: virtual time", "value": round(memory), "unit": "requests/s"},
                {"name": f"{name}: asyncio over TCP", "value": round(tcp), "unit": "requests/s"},
                {"name": f"{name}: ratio", "value": round(memory / tcp, 2), "unit": "×"},
            ]
    # The target speaks of whole-stack requests as a client with a few workers sends them.
    rows[3]["target"] = "≥ 6000"
    rows += [
        {"name": "clock jumps", "value": round(_median(jumps_per_second)), "unit": "1/s"},
        {"name": "fresh world", "value": round(_median(fresh_world_ms), 2), "unit": "ms", "target": "≤ 5"},
        {"name": f"a virtual day of {DAY_REQUESTS} requests", "value": round(virtual_day_s(), 2), "unit": "s"},
    ]
    return rows


def show() -> None:
    """Print the figures as a table, with what they were measured on."""
    print(f"Python {platform.python_version()}, aiohttp {aiohttp.__version__}, {platform.machine()}, {sys.platform}")
    for row in measure():
        print(f"{row['name']:<42} {row['value']:>10} {row['unit']:<11} {row.get('target', '')}")


def _median(measurement: Callable[[], float]) -> float:
    return statistics.median(measurement() for _ in range(ROUNDS))
