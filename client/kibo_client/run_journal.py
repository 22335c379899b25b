"""A durable record of a run's events: each is on disk before it is acted on, and their fold is the state (C8).

One JSON object per line: first a header that says which targets and options the run is about, then the events.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from io import BufferedRandom
from pathlib import Path

import msgspec

from kibo_client.errors import JournalError
from kibo_client.events import Event
from kibo_client.options import BulkDeleteOptions
from kibo_client.targets import Wanted

# 2: a refusal names its places, and is followed by narrower dry runs.
FORMAT = 2


class Header(msgspec.Struct, frozen=True, tag="kibo_client_run"):
    """The first line of a journal: its format, and what the run is about."""

    format: int
    digest: str


_LINE: msgspec.json.Decoder[Header | Event] = msgspec.json.Decoder(Header | Event)


def digest_of(wanted: Wanted, options: BulkDeleteOptions, tenant: int) -> str:
    """A fingerprint of the targets and of whatever shapes the batches: a journal is only good for the same."""
    digest = hashlib.sha256(f"{tenant} {options.batch_size} {options.dry_run_only}\n".encode())
    rows = ([p.part_number, p.upc, p.sku, sorted(locations)] for p, locations in wanted.items())
    for row in sorted(map(msgspec.json.encode, rows)):
        digest.update(row)
    return digest.hexdigest()


class RunJournal:
    """An open journal. Use `open_journal`."""

    def __init__(self, file: BufferedRandom) -> None:
        self._file = file

    def append(self, event: Event | Header) -> None:
        """Write an event so that it survives a crash of the machine."""
        self._file.write(msgspec.json.encode(event) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_journal(path: Path, digest: str) -> tuple[RunJournal, list[Event]]:
    """Open a journal, new or of an interrupted run, for appending; returns it with the events it holds.

    A last line cut short by a crash was never acted on, and is dropped.

    Raises:
        JournalError: The file cannot be used, is damaged, or belongs to another run.
    """
    try:
        file = path.open("a+b")
    except OSError as error:
        raise JournalError(path, 0, f"cannot be opened: {error.strerror}") from error
    try:
        file.seek(0)
        lines = file.read().split(b"\n")
        # What follows the last newline is nothing, or a line cut short.
        whole = lines[:-1]
        file.truncate(sum(len(line) + 1 for line in whole))
        events = list(_read(path, whole, digest))
        journal = RunJournal(file)
        if not whole:
            journal.append(Header(FORMAT, digest))
    except BaseException:
        file.close()
        raise
    return journal, events


def _read(path: Path, lines: Iterable[bytes], digest: str) -> Iterable[Event]:
    for number, line in enumerate(lines, 1):
        try:
            entry = _LINE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalError(path, number, f"is not a run journal of this program: {error}") from error
        if (number == 1) != isinstance(entry, Header):
            raise JournalError(path, number, "is not a run journal: a header belongs on line 1 and nowhere else")
        if not isinstance(entry, Header):
            yield entry
        elif entry.format != FORMAT:
            raise JournalError(path, number, f"has format {entry.format}; format {FORMAT} is accepted")
        elif entry.digest != digest:
            raise JournalError(path, number, "belongs to other targets, another tenant or another batch size")
