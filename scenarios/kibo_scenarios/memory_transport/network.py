"""Who listens where, and which link a new connection gets."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from random import Random
from typing import TypeVar

from kibo_scenarios.memory_transport.links import Link, Links, Opening, choose_link
from kibo_scenarios.memory_transport.transport import MemoryTransport, join
from kibo_scenarios.virtual_time import VirtualTimeLoop

_P = TypeVar("_P", bound=asyncio.Protocol)

FIRST_CLIENT_PORT = 49152
"""Where the ports begin that systems hand out to clients (RFC 6335)."""
CLIENT_PORTS = 65536 - FIRST_CLIENT_PORT


class MemoryNetwork:
    """A network of named hosts inside the process.

    Both ends of every connection have the address 127.0.0.1; the port of the client counts up, so that connections
    can be told apart in a log.

    Args:
        links: The link of each connection; sound ones by default.
    """

    def __init__(self, links: Links | None = None) -> None:
        self.links: Links = links if links is not None else Link()
        self._listeners: dict[tuple[str, int], Callable[[], asyncio.Protocol]] = {}
        self._live: list[tuple[str, int, MemoryTransport, MemoryTransport]] = []
        self._opened = 0

    def __repr__(self) -> str:
        places = ", ".join(f"{host}:{port}" for host, port in self._listeners)
        return f"<MemoryNetwork of {places or 'nobody'}, {self._opened} connections opened>"

    @property
    def opened(self) -> int:
        """How many connections have been asked for, refused ones included."""
        return self._opened

    def listen(self, host: str, port: int, factory: Callable[[], asyncio.Protocol]) -> None:
        """Accept connections to a host and port with protocols from a factory.

        Raises:
            OSError: when somebody listens there already.
        """
        if (host, port) in self._listeners:
            raise OSError(errno.EADDRINUSE, f"{host}:{port} is taken on this network")
        self._listeners[host, port] = factory

    def stop_listening(self, host: str, port: int) -> None:
        """Refuse new connections; open ones stay."""
        self._listeners.pop((host, port), None)

    def reset(self, host: str, port: int) -> int:
        """Break all open connections to a host and port at both ends, as the crash of a server does.

        Returns:
            How many there were.
        """
        broken = [(client, server) for name, at, client, server in self._open() if (name, at) == (host, port)]
        for client, server in broken:
            server.receive_reset()
            client.receive_reset()
        return len(broken)

    async def connect(self, make_client: Callable[[], _P], host: str, port: int) -> tuple[MemoryTransport, _P]:
        """Open a connection, which takes one round trip of its link.

        Raises:
            ConnectionRefusedError: when nobody listens, or the link refuses.
        """
        loop = asyncio.get_running_loop()
        number = self._opened
        self._opened += 1
        opening = Opening(number, host, port, round(loop.time() * 1_000_000), _dice(loop, f"choice {number}"))
        link = choose_link(self.links, opening)
        dice = (_dice(loop, f"to server {number}"), _dice(loop, f"to client {number}"))
        round_trip_us = link.to_server.delay_us(dice[0]) + link.to_client.delay_us(dice[1])
        if round_trip_us:
            await asyncio.sleep(round_trip_us / 1_000_000)
        factory = self._listeners.get((host, port))
        if factory is None or link.refused:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"nobody accepts at {host}:{port} on this network")
        client, server = make_client(), factory()
        client_end, server_end = join(
            loop,
            client,
            server,
            link=link,
            dice=dice,
            client_address=("127.0.0.1", FIRST_CLIENT_PORT + number % CLIENT_PORTS),
            server_address=("127.0.0.1", port),
        )
        self._live = [*self._open(), (host, port, client_end, server_end)]
        return client_end, client

    def _open(self) -> list[tuple[str, int, MemoryTransport, MemoryTransport]]:
        return [live for live in self._live if not (live[2].is_closing() and live[3].is_closing())]


def _dice(loop: asyncio.AbstractEventLoop, name: str) -> Random:
    if isinstance(loop, VirtualTimeLoop):
        return loop.random(f"connection: {name}")
    return Random(name)  # noqa: S311 - reproducible is what is wanted
