"""What the scale benchmark measures with: an export that is one, and a watch that notices."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

from benchmarks.scale.export import Size, location_code, part_number, write_export
from benchmarks.scale.holding import Holding
from benchmarks.scale.raw import Raw

from kibo_simulator.files.location_export import read_inventory

SIZE = Size(products=30, locations=4)


def test_the_export_holds_every_product_at_every_location(tmp_path: Path) -> None:
    """The simulator's own reader finds each of the records once."""
    path = tmp_path / "export.zip"
    write_export(path, SIZE)
    found = [(row.location_code, row.part_number) for row in read_inventory(path)]

    assert [(location_code(place), part_number(n)) for place in range(4) for n in range(30)] == found


def test_the_plain_program_loads_and_deletes_the_same(tmp_path: Path) -> None:
    """A peer that did less would flatter nobody but itself."""
    path = tmp_path / "export.zip"
    write_export(path, SIZE)
    with closing(Raw()) as raw:
        loaded = raw.load(path)
        deleted = raw.delete([part_number(3), part_number(7), "unknown"], SIZE.locations)

    assert (loaded, deleted) == (120, 8)


async def test_a_hold_is_noticed() -> None:
    """Work without a pause counts in full; many small pieces do not add up."""

    def busy(seconds: float) -> None:
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass

    async with Holding() as long:
        busy(0.03)
    async with Holding() as short:
        for _ in range(30):
            busy(0.001)
            await asyncio.sleep(0)

    assert long.longest_ms >= 30
    assert short.longest_ms < 30
