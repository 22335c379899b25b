"""What is known of the files of a folder by the order in which the system tells of writes (FI-1)."""

import asyncio
import sys
from pathlib import Path

import pytest

from kibo_scenarios.drop_folder import DropFolder
from kibo_scenarios.drop_watch import Writing, Writings, watched_drop
from kibo_scenarios.pace import REAL, VIRTUAL


def test_the_order_is_certain_though_the_clock_stands() -> None:
    """Of two events the later one is told to be later."""
    writings = Writings(lambda: 100)
    writings.put("data")
    writings.put("trigger")
    writings.write("data")

    assert {"data": Writing(100, 102), "trigger": Writing(101, 101)} == writings.known()


def test_what_takes_the_place_of_a_file_is_a_write() -> None:
    """A file that is replaced was not complete before; one that has gone in between is another file."""
    writings = Writings(lambda: 0)
    for name in ("replaced", "archived"):
        writings.put(name)
    writings.remove("archived")
    for name in ("replaced", "archived"):
        writings.put(name)

    assert {"replaced": Writing(1, 3), "archived": Writing(4, 4)} == writings.known()


def test_nothing_is_certain_after_a_loss() -> None:
    """What the system had no room to tell may have been anything; what was never put there is nothing."""
    writings = Writings(lambda: 0)
    writings.write("stranger")
    before = dict(writings.known())
    writings.put("data")
    writings.lose()

    assert ({}, {}) == (before, writings.known())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells every write")
def test_writes_in_a_folder_are_noted_in_order(tmp_path: Path) -> None:
    """Copies, moves, appended lines and removals; the last ones count too, though nobody waits for them."""

    async def work() -> list[str]:
        drop = DropFolder(tmp_path / "in")
        with watched_drop(REAL, drop, lambda: 0) as writings:
            drop.write("data", b"1")
            drop.write("trigger", b"")
            with (drop.path / "data").open("a") as stream:
                stream.write("2")
            drop.write(".part", b"3")
            (drop.path / ".part").rename(drop.path / "moved")
        known = writings.known()
        return sorted(known, key=lambda name: known[name].complete_at)

    assert ["trigger", "data", ".part", "moved"] == asyncio.run(work())


def test_virtual_time_has_no_need_of_it(tmp_path: Path) -> None:
    """There the folder's own clock is the run's, and nothing else lives in it."""
    drop = DropFolder(tmp_path / "in", lambda: 5_000_000)
    with watched_drop(VIRTUAL, drop, lambda: 0) as writings:
        drop.write("data", b"1")

    assert ({}, 5.0) == (writings.known(), (drop.path / "data").stat().st_mtime)
