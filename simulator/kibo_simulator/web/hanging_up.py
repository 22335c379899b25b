"""Ends connections as networks do: closed in order, or reset; on sockets and in memory alike."""

import os
import socket
import struct
from typing import Literal

from aiohttp import web


def gone(request: web.Request) -> bool:
    """Whether the client has left, so that no answer can reach it."""
    transport = request.transport
    return transport is None or transport.is_closing()


def hang_up(request: web.Request, how: Literal["close", "reset"]) -> None:
    """Close the connection after what was written, or reset it at once."""
    transport = request.transport
    if transport is None:
        return
    if how == "close":
        transport.close()
        return
    underneath = transport.get_extra_info("socket")
    if underneath is not None:
        # Without lingering the kernel sends a reset instead of an orderly end. The option belongs to the socket, not to
        # the descriptor, so a copy serves where the event loop's own wrapper has no way to set it.
        with socket.socket(fileno=os.dup(underneath.fileno())) as copy:
            copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
