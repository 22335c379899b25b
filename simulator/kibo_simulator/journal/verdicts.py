"""What an answer about the journal is made of: an extract of it, the entries that are meant, verdicts and findings."""

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Literal

from kibo_simulator.journal.entry import JournalEntry

Verdict = Literal["yes", "no", "inconclusive"]

MOST_SHOWN: Final = 5
_ENTRIES_BETWEEN_PAUSES: Final = 200

_arrival = attrgetter("at", "seq")


@dataclass(frozen=True, slots=True)
class Finding:
    """An entry that shows why the answer is no."""

    entry: JournalEntry
    reason: str


class Broken:
    """The entries that show a no: the first `MOST_SHOWN` of them, and how many there are."""

    __slots__ = ("count", "shown")

    def __init__(self, findings: Sequence[Finding] = ()) -> None:
        self.shown = list(findings[:MOST_SHOWN])
        self.count = len(findings)

    def __repr__(self) -> str:
        return f"<Broken by {self.count}>"

    def add(self, entry: JournalEntry, reason: str) -> None:
        """One more."""
        self.count += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(Finding(entry, reason))


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to one expectation of one question.

    ``matched`` says how many entries were meant; ``findings`` are the first of those that show a no, ``more`` how many
    others do.
    """

    name: str
    expectation: str
    expected: str
    actual: str
    matched: int
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    more: int = 0


def within(least: int | None, most: int | None, count: float, gone: int) -> Verdict:
    """Whether a count is within bounds when up to ``gone`` more may belong to it."""
    if (most is not None and count > most) or (least is not None and count + gone < least):
        return "no"
    sure = (least is None or count >= least) and (most is None or count + gone <= most)
    return "yes" if sure else "inconclusive"


def unless_broken(broken: Broken, gone: int) -> Verdict:
    """No when something breaks the expectation; else yes, but only if nothing is gone that might."""
    return "no" if broken.count else "inconclusive" if gone else "yes"


def precedes(earlier: JournalEntry, later: JournalEntry) -> bool:
    """Whether one was answered before the other began; at equal instants the order of the journal decides."""
    return (earlier.finished_at, earlier.seq) < (later.at, later.seq)


def put_in_order(entries: list[JournalEntry], entry: JournalEntry) -> None:
    """Put an entry where it belongs by its arrival; at equal instants the order of the journal decides.

    The journal is nearly in that order already: sorting a hundred thousand at once would hold everybody up.
    """
    if not entries or _arrival(entries[-1]) <= _arrival(entry):
        entries.append(entry)
    else:
        insort(entries, entry, key=_arrival)


def pausing(entries: Sequence[JournalEntry]) -> Iterator[Sequence[JournalEntry]]:
    """Entries in portions between which others may have the processor."""
    for start in range(0, len(entries), _ENTRIES_BETWEEN_PAUSES):
        yield entries[start : start + _ENTRIES_BETWEEN_PAUSES]
