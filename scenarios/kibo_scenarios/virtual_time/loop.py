"""The event loop of virtual time: rounds of its own, whole microseconds from 0, no file descriptor.

Rules of this file:
1. Time is an integer number of microseconds and starts at 0. The epoch stays apart (`wall_us`): with an epoch
   inside the float that asyncio computes with, a timer can be less than one unit away and never fall due.
2. A timer fires never early, and never at the instant it was set: a remainder computed to zero moves time.
3. Equal times run first-in first-out, or in an order drawn from the seed. `call_soon` keeps its own order.
4. Nothing ready and no timer is `Deadlock`; too many turns at one instant is `Livelock`.
5. The outside world is refused (`outside`), blocking calls run inline, other threads cannot wake the loop.
6. What reaches the exception handler is kept, for the run to fail on.
"""

from __future__ import annotations

import heapq
import threading
from asyncio import Future, Handle, Task, TimerHandle, all_tasks
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from functools import partial
from random import Random
from typing import Any, TypeVar, TypeVarTuple

from kibo_scenarios.virtual_time.errors import Deadlock, EscapedVirtualTime, Livelock
from kibo_scenarios.virtual_time.outside import INLINE, NoOutsideWorld
from kibo_scenarios.virtual_time.tasks import GeneratorsByAge, TasksByAge, age_of_task, describe_task
from kibo_scenarios.virtual_time.threads import inline_worker_threads
from kibo_scenarios.virtual_time.timers import MICROSECONDS, NEVER_US, Appointment, Due, seconds_to_us

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

ITERATION_BUDGET = 100_000
"""Rounds at one instant. A 5 MB echo takes about 400, a thousand workers waking together two or three."""


MANY_TIMERS = 100
"""Beyond this, cancelled timers are swept out of the heap once they are more than half of it."""


