"""The same strategies through real HTTP against the whole simulator: whether the bare ledger tells the truth."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parsedate_to_datetime

import aiohttp

from benchmarks.makespan.grid import Cell, Run, begin, drive, judged, optimum
from benchmarks.makespan.link import LATENCY, SECOND, Answer, Limits, Line, limits_document
from benchmarks.makespan.strategies import Strategy
from kibo_scenarios.memory_transport import Link as Wire
from kibo_scenarios.memory_transport import MemoryNetwork, memory_session, serve_in_memory
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual
from kibo_simulator import Settings, Simulator
from kibo_simulator.settings import AccessSettings, SampleSettings
from kibo_simulator.web import build_application

CELL = Cell(Limits(50, 200), 650)
PHASE_S = 437.0
# A job that does not exist: 404, and counted like everything else that is admitted (RL-11).
PATH = "/api/commerce/inventory/v1/queue/1"


class HttpLine(Line):
    """A session of aiohttp with the simulator at its other end, in memory."""

    def __init__(self, loop: VirtualTimeLoop, session: aiohttp.ClientSession, simulator: Simulator) -> None:
        super().__init__(loop)
        self._session = session
        self._simulator = simulator

    @property
    def admitted(self) -> Sequence[int]:
        """When requests were admitted, by the simulator's journal."""
        return [entry.at for entry in self._simulator.journal.since() if entry.status != 429]

    async def _send(self) -> Answer:
        async with self._session.get(PATH) as response:
            await response.read()
            retry_after_s = int(response.headers["Retry-After"]) if response.status == 429 else 0
            date = round(parsedate_to_datetime(response.headers["Date"]).timestamp()) * SECOND
            return Answer(retry_after_s, date)


def run_whole(strategy: Strategy, cell: Cell = CELL, phase_s: float = PHASE_S) -> Run:
    """Run a strategy through the whole stack in virtual time."""
    start = begin(phase_s)
    settings = Settings(
        limits=limits_document(cell.limits, strategy.extension),
        access=AccessSettings(auth="off"),
        sample=SampleSettings(locations=0, products=0),
    )

    async def main(loop: VirtualTimeLoop) -> Run:
        simulator = Simulator(settings, wall=loop.wall_us)
        network = MemoryNetwork(Wire.delayed(LATENCY))
        try:
            async with (
                serve_in_memory(build_application(simulator), network),
                # Connections are kept through the longest wait: only the first request pays for one.
                memory_session(network, "http://simulator.test/", connector={"keepalive_timeout": 4_000}) as session,
            ):
                line = HttpLine(loop, session, simulator)
                await drive(strategy, cell, line, loop, optimum(cell, start))
                return judged(strategy, cell, phase_s, line)
        finally:
            simulator.close()

    return run_virtual(main, start_us=start)
