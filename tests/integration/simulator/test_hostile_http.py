"""Requests that no sane client sends: each gets a 4xx, and the server is as well afterwards as before."""

import asyncio
import gzip
import logging

import pytest

from .conftest import V1, V5, Bench

QUEUE = f"{V1}/queue"
DELETE = f"{V5}/deleteItems"
OAUTH = "/api/platform/applications/authtickets/oauth"


async def raw(bench: Bench, method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    """Send bytes as they are and return the status line."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    lines += [f"{name}: {value}" for name, value in bench.headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.http.server.port)
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
    status = await reader.readline()
    await reader.read()
    writer.close()
    await writer.wait_closed()
    return status.split()[1] if status else b""


@pytest.mark.parametrize(
    ("status", "request_line", "body", "headers"),
    [
        (b"400", f"GET {QUEUE}/%ff", b"", ()),
        (b"400", f"GET {QUEUE}/%00", b"", ()),
        (b"400", f"GET {QUEUE}?limit=%ff", b"", ()),
        (b"200", f"GET {QUEUE}?{'a=1&' * 1_500}", b"", ()),
        (b"404", "GET /api/%2e%2e/%2e%2e/etc/passwd", b"", ()),
        (b"400", f"POST {DELETE}", b"no gzip at all", ("Content-Encoding: gzip",)),
        (b"400", f"POST {DELETE}", b"[" * 1_000_000, ()),
        (b"400", f"POST {DELETE}", b'{"x":' * 1_000_000, ()),
        (b"400", f"POST {DELETE}", b'{"items":[{"upc":"1"}],"x":' + b"[" * 400_000 + b"]" * 400_000 + b"}", ()),
        (b"400", f"POST {DELETE}", b'{"items":[{"partNumber":"\\ud800"}]}', ()),
        (b"400", f"POST {OAUTH}", b"a&b=1&" * 100_000, ("Content-Type: application/x-www-form-urlencoded",)),
        (b"401", f"POST {OAUTH}", b"client_id=%ff", ("Content-Type: application/x-www-form-urlencoded",)),
        (b"400", f"POST {OAUTH}", b"{}x", ("Content-Type: ;;;",)),
        (b"405", f"HEAD {QUEUE}", b"", ()),
        (b"405", f"OPTIONS {QUEUE}", b"", ()),
        (b"403", f"GET {QUEUE}", b"", ("x-vol-tenant: \xff\xfe",)),
        (b"403", "GET /api/platform/tenants/%C2%B2", b"", ()),
        (b"400", "GET /_simulator/inventory?tenant=%C2%B2", b"", ()),
        (b"400", "GET /_simulator/jobs?limit=-1", b"", ()),
        (b"400", "PUT /_simulator/clock", b'{"now": "9999-12-31T23:59:59Z"}', ()),
        (b"400", "POST /_simulator/clock/advance", b'{"seconds": NaN}', ()),
    ],
)
async def test_hostile_requests_are_refused(
    bench: Bench, status: bytes, request_line: str, body: bytes, headers: tuple[str, ...]
) -> None:
    """Never a 5xx that was not asked for, and never a change."""
    before = bench.dump()
    method, path = request_line.split(" ", 1)
    answered = await raw(bench, method, path, body, *headers)

    assert answered == status
    assert bench.dump() == before
    assert bench.simulator.runner.idle


async def test_a_zip_bomb_is_refused_before_it_is_unpacked(bench: Bench) -> None:
    """Bodies are bounded after decompression: 200 MB of blanks in 200 kB are 413."""
    bomb = gzip.compress(b" " * 200_000_000, compresslevel=1)

    assert await raw(bench, "POST", DELETE, bomb, "Content-Encoding: gzip") == b"413"


async def test_a_client_that_hangs_up_in_its_body_changes_nothing(bench: Bench) -> None:
    """A body that never comes whole is not acted upon."""
    _, writer = await asyncio.open_connection("127.0.0.1", bench.http.server.port)
    head = f"POST {DELETE} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
    writer.write(
        f"{head}Authorization: {bench.headers['Authorization']}\r\n\r\n".encode() + b'{"items":[{"partNumber":"^"}]}'
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    reply = await bench.send("GET", QUEUE)

    assert (reply.status, reply.body) == (200, [])


@pytest.mark.parametrize(
    "line", [b"GARBAGE\r\n\r\n", b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00"]
)
async def test_what_is_not_http_is_one_line_in_the_log(
    bench: Bench, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """No traceback for somebody else's mistake."""
    from kibo_simulator.serving import _OneLine

    quiet = _OneLine()
    logger = logging.getLogger("aiohttp.server")
    logger.addFilter(quiet)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.http.server.port)
        writer.write(line)
        status = await reader.readline()
        writer.close()
        await writer.wait_closed()
    finally:
        logger.removeFilter(quiet)

    assert status.split()[1] == b"400"
    assert [record for record in caplog.records if record.exc_info] == []


async def test_time_ends_before_the_dates_do(bench: Bench) -> None:
    """The clock is not moved to where no ISO 8601 date can follow it, and stays usable."""
    await bench.send("PUT", "/_simulator/clock", {"now": "9990-01-01T00:00:00Z"})
    too_far = await bench.send("POST", "/_simulator/clock/advance", {"seconds": 1e10})
    clock = await bench.send("GET", "/_simulator/clock")

    assert (too_far.status, clock.body["now"]) == (400, "9990-01-01T00:00:00.000000Z")
