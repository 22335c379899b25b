"""Long work that lets the event loop go on: blocking calls in a thread, and steps with pauses between them."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from kibo_simulator.steps import Steps

_T = TypeVar("_T")


async def beside(work: Callable[[], _T]) -> _T:
    """Do ``work`` in a thread and return its result.

    Cancelling does not leave a thread behind that works on what others take for theirs.
    """
    future = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


async def stepping(steps: "Steps[_T]") -> _T:
    """Do all steps, letting others have the processor in between, and return the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _T = end.value
            return result
        await asyncio.sleep(0)
