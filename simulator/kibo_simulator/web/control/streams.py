"""Answers that go on until their reader goes: bounded in number, woken by news, ended when the simulator stops."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from aiohttp import web

from kibo_simulator.web.errors import ApiError

MOST_STREAMS: Final = 32

_QUIET_SECONDS: Final = 5.0
"""How long nothing may happen until we look whether the reader is still there."""

News = Literal["news", "quiet", "over"]


class Stream:
    """One reader who waits for more."""

    __slots__ = ("_ended", "_request", "_woken")

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._woken = asyncio.Event()
        self._ended = False

    def wake(self) -> None:
        """There is something new."""
        self._woken.set()

    def end(self) -> None:
        """There will be nothing new any more."""
        self._ended = True
        self._woken.set()

    async def next(self) -> News:
        """Wait for something new; ``quiet`` when there was nothing for a while, ``over`` when nobody waits any more."""
        try:
            await asyncio.wait_for(self._woken.wait(), _QUIET_SECONDS)
            news: News = "news"
        except TimeoutError:
            news = "quiet"
        self._woken.clear()
        transport = self._request.transport
        return "over" if self._ended or transport is None or transport.is_closing() else news


class Streams:
    """All readers of one control plane."""

    def __init__(self) -> None:
        self._open: list[Stream] = []

    def __repr__(self) -> str:
        return f"<Streams {len(self._open)} open>"

    @contextmanager
    def open(self, request: web.Request) -> Iterator[Stream]:
        """A stream for this request, until the block ends.

        Raises:
            ApiError: 503 when there are `MOST_STREAMS` already.
        """
        if len(self._open) >= MOST_STREAMS:
            raise ApiError(503, "TOO_MANY_READERS", f"{MOST_STREAMS} others follow already; no more are served")
        stream = Stream(request)
        self._open.append(stream)
        try:
            yield stream
        finally:
            self._open.remove(stream)

    async def end(self, _: object = None) -> None:
        """End all of them."""
        for stream in self._open:
            stream.end()
