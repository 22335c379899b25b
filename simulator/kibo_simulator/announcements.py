"""Tells listeners what happens in a simulation, as it happens, without ever waiting for one of them.

Laws of this file
1. Nothing is kept for nobody: without a listener an announcement costs one look.
2. A listener holds at most as many announcements as it was made for. When it is slow the oldest go, and it is told
   how many: what it sees is never silently incomplete.
"""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal["journal", "job", "clock", "limit"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something that happened: its kind, and what it is about as it was at that moment."""

    kind: Kind
    content: object


class Listener:
    """What waits for one listener, oldest first.

    Args:
        kinds: what is listened to.
        most: how many announcements may wait.
        wake: called whenever there is something new.
    """

    __slots__ = ("_most", "_waiting", "_wake", "kinds", "lost")

    def __init__(self, kinds: Collection[str], most: int, wake: Callable[[], None]) -> None:
        self.kinds = frozenset(kinds)
        self.lost = 0
        self._most = most
        self._wake = wake
        self._waiting: deque[Announcement] = deque()

    def __repr__(self) -> str:
        return f"<Listener {len(self._waiting)} waiting, {self.lost} lost>"

    def tell(self, announcement: Announcement) -> None:
        """Put one more behind the others, if it is listened to."""
        if announcement.kind not in self.kinds:
            return
        self._waiting.append(announcement)
        if len(self._waiting) > self._most:
            self._waiting.popleft()
            self.lost += 1
        self._wake()

    def take(self) -> tuple[int, list[Announcement]]:
        """How many were lost since the last time, and everything that waits; both begin anew."""
        lost, taken = self.lost, list(self._waiting)
        self.lost = 0
        self._waiting.clear()
        return lost, taken


class Announcer:
    """All listeners of one simulation."""

    __slots__ = ("_listeners",)

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def __repr__(self) -> str:
        return f"<Announcer {len(self._listeners)} listeners>"

    @property
    def heard(self) -> bool:
        """Whether anybody listens: where saying something takes work, look first."""
        return bool(self._listeners)

    def tell(self, kind: Kind, content: object) -> None:
        """Tell whoever listens to this kind."""
        if self._listeners:
            announcement = Announcement(kind, content)
            for listener in self._listeners:
                listener.tell(announcement)

    def add(self, listener: Listener) -> Callable[[], None]:
        """Let one listen; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
