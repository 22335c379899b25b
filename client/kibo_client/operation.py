"""The state of one bulk deletion under way: what every deciding part of it reads and changes (ST-1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from kibo_client.account import Account
from kibo_client.batching import Batch, first_items, full_batches, pattern_batch
from kibo_client.breaker import Breaker
from kibo_client.budget import Budget
from kibo_client.events import DryRun, ListJobs, PollJob, Request, Scope, Submit
from kibo_client.identifiers import Kind, Pattern
from kibo_client.job_book import JobBook
from kibo_client.options import BulkDeleteOptions
from kibo_client.polling import PollSchedule
from kibo_client.refusals import RefusalCount
from kibo_client.scope import ScopeJudge
from kibo_client.targets import Locations, Product, Target, Wanted
from kibo_client.units import seconds
from kibo_client.work import Attempts, WorkList

KIND_NAMES: dict[type, str] = {
    DryRun: "dryRun",
    Submit: "delete",
    PollJob: "getJob",
    ListJobs: "listJobs",
}


class Operation:
    """One bulk deletion as it stands.

    Args:
        targets: The records to delete.
        options: How to go about it.
        budget: The ledger of the pool that all requests draw on.

    Attributes:
        work: The batches, and the queues of those that need a request.
        refusals: How many dry runs were refused without a place.
        jobs: The jobs handed out, and when to ask about them.
        account: What has become of the records.
        to_reconcile: Batches whose submission was not answered with job ids.
        failed_scopes: What failed jobs have left, to be taken up again: batch, extent, generation.
        confirmed: Whether the scope was agreed to; None before it was asked.
        stopped: Why the run ended before its time.
        next_submit_at: When the spacing allows the next submission.
        last_poll_at: When jobs were last asked about.

    Raises:
        TargetError: A target names no location or no product.
    """

    def __init__(self, targets: Iterable[Target], options: BulkDeleteOptions, budget: Budget) -> None:
        self.wanted = Wanted(targets)
        self.options = options
        self.budget = budget
        self.judge = ScopeJudge(self.wanted, options.batch_size, frozenset(map(Kind, options.identifiers)))
        self.work = WorkList()
        self.work.add(self._first_batches(), generation=0)
        self.jobs = JobBook(PollSchedule(patience=seconds(options.job_patience_s), page_size=options.list_page_size))
        self.account = Account(self.wanted)
        self.breaker = Breaker()
        self.refusals = RefusalCount()
        self.to_reconcile: deque[int] = deque()
        self.failed_scopes: list[tuple[Batch, dict[Product, Locations], int]] = []
        self.list_attempts = Attempts()
        self.confirmed: bool | None = None
        self.stopped: str | None = None
        self.next_submit_at = 0
        self.last_poll_at = 0

    def _first_batches(self) -> list[Batch]:
        if self.options.pattern is not None and len(self.wanted):
            (kind,) = self.options.identifiers
            return [pattern_batch(Pattern(Kind(kind), self.options.pattern), self.wanted)]
        return full_batches(first_items(self.wanted, self.judge.index), self.options.batch_size)

    def __repr__(self) -> str:
        return f"<Operation {self.work!r}, {self.jobs!r}{', stopped' if self.stopped else ''}>"

    def scope(self) -> Scope:
        """What the dry runs found and the submissions at hand would delete."""
        scope = self.account.scope(self.work[number].found for number in self.work.to_submit)
        return msgspec.structs.replace(
            scope,
            requested=self.wanted.records,
            requested_products=len(self.wanted),
            ambiguous=len(self.judge.ambiguous),
        )

    def refuse_scope(self) -> str | None:
        """Why the scope found must not be submitted, by the bounds that were set for it; None if it may be."""
        found, expected, most = self.scope().records, self.options.expected_records, self.options.max_records
        if expected is not None and found != expected:
            return f"the scope holds {found:,} records where {expected:,} were expected"
        if most is not None and found > most:
            return f"the scope holds {found:,} records, more than the {most:,} allowed"
        return None

    def attempts_of(self, request: Request) -> Attempts:
        """How this request has fared."""
        match request:
            case DryRun(batch=number) | Submit(batch=number):
                return self.work[number].attempts
            case PollJob(job_id=job_id):
                return self.jobs.attempts(job_id)
            case _:
                return self.list_attempts

    def items_of(self, number: int) -> dict[Product, Locations]:
        """The wanted records that a batch is about."""
        return {
            product: self.wanted[product] & item.locations
            for item in self.work[number].batch.items
            for product in item.products
        }

    def stop(self, reason: str) -> None:
        """Send nothing any more."""
        self.stopped = reason
