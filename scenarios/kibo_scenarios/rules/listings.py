"""What one listing of the job queue is, so that reading it page by page is one poll and watching it is many (C10).

A listing begins with any list call. A list call goes on with it when it asks the same question for what comes right
after the page before: same parameters, and a ``startIndex`` that is that page's plus the number of jobs it showed. So
every page shows jobs that the listing has not shown yet, and a listing ends with the first page that shows none.
Whatever else is asked, such as the same page again, a start that creeps through a page, or another page size, begins
another listing. The queue of one location is a queue of its own, as one job is: asking for two locations is two polls.
"""

from collections.abc import Iterable
from urllib.parse import parse_qsl

from kibo_scenarios.evidence import JournalEntry


def repeated_lists(journal: Iterable[JournalEntry]) -> list[tuple[JournalEntry, JournalEntry]]:
    """Return the pairs of list calls that must keep their distance.

    These are the first pages of two listings in a row, and two calls for the same page. Calls that were not answered
    showed nothing: they are never the first of a pair, and their repeats take their places.
    """
    queues: dict[str, list[JournalEntry]] = {}
    for entry in journal:
        if entry.operation == "getJobs":
            queues.setdefault(dict(_question(entry)).get("locationCode", ""), []).append(entry)
    return [pair for entries in queues.values() for pair in _repeated(entries)]


def _repeated(entries: Iterable[JournalEntry]) -> Iterable[tuple[JournalEntry, JournalEntry]]:
    before: JournalEntry | None = None
    first: JournalEntry | None = None
    answered: dict[tuple[tuple[tuple[str, str], ...], int], JournalEntry] = {}
    for entry in entries:
        page = _question(entry), _start(entry)
        repeated = before is not None and not before.answered and page == (_question(before), _start(before))
        begins = before is None or not (repeated or _goes_on(before, entry))
        earlier = answered.get(page)
        if begins and first is not None and first is not earlier:
            yield first, entry
        if earlier is not None:
            yield earlier, entry
        if entry.answered:
            answered[page] = entry
            first = entry if begins or first is None else first
        before = entry


def _goes_on(before: JournalEntry, entry: JournalEntry) -> bool:
    shown = len(before.listed)
    return (
        before.answered
        and shown > 0
        and _question(before) == _question(entry)
        and _start(entry) == _start(before) + shown
    )


def _question(entry: JournalEntry) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((k, v) for k, v in parse_qsl(entry.query.lstrip("?")) if k != "startIndex"))


def _start(entry: JournalEntry) -> int:
    value = dict(parse_qsl(entry.query.lstrip("?"))).get("startIndex", "0")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
