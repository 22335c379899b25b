"""Loads a large export, looks up and deletes, each beside plain SQLite, and watches the event loop meanwhile."""

from __future__ import annotations

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from benchmarks.outcome import Figure, Section, at_least, at_most, figures_table, missed_figures
from benchmarks.scale.export import Size, location_code, part_number, write_export
from benchmarks.scale.holding import Holding
from benchmarks.scale.raw import Raw
from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.files.bulk_load import inventory_blocks
from kibo_simulator.jobs import JobSettings
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.serving import spare_the_collector
from kibo_simulator.settings import AccessSettings
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.web import build_application

FULL = Size(products=20_000, locations=250)
USUAL = Size(products=20_000, locations=25)
QUICK = Size(products=4_000, locations=25)
LOOK_UPS = 10_000
ITEMS = 500
LOOKED_UP = 500
REFRESHED = 12_000
TENANT = 1001
INVENTORY = "/api/commerce/inventory/v5/inventory"
METHOD = """\
A zipped Location Export is written on the fly and loaded into memory, by the simulator and by a short program of csv
module and SQLite that knows no rules. Times are processor time of this process. The deletion goes through HTTP: one
call that enqueues a job for each location, then all jobs to their end; beside it stand plain DELETE statements. While
each operation runs, a task that wants to run every millisecond tells how much work lay between two of its turns."""


