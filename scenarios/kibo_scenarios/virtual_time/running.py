"""Running a program from beginning to end in virtual time, leaving nothing behind."""

from __future__ import annotations

import asyncio
import random
from asyncio import events
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from kibo_scenarios.virtual_time.errors import UnhandledInLoop, as_exception
from kibo_scenarios.virtual_time.loop import ITERATION_BUDGET, VirtualTimeLoop

_T = TypeVar("_T")

CLEANUP_ROUNDS = 10
"""Tasks that are cancelled may start others to clean up, and those others again; not for ever, though."""


def loop_factory(
    *, start_us: int = 0, seed: int | None = None, iteration_budget: int = ITERATION_BUDGET
) -> Callable[[], VirtualTimeLoop]:
    """Make a factory of virtual loops, for `asyncio.Runner` or anyio's pytest plugin.

    Those run the loop their own way: nothing checks `loop.recorded` or seeds the global random numbers. Where
    that matters, use `run_virtual`.
    """
    return partial(VirtualTimeLoop, start_us=start_us, seed=seed, iteration_budget=iteration_budget)


def run_virtual(
    main: Callable[[VirtualTimeLoop], Awaitable[_T]],
    *,
    start_us: int,
    seed: int | None = None,
    iteration_budget: int = ITERATION_BUDGET,
) -> _T:
    """Run `await main(loop)` to its end in virtual time and return its result.

    The run is a pure function of `main`, `start_us` and `seed`: timers that fall due together run first-in
    first-out (seed None) or in a drawn order, tasks left over are cancelled oldest first, and the global
    random numbers, which aiohttp uses, are seeded for the run and put back after it. Do not run two virtual
    loops in two threads at once.

    Args:
        main: What to run.
        start_us: Wall clock at the beginning, microseconds since the Unix epoch, UTC.
        seed: Order of equal timers and every stream of `loop.random`.
        iteration_budget: Turns of the loop allowed at one instant.

    Raises:
        UnhandledInLoop: when callbacks or abandoned tasks had failed. If `main` raises, its error comes out
            instead, with those failures as notes.
        Deadlock: when every task waits for another.
        Livelock: when the program keeps busy at one instant.
    """
    if events._get_running_loop() is not None:  # noqa: SLF001 - the public one answers by raising
        raise RuntimeError("run_virtual cannot be called from a running event loop; await the work instead")
    loop = VirtualTimeLoop(start_us=start_us, seed=seed, iteration_budget=iteration_budget)
    with _seeded_global_random(seed or 0):
        try:
            result = _run_to_the_end(loop, main)
        except BaseException as error:
            for context in loop.recorded:
                error.add_note(f"also, in the event loop: {as_exception(context)!r}")
            raise
        finally:
            loop.close()
    if loop.recorded:
        raise UnhandledInLoop(loop.recorded)
    return result


def _run_to_the_end(loop: VirtualTimeLoop, main: Callable[[VirtualTimeLoop], Awaitable[_T]]) -> _T:
    async def whole() -> _T:
        return await main(loop)

    try:
        return loop.run_until_complete(whole())
    finally:
        _cancel_what_is_left(loop)


def _cancel_what_is_left(loop: VirtualTimeLoop) -> None:
    for _ in range(CLEANUP_ROUNDS):
        left = loop.tasks()
        if not left:
            break
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.wait(left))
    loop.run_until_complete(loop.shutdown_asyncgens())
    for task in loop.abandoned_failures():
        loop.call_exception_handler(
            {
                "message": f"nobody looked at the failure of {task.get_name()}",
                "exception": task.exception(),
                "task": task,
            }
        )


@contextmanager
def _seeded_global_random(seed: int) -> Iterator[None]:
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
