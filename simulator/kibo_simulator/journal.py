"""What clients did, request by request: bounded, complete up to its bounds, and free of secrets.

An entry is written before its answer leaves. When a bound is reached the oldest entries go, and the journal says how
many: a count made from it is never silently short.
"""

from collections import deque
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

import msgspec

from kibo_simulator.timestamps import iso_microseconds

Details = tuple[Callable[[bytes], dict[str, Any]], bytes]


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request as the simulator saw it; instants in microseconds since the epoch.

    ``summary`` holds what matters of the body, by operation. ``details`` are worked out only when the entry is read:
    a function and the bytes it takes. Entries refer to nothing that could refer back, so the collector of cycles need
    not walk a hundred thousand of them.
    """

    seq: int
    at: int
    real_at: int
    tenant: int | None
    client: str | None
    method: str
    path: str
    query: str
    operation: str | None
    pool: str | None
    body_hash: bytes
    summary: dict[str, Any]
    status: int
    retry_after: int | None
    job_ids: tuple[int, ...]
    bytes_in: int
    bytes_out: int
    finished_at: int
    details: Details | None = None

    @property
    def request_hash(self) -> str:
        """Equal for requests that are equal to the byte, headers aside; worked out only when somebody looks."""
        line = f"{self.method} {self.path}?{self.query}\n".encode()
        return blake2b(line + self.body_hash, digest_size=8).hexdigest()

    def to_wire(self) -> dict[str, Any]:
        """The entry with the names of the contract."""
        summary = self.summary
        if self.details is not None:
            summarise, body = self.details
            summary = summary | summarise(body)
        return {
            "seq": self.seq,
            "at": iso_microseconds(self.at),
            "realAt": iso_microseconds(self.real_at),
            "tenant": self.tenant,
            "client": self.client,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "operation": self.operation,
            "pool": self.pool,
            "requestHash": self.request_hash,
            "summary": summary,
            "status": self.status,
            "retryAfter": self.retry_after,
            "jobIds": self.job_ids,
            "bytesIn": self.bytes_in,
            "bytesOut": self.bytes_out,
            "startedAt": iso_microseconds(self.at),
            "finishedAt": iso_microseconds(self.finished_at),
            "fault": None,
            "responseLost": False,
        }


class Journal:
    """The newest entries, bounded in number and in bytes of request bodies kept for details."""

    __slots__ = ("_bytes", "_entries", "_largest", "_most", "_sequence", "dropped")

    def __init__(self, *, entries: int, retained_bytes: int) -> None:
        self._most = entries
        self._largest = retained_bytes
        self._entries: deque[JournalEntry] = deque()
        self._bytes = 0
        self._sequence = 0
        self.dropped = 0

    def __repr__(self) -> str:
        return f"<Journal {len(self._entries)} entries, {self.dropped} dropped>"

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def position(self) -> int:
        """The number of the newest entry ever written; 0 before the first."""
        return self._sequence

    def restart(self, position: int) -> None:
        """Begin anew as if ``position`` entries had been written and cleared: another history goes on from there."""
        self.clear()
        self._sequence = position

    def next_sequence(self) -> int:
        """The number of the next entry; numbers begin at 1 and have no holes."""
        self._sequence += 1
        return self._sequence

    def append(self, entry: JournalEntry) -> None:
        """Add an entry, dropping the oldest ones when a bound is reached."""
        self._entries.append(entry)
        if entry.details is not None:
            self._bytes += len(entry.details[1])
        while len(self._entries) > self._most or self._bytes > self._largest:
            oldest = self._entries.popleft()
            self.dropped += 1
            if oldest.details is not None:
                self._bytes -= len(oldest.details[1])

    def since(self, seq: int = 0, limit: int | None = None) -> Iterator[JournalEntry]:
        """Entries with a number above ``seq``, oldest first, at most ``limit`` of them."""
        given = 0
        for entry in self._entries:
            if entry.seq > seq:
                if given == limit:
                    return
                given += 1
                yield entry

    def ndjson(self, since: int = 0, limit: int | None = None) -> Iterator[bytes]:
        """The same as JSON, one line an entry."""
        encode = msgspec.json.encode
        return (encode(entry.to_wire()) + b"\n" for entry in self.since(since, limit))

    def clear(self) -> None:
        """Forget all entries; numbering goes on."""
        self._entries.clear()
        self._bytes = 0
        self.dropped = 0
