"""The event loop of virtual time keeps its rules."""

from __future__ import annotations

import asyncio
import math
import os
import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from anyio._backends._asyncio import AsyncIOBackend

from kibo_scenarios.virtual_time import (
    Deadlock,
    EscapedVirtualTime,
    Livelock,
    UnhandledInLoop,
    VirtualTimeLoop,
    loop_factory,
    run_virtual,
)
from kibo_scenarios.virtual_time.loop import MANY_TIMERS
from kibo_scenarios.virtual_time.outside import REFUSED

CHRISTMAS_2023_US = 1_703_462_400_000_000


def test_sleeps_add_up_exactly() -> None:
    """Six thousand sleeps of a tenth of a second end at ten minutes, to the microsecond."""

    async def main(loop: VirtualTimeLoop) -> int:
        for _ in range(6_000):
            await asyncio.sleep(0.1)
        return loop.now_us

    assert run_virtual(main, start_us=0) == 600_000_000


def test_wall_clock_is_apart_from_loop_time() -> None:
    """With a wall clock of today the loop still starts at 0, and a minute is a minute on both."""

    async def main(loop: VirtualTimeLoop) -> tuple[float, int]:
        await asyncio.sleep(60)
        return loop.time(), loop.wall_us()

    assert run_virtual(main, start_us=CHRISTMAS_2023_US) == (60.0, CHRISTMAS_2023_US + 60_000_000)


@pytest.mark.parametrize(
    ("asked_s", "fires_us"),
    [(0.000_001_4, 2), (0.1 + 0.2, 300_000), (0.999_999_6, 1_000_000), (1e-9, 1), (0, 1), (-5, 1)],
)
def test_timers_round_up_and_always_move(asked_s: float, fires_us: int) -> None:
    """A timer is never early, forgives the noise of floats, and lets at least a microsecond pass."""

    async def main(loop: VirtualTimeLoop) -> list[int]:
        fired: list[int] = []
        loop.call_later(asked_s, lambda: fired.append(loop.now_us))
        loop.call_at(asked_s, lambda: fired.append(loop.now_us))
        await asyncio.sleep(2)
        return fired

    assert run_virtual(main, start_us=0) == [fires_us, fires_us]


def test_neighbouring_microseconds_stay_apart() -> None:
    """Timers a microsecond apart fire at two instants, wherever the floats of their times fall."""
    asked_us = [base + step for base in (1, 299_999, 60_000_000, 86_399_999_999) for step in range(20)]

    async def main(loop: VirtualTimeLoop) -> list[int]:
        fired_us: list[int] = []
        for when_us in asked_us:
            loop.call_at(when_us / 1_000_000, lambda: fired_us.append(loop.now_us))
        await asyncio.sleep(86_401)
        return fired_us

    assert run_virtual(main, start_us=0) == asked_us


def test_a_timer_set_again_at_once_moves_time() -> None:
    """Code that computes a remainder of zero and waits again does not spin at one instant."""

    async def main(loop: VirtualTimeLoop) -> int:
        done = loop.create_future()

        def again(left: int) -> None:
            if left == 0:
                done.set_result(None)
            else:
                loop.call_at(loop.time(), again, left - 1)

        again(500)
        await done
        return loop.now_us

    assert run_virtual(main, start_us=0, iteration_budget=100) == 500


def order_of_twelve(seed: int | None) -> list[int]:
    """Run twelve timers for the same instant and report their order."""

    async def main(loop: VirtualTimeLoop) -> list[int]:
        order: list[int] = []
        for number in range(12):
            loop.call_later(60, order.append, number)
        await asyncio.sleep(61)
        return order

    return run_virtual(main, start_us=0, seed=seed)


def test_equal_times_run_first_in_first_out() -> None:
    """Twelve timers for one instant run in the order they were set."""
    assert order_of_twelve(None) == list(range(12))


def test_seeds_draw_orders() -> None:
    """Equal seeds agree on the order of equal times; different seeds explore different ones."""
    orders = {tuple(order_of_twelve(seed)) for seed in range(10)}

    assert len(orders) == 10
    assert order_of_twelve(3) == order_of_twelve(3)
    assert {tuple(sorted(order)) for order in orders} == {tuple(range(12))}


