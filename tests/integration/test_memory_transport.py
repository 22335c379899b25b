"""The transport in memory keeps the promises of asyncio's own, held against real sockets by the same checks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from kibo_scenarios.memory_transport import Fault, Harm, Link, MemoryNetwork, Opening, Path, Uniform, join
from kibo_scenarios.virtual_time import UnhandledInLoop, VirtualTimeLoop, run_virtual

RESET = "ConnectionResetError"


class End(asyncio.Protocol):
    """One end of a connection that writes down what happens to it and can wait for it."""

    def __init__(self, *, keep_open: bool = False) -> None:
        self.transport: asyncio.Transport
        self.data = bytearray()
        self.log: list[str] = []
        self.keep_open = keep_open
        self._changed = asyncio.Event()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is so."""
        while not true():
            self._changed.clear()
            await self._changed.wait()

    async def until_lost(self) -> list[str]:
        """Wait for the end of everything and give the log."""
        await self.until(lambda: self.log[-1:] in (["lost"], [RESET]))
        return self.log

    def _note(self, event: str) -> None:
        self.log.append(event)
        self._changed.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._changed.set()

    def data_received(self, data: bytes) -> None:
        """Keep the bytes."""
        self.data += data
        self._changed.set()

    def eof_received(self) -> bool:
        """Note the end; keep the own direction open if told to."""
        self._note("end")
        return self.keep_open

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the loss and its reason."""
        self._note("lost" if exc is None else type(exc).__name__)

    def pause_writing(self) -> None:
        """Note the pause."""
        self._note("pause")

    def resume_writing(self) -> None:
        """Note that it is over."""
        self._note("resume")


Join = Callable[[End, End], Awaitable[None]]
Check = Callable[[Join], Awaitable[None]]


async def join_in_memory(client: End, server: End) -> None:
    """Join two ends in memory, on whatever loop is running."""
    join(asyncio.get_running_loop(), client, server)


@asynccontextmanager
async def sockets() -> AsyncIterator[Join]:
    """Join ends by real sockets on the loopback interface."""
    loop = asyncio.get_running_loop()
    servers: list[asyncio.Server] = []

    async def join_by_socket(client: End, server: End) -> None:
        listening = await loop.create_server(lambda: server, "127.0.0.1", 0)
        servers.append(listening)
        await loop.create_connection(lambda: client, *listening.sockets[0].getsockname())
        await server.until(lambda: hasattr(server, "transport"))

    yield join_by_socket
    for server in servers:
        server.close()


async def good_order(join_ends: Join) -> None:
    """Bytes, then the end, then the loss, at both ends; nothing from inside a call."""
    client, server = End(), End()
    await join_ends(client, server)
    client.transport.write(b"one ")
    client.transport.writelines([b"two ", bytearray(b"three")])
    assert server.data == b""
    client.transport.close()
    client.transport.close()
    client.transport.write(b"too late")

    assert client.log == []
    assert client.transport.is_closing()
    assert await server.until_lost() == ["end", "lost"]
    assert await client.until_lost() == ["lost"]
    client.transport.abort()
    server.transport.abort()
    server.transport.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [client.log, server.log] == [["lost"], ["end", "lost"]]
    assert server.data == b"one two three"


async def half_close(join_ends: Join) -> None:
    """After the end of one direction the other still works, and writing to the ended one is an error."""
    client, server = End(keep_open=True), End(keep_open=True)
    await join_ends(client, server)
    client.transport.write(b"question")
    client.transport.write_eof()
    with pytest.raises(RuntimeError, match="write_eof"):
        client.transport.write(b"more")
    await server.until(lambda: server.log == ["end"])
    server.transport.write(b"answer")
    server.transport.close()
    await client.until(lambda: client.log == ["end"])

    assert [server.data, client.data] == [b"question", b"answer"]
    client.transport.close()
    assert await client.until_lost() == ["end", "lost"]
    assert await server.until_lost() == ["end", "lost"]


async def back_pressure(join_ends: Join) -> None:
    """A reader that pauses makes the writer pause once, and resume once when it reads on."""
    client, server = End(), End()
    await join_ends(client, server)
    server.transport.pause_reading()
    body = bytes(range(256)) * 80_000
    client.transport.write(body)
    client.transport.write(b"!")
    assert client.log == ["pause"]
    assert client.transport.get_write_buffer_size() > client.transport.get_write_buffer_limits()[1]
    server.transport.resume_reading()
    await server.until(lambda: len(server.data) == len(body) + 1)
    await client.until(lambda: client.log == ["pause", "resume"])
    client.transport.close()

    assert server.data == body + b"!"
    assert await client.until_lost() == ["pause", "resume", "lost"]
    assert await server.until_lost() == ["end", "lost"]


async def abort(join_ends: Join) -> None:
    """Aborting loses the connection at once: cleanly for who does it."""
    client, server = End(), End()
    await join_ends(client, server)
    client.transport.abort()
    client.transport.abort()

    assert client.log == []
    assert await client.until_lost() == ["lost"]
    assert (await server.until_lost())[-1] in ("lost", RESET)


async def close_from_the_server(join_ends: Join) -> None:
    """Either side may close; the other sees the end and then the loss."""
    client, server = End(), End()
    await join_ends(client, server)
    server.transport.close()

    assert await client.until_lost() == ["end", "lost"]
    assert await server.until_lost() == ["lost"]


CHECKS = [good_order, half_close, back_pressure, abort, close_from_the_server]


@pytest.mark.parametrize("check", CHECKS)
def test_in_memory_in_virtual_time(check: Check) -> None:
    """The promises hold in memory, in virtual time."""

    async def main(loop: VirtualTimeLoop) -> None:
        await check(join_in_memory)

    run_virtual(main, start_us=0)


@pytest.mark.parametrize("check", CHECKS)
async def test_in_memory_on_the_standard_loop(check: Check) -> None:
    """The promises hold in memory on asyncio's own loop, to which nothing here is bound."""
    async with asyncio.timeout(10):
        await check(join_in_memory)


