"""Files of snapshots: sealed to the bit, and nothing left over by those who died while they wrote one (D-2)."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator import ImageError, SampleSettings, Settings, ShelfError, Simulator
from kibo_simulator.snapshots import opened_snapshot
from kibo_simulator.snapshots.parts import clear_parts, new_part
from kibo_simulator.snapshots.seal import SEAL_BYTES

from .conftest import START

SMALL = SampleSettings(locations=2, products=10)
DYING = """
import os, sys
from pathlib import Path
from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.snapshots import shelf

simulator = Simulator(Settings(sample=SampleSettings(locations=2, products=10)), snapshots=Path(sys.argv[1]))
shelf.seal = lambda path: os.kill(os.getpid(), 9)
simulator.save("never")
"""


def names(folder: Path) -> set[str]:
    """What is in a folder."""
    return {path.name for path in folder.iterdir()}


def saved(folder: Path) -> Path:
    """The file of a snapshot that was just saved."""
    simulator = Simulator(Settings(sample=SMALL), wall=lambda: START, snapshots=folder)
    simulator.save("one")
    simulator.close()
    return folder / "one.snapshot"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a sound snapshot."""
    return saved(tmp_path_factory.mktemp("kept")).read_bytes()


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_flipped_bit_is_found_wherever_it_is(
    image: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """D-2: in the header, a page, the mark or the digest: the file is refused and says why."""
    # Half of the looks are at the last bytes, where the seal is.
    places = st.integers(0, len(image) - 1) | st.integers(len(image) - SEAL_BYTES, len(image) - 1)
    place, bit = data.draw(places), data.draw(st.integers(0, 7))
    file = tmp_path_factory.mktemp("flipped") / "one.snapshot"
    file.write_bytes(image[:place] + bytes([image[place] ^ 1 << bit]) + image[place + 1 :])
    with pytest.raises(ImageError) as caught, opened_snapshot(file):
        pass

    assert str(caught.value) in {
        "is not a snapshot",
        "is damaged, or was changed after it was saved: its checksum does not match",
        "was cut short or changed after it was saved: its checksum is missing",
    }


@pytest.mark.parametrize("more", [b"", b"\0", b"x" * SEAL_BYTES])
def test_a_seal_that_is_gone_or_followed_is_missed(image: bytes, tmp_path: Path, more: bytes) -> None:
    """D-2: whatever stands in the place of the seal."""
    file = tmp_path / "one.snapshot"
    file.write_bytes((image[:-SEAL_BYTES] if not more else image) + more)
    with pytest.raises(ImageError, match="its checksum is missing"), opened_snapshot(file):
        pass


def test_a_snapshot_is_a_database_and_one_without_a_seal_is_read(image: bytes, tmp_path: Path) -> None:
    """Any tool reads it, the seal is no part of that; those of the first version had none."""
    file = tmp_path / "one.snapshot"
    file.write_bytes(image)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        verdict = database.execute("PRAGMA integrity_check").fetchone()
        database.execute("UPDATE meta SET value = json_set(value, '$.version', 1) WHERE key = 'moment'")
        old = database.serialize()
    file.write_bytes(old)
    with opened_snapshot(file) as (_, moment):
        found = (moment.version, moment.at)

    assert (verdict, found) == (("ok",), (1, START))


def test_a_version_that_is_to_come_is_refused(image: bytes, tmp_path: Path) -> None:
    """The message names both versions."""
    file = tmp_path / "one.snapshot"
    file.write_bytes(image[:-SEAL_BYTES])
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("UPDATE meta SET value = json_set(value, '$.version', 3) WHERE key = 'moment'")
    with pytest.raises(ImageError, match="has format version 3; this program reads 1 to 2"), opened_snapshot(file):
        pass


def test_a_damaged_snapshot_changes_nothing(tmp_path: Path) -> None:
    """D-2: neither going back to it nor beginning with it; a bit in a page of data is enough."""
    file = saved(tmp_path)
    content = bytearray(file.read_bytes())
    content[-5_000] ^= 1
    file.write_bytes(content)
    simulator = Simulator(Settings(sample=SMALL, seed=5), wall=lambda: START, snapshots=tmp_path)
    before = msgspec.json.encode(list(simulator.stock_records(1001)))
    with pytest.raises(ShelfError, match="the snapshot 'one' is damaged"):
        simulator.restore("one")
    after = msgspec.json.encode(list(simulator.stock_records(1001)))
    simulator.close()
    with pytest.raises(ImageError, match="is damaged"):
        Simulator(snapshot=file)

    assert before == after


@pytest.mark.slow
def test_what_a_death_left_is_cleared_away_by_the_next_start(tmp_path: Path) -> None:
    """``kill -9`` before a snapshot has its name leaves a part; the next simulator at the folder removes it."""
    died = subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], check=False, timeout=60)
    left = names(tmp_path)
    Simulator(Settings(sample=SMALL), snapshots=tmp_path).close()

    assert (died.returncode, len(left), names(tmp_path)) == (-9, 1, set())


def test_only_our_own_parts_are_cleared_and_none_that_is_written_to(tmp_path: Path) -> None:
    """Whatever else is in the folder stays; so does every part while anybody writes to one."""
    stale = {".kibo-snapshot-abcdefg1.part", ".kibo-snapshot-abcdefg1.part-journal", ".kibo-snapshot-a_cdefg1.part"}
    others = {
        "a.part", ".a.part", "one.snapshot", ".kibo-snapshot-.part", ".kibo-snapshot-abcdefg1.part.bak",
        "kibo-snapshot-abcdefg1.part", ".kibo-snapshot-abcdefg1.snapshot", "x.kibo-snapshot-abcdefg1.part",
    }  # fmt: skip
    for name in stale | others:
        (tmp_path / name).touch()
    with new_part(tmp_path) as part:
        first = names(tmp_path)
        (tmp_path / ".kibo-snapshot-newstale.part").touch()
        clear_parts(tmp_path)
        busy = names(tmp_path)
    clear_parts(tmp_path)

    assert first == others | {part.name}
    assert busy == others | {part.name, ".kibo-snapshot-newstale.part"}
    assert names(tmp_path) == others


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    """It is made when something is saved."""
    simulator = Simulator(Settings(sample=SMALL), snapshots=tmp_path / "later")
    clear_parts(tmp_path / "later")
    simulator.save("one")
    simulator.close()

    assert names(tmp_path / "later") == {"one.snapshot"}
