"""Notes every write in a run's drop folder as the system tells of it, so that what came first is certain (FI-1, C25).

A look at a folder only finds the times that files have, which copies and moves bring along, and which ``touch`` takes
from a clock that runs fast. Linux tells every write in order; elsewhere the looks have to do.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kibo_scenarios.drop_folder import DropFolder
from kibo_scenarios.pace import Pace

if TYPE_CHECKING:
    from inotify_simple import INotify


@dataclass(slots=True)
class Writing:
    """When a file appeared in the folder, and when it was last written, microseconds since the epoch."""

    appeared_at: int
    complete_at: int


class Writings:
    """What is known of the files of a folder, by name; the newest of those that had one name.

    Args:
        now: The run's clock. Of two events, the later one is always told to be later.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self.by_name: dict[str, Writing] = {}
        self._now = now
        self._last = 0
        self._gone: set[str] = set()
        self._lost = False

    def __repr__(self) -> str:
        return f"<Writings of {len(self.by_name)} files{', lost' if self._lost else ''}>"

    def put(self, name: str) -> None:
        """A file has come to be, or has taken the place of another."""
        at = self._moment()
        if name in self.by_name and name not in self._gone:
            self.by_name[name].complete_at = at
        else:
            self._gone.discard(name)
            self.by_name[name] = Writing(at, at)

    def write(self, name: str) -> None:
        """A file has been written to."""
        at = self._moment()
        if name in self.by_name:
            self.by_name[name].complete_at = at

    def remove(self, name: str) -> None:
        """A file has gone; what is put there next is another."""
        self._gone.add(name)

    def lose(self) -> None:
        """Events were lost: nothing is certain any more."""
        self._lost = True

    def known(self) -> Mapping[str, Writing]:
        """What is certain."""
        return {} if self._lost else self.by_name

    def _moment(self) -> int:
        self._last = max(self._last + 1, self._now())
        return self._last


@contextmanager
def watched_drop(pace: Pace, drop: DropFolder | None, now: Callable[[], int]) -> Iterator[Writings]:
    """Note what is written in a folder until left; in virtual time the folder's own clock is certain enough."""
    writings = Writings(now)
    try:
        # Linux alone has it, and loading it is of use to no other run.
        from inotify_simple import INotify, flags  # noqa: PLC0415
    except ImportError:
        yield writings
        return
    if drop is None or pace.speed is None:
        yield writings
        return
    try:
        watch = INotify(nonblocking=True)
        watch.add_watch(drop.path, flags.CREATE | flags.MODIFY | flags.MOVED_TO | flags.MOVED_FROM | flags.DELETE)
    except OSError:
        # All watches of the machine are taken.
        yield writings
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(watch.fileno(), _take_in, watch, writings)
    try:
        yield writings
    finally:
        loop.remove_reader(watch.fileno())
        _take_in(watch, writings)
        watch.close()


def _take_in(watch: "INotify", writings: Writings) -> None:
    from inotify_simple import flags  # noqa: PLC0415

    for event in watch.read(timeout=0):
        if event.mask & flags.Q_OVERFLOW:
            writings.lose()
        elif event.mask & (flags.CREATE | flags.MOVED_TO):
            writings.put(event.name)
        elif event.mask & flags.MODIFY:
            writings.write(event.name)
        else:
            writings.remove(event.name)
