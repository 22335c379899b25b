"""What can go wrong with virtual time itself, each error carrying the facts that explain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


class VirtualTimeError(RuntimeError):
    """Base of the errors that concern the loop and not the program it runs."""


class EscapedVirtualTime(VirtualTimeError):  # noqa: N818 - the name is the diagnosis
    """The program reached for something outside the loop: a socket, a thread, a process, a signal.

    Attributes:
        what: The call that was refused.
        instead: What to use in its place.
    """

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(f"{what} has no place in virtual time: {instead}")
        self.what = what
        self.instead = instead


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task that had not ended, and where it stood.

    Attributes:
        name: The task's name.
        coroutine: The qualified name of its coroutine.
        stack: `file:line in function`, outermost first.
    """

    name: str
    coroutine: str
    stack: tuple[str, ...]

    def __str__(self) -> str:
        place = self.stack[-1] if self.stack else "not started"
        return f"{self.name} ({self.coroutine}) at {place}"


class Deadlock(VirtualTimeError):  # noqa: N818 - the name is the diagnosis
    """Nothing is ready, and no timer will ever fire.

    Attributes:
        at_us: Loop time in microseconds.
        waiting: The tasks that had not ended, oldest first.
        threads: Names of other live threads; work done there is invisible to the loop.
    """

    def __init__(self, at_us: int, waiting: Sequence[WaitingTask], threads: Sequence[str] = ()) -> None:
        lines = [f"nothing left to wait for at {at_us / 1_000_000:.6f} s, yet {len(waiting)} tasks are waiting"]
        lines += [f"  {task}" for task in waiting]
        if threads:
            lines.append(
                f"  other threads are alive ({', '.join(threads)}), and a thread cannot wake this loop: "
                "use asyncio.to_thread, loop.run_in_executor or anyio.to_thread, which run inline"
            )
        super().__init__("\n".join(lines))
        self.at_us = at_us
        self.waiting = tuple(waiting)
        self.threads = tuple(threads)


class Livelock(VirtualTimeError):  # noqa: N818 - the name is the diagnosis
    """The program kept itself busy at one instant, so that time could not pass.

    Attributes:
        at_us: Loop time in microseconds.
        iterations: Turns of the loop spent at that instant.
        waiting: The tasks that had not ended, oldest first.
    """

    def __init__(self, at_us: int, iterations: int, waiting: Sequence[WaitingTask]) -> None:
        lines = [f"{iterations} turns of the loop at {at_us / 1_000_000:.6f} s without time passing"]
        lines += [f"  {task}" for task in waiting]
        super().__init__("\n".join(lines))
        self.at_us = at_us
        self.iterations = iterations
        self.waiting = tuple(waiting)


class LoopIncident(VirtualTimeError):  # noqa: N818 - one of many in a group
    """Something the loop's exception handler was told that came without an `Exception`.

    Attributes:
        context: What the handler was told.
    """

    def __init__(self, context: Mapping[str, Any]) -> None:
        super().__init__(str(context.get("message") or "unhandled incident in the event loop"))
        self.context = context


class UnhandledInLoop(ExceptionGroup[Exception]):
    """The run ended, but callbacks or abandoned tasks had failed on the way.

    Its members are the exceptions, each with the handler's message as a note.

    Attributes:
        contexts: What the exception handler was told, in order.
    """

    contexts: tuple[Mapping[str, Any], ...]

    def __new__(cls, contexts: Sequence[Mapping[str, Any]]) -> Self:
        """Make the group from the handler's contexts, of which there must be at least one."""
        self = super().__new__(
            cls,
            f"{len(contexts)} failures reached the event loop's exception handler",
            [as_exception(context) for context in contexts],
        )
        self.contexts = tuple(contexts)
        return self

    def derive(self, excs: Sequence[Exception], /) -> ExceptionGroup[Exception]:  # type: ignore[override]
        """Split into plain groups: a part of the failures has lost its contexts."""
        return ExceptionGroup(self.message, excs)


def as_exception(context: Mapping[str, Any]) -> Exception:
    """Give the exception of a handler's context, with the message as a note."""
    exception = context.get("exception")
    if not isinstance(exception, Exception):
        incident = LoopIncident(context)
        incident.__cause__ = exception
        return incident
    exception.add_note(str(context.get("message") or "unhandled exception in the event loop"))
    return exception
