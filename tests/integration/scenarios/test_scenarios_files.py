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


@pytest.mark.parametrize(
    ("stamp", "trigger_written", "verdicts"),
    [
        ("260301210000", 1_001, (Verdict.PASS, Verdict.PASS)),
        ("260301210000", 999, (Verdict.FAIL, Verdict.PASS)),
        ("260302050000", 1_001, (Verdict.PASS, Verdict.FAIL)),
    ],
    ids=["as it should be", "trigger first", "stamped in UTC"],
)
def test_the_log_of_a_drop_point_is_judged(
    tmp_path: Path, stamp: str, trigger_written: int, verdicts: tuple[Verdict, Verdict]
) -> None:
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

    assert verdicts == tuple(RULES_BY_ID[rule].judge(evidence).verdict for rule in ("FI-1", "FI-2"))
