"""What answers, refusals and failures mean for a refresh or an adjustment (C14, C15, RT-1 to RT-5)."""

from __future__ import annotations

from kibo_client.errors import UnexpectedEventError
from kibo_client.events import (
    Accepted,
    Answer,
    Failed,
    FaultyItem,
    FaultyLocation,
    JobSeen,
    JobsListed,
    ListJobs,
    PollJob,
    Request,
    SendLines,
    Throttled,
)
from kibo_client.lines import LineBatch, halves
from kibo_client.lost_update import Finding, LostUpdate
from kibo_client.polling import LEAST_INTERVAL
from kibo_client.refusals import STATUSES_ABOUT_CONTENT
from kibo_client.report import ThrottledRequest
from kibo_client.retry import Action as RetryAction
from kibo_client.retry import AnswerClass, Effect, action_for, backoff
from kibo_client.units import SECOND, seconds
from kibo_client.update_options import USUAL_PATIENCE_S, UpdateKind
from kibo_client.update_state import UndoneLines, UpdateState
from kibo_client.work import Attempts

EFFECTS = {UpdateKind.REFRESH: Effect.ABSOLUTE, UpdateKind.ADJUST: Effect.RELATIVE}
UNCERTAIN = "its answer was lost, and whether it was applied cannot be told: look at the stock before sending it again"
HELD_BACK = "held back, as it is uncertain whether an earlier adjustment at this location was applied"


def note_success(state: UpdateState, request: Request, answer: Answer, now: int) -> None:
    """Take in an answer of the kind that was hoped for.

    Raises:
        UnexpectedEventError: It is of another request's kind.
    """
    match request, answer:
        case SendLines(batch=number), Accepted():
            state.to_send.remove(number)
            state.accepted += 1
            state.refusals.accepted()
            if answer.job_ids:
                _take_job(state, number, answer.job_ids, now)
            else:
                # It was taken on, and nobody says under which number.
                lost_track(state, number, now)
        case PollJob(), JobSeen():
            state.settle(state.jobs.saw((answer,), now))
        case ListJobs(), JobsListed():
            state.list_attempts = Attempts()
            state.settle(state.jobs.saw(answer.jobs, now))
            if (lost := state.lost.get(request.location_code or "")) is not None:
                _search(state, lost, request, answer, now)
            else:
                state.jobs.polls.listed(request, [job.job_id for job in answer.jobs], now)
        case _:
            raise UnexpectedEventError(f"{type(answer).__name__} is no answer to {type(request).__name__}")


def _take_job(state: UpdateState, number: int, job_ids: tuple[int, ...], now: int) -> None:
    way = state.batches[number]
    way.attempts = Attempts()
    if not state.jobs.take(number, job_ids, now):
        # The job is an old acquaintance, which a server does not hand out twice.
        state.leave(number, f"the server answered with job {job_ids[0]}, which is another batch's", uncertain=True)


def lost_track(state: UpdateState, number: int, now: int) -> None:
    """The batch may be at work without our knowing its job: find out before anything else is sent (law 3)."""
    way = state.batches[number]
    way.lost_answers += 1
    surely_over_at = way.sent_at + seconds(state.options.answer_patience_s or USUAL_PATIENCE_S)
    # An early look may find the job at once. Where it is soon over, one look tells in either case.
    look_at = now + SECOND if surely_over_at > now + LEAST_INTERVAL else max(now + SECOND, surely_over_at)
    state.lost[way.batch.location_code] = LostUpdate(
        batch=number,
        location_code=way.batch.location_code,
        items=len(way.batch.lines),
        sent_at=way.sent_at,
        surely_over_at=surely_over_at,
        look_at=look_at,
        offset_when_sent=way.offset_when_sent,
    )


def _search(state: UpdateState, lost: LostUpdate, request: ListJobs, answer: JobsListed, now: int) -> None:
    finding = lost.read(answer.jobs, request.limit, state.jobs, state.budget.offset)
    if finding is Finding.NEXT_PAGE:
        return
    if finding is Finding.NOT_THERE and now < lost.surely_over_at:
        # It may still be on its way: only what is looked for after its time proves anything.
        lost.look_at = lost.surely_over_at
        return
    del state.lost[lost.location_code]
    if finding is Finding.FOUND:
        _take_job(state, lost.batch, tuple(lost.matches), now)
        state.settle(state.jobs.saw(answer.jobs, now))
    elif finding is Finding.NOT_THERE or state.options.kind is UpdateKind.REFRESH:
        _send_again(state, lost, now)
    else:
        _leave_uncertain(state, lost)