@pytest.mark.parametrize("check", CHECKS)
async def test_real_sockets_pass_the_same_checks(check: Check) -> None:
    """Real sockets pass these checks, so the checks are about asyncio and not about us."""
    async with asyncio.timeout(10), sockets() as join_by_socket:
        await check(join_by_socket)


def outcome(link: Link, request: bytes = b"x" * 100, answer: bytes = b"y" * 100) -> dict[str, object]:
    """Send a request over a link, answer it when it is complete, and tell what both ends saw after a minute."""

    async def main(loop: VirtualTimeLoop) -> dict[str, object]:
        client, server = End(), End()
        join(loop, client, server, link=link)

        async def answers() -> None:
            await server.until(lambda: len(server.data) == len(request))
            server.transport.write(answer)

        answering = asyncio.create_task(answers())
        client.transport.write(request)
        await asyncio.sleep(60)
        answering.cancel()
        return {
            "server got": len(server.data),
            "client got": len(client.data),
            "server": server.log,
            "client": client.log,
        }

    return run_virtual(main, start_us=0)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (Link(), (100, 100, [], [])),
        (Link.delayed(25_000), (100, 100, [], [])),
        (Link.delayed(Uniform(0, 70_000)), (100, 100, [], [])),
        (Link.delayed(40_000_000), (100, 0, [], [])),
        (Link.black_hole(), (0, 0, [], [])),
        (Link.reset_after_request_bytes(30), (30, 0, [RESET], [RESET])),
        (Link.reset_after_request_bytes(0), (0, 0, [RESET], [RESET])),
        (Link.reset_after_request_bytes(100), (100, 100, [], [])),
        (Link.reset_after_answer_bytes(40), (100, 40, [RESET], [RESET])),
        (Link.half_closed_after_answer_bytes(40), (100, 40, ["end", "lost"], ["end", "lost"])),
        (Link.cut_before_answer(), (100, 0, [RESET], [RESET])),
        (Link.cut_before_answer(harm=Harm.VANISH), (100, 0, [], [])),
        (Link.cut_before_answer(harm=Harm.END), (100, 0, ["end", "lost"], ["end", "lost"])),
        (Link.cut_before_answer(exchange=2), (100, 100, [], [])),
    ],
)
def test_faults_of_links(link: Link, expected: tuple[int, int, list[str], list[str]]) -> None:
    """Each fault does what it says, at the byte it names, and both ends learn what they would in life."""
    assert tuple(outcome(link).values()) == expected


