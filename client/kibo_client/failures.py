"""What a refusal or a failure means for its request: again, differently, or not any more (C14, C15, RT-1 to RT-4)."""

from __future__ import annotations

from collections.abc import Mapping

from kibo_client.batching import halves
from kibo_client.events import DryRun, Failed, FaultyLocation, ListJobs, PollJob, Request, Submit, Throttled
from kibo_client.operation import KIND_NAMES, Operation
from kibo_client.outcomes import lost_track, recheck, settle_all
from kibo_client.refusals import STATUSES_ABOUT_CONTENT, refused_locations, without
from kibo_client.report import ThrottledRequest
from kibo_client.retry import Action as RetryAction
from kibo_client.retry import Effect, action_for
from kibo_client.work import Attempts

GATEWAY_TIMEOUTS_BEFORE_SPLIT = 2


def note_throttle(operation: Operation, request: Request, answer: Throttled, now: int) -> None:
    """Take in a 429; how long to wait is the budget's business."""
    operation.account.throttled.append(ThrottledRequest(now, answer.retry_after_s, KIND_NAMES[type(request)]))
    attempts = operation.attempts_of(request)
    attempts.throttles += 1
    attempts.failed_at = 0
    if attempts.throttles > operation.options.max_throttles:
        _give_up(operation, request, f"it was throttled {attempts.throttles} times", now)


def note_failure(operation: Operation, request: Request, answer: Failed, *, sent_at: int, now: int) -> None:
    """Take in any other failure: decide whether, when and how the request is made again."""
    said = f"{answer.status} {answer.message}" if answer.status else answer.message
    effect = Effect.ABSOLUTE if isinstance(request, Submit) else Effect.NONE
    attempts = operation.attempts_of(request)
    action = action_for(answer.reason, effect)
    if action is RetryAction.STOP:
        operation.stop(said)
        return
    if action is RetryAction.RETRY_WITH_NEW_TOKEN:
        if attempts.token_renewed:
            _give_up(operation, request, f"a new token was refused as well: {said}", now)
        attempts.token_renewed = True
        return
    if action is RetryAction.GIVE_UP and _narrowed(operation, request, answer):
        return
    if action is RetryAction.GIVE_UP:
        _give_up(operation, request, said, now)
        return
    attempts.failed(sent_at=sent_at, now=now, jitter=answer.jitter)
    if operation.breaker.failure(now, answer.jitter):
        operation.stop(f"too many requests in a row failed, the last one so: {said}")
    if attempts.failures >= operation.options.max_attempts:
        _give_up(operation, request, f"given up after {attempts.failures} attempts: {said}", now)
    elif action is RetryAction.RECONCILE:
        assert isinstance(request, Submit), "only submissions need to be reconciled"
        operation.work.to_submit.remove(request.batch)
        lost_track(operation, operation.work[request.batch], now)
    elif answer.status == 504 and isinstance(request, (DryRun, Submit)):
        _split_if_too_heavy(operation, request, attempts)


def _split_if_too_heavy(operation: Operation, request: DryRun | Submit, attempts: Attempts) -> None:
    """A gateway timeout means that the request was too much at once (J-9): two halves may pass."""
    attempts.gateway_timeouts += 1
    work = operation.work[request.batch]
    parts = halves(work.batch)
    if attempts.gateway_timeouts < GATEWAY_TIMEOUTS_BEFORE_SPLIT or not parts:
        return
    (operation.work.to_check if isinstance(request, DryRun) else operation.work.to_submit).remove(request.batch)
    operation.work.add(parts, generation=work.generation, retry_at=attempts.retry_at)


def _narrowed(operation: Operation, request: Request, answer: Failed) -> bool:
    """Go on with a batch that was refused for something in it, without that; False if there is no such way."""
    if not isinstance(request, (DryRun, Submit)) or answer.status not in STATUSES_ABOUT_CONTENT:
        return False
    work = operation.work[request.batch]
    queue = operation.work.to_check if isinstance(request, DryRun) else operation.work.to_submit
    what = "dry run" if isinstance(request, DryRun) else "submission"
    prefix = f"its {what} was refused: {answer.status}"
    rest = without(work.batch, operation.wanted, answer.faults, prefix)
    if rest is not None:
        queue.remove(work.number)
        operation.account.leave_all(rest.undone)
        operation.work.add([rest.batch] if rest.batch else [], generation=work.generation, at_once=True)
        _warn_others(operation, refused_locations(work.batch, answer.faults), prefix)
        return True
    # What its own dry run found sound, and the server refuses without a place, is not made better by dividing it.
    # Nor is a single item: were it the item's fault, each of its locations would be refused in turn.
    if isinstance(request, Submit) or len(work.batch.items) == 1 or not operation.refusals.may_divide():
        return False
    queue.remove(work.number)
    operation.work.add(halves(work.batch), generation=work.generation, at_once=True)
    return True


def _warn_others(operation: Operation, locations: Mapping[str, str], prefix: str) -> None:
    """A location that the server refuses is no better in another batch: take it out of those still to be checked."""
    for number in list(operation.work.to_check):
        work = operation.work[number]
        faults = [
            FaultyLocation(i, locations[code]) for i, code in enumerate(work.batch.locations) if code in locations
        ]
        # One that was submitted before, and lost its answer, may have been deleted there: let it ask for itself.
        if work.lost_answers or (rest := without(work.batch, operation.wanted, faults, prefix)) is None:
            continue
        operation.account.leave_all(rest.undone)
        if rest.batch is None:
            operation.work.to_check.remove(number)
        else:
            work.batch = rest.batch


def _give_up(operation: Operation, request: Request, reason: str, now: int) -> None:
    match request:
        case DryRun(batch=number):
            operation.work.to_check.remove(number)
            operation.account.leave(operation.items_of(number), f"its dry run failed: {reason}")
        case Submit(batch=number):
            operation.work.to_submit.remove(number)
            operation.account.leave(operation.work[number].found, f"its submission failed: {reason}")
        case PollJob(job_id=job_id):
            settle_all(operation, operation.jobs.give_up((job_id,), reason))
        case ListJobs():
            operation.jobs.polls.list_is_useless()
            operation.list_attempts = Attempts()
            while operation.to_reconcile:
                recheck(operation, operation.work[operation.to_reconcile.popleft()], now)