def _send_again(state: UpdateState, lost: LostUpdate, now: int) -> None:
    way = state.batches[lost.batch]
    if way.lost_answers >= state.options.max_attempts:
        state.leave(lost.batch, f"given up after {way.lost_answers} submissions without an answer")
        return
    retry_at = now + backoff(way.lost_answers, 0.0)
    state.add([way.batch], generation=way.generation, retry_at=retry_at, lost_answers=way.lost_answers)


def _leave_uncertain(state: UpdateState, lost: LostUpdate) -> None:
    state.leave(lost.batch, UNCERTAIN, uncertain=True)
    state.leave_location(lost.location_code, HELD_BACK)


def note_throttle(state: UpdateState, request: Request, answer: Throttled, now: int) -> None:
    """Take in a 429; how long to wait is the budget's business."""
    state.throttled.append(ThrottledRequest(now, answer.retry_after_s, state.name_of(request)))
    attempts = state.attempts_of(request)
    attempts.throttles += 1
    attempts.failed_at = 0
    if attempts.throttles > state.options.max_throttles:
        _give_up(state, request, f"it was throttled {attempts.throttles} times", now)


def note_failure(state: UpdateState, request: Request, answer: Failed, *, sent_at: int, now: int) -> None:
    """Take in any other failure: decide whether, when and how the request is made again."""
    said = f"{answer.status} {answer.message}" if answer.status else answer.message
    effect = EFFECTS[state.options.kind] if isinstance(request, SendLines) else Effect.NONE
    attempts = state.attempts_of(request)
    action = action_for(answer.reason, effect)
    if action is RetryAction.STOP:
        state.stopped = said
        return
    if action is RetryAction.RETRY_WITH_NEW_TOKEN:
        if attempts.token_renewed:
            _give_up(state, request, f"a new token was refused as well: {said}", now)
        attempts.token_renewed = True
        return
    if action is RetryAction.GIVE_UP:
        if not (isinstance(request, SendLines) and _narrowed(state, request.batch, answer, said)):
            _give_up(state, request, said, now)
        return
    attempts.failed(sent_at=sent_at, now=now, jitter=answer.jitter)
    if state.breaker.failure(now, answer.jitter):
        state.stopped = f"too many requests in a row failed, the last one so: {said}"
    # A server that failed may have taken the lines on before it did: no job of ours may go unnoticed.
    if action is RetryAction.RECONCILE or (
        isinstance(request, SendLines) and answer.reason is AnswerClass.SERVER_ERROR
    ):
        assert isinstance(request, SendLines), "only submissions need to be reconciled"
        state.to_send.remove(request.batch)
        lost_track(state, request.batch, now)
    elif attempts.failures >= state.options.max_attempts:
        _give_up(state, request, f"given up after {attempts.failures} attempts: {said}", now)


def _narrowed(state: UpdateState, number: int, answer: Failed, said: str) -> bool:
    """Go on with a batch that was refused for something in it, without that; False if there is no such way."""
    way = state.batches[number]
    if answer.status not in STATUSES_ABOUT_CONTENT:
        return False
    if any(isinstance(fault, FaultyLocation) for fault in answer.faults):
        state.leave_location(way.batch.location_code, f"refused: {said}")
        return True
    bad = {fault.index: fault.said for fault in answer.faults if isinstance(fault, FaultyItem)}
    bad = {index: why for index, why in bad.items() if index < len(way.batch.lines)}
    if bad:
        state.to_send.remove(number)
        for index, why in bad.items():
            state.undone.append(UndoneLines((way.batch.lines[index],), f"refused: {answer.status} {why}"))
        rest = tuple(line for index, line in enumerate(way.batch.lines) if index not in bad)
        state.add([LineBatch(way.batch.location_code, rest)], generation=way.generation)
        return True
    if len(way.batch.lines) == 1 or not state.refusals.may_divide():
        return False
    state.to_send.remove(number)
    state.add(halves(way.batch), generation=way.generation)
    return True


def _give_up(state: UpdateState, request: Request, reason: str, now: int) -> None:
    match request:
        case SendLines(batch=number):
            state.to_send.remove(number)
            state.leave(number, reason)
        case PollJob(job_id=job_id):
            state.settle(state.jobs.give_up((job_id,), reason))
        case _:
            state.jobs.polls.list_is_useless()
            state.list_attempts = Attempts()
            while state.lost:
                _, lost = state.lost.popitem()
                if state.options.kind is UpdateKind.ADJUST:
                    _leave_uncertain(state, lost)
                else:
                    _send_again(state, lost, now)
