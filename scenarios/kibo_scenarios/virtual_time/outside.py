"""Everything an event loop can do with the world outside the process, refused with a reason."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

from kibo_scenarios.virtual_time.errors import EscapedVirtualTime

IN_MEMORY = "join client and server with kibo_scenarios.memory_transport"
NO_PROCESS = "run child processes with the drivers that use real time"
NO_SIGNAL = "cancel tasks from within the scenario"
INLINE = "blocking calls run inline by loop.run_in_executor, asyncio.to_thread or anyio.to_thread"

REFUSED = {
    "getaddrinfo": IN_MEMORY,
    "getnameinfo": IN_MEMORY,
    "create_connection": IN_MEMORY,
    "create_server": IN_MEMORY,
    "create_datagram_endpoint": IN_MEMORY,
    "create_unix_connection": IN_MEMORY,
    "create_unix_server": IN_MEMORY,
    "connect_accepted_socket": IN_MEMORY,
    "start_tls": IN_MEMORY,
    "sock_recv": IN_MEMORY,
    "sock_recv_into": IN_MEMORY,
    "sock_recvfrom": IN_MEMORY,
    "sock_recvfrom_into": IN_MEMORY,
    "sock_sendall": IN_MEMORY,
    "sock_sendto": IN_MEMORY,
    "sock_sendfile": IN_MEMORY,
    "sock_connect": IN_MEMORY,
    "sock_accept": IN_MEMORY,
    "add_reader": IN_MEMORY,
    "remove_reader": IN_MEMORY,
    "add_writer": IN_MEMORY,
    "remove_writer": IN_MEMORY,
    "connect_read_pipe": IN_MEMORY,
    "connect_write_pipe": IN_MEMORY,
    "subprocess_shell": NO_PROCESS,
    "subprocess_exec": NO_PROCESS,
    "add_signal_handler": NO_SIGNAL,
    "remove_signal_handler": NO_SIGNAL,
    "set_default_executor": INLINE,
}
"""Methods of an event loop that raise `EscapedVirtualTime`, and what to use instead."""


class NoOutsideWorld(asyncio.base_events.BaseEventLoop):
    """A loop without sockets, descriptors, processes, signals or name look-ups.

    Each refusal raises at the call, even where asyncio has a coroutine: the alternative is a clock that leaps past
    a deadline while the outside world is still working.
    """

    async def sendfile(self, *_: Any, **__: Any) -> NoReturn:
        """Say that the system's file sending is not there; aiohttp then reads the file itself, which is inline.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("no socket to send a file to; read it and write it instead")


def _refuse(name: str, instead: str) -> None:
    def refusal(_self: NoOutsideWorld, *_: Any, **__: Any) -> NoReturn:
        raise EscapedVirtualTime(f"loop.{name}", instead)

    refusal.__name__ = name
    refusal.__qualname__ = f"NoOutsideWorld.{name}"
    refusal.__doc__ = f"Refuse: {instead}."
    setattr(NoOutsideWorld, name, refusal)


for _name, _instead in REFUSED.items():
    _refuse(_name, _instead)
