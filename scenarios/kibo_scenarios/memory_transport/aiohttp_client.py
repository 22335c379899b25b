"""aiohttp's client on the network in memory, with its clocks on loop time.

Two things of aiohttp's connector would leave virtual time: it ages its pool by a clock imported by name, and it
closes connections in the order of their addresses in memory. Both are put right here, inside the subclass.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import FunctionType
from typing import Any

import aiohttp
from aiohttp import connector as aiohttp_connector
from aiohttp.client_proto import ResponseHandler

from kibo_scenarios.memory_transport.network import MemoryNetwork

EXACT_TIMEOUTS = 1e9
"""As `ceil_threshold`: aiohttp rounds time-outs above it up to whole seconds of loop time; so none are."""


class _Ordered(dict[Any, None]):
    """As much of a set as the connector uses, in order of insertion."""

    add = dict.setdefault

    def __init__(self, items: Iterable[Any] = ()) -> None:
        super().__init__(dict.fromkeys(items))

    def discard(self, item: Any) -> None:
        self.pop(item, None)

    def remove(self, item: Any) -> None:
        del self[item]


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _on_loop_time(method: Any) -> Any:
    """Copy a method of the connector, reading the loop's clock where it reads the monotonic one."""
    names = {**vars(aiohttp_connector), "monotonic": _loop_time}
    copy = FunctionType(method.__code__, names, method.__name__, method.__defaults__, method.__closure__)
    copy.__kwdefaults__ = method.__kwdefaults__
    return copy


class MemoryConnector(aiohttp.BaseConnector):
    """A connector that joins the client to whoever listens on a network in memory.

    It takes the options of `aiohttp.BaseConnector`. TLS is not simulated: an https address is served in plain by
    whoever listens at its port. Close it (or its session) inside the run.
    """

    def __init__(self, network: MemoryNetwork, **options: Any) -> None:
        super().__init__(**{"timeout_ceil_threshold": EXACT_TIMEOUTS, **options})
        self._network = network
        self._acquired: Any = _Ordered()

    _get = _on_loop_time(aiohttp.BaseConnector._get)  # noqa: SLF001 - see the head of the file
    _release = _on_loop_time(aiohttp.BaseConnector._release)  # noqa: SLF001
    _cleanup = _on_loop_time(aiohttp.BaseConnector._cleanup)  # noqa: SLF001

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],  # noqa: ARG002 - aiohttp's signature
        timeout: aiohttp.ClientTimeout,
    ) -> ResponseHandler:
        host, port = req.url.raw_host or "", req.url.port or 0
        try:
            async with asyncio.timeout(timeout.sock_connect):
                _, protocol = await self._network.connect(lambda: ResponseHandler(self._loop), host, port)
        except TimeoutError:
            raise
        except OSError as error:
            raise aiohttp.ClientConnectorError(req.connection_key, error) from error
        return protocol


def memory_session(
    network: MemoryNetwork,
    base_url: str | None = None,
    *,
    connector: dict[str, Any] | None = None,
    silent_resend: bool = False,
    **options: Any,
) -> aiohttp.ClientSession:
    """Make a client session on a network in memory, fit for exact counting and timing.

    No time-out unless one is given (give `ceil_threshold=EXACT_TIMEOUTS` with it: above 5 s aiohttp rounds up to a
    whole second otherwise), no cookies (their expiry is on the machine's clock).

    Args:
        network: Where the servers listen.
        base_url: As aiohttp has it.
        connector: Options of the connector, such as `limit` or `force_close`.
        silent_resend: aiohttp sends GET, PUT, DELETE and the like a second time by itself when the connection drops.
            Off by default, so that one call is one request; sessions made elsewhere have it on, and see each
            attempt in a client middleware.
        options: Of `aiohttp.ClientSession`.
    """
    options.setdefault("timeout", aiohttp.ClientTimeout(total=None, ceil_threshold=EXACT_TIMEOUTS))
    options.setdefault("cookie_jar", aiohttp.DummyCookieJar())
    session = aiohttp.ClientSession(base_url, connector=MemoryConnector(network, **(connector or {})), **options)
    session._retry_connection = silent_resend  # noqa: SLF001 - as aiohttp's own test client does
    return session
