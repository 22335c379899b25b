"""The harness notices when it is held up itself."""

import asyncio
from itertools import accumulate, chain, repeat

import pytest

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.evidence import Stall
from kibo_scenarios.moments import SECOND
from kibo_scenarios.pace import VIRTUAL, Pace
from kibo_scenarios.stalls import BEAT_S, refuse_busy_machine, watched
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

X60 = Pace("x60", 60.0)


def stalls_at(*beats_s: float, pace: Pace = X60) -> list[Stall]:
    """Return the stalls that are noticed when the looks at the machine's clock are so many seconds apart."""
    # Each beat looks twice: when it begins, and when it ends.
    told = iter(accumulate(chain.from_iterable((0.0, beat) for beat in chain(beats_s, repeat(BEAT_S)))))

    async def main(loop: VirtualTimeLoop) -> list[Stall]:
        async with watched(pace, loop, monotonic=lambda: next(told)) as stalls:
            await asyncio.sleep(10 * BEAT_S * 60)
        return stalls

    return run_virtual(main, start_us=0)


def test_what_lasts_longer_than_the_tolerance_is_a_stall() -> None:
    """50 ms late is forgiven; 70 ms late is a stall, as long as its beat in simulated time."""
    beat = round(BEAT_S * 60 * SECOND)

    assert [Stall(2 * beat, 3 * beat)] == stalls_at(BEAT_S, BEAT_S + 0.049, BEAT_S + 0.07)


def test_virtual_time_has_no_stalls() -> None:
    """Nothing that the machine does shows there."""
    assert [] == stalls_at(5, 5, 5, pace=VIRTUAL)


def test_a_machine_that_is_held_up_for_a_quarter_of_a_run_says_nothing() -> None:
    """It is the harness that failed, and not the client."""
    refuse_busy_machine([Stall(0, 25)], 100, X60)

    with pytest.raises(HarnessError, match="this machine was held up for 26 % of a run at x60; use a lower --speed"):
        refuse_busy_machine([Stall(0, 10), Stall(20, 36)], 100, X60)