class VirtualTimeLoop(NoOutsideWorld):
    """An asyncio event loop in which waiting takes no time.

    Args:
        start_us: Wall clock at loop time 0, microseconds since the Unix epoch, UTC.
        seed: None runs equal timers first-in first-out; a number draws their order, reproducibly.
        iteration_budget: Turns of the loop allowed at one instant.

    Raises:
        Deadlock: from the run, when every task waits for another.
        Livelock: from the run, when the budget is spent.
    """

    # The base class's own, which no stub names.
    _closed: bool
    _debug: bool
    _ready: deque[Handle | Appointment]
    _stopping: bool
    _task_factory: object
    _timer_cancelled_count: int

    def __init__(self, *, start_us: int = 0, seed: int | None = None, iteration_budget: int = ITERATION_BUDGET) -> None:
        super().__init__()
        self._scheduled: list[Due] = []
        # The base class closes them in the order of their addresses.
        self._asyncgens = GeneratorsByAge()
        self._start_us = start_us
        self._seed = seed
        self._ties = None if seed is None else self.random("ties of timers")
        self._now_us = 0
        self._sequence = 0
        self._budget = iteration_budget
        self._turns = 0
        self._home_thread = threading.get_ident()
        self._born = TasksByAge()
        self.recorded: list[dict[str, Any]] = []
        self.set_exception_handler(_record)

    def __repr__(self) -> str:
        state = "closed" if self.is_closed() else "running" if self.is_running() else "idle"
        return f"<VirtualTimeLoop {state} at {self.time():.6f} s, {len(self._scheduled)} timers>"

    @property
    def now_us(self) -> int:
        """Loop time in microseconds; 0 at the beginning."""
        return self._now_us

    def wall_us(self) -> int:
        """Tell the simulated wall clock: microseconds since the Unix epoch, UTC."""
        return self._start_us + self._now_us

    def time(self) -> float:
        """Loop time in seconds, as asyncio wants it; `now_us` is exact."""
        return self._now_us / MICROSECONDS

    def random(self, name: str) -> Random:
        """Make a stream of random numbers of its own, drawn from the seed and a name.

        Streams of different names do not disturb each other: one more draw here moves nothing there.
        """
        return Random(f"{self._seed or 0}/{name}")  # noqa: S311 - reproducible is what is wanted

    def call_later(
        self, delay: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> TimerHandle:
        """Call back after `delay` seconds; at least one microsecond passes."""
        return self._set_timer(self._now_us + seconds_to_us(delay), callback, args, context)

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> TimerHandle:
        """Call back at `when` seconds of loop time; at least one microsecond passes."""
        return self._set_timer(seconds_to_us(when), callback, args, context)

    def call_at_us(self, when_us: int, callback: Callable[[], object]) -> Appointment:
        """The same in microseconds, for a callback of this thread that needs no context of its own."""
        if when_us <= self._now_us:
            when_us = self._now_us + 1
        appointment = Appointment(self, callback)
        self._schedule(when_us, appointment)
        return appointment

    async def until(self, wall_us: int) -> None:
        """Wait until the simulated wall clock shows an instant; not at all when it does already."""
        due_us = wall_us - self._start_us
        if due_us <= self._now_us:
            return
        future: Future[None] = self.create_future()
        appointment = self.call_at_us(due_us, partial(_wake, future))
        try:
            await future
        finally:
            appointment.cancel()

    def _set_timer(
        self, when_us: int, callback: Callable[[*_Ts], object], args: tuple[*_Ts], context: Context | None
    ) -> TimerHandle:
        if self.is_closed() or threading.get_ident() != self._home_thread:
            self._check_open()
            self._check_home_thread()
        never = when_us >= NEVER_US
        if when_us <= self._now_us:
            when_us = self._now_us + 1
        when = float("inf") if never else when_us / MICROSECONDS
        timer = TimerHandle(when, callback, args, self, context)
        if not never:
            self._schedule(when_us, timer)
        return timer

    def _schedule(self, when_us: int, timer: TimerHandle | Appointment) -> None:
        self._sequence += 1
        tie = self._ties.getrandbits(32) if self._ties else 0
        heapq.heappush(self._scheduled, (when_us, tie, self._sequence, timer))
        timer._scheduled = True  # type: ignore[union-attr] # noqa: SLF001 - the base class counts cancelled ones by it

    def call_soon(self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None) -> Handle:
        """Call back in the next round."""
        if self._closed or self._debug:
            return super().call_soon(callback, *args, context=context)
        # What the base class does, in one place instead of four: a request takes half a dozen of these.
        handle = Handle.__new__(Handle)
        handle._callback = callback  # type: ignore[attr-defined] # noqa: SLF001
        handle._args = args  # noqa: SLF001
        handle._cancelled = False  # noqa: SLF001
        handle._loop = self  # type: ignore[attr-defined] # noqa: SLF001
        handle._repr = None  # type: ignore[attr-defined] # noqa: SLF001
        handle._source_traceback = None  # type: ignore[attr-defined] # noqa: SLF001
        handle._context = copy_context() if context is None else context  # type: ignore[attr-defined] # noqa: SLF001
        self._ready.append(handle)
        return handle

    def _run_once(self) -> None:
        """Play round after round until the loop is stopped, in the place of the base class's one; move the clock.

        What is ready when the timers have been looked at runs, and what that makes ready waits for the next round.

        Raises:
            Deadlock: when nothing is ready and there is no timer.
            Livelock: when time has stood still for too many rounds.
        """
        timers, ready = self._scheduled, self._ready
        while True:
            if len(timers) > MANY_TIMERS and 2 * self._timer_cancelled_count > len(timers):
                self._forget_cancelled_timers()
            while timers and timers[0][-1]._cancelled:  # noqa: SLF001 - as the base class does
                timer = heapq.heappop(timers)[-1]
                timer._scheduled = False  # type: ignore[union-attr] # noqa: SLF001 - see `_schedule`
                self._timer_cancelled_count -= 1
            if ready or self._stopping:
                self._turns += 1
                if self._turns > self._budget:
                    turns, self._turns = self._turns, 0
                    raise Livelock(self._now_us, turns, [describe_task(task) for task in self.tasks()])
            else:
                self._turns = 0
                if not timers:
                    raise Deadlock(self._now_us, [describe_task(task) for task in self.tasks()], _other_threads())
                self._now_us = timers[0][0]
            now_us = self._now_us
            while timers and timers[0][0] <= now_us:
                timer = heapq.heappop(timers)[-1]
                timer._scheduled = False  # type: ignore[union-attr] # noqa: SLF001 - see `_schedule`
                ready.append(timer)
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled:  # noqa: SLF001 - as the base class does
                    handle._run()  # noqa: SLF001 - as the base class does
            if self._stopping:
                return

    def _forget_cancelled_timers(self) -> None:
        kept = []
        for due in self._scheduled:
            if due[-1].cancelled():
                due[-1]._scheduled = False  # type: ignore[union-attr] # noqa: SLF001 - see `_schedule`
            else:
                kept.append(due)
        heapq.heapify(kept)
        self._scheduled[:] = kept
        self._timer_cancelled_count = 0

    def _write_to_self(self) -> None:
        pass

    def run_forever(self) -> None:
        """Run until stopped, with anyio's worker threads run inline meanwhile."""
        self._home_thread = threading.get_ident()
        with inline_worker_threads(VirtualTimeLoop):
            super().run_forever()

    def create_task(self, coro: Generator[Any, None, _T] | Coroutine[Any, Any, _T], **options: Any) -> Task[_T]:
        """Make a task and remember its age."""
        task: Task[_T]
        if self._closed or self._debug or self._task_factory is not None:
            task = super().create_task(coro, **options)
        else:
            task = Task(coro, loop=self, **options)
        self._born.add(task)
        return task

    def tasks(self) -> list[Task[Any]]:
        """List the tasks that have not ended, oldest first."""
        ages = self._born.ages()
        return sorted(all_tasks(self), key=lambda task: age_of_task(task, ages.get(task)))

    def abandoned_failures(self) -> list[Task[Any]]:
        """List the ended tasks whose exception nobody has looked at, oldest first."""
        return [task for task in self._born if getattr(task, "_log_traceback", False)]

    def call_soon_threadsafe(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> Handle:
        """Call back soon, from the loop's own thread only.

        Raises:
            EscapedVirtualTime: from any other thread; the run fails too, since threads tend to swallow it.
        """
        self._check_home_thread()
        return self.call_soon(callback, *args, context=context)

    def _check_open(self) -> None:
        if self.is_closed():
            raise RuntimeError("Event loop is closed")

    def _check_home_thread(self) -> None:
        if threading.get_ident() == self._home_thread:
            return
        name = threading.current_thread().name
        escape = EscapedVirtualTime(f"waking the loop from thread {name!r}", INLINE)
        if not self.is_closed():
            self.recorded.append({"message": "a thread tried to wake the loop", "exception": escape})
        raise escape

    def run_in_executor(self, _executor: object, func: Callable[[*_Ts], _T], *args: *_Ts) -> Future[_T]:
        """Run a blocking function at once, in this thread, and return a future that has ended.

        aiohttp needs this: it compresses larger bodies and reads files in the executor.
        """
        self._check_open()
        future: Future[_T] = self.create_future()
        try:
            result = func(*args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - an executor hands on whatever the function raised
            future.set_exception(error)
        else:
            future.set_result(result)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Do nothing: there is no executor."""


def _wake(future: Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _record(loop: Any, context: dict[str, Any]) -> None:
    loop.recorded.append(context)


def _other_threads() -> list[str]:
    here = threading.current_thread()
    return sorted(thread.name for thread in threading.enumerate() if thread is not here and not _is_main(thread))


def _is_main(thread: threading.Thread) -> bool:
    return thread is threading.main_thread()