def test_a_seed_does_not_shuffle_call_soon() -> None:
    """What is called soon keeps its documented order under any seed."""

    async def main(loop: VirtualTimeLoop) -> list[int]:
        order: list[int] = []
        for number in range(50):
            loop.call_soon(order.append, number)
        await asyncio.sleep(1)
        return order

    assert run_virtual(main, start_us=0, seed=7) == list(range(50))


def test_streams_of_random_numbers_do_not_disturb_each_other() -> None:
    """A stream depends on the seed and its name, not on what other streams have drawn."""
    loop = VirtualTimeLoop(seed=5)
    alone = loop.random("links").random()
    loop.random("choices").random()
    again = loop.random("links").random()
    other_seed = VirtualTimeLoop(seed=6)
    other = other_seed.random("links").random()
    loop.close()
    other_seed.close()

    assert (alone, alone) == (again, again)
    assert other != alone


def test_never_is_not_a_number() -> None:
    """Timers for infinity, as anyio sets them, wait without end and do not hold the others up."""

    async def main(loop: VirtualTimeLoop) -> float:
        with anyio.move_on_after(10):
            await anyio.sleep_forever()
        with anyio.move_on_after(math.inf):
            await anyio.sleep(5)
        loop.call_later(1e300, print).cancel()
        return anyio.current_time()

    assert run_virtual(main, start_us=0) == 15.0


def test_not_a_number_is_refused() -> None:
    """A timer for not-a-number seconds is an error where it is set."""

    async def main(loop: VirtualTimeLoop) -> None:
        loop.call_later(math.nan, print)

    with pytest.raises(ValueError, match="not-a-number"):
        run_virtual(main, start_us=0)


def test_deadlock_names_the_waiting_tasks() -> None:
    """When every task waits for another, the error lists them, oldest first, and where they stand."""

    async def waits_for(event: asyncio.Event) -> None:
        await event.wait()

    async def main(loop: VirtualTimeLoop) -> None:
        await asyncio.sleep(1.5)
        event = asyncio.Event()
        loop.call_later(math.inf, event.set)
        async with asyncio.TaskGroup() as group:
            group.create_task(waits_for(event), name="first")
            group.create_task(waits_for(event), name="another")

    with pytest.raises(Deadlock) as caught:
        run_virtual(main, start_us=0)

    assert caught.value.at_us == 1_500_000
    assert [task.name for task in caught.value.waiting][1:] == ["first", "another"]
    assert "in test_deadlock_names_the_waiting_tasks.<locals>.waits_for" in caught.value.waiting[1].stack[0]
    assert "in Event.wait" in caught.value.waiting[1].stack[1]
    assert "nothing left to wait for at 1.500000 s" in str(caught.value)


def test_livelock_is_told_from_work() -> None:
    """A task that yields for ever at one instant is stopped by the budget; one that lets time pass is not."""

    async def busy(loop: VirtualTimeLoop) -> None:
        await asyncio.sleep(3)
        while True:  # noqa: ASYNC110 - the fault on trial
            await asyncio.sleep(0)

    async def working(loop: VirtualTimeLoop) -> int:
        for _ in range(10):
            for _ in range(90):
                await asyncio.sleep(0)
            await asyncio.sleep(0.001)
        return loop.now_us

    with pytest.raises(Livelock) as caught:
        run_virtual(busy, start_us=0, iteration_budget=100)

    assert (caught.value.at_us, caught.value.iterations) == (3_000_000, 101)
    assert run_virtual(working, start_us=0, iteration_budget=100) == 10_000


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_the_outside_world_is_refused(name: str) -> None:
    """Each way out of virtual time raises at the call and says what to use instead."""
    loop = VirtualTimeLoop()
    with pytest.raises(EscapedVirtualTime) as caught:
        getattr(loop, name)(1, 2)
    loop.close()

    assert str(caught.value) == f"loop.{name} has no place in virtual time: {REFUSED[name]}"


