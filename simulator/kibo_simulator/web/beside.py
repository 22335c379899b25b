"""Blocking work in a thread, so that the event loop goes on; whoever waits for it waits to its end, come what may."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

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
