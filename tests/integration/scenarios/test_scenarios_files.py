"""FI-1 and FI-2 over a real drop point: what the simulator's log says of files is what the rules judge by."""

import os
from pathlib import Path

import pytest

from kibo_scenarios.evidence import Evidence
from kibo_scenarios.moments import parse_utc
from kibo_scenarios.rules import RULES_BY_ID, Verdict
from kibo_scenarios.world import file_facts
from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.settings import FileSettings

#: 21:00 in Los Angeles, on the first of March.
NOW = parse_utc("2026-03-02T05:00:00Z")


def put(folder: Path, name: str, written_s: int, content: str = "") -> None:
    """Put a file at the drop point, last written at a second of the drop point's own clock."""
    file = folder / name
    file.write_text(content, encoding="utf-8")
    os.utime(file, (written_s, written_s))


#: The stamp in the file's name, when its trigger was written, and the rules that are broken.
FILES = {
    "as it should be": ("260301210000", 1_001, set[str]()),
    "puts the trigger before the data": ("260301210000", 999, {"FI-1"}),
    "stamps its files in UTC": ("260302050000", 1_001, {"FI-2"}),
}


@pytest.mark.parametrize(("stamp", "trigger_written", "broken"), FILES.values(), ids=FILES)
def test_the_log_of_a_drop_point_is_judged(tmp_path: Path, stamp: str, trigger_written: int, broken: set[str]) -> None:
    """A data file and its trigger are seen by one look, and told apart by when they were written."""
    drop = tmp_path / "in"
    drop.mkdir()
    put(drop, f"T_1001_UPDATE_{stamp}.csv", 1_000, "LocationCode,UPC,Quantity\nST-0001,800001000005,7\n")
    put(drop, f"T_1001_UPDATE_{stamp}.csv.done", trigger_written)
    sample = SampleSettings(locations=2, products=10)
    simulator = Simulator(Settings(sample=sample, files=FileSettings(drop=str(tmp_path))), wall=lambda: NOW)
    try:
        pickup = simulator.files.pickup
        assert pickup is not None
        for _ in pickup.look(NOW):
            pass
        evidence = Evidence(files=file_facts(simulator))
    finally:
        simulator.close()

    verdicts = {rule: RULES_BY_ID[rule].judge(evidence).verdict for rule in ("FI-1", "FI-2")}

    assert {rule: Verdict.FAIL if rule in broken else Verdict.PASS for rule in verdicts} == verdicts
