"""A durable record of a run: what it is about, and its events, each on disk before it is acted on (C8).

One JSON object per line: first a header, then the events, whose fold is the state. The records that the run is about
lie beside it, packed, so that a run can be taken up again from its journal alone. One process at a time writes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from kibo_client.errors import JournalError
from kibo_client.events import Event
from kibo_client.journal_file import JournalFile
from kibo_client.lines import Line
from kibo_client.options import BulkDeleteOptions
from kibo_client.targets import Wanted
from kibo_client.update_options import UpdateOptions

# 3: the header says what the run is about, and its records lie beside the journal.
FORMAT = 3
ITEMS_SUFFIX = ".items.gz"

Row = TypeVar("Row")


class Header(msgspec.Struct, frozen=True, tag="kibo_client_run"):
    """The first line of a journal: its format, and what the run is about.

    One of `deletion` and `update` holds the options; `source` is where the records were read from, for people.
    """

    format: int
    digest: str
    tenant: int
    api_host: str
    deletion: BulkDeleteOptions | None = None
    update: UpdateOptions | None = None
    source: str = ""


_LINE: msgspec.json.Decoder[Header | Event] = msgspec.json.Decoder(Header | Event)


def digest_of(wanted: Wanted, options: BulkDeleteOptions, tenant: int) -> str:
    """A fingerprint of the targets and of whatever shapes the run: a journal is only good for the same."""
    told = ",".join(sorted(options.identifiers))
    shape = f"{tenant} {options.batch_size} {options.dry_run_only} {options.pattern or ''} {told}"
    digest = hashlib.sha256(f"{shape} {_patience(options)}\n".encode())
    rows = ([p.part_number, p.upc, p.sku, sorted(locations)] for p, locations in wanted.items())
    for row in sorted(map(msgspec.json.encode, rows)):
        digest.update(row)
    return digest.hexdigest()


def digest_of_lines(lines: Iterable[Line], options: UpdateOptions, tenant: int) -> str:
    """A fingerprint of the lines, in their order, and of whatever shapes the run."""
    shape = f"{tenant} {options.kind.value} {options.lines_per_request} {_patience(options)}"
    digest = hashlib.sha256(f"{shape}\n".encode())
    for line in lines:
        digest.update(msgspec.json.encode(line))
    return digest.hexdigest()


def _patience(options: BulkDeleteOptions | UpdateOptions) -> str:
    """When a request, a job or a batch is given up: events mean something else where that is told otherwise."""
    limits = (options.max_attempts, options.max_throttles, options.max_resubmissions, options.job_patience_s)
    return " ".join(f"{limit:g}" for limit in limits)


class RunJournal(JournalFile[Event | Header]):
    """An open journal. Use `open_journal`."""


def open_journal(path: Path, header: Header, items: Iterable[object] = ()) -> tuple[RunJournal, list[Event]]:
    """Open a journal, new or of an interrupted run, for appending; returns it with the events it holds.

    A last line cut short by a crash was never acted on, and is dropped.

    Args:
        path: The journal.
        header: What the run is about; an interrupted one has to be about the same.
        items: The records, to be laid beside a new journal.

    Raises:
        JournalError: The file cannot be used, is damaged, in use, or belongs to another run.
    """
    journal = RunJournal(path, about="run")
    try:
        whole = journal.whole_lines()
        events = list(_events(path, whole, header.digest))
        journal.cut_behind(whole)
        if not whole:
            _save_items(path, items)
            journal.append(header)
    except BaseException:
        journal.close()
        raise
    return journal, events


def read_journal(path: Path) -> tuple[Header, list[Event]]:
    """Read a journal without taking it up; it may be in use.

    Raises:
        JournalError: It cannot be read, is empty or damaged.
    """
    try:
        whole = path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise JournalError(path, 0, f"cannot be read: {error.strerror}") from error
    entries = list(_entries(path, whole))
    if not entries or not isinstance(entries[0], Header):
        raise JournalError(path, 0, "is empty: that run never began")
    return entries[0], [entry for entry in entries[1:] if not isinstance(entry, Header)]


def read_items(path: Path, kind: type[Row]) -> Iterator[Row]:
    """The records that a journal's run is about.

    Raises:
        JournalError: They are missing or damaged.
    """
    beside = items_beside(path)
    decoder = msgspec.json.Decoder(kind)
    try:
        with gzip.open(beside) as packed:
            for line in packed:
                yield decoder.decode(line)
    except (OSError, EOFError) as error:
        raise JournalError(beside, 0, f"cannot be read: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalError(beside, 0, f"is damaged: {error}") from error


def items_beside(path: Path) -> Path:
    """Where the records of a journal's run lie."""
    return path.with_name(path.name + ITEMS_SUFFIX)


def _save_items(path: Path, items: Iterable[object]) -> None:
    beside = items_beside(path)
    unfinished = beside.with_name(beside.name + ".new")
    encoder = msgspec.json.Encoder()
    try:
        with unfinished.open("wb") as file:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, filename="", mtime=0) as packed:
                for item in items:
                    packed.write(encoder.encode(item) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(beside)
    except OSError as error:
        raise JournalError(beside, 0, f"cannot be written: {error.strerror}") from error


def _entries(path: Path, lines: Iterable[bytes]) -> Iterator[Header | Event]:
    for number, line in enumerate(lines, 1):
        try:
            entry = _LINE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalError(path, number, f"is not a run journal of this program: {error}") from error
        if (number == 1) != isinstance(entry, Header):
            raise JournalError(path, number, "is not a run journal: a header belongs on line 1 and nowhere else")
        if isinstance(entry, Header) and entry.format != FORMAT:
            raise JournalError(path, number, f"has format {entry.format}; format {FORMAT} is accepted")
        yield entry


def _events(path: Path, lines: Iterable[bytes], digest: str) -> Iterator[Event]:
    for entry in _entries(path, lines):
        if not isinstance(entry, Header):
            yield entry
        elif entry.digest != digest:
            raise JournalError(path, 1, "belongs to other targets, another tenant or other options")
