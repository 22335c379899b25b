"""Answers as they leave: ordinary ones in one piece, large ones in slices, all others as aiohttp makes them.

aiohttp works out each head anew, for a twentieth of what a request costs. Ordinary is what has a body and no headers
but those of every answer, and goes to a client of HTTP/1.1 that keeps its connection, with nobody on the way who might
look at it; aiohttp would have made the very same bytes of it.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

from kibo_simulator.timestamps import SECOND, http_date
from kibo_simulator.web.visit import JSON_TYPE, SERVER, Visit

#: Statuses whose answers have no body, whatever one is given.
_BODILESS: Final = frozenset({204, 304})
_LEAST: Final = 200
_SLICE: Final = 1 << 20
_FIRST_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    for status in HTTPStatus
    if status >= _LEAST and status not in _BODILESS
}


class WholeAnswer(web.StreamResponse):
    """An answer whose head is written already."""

    def __init__(self, status: int, head: bytes, body: bytes | bytearray) -> None:
        super().__init__(status=status)
        self._bytes = head + body
        self._writer: AbstractStreamWriter | None = None

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays; with another answer it might not."""
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Take note of where the answer goes."""
        self._writer = request.writer
        return self._writer

    async def write_eof(self, _data: bytes = b"") -> None:
        """Write everything; waits only where the reader is slow.

        Raises:
            ConnectionError: when the client has left.
        """
        assert self._writer is not None
        await self._writer.write_eof(self._bytes)


class SlicedAnswer(web.StreamResponse):
    """A large answer, written slice by slice: handing it over whole would copy it while everybody else waits."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes | bytearray) -> None:
        super().__init__(status=status, headers={**headers, "Content-Length": str(len(body))})
        self._slices = memoryview(body)

    async def write_eof(self, _data: bytes = b"") -> None:
        """Write everything.

        Raises:
            ConnectionError: when the client has left.
        """
        for first in range(0, len(self._slices), _SLICE):
            await self.write(self._slices[first : first + _SLICE])
            # Writing waits only when the reader is slow; others must have their turn in any case.
            await asyncio.sleep(0)
        await super().write_eof()


def unobserved(application: web.Application) -> bool:
    """Whether nobody looks at the answers of an application that has been started, save for its own middleware."""
    return len(application.middlewares) == 1 and not application.on_response_prepare


def answer_of(request: web.Request, visit: Visit, finished: int, *, observed: bool) -> web.StreamResponse:
    """The answer of a visit that ended at ``finished``; ``observed`` tells that somebody may look at it."""
    if len(visit.payload) > _SLICE:
        return SlicedAnswer(visit.status, visit.all_headers(finished), visit.payload)
    if not observed and (whole := _whole_answer(request, visit, finished)) is not None:
        return whole
    return web.Response(status=visit.status, body=visit.payload, headers=visit.all_headers(finished))


def _whole_answer(request: web.Request, visit: Visit, finished: int) -> WholeAnswer | None:
    retry_after = visit.retry_after
    first_line = _FIRST_LINES.get(visit.status)
    if (
        visit.headers
        or not visit.payload
        or first_line is None
        or not (retry_after is None or isinstance(retry_after, int))
        or request.version != HttpVersion11
        or not request.keep_alive
        or request.method == "HEAD"
        # Applications around this one may look at what it answers.
        or len(request.match_info.apps) != 1
    ):
        return None
    wait = "" if retry_after is None else f"Retry-After: {retry_after}\r\n"
    head = (
        f"{first_line}x-vol-correlation: {visit.correlation_id}\r\nDate: {http_date(finished // SECOND)}\r\n"
        f"Server: {SERVER}\r\nContent-Type: {JSON_TYPE}\r\n{wait}Content-Length: {len(visit.payload)}\r\n\r\n"
    )
    return WholeAnswer(visit.status, head.encode("ascii"), visit.payload)
