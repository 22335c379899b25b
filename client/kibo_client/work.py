"""The batches of an operation and where each stands: to be dry-run, to be submitted, or out of our hands."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from kibo_client.batching import Batch
from kibo_client.retry import longer_wait
from kibo_client.targets import Locations, Product


@dataclass(slots=True)
class Attempts:
    """How one request has fared so far; `failed_at` is 0 where its last answer was no failure."""

    failures: int = 0
    throttles: int = 0
    gateway_timeouts: int = 0
    token_renewed: bool = False
    failed_at: int = 0
    retry_at: int = 0

    def failed(self, *, sent_at: int, now: int, jitter: float) -> None:
        """Count a failure, and let the next wait be longer than the one before really was (RT-2)."""
        waited = sent_at - self.failed_at if self.failed_at else 0
        self.failures += 1
        self.failed_at = now
        self.retry_at = now + longer_wait(self.failures, jitter, waited)


@dataclass(slots=True)
class Work:
    """A batch on its way.

    Attributes:
        number: Its place in the list; requests name it by this.
        batch: The scope.
        generation: 0 for a first submission, one more for each time that failed jobs made it necessary again.
        attempts: How its present request has fared.
        found: What its own clean dry run would delete.
        checked_at: When that was.
        rechecking: Its turn to be submitted has come, and only its dry run had grown too old.
        lost_answers: How often a submission was not answered with job ids.
        sent_at: When it was last submitted.
        ended_at: When that submission was answered, or its answer given up.
        adopted: Its jobs were not handed out to us, but taken for ours.
    """

    number: int
    batch: Batch
    generation: int
    attempts: Attempts = field(default_factory=Attempts)
    found: dict[Product, Locations] = field(default_factory=dict)
    checked_at: int = 0
    rechecking: bool = False
    lost_answers: int = 0
    sent_at: int = 0
    ended_at: int = 0
    adopted: bool = False

    @property
    def found_locations(self) -> Locations:
        """Where its dry run found anything: a live run makes one job for each of these (J-1)."""
        return frozenset().union(*set(self.found.values()))


class WorkList:
    """All batches, and the queues of those that need a request."""

    def __init__(self) -> None:
        self._works: list[Work] = []
        self.to_check: deque[int] = deque()
        self.to_submit: deque[int] = deque()

    def __repr__(self) -> str:
        return f"<WorkList {len(self.to_check)} to check, {len(self.to_submit)} to submit, {len(self._works)} in all>"

    def __len__(self) -> int:
        return len(self._works)

    def __getitem__(self, number: int) -> Work:
        return self._works[number]

    def add(self, batches: Iterable[Batch], *, generation: int, retry_at: int = 0, at_once: bool = False) -> None:
        """Take on batches; each begins with a dry run of its own (WF-1), before all others if `at_once`."""
        fresh: list[int] = []
        for batch in batches:
            if batch.items:
                work = Work(len(self._works), batch, generation)
                work.attempts.retry_at = retry_at
                self._works.append(work)
                fresh.append(work.number)
        if at_once:
            self.to_check.extendleft(reversed(fresh))
        else:
            self.to_check.extend(fresh)

    def next_check(self, now: int) -> Work | None:
        """The batch to dry-run next: the first whose turn has come, else the one whose turn comes first."""
        return self._next(self.to_check, now)

    def next_submission(self, now: int) -> Work | None:
        """The batch to submit next, likewise."""
        return self._next(self.to_submit, now)

    def _next(self, queue: deque[int], now: int) -> Work | None:
        if not queue:
            return None
        ready = next((number for number in queue if self._works[number].attempts.retry_at <= now), None)
        if ready is not None:
            return self._works[ready]
        return min((self._works[number] for number in queue), key=lambda work: work.attempts.retry_at)
