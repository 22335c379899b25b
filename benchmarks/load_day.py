"""What a day of load costs: the peak day of the package, and the same number of requests with nothing behind them."""

from __future__ import annotations

import asyncio
from time import process_time

import msgspec
from aiohttp import web

from benchmarks.outcome import Figure, Section, at_most, figures_table, missed_figures
from kibo_scenarios.library import packaged
from kibo_scenarios.lines import Lines
from kibo_scenarios.memory_transport import Link, MemoryNetwork, serve_in_memory
from kibo_scenarios.moments import HOUR
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual
from kibo_scenarios.workloads import LoadScenario, read_any
from kibo_scenarios.workloads.load_run import run_load

METHOD = """\
`load-peak-day` as `kibo-scenarios run` plays it: five integrations of a retailer with 250 stores, from midnight to
midnight, over links of 25 ms, with jobs, stock, budgets, journal, thresholds and rules. Its floor, measured in the same
run, is as many requests over the same connections at even distances, and the smallest aiohttp server that answers each
with as many bytes as a look-up has: no simulator, no clients' behaviour, no journal, nothing judged. Both are processor
time of one core; what is beyond the floor is ours."""
PEAK = "load-peak-day"
QUICK_S = 4 * HOUR
ANSWER_BYTES = 320
HOST = "simulator.test"
WORKERS = 8
DAY_S = 86_400


def day_s(scenario: LoadScenario) -> tuple[float, int]:
    """Return what a load scenario takes, and how many requests it has."""
    begun = process_time()
    result = run_load(scenario)
    took = process_time() - begun
    return took, sum(cell.requests for cell in result.measured.cells.values())


def floor_s(requests: int) -> float:
    """Return what as many requests take without anything behind them."""
    body = b"x" * ANSWER_BYTES

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async def main(loop: VirtualTimeLoop) -> float:
        network = MemoryNetwork(Link.delayed(25_000))
        app = web.Application()
        app.router.add_get("/", answer)
        async with serve_in_memory(app, network, HOST):
            lines = Lines(lambda make: network.connect(make, HOST, 80), HOST)

            async def work(worker: int) -> None:
                for number in range(worker, requests, WORKERS):
                    await asyncio.sleep(max(0.0, number * DAY_S / requests - loop.time()))
                    await lines.ask("GET", "/", token="as long as a token of the simulator is")

            begun = process_time()
            await asyncio.gather(*(work(worker) for worker in range(WORKERS)))
            took = process_time() - begun
            await lines.aclose()
            return took

    return run_virtual(main, start_us=0)


def run(*, quick: bool = False) -> Section:
    """Measure the day and its floor."""
    scenario = read_any(packaged()[PEAK])
    assert isinstance(scenario, LoadScenario)
    if quick:
        scenario = msgspec.structs.replace(scenario, time_limit=QUICK_S)
    took, requests = day_s(scenario)
    floor = floor_s(requests)
    figures = [
        Figure(
            what=f"{'part of ' if quick else ''}the peak day, {requests:,} requests",
            value=took,
            unit="s",
            target=None if quick else at_most(30),
        ),
        Figure(
            what="one request of it",
            value=took / requests * 1e6,
            unit="µs",
            peer="the same without a simulator",
            peer_value=floor / requests * 1e6,
        ),
    ]
    return Section(
        name="load_day",
        title="A day of load",
        method=METHOD,
        tables=(figures_table("The peak day", figures),),
        data=[figure.to_json() for figure in figures],
        missed=missed_figures(figures),
    )
