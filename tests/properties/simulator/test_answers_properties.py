"""What leaves in one piece is to the byte what aiohttp would have sent, and the connection stays or goes alike."""

import asyncio
from typing import Any

from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.http_writer import StreamWriter
from aiohttp.test_utils import make_mocked_request
from hypothesis import event, example, given
from hypothesis import strategies as st

from kibo_simulator.web.answers import WholeAnswer, answer_of
from kibo_simulator.web.visit import Visit

NOW = 1_772_427_600_000_000
STATUSES = st.sampled_from([200, 201, 202, 400, 401, 404, 405, 413, 418, 429, 500, 503]) | st.sampled_from(
    [200, 204, 304, 299, 599]
)
SELDOM = st.sampled_from([False] * 4 + [True])
RETRY_AFTER = st.one_of(st.none(), st.integers(0, 3600), st.just("Wed, 21 Oct 2026 07:28:00 GMT"))
HEADERS = st.sampled_from([{}] * 6 + [{"Allow": "GET, POST"}, {"Content-Type": "text/plain"}])


class _Wire:
    """A transport, and the protocol that owns it, which keep what is written."""

    def __init__(self) -> None:
        self.transport = self
        self.written = b""
        self._paused = False

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.written += data

    def writelines(self, pieces: list[bytes]) -> None:
        self.written += b"".join(pieces)


def sent(visit: Visit, method: str, *, old: bool, closing: bool, observed: bool) -> tuple[type, bytes, bool]:
    """The kind of an answer, its bytes, and whether the connection stays."""

    async def send() -> tuple[type, bytes, bool]:
        wire: Any = _Wire()
        request = make_mocked_request(
            method,
            "/api/x",
            {"Connection": "close"} if closing else {},
            version=HttpVersion10 if old else HttpVersion11,
            writer=StreamWriter(wire, asyncio.get_running_loop()),
            app=web.Application(),
        )
        answer = answer_of(request, visit, NOW, observed=observed)
        await answer.prepare(request)
        await answer.write_eof()
        return type(answer), wire.written, bool(answer.keep_alive)

    return asyncio.run(send())


@given(
    STATUSES,
    st.binary(min_size=1, max_size=40) | st.just(b""),
    RETRY_AFTER,
    HEADERS,
    st.sampled_from(["GET", "GET", "POST", "PUT", "DELETE", "HEAD"]),
    SELDOM,
    SELDOM,
)
@example(200, b"{}", None, {}, "GET", False, False)
@example(429, b"{}", 900, {}, "POST", False, False)
def test_an_answer_in_one_piece_is_what_aiohttp_would_have_sent(
    status: int,
    payload: bytes,
    retry_after: int | str | None,
    headers: dict[str, str],
    method: str,
    old: bool,  # noqa: FBT001  # drawn
    closing: bool,  # noqa: FBT001  # drawn
) -> None:
    """Head, body and the fate of the connection are the same, whatever the answer (T-1, RL-12)."""
    visit = Visit(NOW, NOW, "0123456789abcdef" * 2, None, status=status, payload=payload)
    visit.headers, visit.retry_after = headers, retry_after

    kind, *shortcut = sent(visit, method, old=old, closing=closing, observed=False)
    usual_kind, *usual = sent(visit, method, old=old, closing=closing, observed=True)

    event(kind.__name__)
    assert usual_kind is web.Response
    assert shortcut == usual


def test_an_ordinary_answer_leaves_in_one_piece() -> None:
    """The shortcut is taken where it is meant to be; else the property above would say nothing."""
    visit = Visit(NOW, NOW, "0123456789abcdef" * 2, None, payload=b"[]")

    kind, written, stays = sent(visit, "GET", old=False, closing=False, observed=False)

    assert (kind, stays) == (WholeAnswer, True)
    assert written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert written.endswith(b"\r\nContent-Length: 2\r\n\r\n[]")
