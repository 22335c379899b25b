"""The client's clock: steady, and right after the machine has slept (C17, RL-8)."""

from __future__ import annotations

import time

import anyio
import pytest

from kibo_client import clock
from kibo_client.units import HOUR, MINUTE, SECOND


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the system has no clock that counts its sleep")
def test_the_clock_counts_what_the_machine_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes by on the clock that counts sleep goes by on ours, though time was set meanwhile."""
    told = {"awake": 5_000_000_000}
    monkeypatch.setattr(time, "clock_gettime_ns", lambda _: told["awake"])
    monkeypatch.setattr(time, "time_ns", lambda: 1_767_225_600_000_000_000)
    now = clock.steady_wall_clock()
    before = now()
    told["awake"] += 3_600_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: 0)

    assert 1_767_225_600 * SECOND == before
    assert HOUR == now() - before


def test_a_long_wait_looks_at_the_clock_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lid that is closed in the middle of a wait makes it no longer than a minute more."""
    moments = iter([0, MINUTE, 7 * HOUR])
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(anyio, "sleep", sleep)
    anyio.run(clock.sleep_until, 6 * HOUR, lambda: next(moments))

    assert [60.0, 60.0] == slept
