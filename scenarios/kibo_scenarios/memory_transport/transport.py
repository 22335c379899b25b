"""Two asyncio transports that are each other's far end.

They keep asyncio's promises: `connection_lost` once, after everything else, never from inside a call of the
protocol; the end of the stream before it; `pause_writing` once until `resume_writing`.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from kibo_scenarios.memory_transport.channel import Channel, Conversation, Signal
from kibo_scenarios.memory_transport.links import Dice, Link

HIGH_WATER = 64 * 1024
"""asyncio's own default: more than this waiting pauses the writer."""


class MemoryTransport(asyncio.Transport):
    """One end of a connection in memory.

    Args:
        loop: Any asyncio loop.
        protocol: Who is served here; `connection_made` is the caller's to call.
        outgoing: The channel to the other end.
        incoming: The channel from the other end.
        extra: Answers of `get_extra_info`; there is no socket.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        outgoing: Channel,
        incoming: Channel,
        extra: Mapping[str, Any],
    ) -> None:
        super().__init__(dict(extra))
        self._loop = loop
        self._protocol = protocol
        self._outgoing = outgoing
        self._incoming = incoming
        self._closing = False
        self._lost = False
        self._ended = False
        self._paused_reading = False
        self._paused_writing = False
        self._high = HIGH_WATER
        self._low = HIGH_WATER // 4
        outgoing.source = self
        incoming.target = self

    def __repr__(self) -> str:
        state = "lost" if self._lost else "closing" if self._closing else "open"
        return f"<MemoryTransport {state}, {self._outgoing.waiting_bytes} bytes unsent>"

    # What protocols call.

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Give the protocol served here."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Serve another protocol from now on."""
        if not isinstance(protocol, asyncio.Protocol):
            raise TypeError(f"a memory transport serves asyncio.Protocol, not {type(protocol).__name__}")
        self._protocol = protocol

    def is_closing(self) -> bool:
        """Tell whether this end is closed or about to be."""
        return self._closing

    def is_reading(self) -> bool:
        """Tell whether bytes are being received."""
        return not self._closing and not self._paused_reading

    @property
    def reading_paused(self) -> bool:
        """Whether the protocol has asked for a pause."""
        return self._paused_reading and not self._closing

    def pause_reading(self) -> None:
        """Receive nothing until `resume_reading`."""
        self._paused_reading = True

    def resume_reading(self) -> None:
        """Receive again."""
        if self._paused_reading:
            self._paused_reading = False
            self._incoming.schedule()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Put bytes on the way; after a close they are dropped, as sockets do.

        Raises:
            RuntimeError: after `write_eof`.
        """
        if self._ended:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._closing or not data:
            return
        self._outgoing.send(bytes(data))
        if self._outgoing.waiting_bytes > self._high and not self._paused_writing:
            self._paused_writing = True
            self._protocol.pause_writing()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview[Any]]) -> None:
        """Put several pieces on the way as one."""
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        """Tell that half closing works."""
        return True

    def write_eof(self) -> None:
        """End this direction; the other stays open."""
        if not self._ended and not self._closing:
            self._ended = True
            self._outgoing.send(Signal.END)

    def get_write_buffer_size(self) -> int:
        """Give the bytes written and not yet delivered."""
        return self._outgoing.waiting_bytes

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Give the low and the high water mark."""
        return (self._low, self._high)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the marks between which the protocol is told to pause and resume writing."""
        if high is None:
            high = HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low

    def close(self) -> None:
        """Close in good order: what was written still arrives, then the end."""
        if self._closing:
            return
        self._closing = True
        if not self._ended:
            self._outgoing.send(Signal.END)
        self._lose(None)

    def abort(self) -> None:
        """Break the connection: what was not delivered is lost, and the other end sees a reset."""
        if self._lost:
            return
        self._closing = True
        self.send_reset()
        self._lose(None)

    # What channels call.

    def receive(self, data: bytes) -> None:
        """Hand bytes to the protocol; a protocol that fails breaks the connection."""
        try:
            self._protocol.data_received(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the handler's to report
            self._fail(error, "data_received")

    def receive_end(self) -> None:
        """Hand the end of the stream to the protocol, and close unless it wants to keep writing."""
        if self._closing:
            return
        try:
            keep_open = self._protocol.eof_received()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the handler's to report
            self._fail(error, "eof_received")
        else:
            if not keep_open:
                self.close()

    def receive_reset(self) -> None:
        """Lose the connection because of the other end or of the link."""
        self._closing = True
        self._outgoing.clear()
        self._lose(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))

    def send_reset(self) -> None:
        """Break the connection for the other end."""
        self._outgoing.send(Signal.RESET)

    def bytes_left(self) -> None:
        """Let the protocol write again once few enough bytes are waiting."""
        if self._paused_writing and not self._lost and self._outgoing.waiting_bytes <= self._low:
            self._paused_writing = False
            self._protocol.resume_writing()

    def _fail(self, error: Exception, where: str) -> None:
        self._loop.call_exception_handler(
            {
                "message": f"Fatal error: protocol.{where}() call failed.",
                "exception": error,
                "transport": self,
                "protocol": self._protocol,
            }
        )
        self._closing = True
        self.send_reset()
        self._lose(error)

    def _lose(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._loop.call_soon(self._protocol.connection_lost, error)


def join(
    loop: asyncio.AbstractEventLoop,
    client: asyncio.Protocol,
    server: asyncio.Protocol,
    *,
    link: Link | None = None,
    dice: tuple[Dice, Dice] | None = None,
    client_address: tuple[str, int] = ("127.0.0.1", 49152),
    server_address: tuple[str, int] = ("127.0.0.1", 80),
) -> tuple[MemoryTransport, MemoryTransport]:
    """Join two protocols and tell both, the server first: its client may speak at once.

    Args:
        loop: The loop both live on.
        client: The protocol that opens the connection.
        server: The protocol that accepts it.
        link: Delays and faults; none by default.
        dice: Random numbers for the way to the server and for the way to the client.
        client_address: What the server sees as peer.
        server_address: What the client sees as peer.

    Returns:
        The transports of the client and of the server.
    """
    link = link or Link()
    to_server_dice, to_client_dice = dice or (Random(0), Random(0))  # noqa: S311 - reproducible is what is wanted
    conversation = Conversation(link)
    to_server = Channel(loop, link.to_server, conversation, answers=False, dice=to_server_dice)
    to_client = Channel(loop, link.to_client, conversation, answers=True, dice=to_client_dice)
    client_end = MemoryTransport(
        loop, client, to_server, to_client, {"peername": server_address, "sockname": client_address}
    )
    server_end = MemoryTransport(
        loop, server, to_client, to_server, {"peername": client_address, "sockname": server_address}
    )
    server.connection_made(server_end)
    client.connection_made(client_end)
    return client_end, server_end
