"""aiohttp's server on the network in memory, telling the simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from aiohttp import web

from kibo_scenarios.memory_transport.aiohttp_client import EXACT_TIMEOUTS
from kibo_scenarios.memory_transport.network import MemoryNetwork
from kibo_scenarios.virtual_time import VirtualTimeLoop

KEEPALIVE_S = 3607
"""How long a server keeps an idle connection. A client that comes back at the very instant of closing loses its
POST; periods are round in virtual time, so that would be the rule. This one is prime."""


@asynccontextmanager
async def serve_in_memory(
    application: web.Application,
    network: MemoryNetwork,
    host: str = "simulator.test",
    port: int = 80,
    *,
    keepalive_s: float = KEEPALIVE_S,
    stamp_date: bool = True,
    shutdown_s: float = 60.0,
    **options: Any,
) -> AsyncIterator[web.AppRunner]:
    """Serve an application at a host and port of a network in memory, and clean up whatever happens.

    There is no access log: it would show 0 s for every request, since computing takes no virtual time.

    Args:
        application: What to serve; an aiohttp application can be served once.
        network: Where clients connect.
        host: Its name on the network.
        port: Its port on the network.
        keepalive_s: Seconds before an idle connection is closed by the server.
        stamp_date: Set each `Date` header from the loop's wall clock, in place of the machine's. Handlers of the
            application's own `on_response_prepare` signal run afterwards and may set it again.
        shutdown_s: Seconds that requests in progress are given when the server stops.
        options: Of aiohttp's request handler.

    Yields:
        The runner.
    """
    loop = asyncio.get_running_loop()
    if stamp_date and isinstance(loop, VirtualTimeLoop):
        application.on_response_prepare.insert(0, _stamp_date)
    runner = web.AppRunner(
        application,
        **{
            "access_log": None,
            "keepalive_timeout": keepalive_s,
            "shutdown_timeout": shutdown_s,
            "timeout_ceil_threshold": EXACT_TIMEOUTS,
            **options,
        },
    )
    try:
        await runner.setup()
        assert runner.server is not None
        network.listen(host, port, runner.server)
        try:
            yield runner
        finally:
            network.stop_listening(host, port)
    finally:
        await runner.cleanup()


async def _stamp_date(_request: web.Request, response: web.StreamResponse) -> None:
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualTimeLoop):
        response.headers["Date"] = _http_date(loop.wall_us() // 1_000_000)


@lru_cache(maxsize=64)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
