"""Puts together what the workers of a run hand over, and knows whether anything is missing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.evidence import JournalEntry
from kibo_scenarios.locust_users.messages import Batch, Done, Exchange
from kibo_scenarios.moments import SECOND
from kibo_scenarios.workloads.measurements import Measurements
from kibo_scenarios.workloads.settled import Settled

_TOO_MANY = 429
_UNAUTHORIZED = 401


@dataclass(slots=True)
class Handed:
    """What one worker has handed over so far; ``begun`` counts requests and is known at the end."""

    batches: int = 0
    requests: int = 0
    begun: int | None = None
    unfinished: tuple[str, ...] = ()


@dataclass(slots=True)
class Collected:
    """All that has come from the workers of one run.

    Attributes:
        measured: The counts, to be judged by.
        books: Whether the server's own journal says what it was sent; if not, the senders' records are counted.
        workers: What each has handed over, by Locust's name for it.
        sent: Requests by client.
        answered: Those that were answered, by a server that had let the client in.
        throttled: Those that were refused with 429, by client.
    """

    measured: Measurements
    books: bool
    workers: dict[str, Handed] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    throttled: Counter[str] = field(default_factory=Counter)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)

    def expect(self, workers: Sequence[str]) -> None:
        """Wait for these workers and for nobody else."""
        self.workers = {worker: Handed() for worker in workers}

    def batch(self, worker: str, batch: Batch) -> None:
        """Take a batch.

        Raises:
            HarnessError: One before it is missing.
        """
        handed = self.workers[worker]
        if batch.number != handed.batches:
            raise HarnessError(f"batch {handed.batches} of worker {worker} is missing, {batch.number} came")
        handed.batches += 1
        handed.requests += len(batch.exchanges)
        for exchange in batch.exchanges:
            self._exchange(exchange)
        for one in batch.outcomes:
            self.measured.settled(
                Settled(one.client, one.operation, one.wished, one.at, one.status, one.attempts, one.given_up)
            )

    def done(self, worker: str, done: Done) -> None:
        """Take a worker's last word.

        Raises:
            HarnessError: Some of its batches are missing.
        """
        handed = self.workers[worker]
        if handed.batches != done.batches:
            raise HarnessError(f"worker {worker} sent {done.batches} batches, {handed.batches} came")
        handed.begun = done.begun
        handed.unfinished = tuple(done.unfinished)

    @property
    def complete(self) -> bool:
        """Whether every worker has said its last word."""
        return all(handed.begun is not None for handed in self.workers.values())

    @property
    def waited_for(self) -> list[str]:
        """The workers that have not said their last word."""
        return [worker for worker, handed in self.workers.items() if handed.begun is None]

    def doubt(self, journaled: int) -> str | None:
        """Return what does not fit between the workers' books and the server's; None when all does.

        Args:
            journaled: How many requests of these clients the server's journal has.
        """
        begun = sum(handed.begun or 0 for handed in self.workers.values())
        if self.answered <= journaled <= begun:
            return None
        return (
            f"the target's journal has {journaled:,} requests of these clients, but {begun:,} were sent and "
            f"{self.answered:,} answered: it is not the journal of the server that was sent them"
        )

    def _exchange(self, exchange: Exchange) -> None:
        self.sent[exchange.client] += 1
        # Whoever is not let in has no name in the journal.
        self.answered += exchange.status not in {0, _UNAUTHORIZED}
        self.throttled[exchange.client] += exchange.status == _TOO_MANY
        if self.books:
            return
        ended = exchange.started + exchange.took
        first, last = self.spans.get(exchange.client, (exchange.started, ended))
        self.spans[exchange.client] = min(first, exchange.started), max(last, ended)
        self.measured.saw(
            JournalEntry(
                seq=0,
                started_at=exchange.started,
                finished_at=ended,
                status=exchange.status,
                client=exchange.client,
                operation=exchange.operation,
                retry_after_s=exchange.retry_after if exchange.retry_after >= 0 else None,
                response_lost=exchange.status == 0,
            )
        )

    def makespans(self) -> dict[str, float]:
        """Return how long each client was at work, in seconds, as the senders saw it."""
        return {client: (last - first) / SECOND for client, (first, last) in self.spans.items()}
