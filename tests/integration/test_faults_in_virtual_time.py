"""Faults reach the client over the network in memory as they do over sockets, at exact virtual instants."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from kibo_scenarios.memory_transport import MemoryNetwork, memory_session, serve_in_memory
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual
from kibo_simulator import SampleSettings, Settings, Simulator, read_faults
from kibo_simulator.web import build_application

SECOND = 1_000_000
START = 1_772_427_600 * SECOND
QUEUE = "/api/commerce/inventory/v1/queue"
QUERY = "/api/commerce/inventory/v5/inventory"
ITEMS = {"type": "ANY", "items": [{"partNumber": "TNT-1001-BLK-S"}]}

Visit = Callable[[aiohttp.ClientSession, VirtualTimeLoop], Awaitable[Any]]


def in_virtual_time(visit: Visit, *faults: dict[str, Any], seed: int = 0) -> tuple[Any, list[dict[str, Any]]]:
    """Run a client against a faulty simulator; what it returned, and the journal."""
    settings = Settings(
        seed=seed,
        sample=SampleSettings(locations=2, products=24),
        faults=read_faults(list(faults)),
        access=Settings().access.__class__(auth="off"),
    )

    async def main(loop: VirtualTimeLoop) -> tuple[Any, list[dict[str, Any]]]:
        simulator = Simulator(settings, wall=loop.wall_us)
        try:
            network = MemoryNetwork()
            async with (
                serve_in_memory(build_application(simulator), network),
                memory_session(network, "http://simulator.test") as session,
            ):
                seen = await visit(session, loop)
            return seen, [entry.to_wire() for entry in simulator.journal.since()]
        finally:
            simulator.close()

    return run_virtual(main, start_us=START, seed=seed)


@pytest.mark.parametrize(
    ("effect", "failure"),
    [
        ({"kind": "reset"}, aiohttp.ClientOSError),
        ({"kind": "lost_answer"}, aiohttp.ServerDisconnectedError),
        ({"kind": "lost_answer", "how": "reset"}, aiohttp.ClientOSError),
        ({"kind": "lost_answer", "delay_s": 30}, aiohttp.ServerDisconnectedError),
    ],
)
def test_a_broken_connection_reaches_the_client(effect: dict[str, Any], failure: type[Exception]) -> None:
    """Reset and lost answers break the connection in memory, at their instant."""

    async def visit(session: aiohttp.ClientSession, loop: VirtualTimeLoop) -> tuple[str, int]:
        try:
            await session.get(QUEUE)
        except failure as error:
            return type(error).__mro__[0].__name__, loop.wall_us() - START
        raise AssertionError("there was an answer")

    (_, took), journal = in_virtual_time(visit, {"effect": effect})

    assert effect.get("delay_s", 0) * SECOND == took
    assert [(True, "fault-1")] == [(entry["responseLost"], entry["fault"]) for entry in journal]


def test_a_body_ends_too_soon() -> None:
    """The client has the status and a part of the body, then the end."""

    async def visit(session: aiohttp.ClientSession, loop: VirtualTimeLoop) -> tuple[int, bytes]:
        got = bytearray()

        async def read(content: aiohttp.StreamReader) -> None:
            while piece := await content.readany():
                got.extend(piece)

        async with session.post(QUERY, json=ITEMS) as response:
            with pytest.raises(aiohttp.ClientPayloadError):
                await read(response.content)
        return response.status, bytes(got)

    (status, got), _ = in_virtual_time(visit, {"effect": {"kind": "truncate", "keep_bytes": 7}})

    assert (200, 7) == (status, len(got))


DELAYS: list[tuple[Any, float, float]] = [
    (12.5, 12.5, 12.5),
    ({"distribution": "uniform", "low": 2, "high": 3}, 2, 3),
    ({"distribution": "normal", "mean": 10, "deviation": 1}, 5, 15),
    ({"distribution": "lognormal", "median": 10, "sigma": 0.1}, 5, 20),
]


@pytest.mark.parametrize(("delay", "least", "most"), DELAYS)
def test_latency_is_simulated_time(delay: object, least: float, most: float) -> None:
    """T-4: the answer comes when the delay is over, to the microsecond, and again so with the same seed."""

    async def visit(session: aiohttp.ClientSession, loop: VirtualTimeLoop) -> list[int]:
        came = []
        for _ in range(5):
            before = loop.wall_us()
            await session.get(QUEUE)
            came.append(loop.wall_us() - before)
        return came

    fault = {"effect": {"kind": "latency", "delay_s": delay}}
    runs = [in_virtual_time(visit, fault, seed=seed) for seed in (1, 1, 2)]
    (came, journal), again, other = runs

    assert (came, journal) == again
    assert all(least * SECOND <= one <= most * SECOND for one in came)
    assert (1 if isinstance(delay, float) else 5) == len(set(came))
    assert isinstance(delay, float) == (came == other[0])


def test_pieces_come_one_by_one() -> None:
    """A dribbled body takes as long as its pieces say."""

    async def visit(session: aiohttp.ClientSession, loop: VirtualTimeLoop) -> list[tuple[int, int]]:
        pieces: list[tuple[int, int]] = []
        async with session.post(QUERY, json=ITEMS) as response:
            whole = int(response.headers["Content-Length"])
            while sum(size for _, size in pieces) < whole:
                size = len(await response.content.readany())
                pieces.append(((loop.wall_us() - START) // SECOND, size))
        return pieces

    pieces, journal = in_virtual_time(visit, {"effect": {"kind": "dribble", "piece_bytes": 300, "every_s": 20}})

    assert [20 * index for index in range(len(pieces))] == [at for at, _ in pieces]
    assert {300} == {size for _, size in pieces[:-1]}
    assert journal[0]["bytesOut"] == sum(size for _, size in pieces)


def test_a_window_opens_and_closes() -> None:
    """A span is counted from the beginning of the run, and its end is not in it."""

    async def visit(session: aiohttp.ClientSession, loop: VirtualTimeLoop) -> list[int]:
        statuses = []
        for _ in range(4):
            async with session.get(QUEUE) as response:
                statuses.append(response.status)
            await asyncio.sleep(30)
        return statuses

    fault = {"match": {"from": "+30s", "until": "2026-03-02T05:01:30Z"}, "effect": {"kind": "status", "status": 500}}
    statuses, _ = in_virtual_time(visit, fault)

    assert [200, 500, 500, 200] == statuses
