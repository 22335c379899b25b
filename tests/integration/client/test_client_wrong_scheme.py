"""A URL with http where the other end speaks TLS, or the other way round, is told at once (C14, RT-3)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme

from kibo_client import KiboClient, Settings, Target, UnreachableError
from kibo_client.transport import Transport, TransportError

from .conftest import CLIENT, GIVEN, environment

Listen = Callable[..., Awaitable[tuple[int, list[bytes]]]]


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """A function that starts a listener; gives its port, and what reaches it."""
    async with AsyncExitStack() as stack:

        async def start(answer: bytes = b"", *, tls: bool = False) -> tuple[int, list[bytes]]:
            reached: list[bytes] = []

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                reached.append(await reader.read(1 << 16))
                writer.write(answer)
                writer.close()

            context = None
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
            server = await asyncio.start_server(serve, "127.0.0.1", ssl=context)
            stack.push_async_callback(server.wait_closed)
            stack.callback(server.close)
            return server.sockets[0].getsockname()[1], reached

        yield start


def settings(url: str) -> Settings:
    """An account at a URL."""
    return Settings(api_host=url, tenant=1, client_id="a", shared_secret="s")


async def refusal(url: str) -> UnreachableError:
    """What a bulk deletion at a URL ends with."""
    async with KiboClient(settings(url)) as client:
        with pytest.raises(UnreachableError) as caught:
            await client.bulk_delete([Target("L", "P", "1")])
    return caught.value


async def trouble(url: str) -> TransportError:
    """Why there is no token at a URL."""
    async with Transport(settings(url), now=lambda: 0) as transport:
        with pytest.raises(TransportError) as caught:
            await transport.authorize()
    return caught.value


async def test_http_to_a_port_for_tls_is_told_at_once(listen: Listen) -> None:
    """One attempt; nothing in clear gets past the handshake, and the way out is told."""
    port, reached = await listen(tls=True)
    error = await refusal(f"http://127.0.0.1:{port}")

    assert (str(error), error.permanent) == (
        f"cannot reach http://127.0.0.1:{port}: it speaks TLS; the URL should be https://127.0.0.1:{port}",
        True,
    )
    # The handshake that found out sends nothing.
    assert [content for content in reached if content] == []


async def test_https_to_a_port_without_tls_is_told_at_once(listen: Listen) -> None:
    """Whatever the other end answers to a handshake that it does not understand."""
    port, reached = await listen(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    error = await refusal(f"https://127.0.0.1:{port}")

    assert (str(error), error.permanent, len(reached)) == (
        f"cannot reach https://127.0.0.1:{port}: it does not speak TLS; the URL should be http://127.0.0.1:{port}",
        True,
        1,
    )


@pytest.mark.parametrize(
    "page",
    [
        b"<center>The plain HTTP request was sent to HTTPS port</center>",
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
    ],
)
async def test_a_server_that_says_so_itself_is_believed(listen: Listen, page: bytes) -> None:
    """What nginx, Go and Apache answer is no refusal of the credentials."""
    port, reached = await listen(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b" % (len(page), page))
    error = await refusal(f"http://127.0.0.1:{port}")

    assert (error.permanent, error.message.startswith("it speaks TLS; "), len(reached)) == (True, True, 1)


async def test_who_just_hangs_up_is_not_said_to_speak_tls(listen: Listen) -> None:
    """RT-1: the handshake is tried and fails; the request is worth another try."""
    port, reached = await listen()
    error = await trouble(f"http://127.0.0.1:{port}")

    assert (error.permanent, "TLS" in str(error), len(reached)) == (False, False, 2)


async def test_a_port_that_nobody_listens_at_is_as_before() -> None:
    """RT-1: somebody may listen there soon."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await trouble(f"https://127.0.0.1:{taken.getsockname()[1]}")

    assert (error.permanent, "TLS" in str(error)) == (False, False)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["delete", "--yes", "--export"], ["batch", "create", "B"]])
async def test_the_command_line_says_it_in_one_line(listen: Listen, tmp_path: Path, arguments: list[str]) -> None:
    """Exit code 2: a setting is wrong."""
    port, _ = await listen(tls=True)
    export = tmp_path / "export.csv"
    export.write_text("LocationCode,PartNumber,UPC,SKU\nL,P1,1,\n", encoding="utf-8")
    more = [str(export)] if arguments[0] == "delete" else ["--name", "N"]
    process = await asyncio.create_subprocess_exec(
        *CLIENT,
        *arguments,
        *more,
        env=environment(**{**GIVEN, "KIBO_API_HOST": f"http://127.0.0.1:{port}"}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    last = said.decode().splitlines()[-1]

    assert (process.returncode, "Traceback" in said.decode()) == (2, False), said.decode()
    assert last.startswith("kibo-client: ")
    assert last.endswith(f"it speaks TLS; the URL should be https://127.0.0.1:{port}")
    assert sys.executable in CLIENT
