"""Long work as steps: a generator that pauses where others may have the processor, and returns its result."""

from collections.abc import Generator
from typing import TypeVar

_T = TypeVar("_T")

Steps = Generator[None, None, _T]


def finish(steps: "Steps[_T]") -> _T:
    """Do all steps without pausing, and return the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _T = end.value
            return result
