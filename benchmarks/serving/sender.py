"""A client that costs next to nothing: ready-made bytes over a few kept connections, answers read by their length."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping

from benchmarks.serving.child import Child

CONNECTIONS = 4
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def message(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Write an HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Sender:
    """Connections to a server, each with at most one request under way."""

    def __init__(self, child: Child) -> None:
        self._sockets = [socket.create_connection((child.host, child.port), 30) for _ in range(CONNECTIONS)]
        for one in self._sockets:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close the connections."""
        for one in self._sockets:
            one.close()

    def repeat(self, request: bytes, times: int) -> None:
        """Send a request so many times, on all connections at once.

        Raises:
            RuntimeError: An answer was not 200.
        """
        for _ in range(times // CONNECTIONS):
            for one in self._sockets:
                one.sendall(request)
            for one in self._sockets:
                _read(one)


def _read(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0:
        more = _received(connection)
        body += more
        missing -= len(more)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"expected 200, got {head[:80]!r} {body[:200]!r}")


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise RuntimeError("the server closed a connection in the middle of an answer")
    return data
