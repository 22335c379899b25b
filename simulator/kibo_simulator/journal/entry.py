"""What the journal holds of one request, and how it travels; it never holds a secret."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import msgspec

from kibo_simulator.timestamps import iso_microseconds

Details = tuple[Callable[[bytes], dict[str, Any]], bytes]


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request as the simulator saw it; instants in microseconds since the epoch.

    ``summary`` holds what matters of the body, by operation. ``details`` are worked out only when the entry is read:
    a function and the bytes it takes. ``retry_after`` is a text only where a fault put something else than a whole
    number into the header; ``status`` is 0 where no answer was made. ``fault`` is the id of the fault that the request
    met, and ``response_lost`` tells that no whole answer reached the client because of it. Entries refer to nothing
    that could refer back, so the collector of cycles need not walk a hundred thousand of them.
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
    retry_after: int | str | None
    job_ids: tuple[int, ...]
    bytes_in: int
    bytes_out: int
    finished_at: int
    details: Details | None = None
    fault: str | None = None
    response_lost: bool = False

    @property
    def request_hash(self) -> str:
        """Equal for requests that are equal to the byte, headers aside; worked out only when somebody looks."""
        line = f"{self.method} {self.path}?{self.query}\n".encode()
        return blake2b(line + self.body_hash, digest_size=8).hexdigest()

    @property
    def whole_summary(self) -> dict[str, Any]:
        """The summary with its details."""
        if self.details is None:
            return self.summary
        summarise, body = self.details
        return self.summary | summarise(body)

    def to_wire(self) -> dict[str, Any]:
        """The entry with the names of the contract."""
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
            "summary": self.whole_summary,
            "status": self.status,
            "retryAfter": self.retry_after,
            "jobIds": self.job_ids,
            "bytesIn": self.bytes_in,
            "bytesOut": self.bytes_out,
            "startedAt": iso_microseconds(self.at),
            "finishedAt": iso_microseconds(self.finished_at),
            "fault": self.fault,
            "responseLost": self.response_lost,
        }
