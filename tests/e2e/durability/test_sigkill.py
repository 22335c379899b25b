"""Whatever was acknowledged survives SIGKILL, whatever was not is whole or absent (D-1, D-3, J-11, T-2, RL-8)."""

import os
import sys
from pathlib import Path
from secrets import randbelow

import pytest

from .beliefs import DurabilityError
from .campaign import Campaign
from .flaws import FLAWS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="simulators are forked")]

KILLS = int(os.environ.get("KIBO_KILLS", "200"))
SEED = int(os.environ.get("KIBO_KILL_SEED") or randbelow(2**32))


async def test_nothing_acknowledged_is_lost_and_nothing_is_left_by_half(tmp_path: Path) -> None:
    """D-1: killed again and again under concurrent writers of two tenants, it always comes back as it was left."""
    campaign = Campaign(tmp_path, SEED)
    sys.stdout.write(f"KIBO_KILL_SEED={SEED} KIBO_KILLS={KILLS}\n")
    await campaign.run(KILLS)
    sys.stdout.write(f"{campaign.tally}\n")

    assert campaign.tally.kills.total() >= KILLS


@pytest.mark.parametrize("flaw", sorted(FLAWS))
async def test_every_deliberate_mistake_is_noticed(tmp_path: Path, flaw: str) -> None:
    """D-1: the examination is no formality: a simulator that loses, halves or repeats something does not pass it."""
    with pytest.raises(DurabilityError):
        await Campaign(tmp_path, 7, flaw).run(40)
