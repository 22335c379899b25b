"""A process that dies in the middle of a restore leaves the old state or the new one, whole (D-1, D-2)."""

import subprocess
import sys
from pathlib import Path

import pytest

from kibo_simulator import SampleSettings, Settings, Simulator

SMALL = SampleSettings(locations=2, products=10)
LARGE = SampleSettings(locations=4, products=60)

DYING = """
import os, sys
from pathlib import Path
from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.store import images

data, folder, point = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
simulator = Simulator(Settings(sample=SampleSettings(locations=2, products=10)), data=data, snapshots=folder)
replace = Path.replace

def dying(path, target):
    if target == data:
        if point == "after the file is in place":
            replace(path, target)
        os._exit(9)
    return replace(path, target)

def half(source, target):
    source.backup(target, pages=3, progress=lambda *_: os._exit(9))

if point == "while the tables are copied":
    images.copy = half
else:
    Path.replace = dying
with simulator.snapshots.opened("large") as (image, moment):
    prepared = simulator.prepared(image)
    if point == "before anything is given up":
        os._exit(9)
    simulator.adopt(prepared, moment)
"""


def records(data: Path) -> list[tuple[str, str | None, int]]:
    """What a simulator finds in the file when it is started again."""
    simulator = Simulator(Settings(sample=SMALL), data=data)
    found = [(row.location_code, row.part_number, row.on_hand) for row in simulator.stock_records(1001)]
    simulator.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("while the tables are copied", "old"),
        ("before anything is given up", "old"),
        ("before the file is in place", "old"),
        ("after the file is in place", "new"),
    ],
)
def test_a_death_in_a_restore_leaves_one_state_whole(tmp_path: Path, point: str, expected: str) -> None:
    """D-2: the file's name changes hands in one step; what was left beside it is gone after the next start."""
    large = Simulator(Settings(sample=LARGE), snapshots=tmp_path)
    large.snapshots.take("large", large.database.connection, large.moment())
    states = {"new": [(row.location_code, row.part_number, row.on_hand) for row in large.stock_records(1001)]}
    large.close()
    data = tmp_path / "kibo.db"
    states["old"] = records(data)
    death = subprocess.run([sys.executable, "-c", DYING, str(data), str(tmp_path), point], check=False)

    assert death.returncode == 9
    assert records(data) == states[expected] != states[{"old": "new", "new": "old"}[expected]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kibo.db", "large.snapshot"]
