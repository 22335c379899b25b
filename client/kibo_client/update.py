"""One bulk refresh or adjustment as a state machine: what to do next is a function of what has happened (C20, RT-5).

Laws of the whole:
1. State changes only in `record`; `next_action` merely reads it. So replaying the events restores the state.
2. One request is under way at a time, of whatever kind.
3. A submission whose answer was lost is looked up in the queue before anything else is submitted for its location. It
   is sent again only if the queue proves that it made no job. Where that cannot be told, a refresh is sent again, since
   it does no harm; lines of an adjustment are reported as uncertain, and nothing more is sent for their location.
4. Lines of a failed job may be sent again: it has changed nothing (J-8).
5. Every line ends as applied, or as undone with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kibo_client.audit import AuditRow, audit_update
from kibo_client.budget import Budget
from kibo_client.errors import UnexpectedEventError
from kibo_client.events import (
    Action,
    Answered,
    Confirmed,
    Done,
    Event,
    Failed,
    ListJobs,
    PollJob,
    Request,
    Scope,
    SendLines,
    Sent,
    Throttled,
)
from kibo_client.job_book import JobBook
from kibo_client.lines import Line, LineBatch
from kibo_client.report import Progress, ThrottledRequest
from kibo_client.turns import Turns
from kibo_client.units import MINUTE, QUARTER, seconds
from kibo_client.update_options import UpdateOptions
from kibo_client.update_outcomes import note_failure, note_success, note_throttle
from kibo_client.update_report import UpdateReport, update_report
from kibo_client.update_state import UpdateState


class BulkUpdate:
    """The state of one bulk refresh or adjustment.

    Args:
        lines: The quantities.
        options: How to go about it.
        budget: The ledger of the pool that all requests draw on.

    Raises:
        TargetError: A line cannot be sent, or contradicts another.
    """

    def __init__(self, lines: Iterable[Line], options: UpdateOptions, budget: Budget) -> None:
        self._state = UpdateState(lines, options, budget)
        self.options = options
        self.budget = budget
        self._turns = Turns(budget)

    def __repr__(self) -> str:
        return f"<BulkUpdate {self._state!r}>"

    # Reading

    @property
    def lines(self) -> Sequence[Line]:
        """The lines, those of one record made one."""
        return self._state.lines

    def batch(self, number: int) -> LineBatch:
        """The batch that a SendLines means."""
        return self._state.batches[number].batch

    @property
    def under_way(self) -> Request | None:
        """The request that was sent and has not been answered."""
        return self._turns.under_way

    @property
    def throttles(self) -> Sequence[ThrottledRequest]:
        """Every 429 so far."""
        return self._state.throttled

    @property
    def anything_submitted(self) -> bool:
        """Whether anything may have reached the server."""
        return self._state.requests[self._state.options.kind.value] > 0

    @property
    def known_jobs(self) -> JobBook:
        """The jobs handed out so far; only to be looked at."""
        return self._state.jobs

    def scope(self) -> Scope:
        """What would be sent."""
        lines = self._state.lines
        return Scope(
            records=len(lines),
            products=len({line.product for line in lines}),
            locations=len({line.location_code for line in lines}),
            batches=len(self._state.batches),
            not_found=0,
            undone=0,
            requested=len(lines),
            update=self.options.kind.value,
        )

    def progress(self, now: int) -> Progress:
        """Where the operation stands."""
        state = self._state
        submitted = len(state.batches) - len(state.to_send) - len(state.lost)
        return Progress(
            phase="sending" if state.to_send or state.lost else "watching jobs",
            batches=len(state.batches),
            checked=0,
            submitted=submitted,
            jobs=len(state.jobs),
            jobs_open=len(state.jobs.polls),
            jobs_failed=sum(job.status == "FAILED" for job in state.jobs),
            requests=state.requests.total(),
            throttled=len(state.throttled),
            minute_room=self.budget.minute_room(now),
            hour_room=self.budget.hour_room(now),
            ends_at=self.budget.forecast(now, submissions=len(state.to_send), spacing=seconds(state.options.spacing_s)),
        )

    def report(self) -> UpdateReport:
        """The account of the run as it stands; complete once `next_action` says Done."""
        under_way = self.under_way
        return update_report(
            self._state,
            unanswered=under_way.batch if isinstance(under_way, SendLines) else None,
            began_at=self._turns.began_at or 0,
            ended_at=self._turns.ended_at,
        )

    def audit(self) -> Iterator[AuditRow]:
        """What became of each line."""
        return audit_update(self._state, iter(self.report().undone))

    def next_action(self, now: int) -> Action:
        """What to do now: send a request, have the work confirmed, wait, or nothing any more."""
        assert self.under_way is None, "the request under way has to be answered first"
        state = self._state
        if state.stopped is not None:
            return Done()
        if state.confirmed is None:
            return self.scope() if state.to_send else Done()
        return self._turns.choose(self._candidates(now), state.breaker.pause, now)

    def _candidates(self, now: int) -> Iterator[tuple[Request, int, str]]:
        """What could be sent, most urgent first, with the moment it is due and what it waits for."""
        state = self._state
        if state.lost:
            lost = min(state.lost.values(), key=lambda one: one.look_at)
            due_at = max(lost.look_at, state.jobs.polls.list_due_at(), state.list_attempts.retry_at)
            question = lost.question(state.options.list_page_size)
            yield question, due_at, "finding out what became of a submission without an answer"
        if (number := state.next_to_send(now)) is not None:
            retry_at = state.batches[number].attempts.retry_at
            if retry_at > state.next_send_at:
                yield SendLines(number), retry_at, "backing off before sending again"
            else:
                yield SendLines(number), state.next_send_at, "the spacing between two submissions"
        room = self.budget.hour_room(now)
        poll = state.jobs.polls.next(affordable=5 if room is None else room // 10)
        if poll is not None:
            due_at = max(poll.due_at, state.attempts_of(poll.request).retry_at)
            why = f"the next look at {len(state.jobs.polls)} open jobs"
            if state.to_send or state.lost:
                spare = room is not None and room > 2 * (len(state.to_send) + min(len(state.jobs.polls), 10))
                scarce = MINUTE if room is None else 0 if spare else QUARTER
                due_at = max(due_at, state.last_poll_at + scarce)
                why = f"{len(state.to_send)} batches go before polls"
            yield poll.request, due_at, why

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
                self._state.give_up_stuck_jobs(event.at)
            case Confirmed():
                if self._state.confirmed is not None:
                    raise UnexpectedEventError("the work was confirmed twice")
                self._state.confirmed = event.agreed
                if not event.agreed:
                    self._state.stopped = "the work was not confirmed"

    def _record_sent(self, event: Sent) -> None:
        state = self._state
        self._turns.refuse_second()
        match event.request:
            case SendLines(batch=number):
                if not state.confirmed or not state.may_send(number):
                    raise UnexpectedEventError(f"batch {number} was sent, but is not ready for it")
                state.batches[number].sent_at = event.at
                state.batches[number].offset_when_sent = self.budget.offset
            case PollJob() | ListJobs():
                state.last_poll_at = event.at
            case _:
                raise UnexpectedEventError(f"{type(event.request).__name__} is no request of an update")
        state.requests[state.name_of(event.request)] += 1
        self._turns.sent(event)

    def _record_answer(self, sent: Sent, event: Answered) -> None:
        request, answer, now, state = sent.request, event.answer, event.at, self._state
        if isinstance(request, SendLines):
            state.next_send_at = now + seconds(state.options.spacing_s)
        elif isinstance(request, (PollJob, ListJobs)):
            state.jobs.polls.asked(request, now)
        if isinstance(answer, Throttled):
            note_throttle(state, request, answer, now)
            return
        if isinstance(answer, Failed):
            note_failure(state, request, answer, sent_at=sent.at, now=now)
            return
        state.breaker.success()
        note_success(state, request, answer, now)
