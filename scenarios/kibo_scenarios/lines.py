"""The connections of a load scenario's clients: kept open, one request at a time on each.

A day has a hundred thousand requests, and a client for everybody's needs spends more on each than the simulator does.
These need little: the bytes of a request are joined, and an answer that is anything but plain is parsed by aiohttp.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import aiohttp

from kibo_scenarios.plain_answers import Answered, AnswerHandler

PATIENCE_S: Final = 300.0

_FAILURES: Final = (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, aiohttp.EofStream, OSError)

OpenLine: TypeAlias = Callable[[Callable[[], AnswerHandler]], Awaitable[tuple[Any, AnswerHandler]]]
"""Opens a connection with a protocol of a maker's, as asyncio's `create_connection` does."""


class NoAnswerError(Exception):
    """Nobody knows what became of the request: no connection, a broken one, a broken answer, or too long a wait."""


class Lines:
    """As many connections as are in use at the same time.

    Args:
        open_line: Opens one.
        host: What requests say as their host.
        patience_s: Seconds of the loop's clock within which an answer must be complete.
    """

    def __init__(self, open_line: OpenLine, host: str, patience_s: float = PATIENCE_S) -> None:
        self._open_line = open_line
        self._host = host
        self._patience_s = patience_s
        self._idle: list[_Line] = []
        self._all: set[_Line] = set()

    def __repr__(self) -> str:
        return f"<Lines to {self._host}, {len(self._idle)} of {len(self._all)} idle>"

    async def ask(self, method: str, path: str, body: bytes = b"", token: str = "") -> Answered:
        """Send a request and return its answer; nothing is sent twice.

        With an idle connection at hand the request leaves before anything is awaited.

        Args:
            method: Of the request.
            path: With the query, quoted.
            body: JSON; empty for none.
            token: An access token; empty for none.

        Raises:
            NoAnswerError: There was none.
        """
        line = self._take()
        try:
            if line is None:
                line = await self._open()
            answer = await line.send(self._bytes(method, path, body, token), self._patience_s)
            if answer is None:
                answer = await line.parsed()
            line.answered()
        except _FAILURES as error:
            if line is not None:
                self._drop(line)
            raise NoAnswerError(str(error)) from error
        except BaseException:
            if line is not None:
                self._drop(line)
            raise
        if line.usable:
            self._idle.append(line)
        else:
            self._drop(line)
        return answer

    async def aclose(self) -> None:
        """Close all connections."""
        for line in list(self._all):
            self._drop(line)
        # Those that were closed hear of it in the next turn of the loop.
        await asyncio.sleep(0)

    def _take(self) -> "_Line | None":
        while self._idle:
            line = self._idle.pop()
            if line.usable:
                return line
            self._drop(line)
        return None

    async def _open(self) -> "_Line":
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._patience_s):
            transport, protocol = await self._open_line(lambda: AnswerHandler(loop))
        line = _Line(loop, transport, protocol)
        self._all.add(line)
        return line

    def _drop(self, line: "_Line") -> None:
        self._all.discard(line)
        line.end()

    def _bytes(self, method: str, path: str, body: bytes, token: str) -> bytes:
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nAccept: */*\r\n{authorization}{content}\r\n"
        return head.encode("ascii") + body


class _Line:
    """One connection."""

    __slots__ = ("_deadline", "_late", "_loop", "_protocol", "_transport", "_watch")

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: Any, protocol: AnswerHandler) -> None:
        self._loop = loop
        self._transport = transport
        self._protocol = protocol
        self._deadline: float | None = None
        self._late = False
        self._watch: asyncio.TimerHandle | None = None

    @property
    def usable(self) -> bool:
        """Whether the next request may go here."""
        protocol = self._protocol
        return protocol.is_connected() and (protocol.quiet or not protocol.should_close)

    def send(self, request: bytes, patience_s: float) -> "asyncio.Future[Answered | None]":
        """Send a request; what is returned has its answer, or None where `parsed` has it."""
        self._deadline = self._loop.time() + patience_s
        if self._watch is None:
            # One timer watches over many requests: setting and taking back one for each would cost a tenth of all.
            self._watch = self._loop.call_at(self._deadline, self._look)
        expected = self._protocol.expect()
        self._transport.write(request)
        return expected

    async def parsed(self) -> Answered:
        """The answer, read by aiohttp."""
        return await self._protocol.parsed()

    def answered(self) -> None:
        """Stop waiting for an answer, which is there."""
        self._deadline = None
        if self._late:
            # What ends with its connection looks whole.
            raise TimeoutError("the answer was not complete in time")

    def end(self) -> None:
        """Close the connection; whoever waits for an answer gets none."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._transport.close()

    def _look(self) -> None:
        self._watch = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._watch = self._loop.call_at(self._deadline, self._look)
        else:
            self._late = True
            self._transport.abort()
