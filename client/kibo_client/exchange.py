"""One HTTP exchange as a value: what logs and metrics are told of each request (no secret, no body)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from kibo_client.units import SECOND

logger = logging.getLogger("kibo_client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and how it ended. Moments are microseconds since the epoch.

    Attributes:
        method: The HTTP method.
        path: The path, without its query.
        status: The status of the answer; 0 where there was none.
        correlation: The x-vol-correlation of the answer, which Kibo's support asks for; None where there was none.
        retry_after: The Retry-After header as it was sent.
        sent_at: When the request left.
        ended_at: When the answer was complete, or given up.
        bytes_out: Size of the request's body.
        bytes_in: Size of the answer's body.
        error: What happened where no answer came; empty otherwise.
    """

    method: str
    path: str
    status: int
    correlation: str | None
    retry_after: str | None
    sent_at: int
    ended_at: int
    bytes_out: int
    bytes_in: int
    error: str

    @property
    def duration_s(self) -> float:
        """How long it took."""
        return (self.ended_at - self.sent_at) / SECOND


OnExchange: TypeAlias = Callable[[Exchange], None]


def log(exchange: Exchange) -> None:
    """Write an exchange to the log: successes at DEBUG, refusals and failures at INFO."""
    level = logging.DEBUG if exchange.status == 200 else logging.INFO
    if logger.isEnabledFor(level):
        logger.log(
            level,
            "%s %s: %s in %.3f s, correlation %s",
            exchange.method,
            exchange.path,
            exchange.status or exchange.error,
            exchange.duration_s,
            exchange.correlation or "-",
            extra={"exchange": exchange},
        )
