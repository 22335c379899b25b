"""Takes the plain answers of a connection as they lie, and leaves all others to aiohttp's parser.

An answer is plain when it comes in one piece, whole, with its length in its head and nothing said of the connection.
Nearly all are, and parsing them into everything that a general client may ask for takes longer than sending a request.
"""

import asyncio
import re
from typing import Final, NamedTuple

from aiohttp.client_proto import ResponseHandler

#: Headers that say nothing of where an answer ends or what becomes of its connection, and nothing in their values that
#: anyone could read in two ways. What is taken is not given back: the pattern takes time linear in the head.
_HARMLESS: Final = rb"(?:(?:Content-Type|Date|Server|x-vol-correlation|Allow|Location): [ -~]*+\r\n)*+"
_HEAD: Final = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9]{2}) [ -~]*+\r\n" + _HARMLESS + rb"(?:Retry-After: ([0-9]{1,9})\r\n" + _HARMLESS + rb")?"
    # One length alone, so that there cannot be two of them.
    + rb"Content-Length: ([0-9]{1,9})\r\n" + _HARMLESS + rb"\r\n"
)  # fmt: skip
_BODILESS: Final = frozenset({204, 304})
_LARGEST_HEAD: Final = 8_000


class Answered(NamedTuple):
    """An answer: its status, its Retry-After (empty without one), and its body."""

    status: int
    retry_after: str
    body: bytes


def plain_answer(data: bytes) -> Answered | None:
    """Return the answer that some bytes are, no more and no less; None when that takes more than a look."""
    head = _HEAD.match(data, 0, _LARGEST_HEAD)
    if head is None:
        return None
    code, retry_after, length = head.groups(b"")
    body, status = data[head.end() :], int(code)
    if int(length) != len(body) or status in _BODILESS:
        return None
    return Answered(status, retry_after.decode("ascii"), body)


class AnswerHandler(ResponseHandler):
    """aiohttp's handler of answers, which gives a plain one at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._plain: asyncio.Future[Answered | None] | None = None
        self.quiet = False
        """Whether everything that has come was plain: then there is no need to look into what aiohttp knows."""

    def expect(self) -> "asyncio.Future[Answered | None]":
        """The answer to what is sent now, when it comes; None when it is not plain, and then `parsed` has it."""
        self._plain = self._loop.create_future()
        return self._plain

    async def parsed(self) -> Answered:
        """The answer as aiohttp reads it."""
        message, payload = await self.read()
        return Answered(message.code, message.headers.get("Retry-After", ""), await payload.read())

    def data_received(self, data: bytes) -> None:
        """Take bytes; those of a plain answer go straight to whoever waits."""
        waiter = self._plain
        if waiter is not None and not waiter.done():
            answered = plain_answer(data)
            if answered is not None:
                self.quiet = True
                waiter.set_result(answered)
                return
            self.set_response_params(read_until_eof=True, auto_decompress=False)
            waiter.set_result(None)
        self.quiet = False
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hear that there will be no answer; reading tells why."""
        super().connection_lost(exc)
        self.quiet = False
        if self._plain is not None and not self._plain.done():
            self._plain.set_result(None)
