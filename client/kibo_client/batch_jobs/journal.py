"""A durable record of a feeding: what happens is on disk before it counts, so that no item is added twice (C8)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from io import BufferedRandom
from pathlib import Path

import msgspec

from kibo_client.batch_jobs.feeding import FeedEvent
from kibo_client.batch_jobs.items import FeedItem
from kibo_client.errors import JournalError

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


class FeedJournal:
    """An open journal. Use `open_feed_journal`."""

    def __init__(self, file: BufferedRandom) -> None:
        self._file = file

    def append(self, entry: FeedEvent | FeedHeader) -> None:
        """Write an entry so that it survives a crash of the machine."""
        self._file.write(msgspec.json.encode(entry) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_feed_journal(path: Path, header: FeedHeader) -> tuple[FeedJournal, list[FeedEvent]]:
    """Open a journal, new or of an interrupted feeding, for appending; returns it with the events it holds.

    A last line cut short by a crash was never acted on, and is dropped.

    Raises:
        JournalError: The file cannot be used, is damaged, in use, or belongs to another feeding.
    """
    try:
        file = path.open("a+b")
    except OSError as error:
        raise JournalError(path, 0, f"cannot be opened: {error.strerror}") from error
    try:
        _lock(path, file)
        file.seek(0)
        whole = file.read().split(b"\n")[:-1]
        events = list(_events(path, whole, header))
        file.truncate(sum(len(line) + 1 for line in whole))
        journal = FeedJournal(file)
        if not whole:
            journal.append(header)
    except BaseException:
        file.close()
        raise
    return journal, events


def _lock(path: Path, file: BufferedRandom) -> None:
    try:
        import fcntl  # noqa: PLC0415 - Windows has no such locks; two processes at one feeding are then not noticed
    except ImportError:  # pragma: no cover - see above
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalError(path, 0, "is in use: another process is at this feeding") from error


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
