"""anyio's worker threads, run inline while a virtual loop is running.

anyio starts threads of its own instead of asking the loop's executor. Files opened with anyio would therefore
leave virtual time; nothing in its public interface lets a loop say otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from anyio._backends._asyncio import AsyncIOBackend

_METHOD = "run_sync_in_worker_thread"


@contextmanager
def inline_worker_threads(loop_type: type[asyncio.AbstractEventLoop]) -> Iterator[None]:
    """Let `anyio.to_thread` run its function at once on loops of the given type and no others."""
    original = AsyncIOBackend.__dict__[_METHOD]
    threaded = original.__func__

    async def run_sync_in_worker_thread(
        cls: type[AsyncIOBackend],
        func: Callable[..., Any],
        args: tuple[Any, ...],
        abandon_on_cancel: bool = False,  # noqa: FBT001, FBT002 - anyio's signature
        limiter: Any = None,
    ) -> Any:
        if not isinstance(asyncio.get_running_loop(), loop_type):
            return await threaded(cls, func, args, abandon_on_cancel, limiter)
        await cls.checkpoint()
        async with limiter or cls.current_default_thread_limiter():
            return copy_context().run(func, *args)

    setattr(AsyncIOBackend, _METHOD, classmethod(run_sync_in_worker_thread))
    try:
        yield
    finally:
        setattr(AsyncIOBackend, _METHOD, original)
