"""How time passes in a run: virtually, as fast as the machine computes, or with the wall clock, N times as fast.

Virtual time is exact and repeatable and needs no socket. Scaled time runs over real sockets on loopback, with an event
loop whose clock runs N times as fast as the machine's; every timer of both sides is on that clock.
"""

import asyncio
import re
import selectors
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import aiohttp
from aiohttp import web

from kibo_scenarios.compression import tell_in_proportion
from kibo_scenarios.errors import UsageError
from kibo_scenarios.evidence import RoundTrip
from kibo_scenarios.lines import OpenLine
from kibo_scenarios.memory_transport import Link, MemoryConnector, MemoryNetwork, serve_in_memory
from kibo_scenarios.moments import SECOND
from kibo_scenarios.virtual_time import run_virtual

_T = TypeVar("_T")

#: What is forgiven to clocks and network, in microseconds of the machine's own time.
TOLERANCE = SECOND // 20
FASTEST = 1000.0
_HOST = "simulator.test"
_SCALED = re.compile(r"x(\d{1,4}(?:\.\d+)?)", re.ASCII)


class Clock(Protocol):
    """The part of a run's event loop that tells the time."""

    def wall_us(self) -> int:
        """Return the simulated wall clock, microseconds since the epoch."""

    async def until(self, wall_us: int) -> None:
        """Wait until the simulated wall clock shows an instant; not at all when it does already."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast time passes.

    Attributes:
        name: For people.
        speed: Simulated seconds per second of the machine's; None in virtual time.
        divisor: By what the seconds that the server tells a client are divided, so that a client whose clock is the
            machine's sees them in proportion.
    """

    name: str
    speed: float | None
    divisor: int = 1

    @property
    def tolerance(self) -> int:
        """What is forgiven, in simulated microseconds."""
        return TOLERANCE if self.speed is None else round(TOLERANCE * max(1.0, self.speed))


VIRTUAL = Pace("virtual", None)
REAL = Pace("real", 1.0)
#: A minute takes 2 s and a quarter of an hour 30 s, for clients whose delays can be set.
COMPRESSED = Pace("compressed x30", 30.0, 30)


def parse_pace(text: str) -> Pace:
    """Return the pace that the command line names.

    Raises:
        UsageError: It is none; the message says what is accepted.
    """
    if text == "virtual":
        return VIRTUAL
    if text == "real":
        return REAL
    match = _SCALED.fullmatch(text)
    speed = float(match[1]) if match else 0.0
    if not 1 <= speed <= FASTEST:
        raise UsageError(f"--time {text}: expected virtual, real, or x1 to x{FASTEST:.0f} such as x60")
    return Pace(text, speed)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where client and server meet: the address, two ways to get there, and how long messages travel.

    Attributes:
        api_host: The server's address.
        connect: Makes a connector for an aiohttp session.
        open_line: Opens a bare connection with a protocol of a maker's.
    """

    api_host: str
    connect: Callable[[], aiohttp.BaseConnector]
    open_line: OpenLine
    round_trip: RoundTrip


def run_at(pace: Pace, main: Callable[[Clock], Awaitable[_T]], *, start: int, seed: int) -> _T:
    """Run `main` to its end at a pace, with a clock that begins at `start`, and return its result."""
    if pace.speed is None:
        return run_virtual(main, start_us=start, seed=seed)
    speed = pace.speed
    with asyncio.Runner(loop_factory=lambda: ScaledLoop(start, speed)) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, ScaledLoop)

        async def whole() -> _T:
            return await main(loop)

        return runner.run(whole())


@asynccontextmanager
async def stage(pace: Pace, application: web.Application, *, latency: int) -> AsyncIterator[Stage]:
    """Serve an application where a client can reach it, and close all connectors at the end.

    Args:
        pace: In virtual time there are no sockets; else they are on loopback.
        application: What to serve.
        latency: One way, in microseconds; only virtual time can keep it, and sockets have their own.
    """
    made: list[aiohttp.BaseConnector] = []

    def keep(connector: aiohttp.BaseConnector) -> aiohttp.BaseConnector:
        made.append(connector)
        return connector

    if pace.speed is None:
        network = MemoryNetwork(Link.delayed(latency))
        trip = RoundTrip(least=2 * latency, greatest=2 * latency)
        # The simulator dates its answers itself.
        async with serve_in_memory(application, network, _HOST, stamp_date=False):
            try:
                yield Stage(
                    f"http://{_HOST}",
                    lambda: keep(MemoryConnector(network)),
                    lambda make: network.connect(make, _HOST, 80),
                    trip,
                )
            finally:
                await _close(made)
        return
    if pace.divisor > 1:
        tell_in_proportion(application, pace.divisor)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        _, port = runner.addresses[0][:2]
        try:
            loop = asyncio.get_running_loop()
            yield Stage(
                f"http://127.0.0.1:{port}",
                lambda: keep(aiohttp.TCPConnector()),
                lambda make: loop.create_connection(make, "127.0.0.1", port),
                RoundTrip(greatest=pace.tolerance),
            )
        finally:
            await _close(made)
    finally:
        await runner.cleanup()


async def _close(connectors: list[aiohttp.BaseConnector]) -> None:
    for connector in connectors:
        await connector.close()


class ScaledLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock runs `speed` times as fast as the machine's."""

    def __init__(self, start: int, speed: float) -> None:
        self._speed = speed
        self._start = start
        self._began = time.monotonic()
        super().__init__(_ScaledSelector(speed))

    def __repr__(self) -> str:
        return f"<ScaledLoop x{self._speed:g}>"

    def time(self) -> float:
        """Return the loop's clock: simulated seconds since the loop was made."""
        return (time.monotonic() - self._began) * self._speed

    def wall_us(self) -> int:
        """Return the simulated wall clock, microseconds since the epoch."""
        return self._start + int(self.time() * SECOND)

    async def until(self, wall_us: int) -> None:
        """Wait until the simulated wall clock shows an instant; not at all when it does already."""
        # A timer may be early by the last digits of its number.
        while (left := wall_us - self.wall_us()) > 0:  # noqa: ASYNC110 - it waits for a time, not for an event
            await asyncio.sleep(left / SECOND)


class _ScaledSelector(selectors.DefaultSelector):
    """Waits for files as long as the machine needs for what the loop calls a second."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        return super().select(timeout if timeout is None else timeout / self._speed)
