"""The simulator over loopback beside bare aiohttp handlers that do the least that could be done."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from aiohttp import web

from kibo_simulator import Settings, Simulator
from kibo_simulator.rate_limits import UNLIMITED, LimitsDocument, PoolLimit
from kibo_simulator.web import build_application

# Limits are on, but so high that they never bite: their cost is measured, not their effect.
GENEROUS = LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", 10**9, 10**9),))
ROUNDS = 5
REQUESTS = 1_500
CONNECTIONS = 4

Send = Callable[[aiohttp.ClientSession, str], Awaitable[None]]


async def _rate(url: str, send: Send, requests: int) -> float:
    """Requests per second with a few connections kept busy."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def worker() -> None:
            for _ in range(requests // CONNECTIONS):
                await send(session, url)

        await worker()
        begun = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
        return requests / (time.perf_counter() - begun)


async def _serve(stack: AsyncExitStack, application: web.Application) -> str:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


async def _compare() -> list[dict[str, Any]]:
    simulator = Simulator(Settings(limits=GENEROUS))
    tokens = simulator.access.login("sample.app", "sample-secret", simulator.clock.now())
    assert tokens is not None
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    products = sorted({record.upc or "" for record in simulator.stock_records(1001)})
    items = [{"upc": upc} for upc in products] + [{"upc": f"{number:012d}"} for number in range(500 - len(products))]
    body = json.dumps({"dryRun": True, "items": items}).encode()
    queue, deletion = "/api/commerce/inventory/v1/queue/1", "/api/commerce/inventory/v5/inventory/deleteItems"

    async def poll(session: aiohttp.ClientSession, url: str) -> None:
        async with session.get(url + queue, headers=headers) as response:
            await response.read()

    async def dry_run(session: aiohttp.ClientSession, url: str) -> None:
        async with session.post(url + deletion, data=body, headers=headers) as response:
            await response.read()

    async with AsyncExitStack() as stack:
        served = await _serve(stack, build_application(simulator))
        async with aiohttp.ClientSession(headers=headers) as session:
            await session.post(served + deletion, json={"items": [{"upc": products[0]}]})
            async with session.get(served + queue) as response:
                same_bytes = await response.read()

        async def bare_get(request: web.Request) -> web.Response:
            return web.Response(body=same_bytes, content_type="application/json")

        async def bare_decode(request: web.Request) -> web.Response:
            json.loads(await request.read())
            return web.Response(body=b"{}", content_type="application/json")

        floor = web.Application()
        floor.router.add_get(queue, bare_get)
        floor.router.add_post(deletion, bare_decode)
        bare = await _serve(stack, floor)
        rows = []
        for name, send, count, target in (
            ("GET queue/{id}, limits + auth + journal", poll, REQUESTS, 0.70),
            ("deleteItems dry run, 500 exact items", dry_run, REQUESTS // 5, 0.25),
        ):
            # Interleaved, so that a busy moment of the machine hits both alike; the best round is the least disturbed.
            pairs = [(await _rate(served, send, count), await _rate(bare, send, count)) for _ in range(ROUNDS)]
            ours, theirs = max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
            rows.append(
                {
                    "what": name,
                    "simulator_per_s": round(ours),
                    "bare_per_s": round(theirs),
                    "ratio": round(ours / theirs, 2),
                    "target": f">= {target}",
                }
            )
    simulator.database.close()
    return rows


def _best(run: Callable[[], float]) -> float:
    return min(run() for _ in range(7))


def _until_ready() -> float:
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "kibo_simulator.cli", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        took = time.perf_counter() - begun
        process.terminate()
    return took


def _importing() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import aiohttp.web"], check=True)
    return time.perf_counter() - begun


def _world() -> float:
    begun = time.perf_counter()
    simulator = Simulator(Settings(limits=UNLIMITED))
    build_application(simulator)
    took = time.perf_counter() - begun
    simulator.database.close()
    return took


def measure() -> list[dict[str, Any]]:
    """Ratios to the bare handlers, to a bare import, and the cost of a fresh world."""
    rows = asyncio.run(_compare())
    ready, importing = _best(_until_ready), _best(_importing)
    rows.append(
        {
            "what": "start to ready line / import aiohttp.web",
            "ready_ms": round(ready * 1e3),
            "import_ms": round(importing * 1e3),
            "ratio": round(ready / importing, 2),
            "target": "<= 2",
        }
    )
    rows.append({"what": "in-process world, sample tenant", "ms": round(_best(_world) * 1e3, 1), "target": "<= 5"})
    return rows
