"""One bulk deletion as a state machine: what to do next is a function of what has happened (C1, C4 to C12, C15).

Its parts: `operation` is the state, `urgency` says what could go next, `outcomes` and `failures` say what answers mean.

Laws of the whole:
1. State changes only in `record`; `next_action` merely reads it. So replaying the events restores the state.
2. A batch goes live only after its own dry run was clean, and (the first time) after the whole scope was
   confirmed (WF-1, ST-2).
3. One request is under way at a time, of whatever kind: no two submissions can overlap (BA-4), and nothing
   can be under way when a 429 arrives (TH-2).
4. Submissions follow each other by time, never by the state of jobs (BA-5, BA-6).
5. Every wanted record ends as deleted, as not found, or as undone with a reason (ST-1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kibo_client.audit import AuditRow, audit_deletion
from kibo_client.batching import Batch
from kibo_client.budget import Budget
from kibo_client.errors import UnexpectedEventError
from kibo_client.events import (
    Action,
    Answered,
    Confirmed,
    Done,
    DryRun,
    Event,
    Failed,
    ListJobs,
    PollJob,
    Request,
    Scope,
    Sent,
    Submit,
    Throttled,
)
from kibo_client.failures import note_failure, note_throttle
from kibo_client.job_book import JobBook
from kibo_client.operation import KIND_NAMES, Operation
from kibo_client.options import BulkDeleteOptions
from kibo_client.outcomes import advance, note_success
from kibo_client.report import BulkDeleteReport, Progress, ThrottledRequest
from kibo_client.targets import Locations, Product, Target
from kibo_client.turns import Turns
from kibo_client.units import seconds
from kibo_client.urgency import candidates


class BulkDelete:
    """The state of one bulk deletion.

    Args:
        targets: The records to delete.
        options: How to go about it.
        budget: The ledger of the pool that all requests draw on.

    Raises:
        TargetError: A target names no location or no product.
    """

    def __init__(self, targets: Iterable[Target], options: BulkDeleteOptions, budget: Budget) -> None:
        self._operation = Operation(targets, options, budget)
        self.wanted = self._operation.wanted
        self.budget = budget
        self._scope: Scope | None = None
        self._turns = Turns(budget)

    def __repr__(self) -> str:
        stopped = ", stopped" if self._operation.stopped else ""
        return f"<BulkDelete {self._operation.work!r}, {self._operation.jobs!r}{stopped}>"

    # Reading

    def batch(self, number: int) -> Batch:
        """The batch that a DryRun or Submit means."""
        return self._operation.work[number].batch

    @property
    def under_way(self) -> Request | None:
        """The request that was sent and has not been answered."""
        return self._turns.under_way

    @property
    def throttles(self) -> Sequence[ThrottledRequest]:
        """Every 429 so far."""
        return self._operation.account.throttled

    @property
    def anything_submitted(self) -> bool:
        """Whether a live deletion may have reached the server."""
        return self._operation.account.requests[KIND_NAMES[Submit]] > 0

    def scope(self) -> Scope:
        """What the dry runs found and the submissions at hand would delete."""
        return self._operation.scope()

    @property
    def known_jobs(self) -> JobBook:
        """The jobs handed out so far; only to be looked at."""
        return self._operation.jobs

    def progress(self, now: int) -> Progress:
        """Where the operation stands."""
        work, jobs, account = self._operation.work, self._operation.jobs, self._operation.account
        return Progress(
            phase=self._phase(),
            batches=len(work),
            checked=len(work) - len(work.to_check),
            submitted=account.accepted,
            jobs=len(jobs),
            jobs_open=len(jobs.polls),
            jobs_failed=sum(job.status == "FAILED" for job in jobs),
            requests=account.requests.total(),
            throttled=len(account.throttled),
            minute_room=self.budget.minute_room(now),
            hour_room=self.budget.hour_room(now),
            ends_at=self._ends_at(now),
        )

    def _ends_at(self, now: int) -> int | None:
        """When the last submission can leave, as far as limits and spacing go; off-peak hours come on top."""
        options, work = self._operation.options, self._operation.work
        if options.off_peak is not None and work.to_submit:
            return None
        return self.budget.forecast(
            now,
            submissions=len(work.to_submit) + (0 if options.dry_run_only else len(work.to_check)),
            spacing=seconds(options.spacing_s),
            others=len(work.to_check),
        )

    def _phase(self) -> str:
        if self._operation.confirmed is None:
            return "finding the scope"
        work = self._operation.work
        return "submitting" if work.to_submit or work.to_check else "watching jobs"

    def report(self) -> BulkDeleteReport:
        """The account of the run as it stands; complete once `next_action` says Done."""
        operation = self._operation
        return operation.account.report(
            scope=self._scope if self._scope or operation.work.to_check else operation.scope(),
            stopped=operation.stopped,
            dry_run=operation.options.dry_run_only,
            spacing=seconds(operation.options.spacing_s),
            jobs=list(operation.jobs),
            under_way=self._deletions_under_way(),
            budget=self.budget,
            began_at=self._turns.began_at or 0,
            ended_at=self._turns.ended_at,
        )

    def _deletions_under_way(self) -> dict[Product, Locations]:
        """The records of submissions whose answer, or one of whose jobs, was not seen to its end."""
        work, jobs = self._operation.work, self._operation.jobs
        unanswered = self.under_way.batch if isinstance(self.under_way, Submit) else None
        extent: dict[Product, Locations] = {}
        for number in range(len(work)):
            if number == unanswered or any(job.job_id in jobs.polls for job in jobs.of_batch(number)):
                for product, locations in work[number].found.items():
                    extent[product] = extent.get(product, frozenset()) | locations
        return extent

    def audit(self) -> Iterator[AuditRow]:
        """What became of each record."""
        return audit_deletion(self._operation, self._deletions_under_way())

    def next_action(self, now: int) -> Action:
        """What to do now: send a request, have the scope confirmed, wait, or nothing any more."""
        assert self.under_way is None, "the request under way has to be answered first"
        operation = self._operation
        if operation.stopped is not None:
            return Done()
        if operation.confirmed is None and not operation.work.to_check:
            return operation.scope() if operation.work.to_submit and not operation.options.dry_run_only else Done()
        return self._turns.choose(candidates(operation, now), operation.breaker.pause, now)

    # Changing

    def record(self, event: Event) -> None:
        """Take note of something that happened.

        Raises:
            UnexpectedEventError: It cannot have happened in this state.
        """
        self._turns.happened(event.at)
        match event:
            case Sent():
                self._record_sent(event)
            case Answered():
                self._record_answer(self._turns.answered(event), event)
                advance(self._operation, event.at)
            case Confirmed():
                if self._operation.work.to_check or self._operation.confirmed is not None:
                    raise UnexpectedEventError("the scope was confirmed before it was found, or twice")
                self._scope, self._operation.confirmed = self.scope(), event.agreed
                if not event.agreed:
                    self._operation.stop("the scope was not confirmed")

    def _record_sent(self, event: Sent) -> None:
        self._turns.refuse_second()
        operation = self._operation
        match event.request:
            case DryRun(batch=number) if number in operation.work.to_submit and operation.confirmed:
                operation.work.to_submit.remove(number)
                operation.work.to_check.appendleft(number)
                operation.work[number].rechecking = True
            case DryRun(batch=number) if number not in operation.work.to_check:
                raise UnexpectedEventError(f"batch {number} was dry-run, but has no need of it")
            case Submit(batch=number) if not (operation.confirmed and number in operation.work.to_submit):
                raise UnexpectedEventError(f"batch {number} was submitted, but is not ready for it")
            case Submit(batch=number):
                operation.work[number].sent_at = event.at
            case PollJob() | ListJobs():
                operation.last_poll_at = event.at
            case _:
                pass
        operation.account.requests[KIND_NAMES[type(event.request)]] += 1
        self._turns.sent(event)

    def _record_answer(self, sent: Sent, event: Answered) -> None:
        request, answer, now = sent.request, event.answer, event.at
        operation = self._operation
        if isinstance(request, Submit):
            operation.work[request.batch].ended_at = now
            operation.next_submit_at = now + seconds(operation.options.spacing_s)
        elif isinstance(request, (PollJob, ListJobs)):
            operation.jobs.polls.asked(request, now)
        if isinstance(answer, Throttled):
            note_throttle(operation, request, answer, now)
            return
        if isinstance(answer, Failed):
            note_failure(operation, request, answer, sent_at=sent.at, now=now)
            return
        operation.breaker.success()
        note_success(operation, request, answer, now)