def test_high_level_sockets_and_processes_are_refused() -> None:
    """Streams and child processes of asyncio fail at once rather than hang."""

    async def main(loop: VirtualTimeLoop) -> list[str]:
        refused = []
        for attempt in (
            asyncio.open_connection("localhost", 80),
            asyncio.start_server(lambda _reader, _writer: None, "localhost", 80),
            asyncio.create_subprocess_exec("true"),
        ):
            with pytest.raises(EscapedVirtualTime) as caught:
                await attempt
            refused.append(caught.value.what)
        return refused

    assert run_virtual(main, start_us=0) == [
        "loop.create_connection",
        "loop.create_server",
        "loop.subprocess_exec",
    ]


def test_the_loop_owns_no_descriptor() -> None:
    """Making a loop opens no file descriptor, so there is nothing outside that could race."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count of names
    loop = VirtualTimeLoop()
    after = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    loop.close()

    assert after == before


def test_blocking_calls_run_inline(tmp_path: Path) -> None:
    """Executors, asyncio's threads and anyio's threads and files all run here and now."""

    async def main(loop: VirtualTimeLoop) -> tuple[set[int], str, float]:
        threads = {
            await loop.run_in_executor(None, threading.get_ident),
            await asyncio.to_thread(threading.get_ident),
            await anyio.to_thread.run_sync(threading.get_ident),
        }
        path = anyio.Path(tmp_path / "note")
        await path.write_text("kept")
        return threads, await path.read_text(), loop.time()

    assert run_virtual(main, start_us=0) == ({threading.get_ident()}, "kept", 0.0)


def test_blocking_calls_hand_on_their_errors() -> None:
    """What a function raises in the executor comes out of the await."""

    async def main(loop: VirtualTimeLoop) -> None:
        await asyncio.to_thread(int, "seven")

    with pytest.raises(ValueError, match="seven"):
        run_virtual(main, start_us=0)


async def test_other_loops_keep_their_threads() -> None:
    """Anyio's worker threads stay real on other loops while a virtual one runs, and afterwards."""
    before = AsyncIOBackend.__dict__["run_sync_in_worker_thread"]
    found: dict[str, bool] = {}

    async def stock() -> bool:
        return await anyio.to_thread.run_sync(threading.get_ident) == threading.get_ident()

    async def main(loop: VirtualTimeLoop) -> None:
        found["virtual"] = await anyio.to_thread.run_sync(threading.get_ident) == threading.get_ident()
        thread = threading.Thread(target=lambda: found.update(stock=asyncio.run(stock())))
        thread.start()
        thread.join()

    await asyncio.to_thread(run_virtual, main, start_us=0)

    assert found == {"virtual": True, "stock": False}
    assert AsyncIOBackend.__dict__["run_sync_in_worker_thread"] is before


def test_a_thread_cannot_wake_the_loop() -> None:
    """A thread that tries gets an error, and so does the run, although the thread swallowed it."""
    seen: list[EscapedVirtualTime] = []

    def elsewhere(loop: VirtualTimeLoop) -> None:
        calls: list[Callable[[], object]] = [
            lambda: loop.call_soon_threadsafe(print),
            lambda: loop.call_later(1, print),
        ]
        for call in calls:
            try:
                call()
            except EscapedVirtualTime as error:
                seen.append(error)

    async def main(loop: VirtualTimeLoop) -> None:
        loop.call_soon_threadsafe(seen.clear)
        await asyncio.sleep(1)
        thread = threading.Thread(target=elsewhere, args=(loop,), name="outsider")
        thread.start()
        thread.join()

    with pytest.raises(UnhandledInLoop) as caught:
        run_virtual(main, start_us=0)

    assert list(caught.value.exceptions) == seen
    assert [error.what for error in seen] == ["waking the loop from thread 'outsider'"] * 2