def test_a_black_hole_fills_the_senders_buffer() -> None:
    """What vanishes is never acknowledged, so the sender is paused and not resumed, and closing still works."""

    async def main(loop: VirtualTimeLoop) -> tuple[list[str], list[str], int]:
        client, server = End(), End()
        join(loop, client, server, link=Link.black_hole())
        client.transport.write(bytes(100_000))
        await asyncio.sleep(3_600)
        client.transport.close()
        await client.until_lost()
        await asyncio.sleep(3_600)
        return client.log, server.log, len(server.data)

    assert run_virtual(main, start_us=0) == (["pause", "lost"], [], 0)


def test_latency_is_kept_to_the_microsecond() -> None:
    """A question and its answer over 25 ms each way take 50 ms, and a second write does not overtake."""

    async def main(loop: VirtualTimeLoop) -> tuple[int, bytes, int]:
        client, server = End(), End()
        join(loop, client, server, link=Link(to_server=Path(25_000), to_client=Path(25_001)))
        client.transport.write(b"a")
        await asyncio.sleep(0.01)
        client.transport.write(b"b")
        await server.until(lambda: server.data == b"a")
        server.transport.write(b"answer")
        await client.until(lambda: client.data == b"answer")
        answered_us = loop.now_us
        return answered_us, bytes(server.data), loop.now_us

    assert run_virtual(main, start_us=0) == (50_001, b"ab", 50_001)


def test_aborting_takes_back_what_is_under_way() -> None:
    """Bytes that have not arrived when their sender aborts never do, and the loss is told once."""

    async def main(loop: VirtualTimeLoop) -> tuple[bytes, list[str], list[str]]:
        client, server = End(), End()
        join(loop, client, server, link=Link.delayed(1_000))
        client.transport.write(b"early")
        await asyncio.sleep(0.5)
        client.transport.write(b"late")
        client.transport.abort()
        await asyncio.sleep(1)
        return bytes(server.data), client.log, server.log

    assert run_virtual(main, start_us=0) == (b"early", ["lost"], [RESET])


def test_losing_a_connection_from_both_sides_is_told_once() -> None:
    """Two resets that cross, or a close that meets a reset, make one loss at each end."""

    async def main(loop: VirtualTimeLoop) -> tuple[list[str], list[str]]:
        client, server = End(), End()
        join(loop, client, server, link=Link.delayed(1_000))
        client.transport.close()
        server.transport.abort()
        await asyncio.sleep(1)
        return client.log, server.log

    assert run_virtual(main, start_us=0) == (["lost"], ["lost"])


def test_bytes_to_a_closed_end_come_back_as_a_reset() -> None:
    """Who keeps writing to an end that has closed learns it the hard way, as with sockets."""

    async def main(loop: VirtualTimeLoop) -> list[str]:
        client, server = End(keep_open=True), End()
        join(loop, client, server)
        server.transport.close()
        await client.until(lambda: client.log == ["end"])
        client.transport.write(b"are you there?")
        return await client.until_lost()

    assert run_virtual(main, start_us=0) == ["end", RESET]


def test_a_protocol_that_fails_breaks_its_connection() -> None:
    """An error in a protocol is reported, and the other end sees a reset."""

    class Failing(End):
        def data_received(self, data: bytes) -> None:
            raise ValueError(data)

    client_log: list[str] = []

    async def main(loop: VirtualTimeLoop) -> None:
        client, server = End(), Failing()
        join(loop, client, server)
        client.transport.write(b"hello")
        await client.until_lost()
        client_log.extend([*client.log, *server.log])

    with pytest.raises(UnhandledInLoop) as caught:
        run_virtual(main, start_us=0)

    assert client_log == [RESET, "ValueError"]
    assert [c["message"] for c in caught.value.contexts] == ["Fatal error: protocol.data_received() call failed."]


