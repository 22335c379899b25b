"""What is taken as it lies is what aiohttp's parser makes of the same bytes, whatever they are."""

import asyncio

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpResponseParser
from hypothesis import example, given
from hypothesis import strategies as st

from kibo_scenarios.plain_answers import Answered, plain_answer

NAMES = st.sampled_from(
    (
        "Content-Length",
        "content-length",
        "Retry-After",
        "RETRY-AFTER",
        "Connection",
        "Transfer-Encoding",
        "Server",
        "Allow",
        "Date",
        "Content-Encoding",
        "X-Retry-After",
        "Content-Length-Of",
        "x",
    )
)
VALUES = st.one_of(
    st.integers(0, 12).map(str),
    st.sampled_from(["60", "900", "close", "keep-alive", "chunked", "gzip", "", " 3", "3 ", "+3", "0x3", "3,3", "-1"]),
    st.sampled_from(["Wed, 21 Oct 2026 07:28:00 GMT", "a\r\n b", "3\r\n\tx", "3\rx", "٣", "1.5", "9" * 12]),
)
HEADERS = st.lists(st.tuples(NAMES, st.sampled_from([": ", ": ", ":", " : "]), VALUES), max_size=4)
FIRST_LINES = st.sampled_from(
    (
        "HTTP/1.1 200 OK",
        "HTTP/1.1 429 Too Many Requests",
        "HTTP/1.1 204 No Content",
        "HTTP/1.1 304 Not Modified",
        "HTTP/1.1 100 Continue",
        "HTTP/1.0 200 OK",
        "http/1.1 200 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 200 ",
        "HTTP/1.1 200",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 503 Service: Unavailable",
        "ICY 200 OK",
    )
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Answers that are nearly in order, and others: with a right length, a wrong one, several, or none."""
    body = draw(st.binary(max_size=12))
    if draw(st.booleans()):
        first_line, end = "HTTP/1.1 200 OK", b"\r\n\r\n"
        headers = draw(
            st.lists(st.tuples(st.sampled_from(("Date", "Allow", "x", "Retry-After")), st.just(": "), VALUES))
        )
    else:
        first_line, end = draw(FIRST_LINES), draw(st.sampled_from([b"\r\n\r\n", b"\n\n", b"\r\n"]))
        headers = draw(HEADERS)
    if draw(st.booleans()):
        place = draw(st.integers(0, len(headers)))
        headers.insert(place, ("Content-Length", ": ", str(len(body))))
    return "\r\n".join([first_line, *("".join(header) for header in headers)]).encode() + end + body


def as_aiohttp_reads_it(data: bytes) -> Answered | None:
    """The one answer that ends with these bytes and leaves its connection open; None when they are anything else."""

    async def parse() -> Answered | None:
        loop = asyncio.get_running_loop()
        parser = HttpResponseParser(BaseProtocol(loop), loop, 2**16, read_until_eof=True, auto_decompress=False)
        try:
            messages, upgraded, tail = parser.feed_data(data)
        except HttpProcessingError:
            return None
        if upgraded or tail or len(messages) != 1:
            return None
        ((message, payload),) = messages
        if message.should_close or not payload.is_eof():
            return None
        return Answered(message.code, message.headers.get("Retry-After", ""), await payload.read())

    return asyncio.run(parse())


@given(answers())
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
@example(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 900\r\nContent-Length: 0\r\n\r\n")
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}")
def test_a_plain_answer_is_what_the_parser_makes_of_it(data: bytes) -> None:
    """Whoever takes a shortcut comes to the same place; leaving an answer to the parser is never wrong."""
    taken = plain_answer(data)

    assert taken is None or as_aiohttp_reads_it(data) == taken


@given(st.binary(max_size=40), st.integers(200, 599).filter(lambda status: status not in {204, 304}), st.integers(0))
def test_an_ordinary_answer_is_taken_at_once(body: bytes, status: int, wait: int) -> None:
    """A length, a date and a wait in the head are no reason to look twice."""
    wait %= 10**9
    head = f"HTTP/1.1 {status} Any\r\nDate: now\r\nRetry-After: {wait}\r\nContent-Length: {len(body)}\r\n\r\n"

    assert Answered(status, str(wait), body) == plain_answer(head.encode() + body)
