"""A durable record of a feeding: what happens is on disk before it counts, so that no item is added twice (C8)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from kibo_client.batch_jobs.feeding import FeedEvent
from kibo_client.batch_jobs.items import FeedItem
from kibo_client.errors import JournalError
from kibo_client.journal_file import JournalFile

FORMAT = 1


class FeedHeader(msgspec.Struct, frozen=True, tag="kibo_client_feed"):
    """The first line: what the feeding is about."""

    format: int
    tenant: int
    code: str
    digest: str


_LINE: msgspec.json.Decoder[FeedHeader | FeedEvent] = msgspec.json.Decoder(FeedHeader | FeedEvent)


def header_of(items: Sequence[FeedItem], *, tenant: int, code: str, size: int) -> FeedHeader:
    """The header of a feeding; it holds for the same items in the same order, and for requests of the same size."""
    digest = hashlib.sha256(f"{size}\n".encode())
    for item in items:
        digest.update(msgspec.json.encode([item.resource, item.action, item.body], order="sorted"))
    return FeedHeader(FORMAT, tenant, code, digest.hexdigest())


class FeedJournal(JournalFile[FeedEvent | FeedHeader]):
    """An open journal. Use `open_feed_journal`."""


def open_feed_journal(path: Path, header: FeedHeader) -> tuple[FeedJournal, list[FeedEvent]]:
    """Open a journal, new or of an interrupted feeding, for appending; returns it with the events it holds.

    A last line cut short by a crash was never acted on, and is dropped.

    Raises:
        JournalError: The file cannot be used, is damaged, in use, or belongs to another feeding.
    """
    journal = FeedJournal(path, about="feeding")
    try:
        whole = journal.whole_lines()
        events = list(_events(path, whole, header))
        journal.cut_behind(whole)
        if not whole:
            journal.append(header)
    except BaseException:
        journal.close()
        raise
    return journal, events


def _events(path: Path, lines: Sequence[bytes], header: FeedHeader) -> Iterator[FeedEvent]:
    for number, line in enumerate(lines, 1):
        try:
            entry = _LINE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalError(path, number, f"is not the journal of a feeding: {error}") from error
        if (number == 1) != isinstance(entry, FeedHeader):
            raise JournalError(
                path, number, "is not the journal of a feeding: a header belongs on line 1, nowhere else"
            )
        if not isinstance(entry, FeedHeader):
            yield entry
        elif entry != header:
            raise JournalError(path, 1, "belongs to another feed, job, tenant or batch size")