def test_waiting_for_a_thread_fails_at_once() -> None:
    """Awaiting what only a thread could provide is a deadlock that names the thread, not a hang."""
    release = threading.Event()
    thread = threading.Thread(target=release.wait, name="outsider")
    thread.start()

    async def main(loop: VirtualTimeLoop) -> None:
        await loop.create_future()

    with pytest.raises(Deadlock) as caught:
        run_virtual(main, start_us=0)
    release.set()
    thread.join()

    assert "outsider" in caught.value.threads
    assert "asyncio.to_thread" in str(caught.value)


def test_cancelled_timers_leave_no_trace() -> None:
    """A thousand cancelled timers neither fire nor keep the clock from reaching the next real one."""

    async def main(loop: VirtualTimeLoop) -> tuple[list[str], float]:
        fired: list[str] = []
        for _ in range(1_000):
            loop.call_later(5, fired.append, "cancelled").cancel()
        loop.call_later(7, fired.append, "kept")
        await asyncio.sleep(7)
        return fired, loop.time()

    assert run_virtual(main, start_us=0) == (["kept"], 7.0)


def test_cancelled_timers_are_not_kept_until_their_time() -> None:
    """Ten thousand time-outs of an hour, each taken back, do not wait in memory for the hour to pass."""

    async def main(loop: VirtualTimeLoop) -> tuple[int, float]:
        most = 0
        # Behind one that is still meant, they are not at the head of the queue.
        loop.call_later(30, print, "not within this run")
        for _ in range(10_000):
            loop.call_later(3600, print, "never").cancel()
            await asyncio.sleep(0.001)
            most = max(most, len(loop._scheduled))
        return most, loop.time()

    most, ended = run_virtual(main, start_us=0)

    assert most <= 2 * MANY_TIMERS
    assert ended == 10.0


def test_appointments_keep_the_order_of_timers() -> None:
    """In whole microseconds, in line with timers of the same instant, never at the instant they were made."""

    async def main(loop: VirtualTimeLoop) -> list[tuple[str, int]]:
        came: list[tuple[str, int]] = []
        loop.call_later(0.000_002, lambda: came.append(("timer", loop.now_us)))
        loop.call_at_us(2, lambda: came.append(("appointment", loop.now_us)))
        loop.call_later(0.000_002, lambda: came.append(("another", loop.now_us)))
        loop.call_at_us(0, lambda: came.append(("late", loop.now_us)))
        loop.call_at_us(2, lambda: came.append(("cancelled", loop.now_us))).cancel()
        await asyncio.sleep(1)
        return came

    assert run_virtual(main, start_us=0) == [("late", 1), ("timer", 2), ("appointment", 2), ("another", 2)]


def test_cancelled_appointments_are_not_kept_until_their_time() -> None:
    """As those of asyncio are not; cancelling twice counts once."""

    async def main(loop: VirtualTimeLoop) -> int:
        most = 0
        loop.call_later(30, print, "not within this run")
        for _ in range(5_000):
            appointment = loop.call_at_us(3_600_000_000, print)
            appointment.cancel()
            appointment.cancel()
            assert appointment.cancelled()
            await asyncio.sleep(0.001)
            most = max(most, len(loop._scheduled))
        return most

    assert run_virtual(main, start_us=0) <= 2 * MANY_TIMERS


def test_waiting_for_an_instant_ends_at_it() -> None:
    """To the microsecond; an instant that has come is not waited for, and a wait that is called off leaves nothing."""

    async def main(loop: VirtualTimeLoop) -> tuple[int, int, bool, int]:
        await loop.until(CHRISTMAS_2023_US + 5)
        ended = loop.now_us
        for past in (0, CHRISTMAS_2023_US, CHRISTMAS_2023_US + 5):
            await loop.until(past)
        waiting = loop.create_task(loop.until(CHRISTMAS_2023_US + 3_600_000_000))
        together = loop.create_task(loop.until(CHRISTMAS_2023_US + 7))
        # At the very instant at which the other is due.
        loop.call_at_us(7, together.cancel)
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.wait([waiting, together])
        await asyncio.sleep(1)
        return ended, loop.now_us, together.cancelled(), len(loop._scheduled)

    assert run_virtual(main, start_us=CHRISTMAS_2023_US) == (5, 2_000_005, True, 0)


