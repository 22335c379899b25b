"""What an answer means for a batch: its scope, its jobs, and in the end each of its records (C8, C12, JB-5, ST-1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kibo_client.batching import restricted
from kibo_client.errors import UnexpectedEventError
from kibo_client.events import (
    Accepted,
    Answer,
    DryRun,
    JobSeen,
    JobsListed,
    ListJobs,
    PollJob,
    Request,
    ScopeFound,
    Submit,
)
from kibo_client.operation import Operation
from kibo_client.reconcile import jobs_of_lost_submission
from kibo_client.retry import backoff
from kibo_client.scope import Clean
from kibo_client.settlement import at, in_both, settle
from kibo_client.units import SECOND
from kibo_client.work import Attempts, Work


def note_success(operation: Operation, request: Request, answer: Answer, now: int) -> None:
    """Take in an answer of the kind that was hoped for.

    Raises:
        UnexpectedEventError: It is of another request's kind.
    """
    match request, answer:
        case DryRun(batch=number), ScopeFound():
            _checked(operation, operation.work[number], answer, now)
        case Submit(batch=number), Accepted():
            _submitted(operation, operation.work[number], answer, now)
        case PollJob(), JobSeen():
            settle_all(operation, operation.jobs.saw((answer,), now))
        case ListJobs(), JobsListed():
            operation.list_attempts = Attempts()
            settle_all(operation, operation.jobs.saw(answer.jobs, now))
            operation.jobs.polls.listed(request, [job.job_id for job in answer.jobs], now)
            if operation.to_reconcile:
                _reconcile(operation, operation.work[operation.to_reconcile.popleft()], answer.jobs, now)
        case _:
            raise UnexpectedEventError(f"{type(answer).__name__} is no answer to {type(request).__name__}")


def _checked(operation: Operation, work: Work, answer: ScopeFound, now: int) -> None:
    operation.work.to_check.remove(work.number)
    operation.refusals.accepted()
    verdict = operation.judge.judge(work.batch, answer)
    work.attempts = Attempts()
    if isinstance(verdict, Clean):
        operation.account.gone(verdict.missing)
        # What it found before a submission whose answer was lost, and finds no more, that submission has deleted.
        operation.account.deleted(in_both(work.found, verdict.missing))
        work.found = dict(verdict.found)
        work.checked_at = now
        was_next, work.rechecking = work.rechecking, False
        if work.found and was_next:
            operation.work.to_submit.appendleft(work.number)
        elif work.found:
            operation.work.to_submit.append(work.number)
        return
    operation.account.leave_all(verdict.undone)
    operation.work.add(verdict.batches, generation=work.generation)


def _submitted(operation: Operation, work: Work, answer: Accepted, now: int) -> None:
    operation.work.to_submit.remove(work.number)
    operation.account.accepted += 1
    if answer.job_ids is None:
        lost_track(operation, work, now)
        return
    work.attempts = Attempts()
    _take_jobs(operation, work, answer.job_ids, now)


def _take_jobs(operation: Operation, work: Work, job_ids: Iterable[int], now: int) -> None:
    if not operation.jobs.take(work.number, job_ids, now):
        _settle(operation, work)


def settle_all(operation: Operation, numbers: Iterable[int]) -> None:
    """Enter what became of these batches, each of whose jobs has ended or been given up."""
    for number in numbers:
        _settle(operation, operation.work[number])


def _settle(operation: Operation, work: Work) -> None:
    if work.adopted:
        # They may be somebody else's jobs after all: only a dry run proves what is left.
        work.adopted = False
        operation.work.to_check.append(work.number)
        return
    outcome = settle(work.found_locations, operation.jobs.of_batch(work.number))
    operation.account.deleted(at(work.found, outcome.deleted))
    operation.account.gone(at(work.found, outcome.gone))
    for location, reason in outcome.unfinished.items():
        operation.account.leave(at(work.found, (location,)), reason)
    if work.generation < operation.options.max_resubmissions:
        if failed := at(work.found, outcome.failed):
            operation.failed_scopes.append((work.batch, failed, work.generation + 1))
        return
    for location, reason in outcome.failed.items():
        operation.account.leave(at(work.found, (location,)), reason)


def lost_track(operation: Operation, work: Work, now: int) -> None:
    """The batch may be at work without our knowing the job ids: ask the queue before anything else."""
    work.lost_answers += 1
    if work.lost_answers >= operation.options.max_attempts:
        operation.account.leave(work.found, "its submissions were never answered with job ids")
        return
    operation.to_reconcile.append(work.number)
    operation.list_attempts.retry_at = max(operation.list_attempts.retry_at, now + SECOND)


def _reconcile(operation: Operation, work: Work, jobs: Sequence[JobSeen], now: int) -> None:
    """Adopt the jobs of a lost submission if the queue shows one per location; else check the batch afresh."""
    ours = jobs_of_lost_submission(work, jobs, operation.jobs, operation.budget.offset)
    if {job.location_code for job in ours} != work.found_locations:
        recheck(operation, work, now)
        return
    work.adopted = True
    _take_jobs(operation, work, [job.job_id for job in ours], now)
    settle_all(operation, operation.jobs.saw(ours, now))


def recheck(operation: Operation, work: Work, now: int) -> None:
    """Dry-run a batch again, after a pause that grows with the answers lost."""
    work.attempts.retry_at = now + backoff(work.lost_answers, 0.0)
    operation.work.to_check.append(work.number)


def advance(operation: Operation, now: int) -> None:
    """What follows by itself: jobs are given up, and the scope of failed ones is taken up again (JB-5)."""
    if operation.jobs.polls.overdue(now):
        reason = f"not ended although {operation.options.job_patience_s:g} s were waited"
        settle_all(operation, operation.jobs.give_up(operation.jobs.polls.outstanding, reason))
    if operation.confirmed is None and not operation.work.to_check:
        refusal = None if operation.options.dry_run_only else operation.refuse_scope()
        if refusal is not None:
            operation.stop(refusal)
        return
    busy = operation.work.to_check or operation.work.to_submit or operation.to_reconcile or len(operation.jobs.polls)
    if busy or not operation.failed_scopes:
        return
    for batch, failed, generation in operation.failed_scopes:
        locations = frozenset().union(*failed.values())
        operation.work.add([restricted(batch, failed, locations)], generation=generation)
    operation.failed_scopes.clear()
