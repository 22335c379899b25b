"""What will happen and when: the discrete events behind jobs, schedules and expiries (T-3).

The agenda never looks at a clock. Whoever owns it says how far time has come, and everything due by then runs in
order of time, and at equal times in the order in which it was put down.
"""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

Action = Callable[[int], Iterator[None] | None]
"""What happens at an instant; an action that may take long returns its steps."""


class Entry:
    """One thing on the agenda; keep it to `Agenda.cancel` it."""

    __slots__ = ("action", "at", "sequence")

    def __init__(self, at: int, sequence: int, action: Action) -> None:
        self.at = at
        self.sequence = sequence
        self.action: Action | None = action

    def __lt__(self, other: "Entry") -> bool:
        return (self.at, self.sequence) < (other.at, other.sequence)

    def __repr__(self) -> str:
        return f"<Entry {'at ' + str(self.at) if self.action else 'cancelled'}>"


class Agenda:
    """A queue of actions ordered by instant, then by order of scheduling (T-3)."""

    __slots__ = ("_entries", "_sequence")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._sequence = 0

    def __repr__(self) -> str:
        return f"<Agenda next at {self.next_at()}>"

    def schedule(self, at: int, action: Action) -> Entry:
        """Put ``action`` down for instant ``at``; it is called with the instant at which it was due."""
        self._sequence += 1
        entry = Entry(at, self._sequence, action)
        heappush(self._entries, entry)
        return entry

    def cancel(self, entry: Entry) -> None:
        """Strike an entry out; striking out what has run is harmless."""
        entry.action = None

    def next_at(self) -> int | None:
        """The instant of the next action, or None when nothing is planned."""
        entries = self._entries
        while entries and entries[0].action is None:
            heappop(entries)
        return entries[0].at if entries else None

    def steps(self, now: int) -> Iterator[None]:
        """Run everything due by ``now`` in steps, also what is scheduled on the way.

        Pauses after each action and wherever a long one pauses, so that a caller with other work can look up.
        """
        entries = self._entries
        while entries:
            entry = entries[0]
            if entry.action is None:
                heappop(entries)
                continue
            if entry.at > now:
                return
            heappop(entries)
            action, entry.action = entry.action, None
            steps = action(entry.at)
            if steps is not None:
                yield from steps
            yield

    def run_due(self, now: int) -> None:
        """The same without pausing."""
        for _ in self.steps(now):
            pass
