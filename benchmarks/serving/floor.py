"""The least that could be done: aiohttp handlers that send fixed bytes, or decode a body and forget it.

A program: it serves on a free port and prints where, as JSON. Its argument: the bytes that GET sends, in hexadecimal.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys

import msgspec
from aiohttp import web


async def serve(answer: bytes) -> None:
    """Serve until SIGTERM."""

    async def get(_request: web.Request) -> web.Response:
        return web.Response(body=answer, content_type="application/json")

    async def decode_msgspec(request: web.Request) -> web.Response:
        msgspec.json.decode(await request.read())
        return web.Response(body=b"{}", content_type="application/json")

    async def decode_json(request: web.Request) -> web.Response:
        json.loads(await request.read())
        return web.Response(body=b"{}", content_type="application/json")

    application = web.Application()
    application.router.add_get("/fixed", get)
    application.router.add_post("/msgspec", decode_msgspec)
    application.router.add_post("/json", decode_json)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    print(json.dumps({"url": f"http://127.0.0.1:{runner.addresses[0][1]}"}), flush=True)
    await stopped.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(bytes.fromhex(sys.argv[1])))
