"""The `replay` command of the command line: its exit codes are those of the contract (T-4)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kibo_scenarios.cli import main
from kibo_scenarios.replay_file import Opening, ReplayFile
from kibo_scenarios.replay_world import open_world
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual
from kibo_simulator import Settings

OPENING = Opening(start="2026-03-02T05:00:00Z", settings=Settings(sample=None), tenants=())


def lines() -> bytes:
    """A recording of one request to a place that there is not."""

    async def record(loop: VirtualTimeLoop) -> ReplayFile:
        async with open_world(OPENING, loop) as world:
            await world.send("GET", "/api/nowhere", {})
            return world.recording("a test")

    return b"".join(run_virtual(record, start_us=OPENING.started_at).lines())


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ((b"", b""), 0, "1 exchange replayed, every answer the same\n"),
        ((b'"status":401', b'"status":200'), 1, "status: recorded 200, replayed 401\n"),
        ((b'"status":401', b'"status":"x"'), 2, ""),
    ],
)
def test_a_replay_ends_as_the_contract_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: tuple[bytes, bytes], code: int, said: str
) -> None:
    """0 the same, 1 different, 2 not a usable file; a mistake is one line."""
    recorded = lines()
    assert change[0] in recorded
    path = tmp_path / "replay.jsonl"
    path.write_bytes(recorded.replace(*change))
    with pytest.raises(SystemExit) as caught:
        main(["replay", str(path)])
    out, err = capsys.readouterr()

    assert caught.value.code == code
    assert said in out
    assert err.count("\n") == (code == 2)


@pytest.mark.slow
def test_a_reader_who_goes_away_does_not_change_the_exit_code(tmp_path: Path) -> None:
    """`kibo-scenarios replay … | true`: 1 where answers differ, and no traceback."""
    path = tmp_path / "replay.jsonl"
    path.write_bytes(lines().replace(b'"status":401', b'"status":200'))
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody_reads:
        done = subprocess.run(
            [sys.executable, "-m", "kibo_scenarios.cli", "replay", str(path)],
            stdout=nobody_reads,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stderr) == (1, b"")
