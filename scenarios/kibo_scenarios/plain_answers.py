"""Takes the plain answers of a connection as they lie, and leaves all others to aiohttp's parser.

An answer is plain when it comes in one piece, whole, with its length in its head and nothing said of the connection.
Nearly all are, and parsing them into everything that a general client may ask for takes longer than sending a request.
"""

import asyncio
from typing import Final, NamedTuple

from aiohttp.client_proto import ResponseHandler

_BEGIN: Final = b"HTTP/1.1 "
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
#: Headers that say nothing of where an answer ends or what becomes of its connection.
_HARMLESS: Final = frozenset({b"Content-Type", b"Date", b"Server", b"x-vol-correlation", b"Allow", b"Location"})
_FIRST, _LAST = 200, 599
_BODILESS: Final = frozenset({204, 304})
_MOST_DIGITS: Final = 9
_LARGEST_HEAD: Final = 8_000


class Answered(NamedTuple):
    """An answer: its status, its Retry-After (empty without one), and its body."""

    status: int
    retry_after: str
    body: bytes


def plain_answer(data: bytes) -> Answered | None:
    """Return the answer that some bytes are, no more and no less; None when that takes more than a look."""
    end = data.find(b"\r\n\r\n", 0, _LARGEST_HEAD)
    if end < 0 or not data.startswith(_BEGIN):
        return None
    head = data[:end]
    first_line, *lines = head.split(b"\r\n")
    code = first_line[9:12]
    # Nothing in it that anyone could read in two ways.
    if head.translate(None, _PRINTABLE) != b"\r\n" * len(lines) or first_line[12:13] != b" " or not code.isdigit():
        return None
    length, retry_after = b"", b""
    for line in lines:
        name, _, value = line.partition(b": ")
        if name in _HARMLESS:
            continue
        name = name.lower()
        if name == b"content-length":
            if length or not _is_number(value):
                return None
            length = value
        elif name == b"retry-after":
            if retry_after or not _is_number(value):
                return None
            retry_after = value
        else:
            return None
    body, status = data[end + 4 :], int(code)
    if not length or int(length) != len(body) or not _FIRST <= status <= _LAST or status in _BODILESS:
        return None
    return Answered(status, retry_after.decode("ascii"), body)


def _is_number(value: bytes) -> bool:
    return value.isdigit() and len(value) <= _MOST_DIGITS


class AnswerHandler(ResponseHandler):
    """aiohttp's handler of answers, which gives a plain one at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._plain: asyncio.Future[Answered | None] | None = None

    async def answer(self) -> Answered:
        """Wait for the answer to the request that has just been sent."""
        self._plain = self._loop.create_future()
        try:
            answered = await self._plain
        finally:
            self._plain = None
        if answered is not None:
            return answered
        message, payload = await self.read()
        return Answered(message.code, message.headers.get("Retry-After", ""), await payload.read())

    def data_received(self, data: bytes) -> None:
        """Take bytes; those of a plain answer go straight to whoever waits."""
        waiter = self._plain
        if waiter is not None and not waiter.done():
            answered = plain_answer(data)
            if answered is None:
                self.set_response_params(read_until_eof=True, auto_decompress=False)
            waiter.set_result(answered)
            if answered is not None:
                return
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hear that there will be no answer; reading tells why."""
        super().connection_lost(exc)
        if self._plain is not None and not self._plain.done():
            self._plain.set_result(None)