def test_a_reset_reaches_a_reader_that_has_paused() -> None:
    """A reader that pauses is told of a reset nevertheless, and of bytes and the end only when it reads on."""

    async def main(loop: VirtualTimeLoop) -> tuple[list[str], list[str]]:
        ended, reset = End(), End()
        one, other = End(), End()
        join(loop, one, ended)
        join(loop, other, reset)
        for end in (ended, reset):
            end.transport.pause_reading()
        one.transport.close()
        other.transport.abort()
        await asyncio.sleep(60)
        return list(ended.log), list(reset.log)

    assert run_virtual(main, start_us=0) == ([], [RESET])


async def connect_all(network: MemoryNetwork, count: int) -> list[str]:
    """Open connections one after the other and tell how each went."""
    results = []
    for _ in range(count):
        client = End()
        try:
            await network.connect(lambda client=client: client, "host", 80)  # type: ignore[misc]
        except ConnectionRefusedError:
            results.append("refused")
        else:
            client.transport.write(b"x")
            await asyncio.sleep(1)
            results.append("open" if client.log == [] else client.log[-1])
    return results


def test_links_are_chosen_for_each_connection() -> None:
    """A list scripts the first connections; a chooser decides by number, place, time and dice of its own."""
    seen: list[Opening] = []

    def chooser(opening: Opening) -> Link:
        seen.append(opening)
        return Link.refusing() if opening.number % 2 else Link()

    async def main(loop: VirtualTimeLoop) -> tuple[list[str], list[str]]:
        scripted = MemoryNetwork([Link(), Link.reset_after_request_bytes(0), Link.refusing()])
        chosen = MemoryNetwork(chooser)
        for network in (scripted, chosen):
            network.listen("host", 80, End)
        return await connect_all(scripted, 4), await connect_all(chosen, 3)

    assert run_virtual(main, start_us=0) == (["open", RESET, "refused", "open"], ["open", "refused", "open"])
    assert [(o.number, o.host, o.port, o.at_us) for o in seen] == [
        (0, "host", 80, 3_000_000),
        (1, "host", 80, 4_000_000),
        (2, "host", 80, 4_000_000),
    ]


def test_drawn_delays_depend_on_the_seed_alone() -> None:
    """Equal seeds draw equal delays, different seeds different ones."""

    async def main(loop: VirtualTimeLoop) -> int:
        network = MemoryNetwork(Link.delayed(Uniform(1_000, 9_000_000)))
        network.listen("host", 80, End)
        await network.connect(End, "host", 80)
        return loop.now_us

    times = [run_virtual(main, start_us=0, seed=seed) for seed in (1, 1, 2)]

    assert times[0] == times[1] != times[2]
    assert 2_000 <= times[0] <= 18_000_000


def test_a_crash_of_the_server_resets_its_connections() -> None:
    """All open connections to one place can be broken at once; others stay."""

    async def main(loop: VirtualTimeLoop) -> tuple[int, list[list[str]]]:
        network = MemoryNetwork()
        clients = [End(), End(), End()]
        for host in ("one", "two"):
            network.listen(host, 80, End)
        for client, host in zip(clients, ("one", "two", "one"), strict=True):
            await network.connect(lambda client=client: client, host, 80)  # type: ignore[misc]
        broken = network.reset("one", 80)
        await asyncio.sleep(1)
        return broken, [client.log for client in clients]

    assert run_virtual(main, start_us=0) == (2, [[RESET], [], [RESET]])


def test_a_place_can_be_taken_once() -> None:
    """Two servers cannot listen at one place, and a place is free again afterwards."""
    network = MemoryNetwork()
    network.listen("host", 80, End)
    with pytest.raises(OSError, match="host:80 is taken"):
        network.listen("host", 80, End)
    network.stop_listening("host", 80)
    network.listen("host", 80, End)

    assert repr(network) == "<MemoryNetwork of host:80, 0 connections opened>"


@pytest.mark.parametrize(
    "wrong", [lambda: Path(-1), lambda: Uniform(5, 4), lambda: Uniform(-1, 4), lambda: Fault(Harm.RESET, -1)]
)
def test_nonsense_is_refused(wrong: Callable[[], object]) -> None:
    """Negative delays and byte counts are errors where they are written."""
    with pytest.raises(ValueError, match=r"-1|low <= high"):
        wrong()
