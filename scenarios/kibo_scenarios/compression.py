"""Divides the seconds that a simulator tells its clients, for clients that live in the machine's time (RL-7, A-1).

The simulator itself, its clock and its journal know nothing of it. Divided are ``Retry-After`` where it is a whole
number of seconds, rounded up, and the lifetimes in the answer of the OAuth call.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LIFETIMES = ("expires_in", "refresh_token_expires_in")


def tell_in_proportion(application: web.Application, divisor: int) -> None:
    """Make an application, which must not have been started, tell all waits divided."""

    @web.middleware
    async def divided(request: web.Request, handler: _Handler) -> web.StreamResponse:
        response = await handler(request)
        asked = response.headers.get("Retry-After", "")
        if asked.isascii() and asked.isdigit():
            response.headers["Retry-After"] = str(-(-int(asked) // divisor))
        if request.path.rstrip("/").endswith("/authtickets/oauth") and isinstance(response, web.Response):
            response.body = shorter_lifetimes(response.body, divisor)
        return response

    application.middlewares.insert(0, divided)


def shorter_lifetimes(body: Any, divisor: int) -> Any:
    """Return the answer of an OAuth call with its lifetimes divided; what is no such answer comes back as it is."""
    if not isinstance(body, bytes | bytearray) or not body:
        return body
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    if not isinstance(answer, dict) or not isinstance(answer.get("expires_in"), int):
        return body
    for name in _LIFETIMES:
        if isinstance(answer.get(name), int):
            answer[name] = max(1, answer[name] // divisor)
    return msgspec.json.encode(answer)
