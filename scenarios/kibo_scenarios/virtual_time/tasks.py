"""Tasks and generators in a stable order, and in words."""

from __future__ import annotations

import re
from asyncio import Task
from collections.abc import AsyncGenerator, Iterator
from types import CodeType, FrameType
from typing import Any
from weakref import WeakValueDictionary, ref

from kibo_scenarios.virtual_time.errors import WaitingTask

_UNKNOWN_AGE = 2**62
_FEW = 1_000
_LAST_NUMBER = re.compile(r"^(.*?)(\d+)$")


class GeneratorsByAge:
    """As much of a weak set as the loop's base class uses for its generators, oldest first."""

    def __init__(self) -> None:
        self._generators: WeakValueDictionary[int, AsyncGenerator[Any, Any]] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._generators)

    def __iter__(self) -> Iterator[AsyncGenerator[Any, Any]]:
        return iter(list(self._generators.values()))

    def add(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Remember a generator that has begun."""
        self._generators[id(generator)] = generator

    def discard(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Forget a generator that is being finalized."""
        self._generators.pop(id(generator), None)

    def clear(self) -> None:
        """Forget all."""
        self._generators.clear()


class TasksByAge:
    """The tasks that still exist, oldest first, because asyncio keeps its tasks in a set without an order.

    A run makes as many as it has requests: those that are gone are swept out once they are half of all.
    """

    def __init__(self) -> None:
        self._born: list[ref[Task[Any]]] = []
        self._most = _FEW

    def __len__(self) -> int:
        return len(self._born)

    def __iter__(self) -> Iterator[Task[Any]]:
        return (task for each in self._born if (task := each()) is not None)

    def add(self, task: Task[Any]) -> None:
        """Remember a task that has just been made."""
        self._born.append(ref(task))
        if len(self._born) > self._most:
            self._born = [each for each in self._born if each() is not None]
            self._most = max(_FEW, 2 * len(self._born))

    def ages(self) -> dict[Task[Any], int]:
        """Number them from the oldest on."""
        return {task: age for age, task in enumerate(self)}


def age_of_task(task: Task[Any], age: int | None) -> tuple[int, str, int]:
    """Give a key that sorts tasks by age.

    A task made without the loop's `create_task` (aiohttp does so to start it eagerly) has no known age: it
    comes after the others, ordered by its name, which asyncio numbers in order of creation.
    """
    name = task.get_name()
    numbered = _LAST_NUMBER.match(name)
    if numbered is None:
        return (_UNKNOWN_AGE if age is None else age, name, 0)
    return (_UNKNOWN_AGE if age is None else age, numbered[1], int(numbered[2]))


def describe_task(task: Task[Any]) -> WaitingTask:
    """Say where a task stands, following it from coroutine to coroutine down to what it awaits."""
    stack: list[str] = []
    awaited: Any = task.get_coro()
    name = getattr(awaited, "__qualname__", type(awaited).__name__)
    while awaited is not None:
        frame = _first(awaited, "cr_frame", "gi_frame", "ag_frame")
        code = _first(awaited, "cr_code", "gi_code", "ag_code")
        if isinstance(frame, FrameType) and isinstance(code, CodeType):
            stack.append(f"{code.co_filename}:{frame.f_lineno} in {code.co_qualname}")
        awaited = _first(awaited, "cr_await", "gi_yieldfrom", "ag_await")
    return WaitingTask(name=task.get_name(), coroutine=name, stack=tuple(stack))


def _first(awaited: object, *names: str) -> Any:
    for name in names:
        found = getattr(awaited, name, None)
        if found is not None:
            return found
    return None