@pytest.mark.parametrize("debug", [False, True])
def test_what_is_called_soon_has_a_handle_like_any_other(debug: bool) -> None:  # noqa: FBT001  # a parameter
    """It tells what it calls, can be called off, and carries the context in which it was made."""
    place: ContextVar[str] = ContextVar("place")

    async def main(loop: VirtualTimeLoop) -> tuple[list[str], str, bool]:
        loop.set_debug(debug)
        came: list[str] = []
        place.set("here")
        handle = loop.call_soon(lambda: came.append(place.get()))
        place.set("there")
        told = repr(handle)
        off = loop.call_soon(came.append, "off")
        off.cancel()
        task = loop.create_task(asyncio.sleep(0, "slept"), name="named")
        came += [await task, task.get_name()]
        return came, told, off.cancelled()

    came, told, cancelled = run_virtual(main, start_us=0)
    assert (came, cancelled) == (["here", "slept", "named"], True)
    assert "<lambda>() at" in told


def test_an_appointment_that_fails_fails_the_run() -> None:
    """As any callback does; the message says whose it was."""

    def fail() -> None:
        raise ValueError("no")

    async def main(loop: VirtualTimeLoop) -> None:
        loop.call_at_us(5, fail)
        await asyncio.sleep(1)

    with pytest.raises(UnhandledInLoop) as caught:
        run_virtual(main, start_us=0)
    (failure,) = caught.value.exceptions
    assert isinstance(failure, ValueError)
    assert "Appointment with <function" in failure.__notes__[0]


def test_tasks_that_have_ended_are_not_kept() -> None:
    """Of ten thousand tasks those that are still there are listed, oldest first."""

    async def nothing() -> None:
        """Do nothing."""

    async def main(loop: VirtualTimeLoop) -> tuple[int, list[str]]:
        most = 0
        last = [loop.create_task(asyncio.sleep(1), name=name) for name in ("b", "a")]
        for _ in range(10_000):
            await loop.create_task(nothing())
            most = max(most, len(loop._born))
        names = [task.get_name() for task in loop.tasks()]
        await asyncio.gather(*last)
        return most, names[-2:]

    most, names = run_virtual(main, start_us=0)

    assert most <= 1_001
    assert names == ["b", "a"]


def test_runs_under_asyncio_runner() -> None:
    """The factory serves asyncio's own runner, time-outs included."""

    async def main() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.get_running_loop().create_future(), 3_600)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=loop_factory(start_us=0)) as runner:
        assert runner.run(main()) == 3_600.0


def test_runs_under_anyio() -> None:
    """The factory serves anyio: task groups, cancel scopes and its clock live in virtual time."""

    async def main() -> tuple[list[str], float, bool]:
        log: list[str] = []

        async def work(name: str, seconds: float) -> None:
            await anyio.sleep(seconds)
            log.append(f"{name} at {anyio.current_time()}")

        with anyio.move_on_after(86_400) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(work, "slow", 7_200)
                group.start_soon(work, "quick", 60)
                group.start_soon(anyio.sleep_forever)
        return log, anyio.current_time(), scope.cancelled_caught

    assert anyio.run(main, backend_options={"loop_factory": loop_factory(start_us=0)}) == (
        ["quick at 60.0", "slow at 7200.0"],
        86_400.0,
        True,
    )


def test_debug_mode_works() -> None:
    """Asyncio's debug mode finds nothing slow, since computing takes no virtual time."""

    async def main(loop: VirtualTimeLoop) -> float:
        loop.set_debug(True)
        await asyncio.sleep(1)
        loop.set_debug(False)
        return loop.time()

    assert run_virtual(main, start_us=0) == 1.0


def test_a_closed_loop_refuses() -> None:
    """After closing, timers and executor calls raise as those of other loops do."""
    loop = VirtualTimeLoop()
    loop.close()

    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1, print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_in_executor(None, print)
    assert repr(loop) == "<VirtualTimeLoop closed at 0.000000 s, 0 timers>"
