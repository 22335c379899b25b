"""Scaled time: the same run over real sockets, on a loop whose clock runs faster than the machine's."""

import asyncio
import time

import aiohttp
import msgspec
import pytest

from kibo_scenarios.drivers import ClientReport, Task
from kibo_scenarios.errors import UsageError
from kibo_scenarios.library import find
from kibo_scenarios.moments import SECOND
from kibo_scenarios.pace import VIRTUAL, Pace, ScaledLoop, parse_pace
from kibo_scenarios.runner import run_scenario


@pytest.mark.parametrize(
    ("text", "pace"),
    [("virtual", VIRTUAL), ("real", Pace("real", 1.0)), ("x60", Pace("x60", 60.0)), ("x2.5", Pace("x2.5", 2.5))],
)
def test_paces_are_read(text: str, pace: Pace) -> None:
    """Virtual, real, and any multiple up to 1,000."""
    assert pace == parse_pace(text)


@pytest.mark.parametrize("text", ["", "x", "60", "x0", "x0.5", "x1001", "x-1", "xinf", "Virtual"])
def test_other_paces_are_refused(text: str) -> None:
    """What is no pace is answered with those that are."""
    with pytest.raises(UsageError, match="expected virtual, real, or x1 to x1000 such as x60"):
        parse_pace(text)


def test_the_tolerance_grows_with_the_speed_and_never_shrinks() -> None:
    """50 ms of the machine's time are forgiven, whatever they are in simulated time."""
    assert [50_000, 50_000, 3 * SECOND] == [pace.tolerance for pace in map(parse_pace, ("virtual", "real", "x60"))]


def test_a_scaled_loop_keeps_all_timers_on_its_own_clock() -> None:
    """Ten simulated seconds at a thousandfold pass in about ten milliseconds, on the loop's clock and on the wall's."""
    began = time.perf_counter()

    async def main() -> tuple[float, int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ScaledLoop)
        before, wall_before = loop.time(), loop.wall_us()
        await asyncio.sleep(10)
        return loop.time() - before, loop.wall_us() - wall_before

    with asyncio.Runner(loop_factory=lambda: ScaledLoop(0, 1000)) as runner:
        passed, wall_passed = runner.run(main())

    assert passed >= 10
    assert wall_passed >= 10 * SECOND - 1
    assert time.perf_counter() - began < 5


def test_a_run_over_real_sockets_leaves_the_same_kind_of_evidence() -> None:
    """Client and server meet on loopback, the clock is the scenario's, and nothing is left open."""

    async def one_question(task: Task) -> ClientReport:
        async with (
            aiohttp.ClientSession(connector=task.connect(), connector_owner=False) as session,
            session.get(task.api_host + "/api/commerce/inventory/v1/queue") as answer,
        ):
            assert 401 == answer.status
        return ClientReport()

    scenario = find("bulk-delete")
    small = msgspec.structs.replace(scenario, simulator={"sample": {"locations": 2, "products": 40}})
    result = run_scenario(small, driver=one_question, pace=parse_pace("x1000"))
    (entry,) = result.evidence.journal

    assert (None, "x1000", 401) == (result.client_failure, result.pace, entry.status)
    assert scenario.start <= entry.started_at
    assert 0 == result.evidence.round_trip.least
