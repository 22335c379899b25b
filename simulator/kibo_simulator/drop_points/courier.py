"""Carries files to and from remote drop points beside everything else; what comes of it is taken in afterwards.

A remote drop point answers when it likes. Its calls run in a thread of their own, never under anybody's turn, and their
results wait in a box that whoever advances the simulation empties.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from kibo_simulator.drop_points.point import DropPointError

Then = Callable[[Any, int], Iterator[None] | None]
"""What to do with a result, or with the error instead of it, at an instant."""

_AT_ONCE: Final = 4


class Courier:
    """Runs calls that may take long, and keeps their results until they are asked for."""

    __slots__ = ("_box", "_pool", "wake")

    def __init__(self) -> None:
        self._box: deque[tuple[Then, Any]] = deque()
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="kibo-courier")
        self.wake: Callable[[], None] | None = None
        """Called from another thread when there is something in the box."""

    def __repr__(self) -> str:
        return f"<Courier {len(self._box)} results>"

    def send(self, call: Callable[[], Any], then: Then) -> None:
        """Make a call; ``then`` gets its result, or a `DropPointError`, when the box is emptied."""
        self._pool.submit(self._carry, call, then)

    def arrived(self) -> Iterator[tuple[Then, Any]]:
        """Empty the box, in the order of arrival."""
        while self._box:
            yield self._box.popleft()

    def close(self) -> None:
        """Begin nothing more; what is under way is left to end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _carry(self, call: Callable[[], Any], then: Then) -> None:
        result: Any
        try:
            result = call()
        except DropPointError as error:
            result = error
        except BaseException as error:  # noqa: BLE001  # whatever it is must not leave its caller waiting for ever
            result = DropPointError("the drop point", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
        self._box.append((then, result))
        if self.wake is not None:
            self.wake()
