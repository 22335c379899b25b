"""A run in virtual time begins clean, ends clean, and hides no failure."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from kibo_scenarios.virtual_time import Deadlock, LoopIncident, UnhandledInLoop, VirtualTimeLoop, run_virtual


def test_what_is_left_is_cancelled_oldest_first() -> None:
    """Tasks that outlive the program are cancelled in order of age, and so are those they start meanwhile."""
    ends: list[str] = []

    async def lingers(name: str) -> None:
        try:
            await asyncio.sleep(1_000)
        finally:
            ends.append(name)

    async def starts_another() -> None:
        try:
            await asyncio.sleep(1_000)
        finally:
            tasks.append(asyncio.create_task(lingers("started while ending")))

    tasks: list[asyncio.Task[None]] = []

    async def main(loop: VirtualTimeLoop) -> str:
        tasks.append(asyncio.create_task(starts_another()))
        tasks.extend(asyncio.create_task(lingers(f"task {n}"), name=f"{9 - n}") for n in range(5))
        await asyncio.sleep(1)
        return "result"

    result = run_virtual(main, start_us=0)

    assert result == "result"
    assert ends == [*(f"task {n}" for n in range(5)), "started while ending"]
    assert [task.done() for task in tasks] == [True] * 7


def test_a_failed_callback_fails_the_run() -> None:
    """An error in a callback comes out as a group, with what the handler was told."""

    def fails(error: Exception) -> None:
        raise error

    async def main(loop: VirtualTimeLoop) -> None:
        loop.call_later(1, fails, ValueError("seven"))
        loop.call_later(2, fails, KeyError("eight"))
        await asyncio.sleep(3)

    with pytest.raises(UnhandledInLoop) as caught:
        run_virtual(main, start_us=0)

    assert [repr(error) for error in caught.value.exceptions] == ["ValueError('seven')", "KeyError('eight')"]
    assert [str(context["message"])[:21] for context in caught.value.contexts] == ["Exception in callback"] * 2


def test_an_incident_without_an_exception_fails_the_run() -> None:
    """What the handler is told in words alone counts too, and the group can be split."""

    async def main(loop: VirtualTimeLoop) -> None:
        loop.call_exception_handler({"message": "Unclosed connection"})

    with pytest.raises(UnhandledInLoop) as caught:
        run_virtual(main, start_us=0)
    incidents, rest = caught.value.split(LoopIncident)

    assert incidents is not None
    assert [str(error) for error in incidents.exceptions] == ["Unclosed connection"]
    assert rest is None


def test_a_failure_nobody_looked_at_fails_the_run() -> None:
    """A task that failed while its owner merely kept it is reported without waiting for the garbage."""
    kept: list[asyncio.Task[int]] = []

    async def fails() -> int:
        return int("seven")

    async def main(loop: VirtualTimeLoop) -> None:
        kept.append(asyncio.create_task(fails(), name="kept"))
        await asyncio.sleep(1)

    with pytest.raises(UnhandledInLoop) as caught:
        run_virtual(main, start_us=0)

    assert [c["message"] for c in caught.value.contexts] == ["nobody looked at the failure of kept"]


def test_the_programs_own_error_comes_out() -> None:
    """When the program itself fails, its error is raised, and other failures are noted on it."""

    async def main(loop: VirtualTimeLoop) -> None:
        loop.call_soon(int, "seven")
        await asyncio.sleep(1)
        raise KeyError("mine")

    with pytest.raises(KeyError) as caught:
        run_virtual(main, start_us=0)

    assert len(caught.value.__notes__) == 1
    assert "invalid literal for int() with base 10: 'seven'" in caught.value.__notes__[0]


def test_interrupting_is_clean() -> None:
    """Ctrl-C in the middle of a run comes out, after the tasks have had their chance to clean up."""
    ends: list[str] = []

    def press() -> None:
        raise KeyboardInterrupt

    async def main(loop: VirtualTimeLoop) -> None:
        loop.call_later(5, press)
        try:
            await asyncio.sleep(1_000)
        finally:
            ends.append(f"cleaned up at {loop.time()}")

    with pytest.raises(KeyboardInterrupt):
        run_virtual(main, start_us=0)

    assert ends == ["cleaned up at 5.0"]


def test_global_random_numbers_are_seeded_and_put_back() -> None:
    """Aiohttp draws from the global numbers: equal seeds draw alike, and the caller's state survives."""

    async def main(loop: VirtualTimeLoop) -> float:
        return random.random()

    random.seed(99)
    before = random.getstate()
    draws = [run_virtual(main, start_us=0, seed=seed) for seed in (1, 1, 2, None, None)]

    assert random.getstate() == before
    assert draws[0] == draws[1] != draws[2]
    assert draws[3] == draws[4]


async def test_a_run_inside_a_loop_is_refused() -> None:
    """A run cannot be started from a running loop, and says what to do."""

    async def main(loop: VirtualTimeLoop) -> None: ...

    with pytest.raises(RuntimeError, match="await the work instead"):
        run_virtual(main, start_us=0)


def test_asynchronous_generators_are_closed() -> None:
    """Generators left half way run their cleanup inside the run, oldest first."""
    ends: list[tuple[int, float]] = []

    async def numbers(name: int) -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(1)
            ends.append((name, asyncio.get_running_loop().time()))

    async def main(loop: VirtualTimeLoop) -> list[AsyncIterator[int]]:
        generators = [numbers(name) for name in range(40)]
        for generator in generators:
            await anext(generator)
        return generators

    run_virtual(main, start_us=0)

    assert ends == [(name, 1.0) for name in range(40)]


def test_a_task_that_will_not_end_is_a_deadlock() -> None:
    """A task that ignores its cancellation and waits for nothing cannot make the run hang."""

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                continue

    async def main(loop: VirtualTimeLoop) -> None:
        await asyncio.create_task(stubborn(), name="stubborn")

    with pytest.raises(Deadlock, match="stubborn"):
        run_virtual(main, start_us=0)
