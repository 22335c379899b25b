"""The newest entries of the journal, bounded in number and bytes, with an exact account of what is gone.

Laws of this file
1. Numbers begin at 1 or where `Journal.restart` says, grow by one and have no holes; clearing does not turn them back.
2. When a bound is reached the oldest entries go. What was dropped is counted, so that no count made from the rest is
   silently short; what was cleared was meant to go, and is not counted.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from kibo_simulator.journal.entry import JournalEntry
from kibo_simulator.journal.extract import Extract

Sink = Callable[[JournalEntry], None]
"""Is told of every entry as it is written."""


class Journal:
    """The newest entries, bounded in number and in bytes of request bodies kept for details.

    Args:
        entries: at most so many are held.
        retained_bytes: at most so many bytes of request bodies are held for details.
    """

    __slots__ = (
        "_bytes",
        "_cleared",
        "_dropped_until",
        "_entries",
        "_largest",
        "_most",
        "_sequence",
        "_sinks",
        "histories",
    )

    def __init__(self, *, entries: int, retained_bytes: int) -> None:
        self._most = entries
        self._largest = retained_bytes
        self._entries: deque[JournalEntry] = deque()
        self._bytes = 0
        self._sequence = 0
        self._cleared = 0
        self._dropped_until: int | None = None
        self._sinks: list[Sink] = []
        self.histories = 0
        """How often another history was begun: numbers of one mean nothing in the next."""

    def __repr__(self) -> str:
        return f"<Journal {len(self._entries)} entries, {self.dropped} dropped>"

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def position(self) -> int:
        """The number of the newest entry ever written; 0 before the first."""
        return self._sequence

    @property
    def first(self) -> int:
        """The number of the oldest entry that is held; that of the next one while there is none."""
        return self._entries[0].seq if self._entries else self._sequence + 1

    @property
    def dropped(self) -> int:
        """How many entries are gone because of the bounds, since the journal was last cleared."""
        return self.dropped_after(0)

    @property
    def dropped_until(self) -> int | None:
        """The latest arrival among the dropped entries, in microseconds; None when nothing was dropped."""
        return self._dropped_until

    def dropped_after(self, seq: int) -> int:
        """How many entries with a number above ``seq`` are gone because of the bounds."""
        return max(0, self.first - 1 - max(seq, self._cleared))

    def next_sequence(self) -> int:
        """The number of the next entry; it must be appended before anything else happens."""
        self._sequence += 1
        return self._sequence

    def append(self, entry: JournalEntry) -> None:
        """Add an entry, dropping the oldest ones when a bound is reached."""
        self._entries.append(entry)
        if entry.details is not None:
            self._bytes += len(entry.details[1])
        while len(self._entries) > self._most or self._bytes > self._largest:
            oldest = self._entries.popleft()
            self._dropped_until = max(oldest.at, self._dropped_until or 0)
            if oldest.details is not None:
                self._bytes -= len(oldest.details[1])
        for sink in self._sinks:
            sink(entry)

    def attach(self, sink: Sink) -> Callable[[], None]:
        """Tell ``sink`` of every entry from now on; returns what detaches it again."""
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def held(self, after: int = 0, most: int | None = None) -> list[JournalEntry]:
        """Entries with a number above ``after``, oldest first, at most ``most`` of them."""
        start = max(0, after + 1 - self.first)
        return list(islice(self._entries, start, None if most is None else start + most))

    def extract(self) -> Extract:
        """The journal at this moment, for questions."""
        return Extract(tuple(self._entries), self._cleared, self.first, self._dropped_until)

    def since(self, seq: int = 0, limit: int | None = None) -> Iterator[JournalEntry]:
        """The same one by one."""
        return iter(self.held(seq, limit))

    def ndjson(self, since: int = 0, limit: int | None = None) -> Iterator[bytes]:
        """The same as JSON, one line an entry."""
        return map(line, self.held(since, limit))

    def restart(self, position: int) -> None:
        """Begin anew as if ``position`` entries had been written and cleared: another history goes on from there."""
        self._sequence = position
        self.histories += 1
        self.clear()

    def clear(self) -> None:
        """Forget all entries; numbering goes on."""
        self._entries.clear()
        self._bytes = 0
        self._cleared = self._sequence
        self._dropped_until = None


def line(entry: JournalEntry) -> bytes:
    """An entry as a line of NDJSON."""
    return msgspec.json.encode(entry.to_wire()) + b"\n"
