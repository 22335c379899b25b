"""Whatever was acknowledged survives SIGKILL, whatever was not is whole or absent (D-1, D-3, J-11, T-2, RL-8)."""

import os
import sys
from contextlib import closing
from pathlib import Path
from secrets import randbelow

import pytest

from kibo_simulator import Simulator

from .beliefs import DurabilityError
from .campaign import Campaign
from .flaws import FLAWS
from .lives import nursery

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="simulators are forked")]

KILLS = int(os.environ.get("KIBO_KILLS", "200"))
CAMPAIGNS = 5
"""The kills are shared out among so many, each with a data file of its own, for workers to take."""
SEED = int(os.environ.get("KIBO_KILL_SEED") or randbelow(2**32))


@pytest.mark.parametrize("number", range(CAMPAIGNS))
async def test_nothing_acknowledged_is_lost_and_nothing_is_left_by_half(tmp_path: Path, number: int) -> None:
    """D-1: killed again and again under concurrent writers of two tenants, it always comes back as it was left."""
    kills = -(-KILLS // CAMPAIGNS)
    campaign = Campaign(tmp_path, SEED + number)
    sys.stdout.write(f"KIBO_KILL_SEED={SEED} KIBO_KILLS={KILLS}\n")
    await campaign.run(kills)
    sys.stdout.write(f"{campaign.tally}\n")

    assert campaign.tally.kills.total() >= kills


@pytest.mark.parametrize("flaw", sorted(FLAWS))
async def test_every_deliberate_mistake_is_noticed(tmp_path: Path, flaw: str) -> None:
    """D-1: the examination is no formality: a simulator that loses, halves or repeats something does not pass it."""
    with pytest.raises(DurabilityError, match=FLAWS[flaw][1]):
        # Where a kill falls between two requests is the machine's choice: so many that none can be lucky.
        await Campaign(tmp_path, 7, flaw).run(150)


async def test_a_load_that_is_killed_is_done_again_as_a_whole(tmp_path: Path) -> None:
    """D-1: wherever the loading of ``--inventory`` into a fresh data file is cut off, the next start makes it whole."""
    table = tmp_path / "export.csv"
    rows = "".join(f"L{place},P-{product},,,7\n" for place in range(10) for product in range(20))
    table.write_text(f"LocationCode,PartNumber,UPC,SKU,OnHand\n{rows}", encoding="utf-8")
    cut_off = 0
    async with nursery(tmp_path / "simulators.log") as simulators:
        for die_at in (1, 2, 40, 60, 90, 200, 300):
            data = tmp_path / f"{die_at}.db"
            flags = ["--data", str(data), "--inventory", str(table)]
            born = await simulators.start(flags, die_at=die_at, armed=True)
            cut_off += not born.url
            await simulators.kill()
            await simulators.start(flags)
            await simulators.kill()
            with closing(Simulator(data=data)) as simulator:
                assert len(list(simulator.stock_records(1001))) == 200

    assert cut_off >= 5
