"""The journal at one moment, as questions about it see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Whoever only writes the journal has no need of what questions are made of.
    from collections.abc import Sequence

    from kibo_simulator.journal.entry import JournalEntry
    from kibo_simulator.journal.matching import Matcher


@dataclass(frozen=True, slots=True)
class Extract:
    """The journal at one moment: its entries by number, and what is known of those that were dropped before them.

    Attributes:
        entries: Those that are held, by number.
        cleared: The number up to which entries were cleared on purpose: nobody asks for them.
        first: The number of the first entry that is held, or of the next one.
        dropped_until: The latest arrival among the dropped ones, in microseconds.
    """

    entries: Sequence[JournalEntry]
    cleared: int = 0
    first: int = 1
    dropped_until: int | None = None

    def gone(self, matcher: Matcher) -> int:
        """How many dropped entries may have matched."""
        late = matcher.begin is not None and self.dropped_until is not None and matcher.begin > self.dropped_until
        return 0 if late else self.gone_after(matcher.since)

    def gone_after(self, seq: int) -> int:
        """How many entries with a number above ``seq`` were dropped."""
        return max(0, self.first - 1 - max(seq, self.cleared))