def measure(size: Size) -> Section:
    """Measure with an export of this size."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.zip"
        write_export(path, size)
        doomed = [part_number(number) for number in range(0, size.products, size.products // ITEMS)][:ITEMS]
        resident = _resident()
        settings = Settings(
            limits=UNLIMITED,
            sample=SampleSettings(locations=0, products=0),
            access=AccessSettings(auth="off"),
            jobs=JobSettings(enqueue_timeout_s=1e9),
        )
        with closing(Simulator(settings, clock_mode="manual")) as simulator:
            rate = size.records / _cpu(lambda: simulator.load_file(TENANT, path))
            resident = _resident() - resident
            pages = _pages(simulator)
            look_up = _look_up(lambda places: [simulator.stock.record(*place) for place in places], size, first=1)
            delete, holdings = asyncio.run(_operate(simulator, size, doomed))
        with closing(Raw()) as raw:
            raw_rate = size.records / _cpu(lambda: raw.load(path))
            raw_look_up = _look_up(raw.look_up, size)
            raw_delete = _cpu(lambda: raw.delete(doomed, size.locations))
        slice_ms = _longest_slice(path)
    figures = [
        Figure(what="records", value=float(size.records), unit=""),
        Figure(what="memory, pages of the database", value=pages / size.records, unit="B/record", target=at_most(60)),
        Figure(what="memory, growth of the process", value=resident / size.records, unit="B/record"),
        Figure(
            what="load a zipped Location Export",
            value=rate,
            unit="records/s",
            peer="csv + SQLite",
            peer_value=raw_rate,
            # 200,000 a second where the plain program does 318,000.
            target=at_least(0.63),
        ),
        Figure(
            what="look up one record",
            value=look_up * 1e6,
            unit="µs",
            peer="SQLite",
            peer_value=raw_look_up * 1e6,
            target=at_most(3),
        ),
        Figure(
            what=f"delete {ITEMS} items at {size.locations} locations, jobs and all",
            value=delete * 1e3,
            unit="ms",
            peer="SQLite",
            peer_value=raw_delete * 1e3,
            target=at_most(3),
        ),
        Figure(what="longest hold: a block of a load", value=slice_ms, unit="ms", target=at_most(50)),
        *(
            Figure(what=f"longest hold: {what}", value=value, unit="ms", target=at_most(50))
            for what, value in holdings.items()
        ),
    ]
    return Section(
        name="scale",
        title="Scale: many records",
        method=METHOD,
        tables=(figures_table(f"{size.products:,} products at {size.locations} locations", figures),),
        data=[figure.to_json() for figure in figures],
        missed=missed_figures(figures),
    )


def run(*, quick: bool = False) -> Section:
    """Measure with an export of the usual size."""
    return measure(QUICK if quick else USUAL)


async def _operate(simulator: Simulator, size: Size, doomed: list[str]) -> tuple[float, dict[str, float]]:
    """Do what takes long, over HTTP; return the processor time of the deletion and the longest hold of each."""
    holdings: dict[str, float] = {}
    items = [{"partNumber": name} for name in doomed]
    async with _session(simulator) as session:

        async def post(path: str, body: dict[str, Any]) -> None:
            async with session.post(path, data=msgspec.json.encode(body)) as answer:
                content = await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"expected 200 from {path}, got {answer.status}: {content[:200]!r}")

        async def dump() -> None:
            async with session.get("/_simulator/inventory") as answer:
                async for _ in answer.content.iter_any():
                    pass

        async def watched(what: str, operation: Callable[[], Awaitable[None]]) -> float:
            async with Holding() as holding:
                spent = time.process_time()
                await operation()
                spent = time.process_time() - spent
            holdings[what] = holding.longest_ms
            return spent

        pattern = {"items": [{"partNumber": f"^PN-0*{number}.?$"} for number in range(100)], "dryRun": True}
        await watched("dry run, 100 patterns", lambda: post(f"{INVENTORY}/deleteItems", pattern))
        explicit = {"items": items, "dryRun": True, "explicit": True}
        await watched(f"dry run, {ITEMS} items, explicit", lambda: post(f"{INVENTORY}/deleteItems", explicit))
        wanted = {"type": "ANY", "items": items[:LOOKED_UP]}
        await watched(f"look-up of {LOOKED_UP} items everywhere", lambda: post(INVENTORY, wanted))
        refresh = {
            "locationCode": location_code(0),
            "items": [{"partNumber": part_number(n), "quantity": 5} for n in range(REFRESHED)],
        }
        await watched(f"sync-refresh of {REFRESHED:,} items", lambda: post(f"{INVENTORY}/sync-refresh", refresh))
        await watched("dump of everything", dump)
        enqueue = f"delete {ITEMS} items: the call"
        work = f"delete {ITEMS} items: its jobs"
        spent = await watched(enqueue, lambda: post(f"{INVENTORY}/deleteItems", {"items": items}))
        spent += await watched(work, lambda: post("/_simulator/clock/advance", {"untilIdle": True}))
    left = simulator.stock.count(TENANT)
    if left != size.records - ITEMS * size.locations:
        raise RuntimeError(f"expected {size.records - ITEMS * size.locations} records to be left, found {left}")
    return spent, holdings


@asynccontextmanager
async def _session(simulator: Simulator) -> AsyncIterator[aiohttp.ClientSession]:
    runner = web.AppRunner(build_application(simulator), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(address, timeout=aiohttp.ClientTimeout(total=600)) as session:
            spare_the_collector()
            yield session
    finally:
        gc.unfreeze()
        await runner.cleanup()


def _longest_slice(path: Path) -> float:
    """The longest that a block of a load takes to be read and written, in milliseconds of processor time."""
    longest = 0.0
    with closing(Simulator(Settings(sample=SampleSettings(locations=0, products=0)))) as simulator:
        stock = simulator.stock
        with simulator.database.transaction():
            begun = time.thread_time()
            for number, block in enumerate(
                inventory_blocks(
                    path,
                    lambda code: stock.add_location(TENANT, code, code),
                    lambda *named: stock.product_for_write(TENANT, Wanted(*named)),
                )
            ):
                stock.put_plain(block, 0)
                now = time.thread_time()
                longest = max(longest, now - begun)
                begun = now
                if number == 400:
                    break
    return longest * 1e3


def _look_up(look_up: Callable[[list[tuple[int, int]]], object], size: Size, first: int = 0) -> float:
    """Seconds of processor time for a look-up of one record, the median of several rounds."""
    random = Random(1)
    places = [
        (first + random.randrange(size.locations), first + random.randrange(size.products)) for _ in range(LOOK_UPS)
    ]
    return statistics.median(_cpu(lambda: look_up(places)) / LOOK_UPS for _ in range(3))


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _pages(simulator: Simulator) -> int:
    execute = simulator.database.connection.execute
    (pages,), (size,) = (execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    return int(pages) * int(size)


def _resident() -> int:
    """Bytes of memory that the process occupies; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * 4096
