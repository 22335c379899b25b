"""One bulk deletion as a state machine: what to do next is a function of what has happened (C1, C4 to C12, C15).

Laws of this file:
1. State changes only in `record`; `next_action` merely reads it. So replaying the events restores the state.
2. A batch goes live only after its own dry run was clean, and (the first time) after the whole scope was
   confirmed (WF-1, ST-2).
3. One request is under way at a time, of whatever kind: no two submissions can overlap (BA-4), and nothing
   can be under way when a 429 arrives (TH-2).
4. Submissions follow each other by time, never by the state of jobs (BA-5, BA-6).
5. Every wanted record ends as deleted, as not found, or as undone with a reason (ST-1).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

from kibo_client.account import Account
from kibo_client.batching import Batch, first_items, full_batches, halves, restricted
from kibo_client.breaker import Breaker
from kibo_client.budget import Budget
from kibo_client.errors import UnexpectedEventError
from kibo_client.events import (
    Accepted,
    Action,
    Answer,
    Answered,
    Confirmed,
    Done,
    DryRun,
    Event,
    Failed,
    JobSeen,
    JobsListed,
    ListJobs,
    PollJob,
    Request,
    Scope,
    ScopeFound,
    Sent,
    Submit,
    Throttled,
    Wait,
)
from kibo_client.identifiers import Kind
from kibo_client.job_book import JobBook
from kibo_client.options import BulkDeleteOptions
from kibo_client.polling import PollSchedule
from kibo_client.reconcile import jobs_of_lost_submission
from kibo_client.report import BulkDeleteReport, Progress, ThrottledRequest
from kibo_client.retry import Action as RetryAction
from kibo_client.retry import AnswerClass, Effect, action_for, backoff
from kibo_client.scope import Clean, ScopeJudge
from kibo_client.settlement import at, in_both, settle
from kibo_client.targets import Locations, Product, Target, Wanted
from kibo_client.units import MINUTE, QUARTER, SECOND, seconds
from kibo_client.work import Attempts, Work, WorkList

# While batches wait and quota is scarce, one poll in this time keeps an eye on the queue.
SCARCE_POLL_INTERVAL = QUARTER
UNKNOWN_POLL_INTERVAL = MINUTE
GATEWAY_TIMEOUTS_BEFORE_SPLIT = 2

KIND_NAMES: dict[type, str] = {
    DryRun: "dryRun",
    Submit: "delete",
    PollJob: "getJob",
    ListJobs: "listJobs",
}


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
        self.wanted = Wanted(targets)
        self.budget = budget
        self._options = options
        self._judge = ScopeJudge(self.wanted, options.batch_size, frozenset(map(Kind, options.identifiers)))
        self._work = WorkList()
        self._work.add(full_batches(first_items(self.wanted, self._judge.index), options.batch_size), generation=0)
        self._jobs = JobBook(PollSchedule(patience=seconds(options.job_patience_s), page_size=options.list_page_size))
        self._account = Account(self.wanted)
        self._breaker = Breaker()
        self._to_reconcile: deque[int] = deque()
        self._failed_scopes: list[tuple[Batch, dict[Product, Locations], int]] = []
        self._list_attempts = Attempts()
        self._scope: Scope | None = None
        self._confirmed: bool | None = None
        self._under_way: Sent | None = None
        self._next_submit_at = 0
        self._last_poll_at = 0
        self._stopped: str | None = None
        self._began_at: int | None = None
        self._ended_at = 0

    def __repr__(self) -> str:
        return f"<BulkDelete {self._work!r}, {self._jobs!r}{', stopped' if self._stopped else ''}>"

    # Reading

    def batch(self, number: int) -> Batch:
        """The batch that a DryRun or Submit means."""
        return self._work[number].batch

    @property
    def under_way(self) -> Request | None:
        """The request that was sent and has not been answered."""
        return self._under_way.request if self._under_way else None

    @property
    def throttles(self) -> Sequence[ThrottledRequest]:
        """Every 429 so far."""
        return self._account.throttled

    @property
    def anything_submitted(self) -> bool:
        """Whether a live deletion may have reached the server."""
        return self._account.requests[KIND_NAMES[Submit]] > 0

    def scope(self) -> Scope:
        """What the dry runs found and the submissions at hand would delete."""
        return self._account.scope(self._work[number].found for number in self._work.to_submit)

    def progress(self, now: int) -> Progress:
        """Where the operation stands."""
        ended = Counter(job.status for job in self._jobs)
        return Progress(
            phase=self._phase(),
            batches=len(self._work),
            checked=len(self._work) - len(self._work.to_check),
            submitted=self._account.accepted,
            jobs=len(self._jobs),
            jobs_open=len(self._jobs.polls),
            jobs_failed=ended["FAILED"],
            requests=self._account.requests.total(),
            throttled=len(self._account.throttled),
            minute_room=self.budget.minute_room(now),
            hour_room=self.budget.hour_room(now),
        )

    def _phase(self) -> str:
        if self._confirmed is None:
            return "finding the scope"
        return "submitting" if self._work.to_submit or self._work.to_check else "watching jobs"

    def report(self) -> BulkDeleteReport:
        """The account of the run as it stands; complete once `next_action` says Done."""
        return self._account.report(
            scope=self._scope if self._scope or self._work.to_check else self.scope(),
            stopped=self._stopped,
            dry_run=self._options.dry_run_only,
            spacing=seconds(self._options.spacing_s),
            jobs=list(self._jobs),
            budget=self.budget,
            began_at=self._began_at or 0,
            ended_at=self._ended_at,
        )

    def next_action(self, now: int) -> Action:
        """What to do now: send a request, have the scope confirmed, wait, or nothing any more."""
        assert self._under_way is None, "the request under way has to be answered first"
        if self._stopped is not None:
            return Done()
        if self._confirmed is None and not self._work.to_check:
            return self.scope() if self._work.to_submit and not self._options.dry_run_only else Done()
        slot = max(self.budget.earliest(now), self._breaker.pause, key=lambda slot: slot.at)
        candidates = list(self._candidates(now))
        if not candidates:
            return Done()
        moment = max(now, slot.at)
        ready = next((request for request, due_at, _ in candidates if due_at <= moment), None)
        if ready is not None:
            return ready if slot.at <= now else Wait(slot.at, slot.why)
        _, due_at, why = min(candidates, key=lambda candidate: candidate[1])
        return Wait(due_at, why)

    def _candidates(self, now: int) -> Iterator[tuple[Request, int, str]]:
        """What could be sent, most urgent first, with the moment it is due and what it waits for."""
        if self._to_reconcile:
            due_at = max(self._jobs.polls.list_due_at(), self._list_attempts.retry_at)
            yield ListJobs(self._options.list_page_size, 0), due_at, "asking what became of a lost submission"
        if self._confirmed and (work := self._work.next_submission(now)) is not None:
            if work.attempts.retry_at <= self._next_submit_at:
                yield Submit(work.number), self._next_submit_at, "the spacing between two submissions"
            else:
                yield Submit(work.number), work.attempts.retry_at, "backing off before submitting again"
        if (work := self._work.next_check(now)) is not None:
            yield DryRun(work.number), work.attempts.retry_at, "backing off before the dry run"
        room = self.budget.hour_room(now)
        poll = self._jobs.polls.next(affordable=5 if room is None else room // 10)
        if poll is not None:
            attempts = self._attempts_of(poll.request)
            due_at = max(poll.due_at, attempts.retry_at)
            why = f"the next look at {len(self._jobs.polls)} open jobs"
            if self._work.to_submit or self._work.to_check:
                due_at = max(due_at, self._spare_quota_at(now, room))
                why = f"{len(self._work.to_submit)} batches go before polls"
            yield poll.request, due_at, why

    def _spare_quota_at(self, now: int, room: int | None) -> int:
        """When a poll may be squeezed in between submissions: at once if it delays none, else now and then."""
        if room is None:
            return self._last_poll_at + UNKNOWN_POLL_INTERVAL
        still_to_come = len(self._work.to_submit) + 2 * len(self._work.to_check) + min(len(self._jobs.polls), 10)
        per_minute = self.budget.requests_per_minute
        submissions_per_minute = MINUTE // seconds(self._options.spacing_s)
        if room > 2 * still_to_come and (per_minute is None or per_minute > submissions_per_minute):
            return now
        return self._last_poll_at + SCARCE_POLL_INTERVAL

    # Changing

    def record(self, event: Event) -> None:
        """Take note of something that happened.

        Raises:
            UnexpectedEventError: It cannot have happened in this state.
        """
        if self._began_at is None:
            self._began_at = event.at
        self._ended_at = max(self._ended_at, event.at)
        match event:
            case Sent():
                self._record_sent(event)
            case Answered():
                if self._under_way is None:
                    raise UnexpectedEventError("an answer came, but no request is under way")
                request, self._under_way = self._under_way, None
                self._record_answer(request, event)
                self._advance(event.at)
            case Confirmed():
                if self._work.to_check or self._confirmed is not None:
                    raise UnexpectedEventError("the scope was confirmed before it was found, or twice")
                self._scope, self._confirmed = self.scope(), event.agreed
                if not event.agreed:
                    self._stop("the scope was not confirmed")

    def _record_sent(self, event: Sent) -> None:
        if self._under_way is not None:
            raise UnexpectedEventError("a request was sent while another was under way")
        match event.request:
            case DryRun(batch=number) if number not in self._work.to_check:
                raise UnexpectedEventError(f"batch {number} was dry-run, but has no need of it")
            case Submit(batch=number) if not (self._confirmed and number in self._work.to_submit):
                raise UnexpectedEventError(f"batch {number} was submitted, but is not ready for it")
            case Submit(batch=number):
                self._work[number].sent_at = event.at
            case PollJob() | ListJobs():
                self._last_poll_at = event.at
            case _:
                pass
        self._under_way = event
        self._account.requests[KIND_NAMES[type(event.request)]] += 1
        self.budget.sent(event.at)

    def _record_answer(self, sent: Sent, event: Answered) -> None:
        request, answer, now = sent.request, event.answer, event.at
        if event.date is not None:
            self.budget.observe_date(sent_at=sent.at, received_at=now, date=event.date)
        if isinstance(request, Submit):
            self._work[request.batch].ended_at = now
            self._next_submit_at = now + seconds(self._options.spacing_s)
        elif isinstance(request, (PollJob, ListJobs)):
            self._jobs.polls.asked(request, now)
        if isinstance(answer, Throttled):
            self.budget.throttled(now, answer.retry_after_s)
            self._note_throttle(request, answer, now)
            return
        uncounted = {AnswerClass.UNAUTHORIZED, AnswerClass.NOT_SENT, AnswerClass.UNKNOWN}
        self.budget.answered(now, counted=not (isinstance(answer, Failed) and answer.reason in uncounted))
        if isinstance(answer, Failed):
            self._note_failure(request, answer, now)
            return
        self._breaker.success()
        self._note_success(request, answer, now)

    def _note_success(self, request: Request, answer: Answer, now: int) -> None:
        match request, answer:
            case DryRun(batch=number), ScopeFound():
                self._checked(self._work[number], answer)
            case Submit(batch=number), Accepted():
                self._submitted(self._work[number], answer, now)
            case PollJob(), JobSeen():
                self._settle_all(self._jobs.saw((answer,), now))
            case ListJobs(), JobsListed():
                self._list_attempts = Attempts()
                self._settle_all(self._jobs.saw(answer.jobs, now))
                self._jobs.polls.listed(request, [job.job_id for job in answer.jobs], now)
                if self._to_reconcile:
                    self._reconcile(self._work[self._to_reconcile.popleft()], answer.jobs, now)
            case _:
                raise UnexpectedEventError(f"{type(answer).__name__} is no answer to {type(request).__name__}")

    def _checked(self, work: Work, answer: ScopeFound) -> None:
        self._work.to_check.remove(work.number)
        verdict = self._judge.judge(work.batch, answer)
        work.attempts = Attempts()
        if isinstance(verdict, Clean):
            self._account.gone(verdict.missing)
            # What it found before a submission whose answer was lost, and finds no more, that submission has deleted.
            self._account.deleted(in_both(work.found, verdict.missing))
            work.found = dict(verdict.found)
            if work.found:
                self._work.to_submit.append(work.number)
            return
        self._account.leave_all(verdict.undone)
        self._work.add(verdict.batches, generation=work.generation)

    def _submitted(self, work: Work, answer: Accepted, now: int) -> None:
        self._work.to_submit.remove(work.number)
        self._account.accepted += 1
        if answer.job_ids is None:
            self._lost_track(work, now)
            return
        work.attempts = Attempts()
        self._take_jobs(work, answer.job_ids, now)

    def _take_jobs(self, work: Work, job_ids: Iterable[int], now: int) -> None:
        if not self._jobs.take(work.number, job_ids, now):
            self._settle(work)

    def _settle_all(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._settle(self._work[number])

    def _settle(self, work: Work) -> None:
        if work.adopted:
            # They may be somebody else's jobs after all: only a dry run proves what is left.
            work.adopted = False
            self._work.to_check.append(work.number)
            return
        outcome = settle(work.found_locations, self._jobs.of_batch(work.number))
        self._account.deleted(at(work.found, outcome.deleted))
        self._account.gone(at(work.found, outcome.gone))
        for location, reason in outcome.unfinished.items():
            self._account.leave(at(work.found, (location,)), reason)
        if work.generation < self._options.max_resubmissions:
            if failed := at(work.found, outcome.failed):
                self._failed_scopes.append((work.batch, failed, work.generation + 1))
            return
        for location, reason in outcome.failed.items():
            self._account.leave(at(work.found, (location,)), reason)

    def _lost_track(self, work: Work, now: int) -> None:
        """The batch may be at work without our knowing the job ids: ask the queue before anything else."""
        work.lost_answers += 1
        if work.lost_answers >= self._options.max_attempts:
            self._account.leave(work.found, "its submissions were never answered with job ids")
            return
        self._to_reconcile.append(work.number)
        self._list_attempts.retry_at = max(self._list_attempts.retry_at, now + SECOND)

    def _reconcile(self, work: Work, jobs: Sequence[JobSeen], now: int) -> None:
        """Adopt the jobs of a lost submission if the queue shows one per location; else check the batch afresh."""
        ours = jobs_of_lost_submission(work, jobs, self._jobs, self.budget.offset)
        if {job.location_code for job in ours} != work.found_locations:
            self._recheck(work, now)
            return
        work.adopted = True
        self._take_jobs(work, [job.job_id for job in ours], now)
        self._settle_all(self._jobs.saw(ours, now))

    def _recheck(self, work: Work, now: int) -> None:
        work.attempts.retry_at = now + backoff(work.lost_answers, 0.0)
        self._work.to_check.append(work.number)

    def _note_throttle(self, request: Request, answer: Throttled, now: int) -> None:
        self._account.throttled.append(ThrottledRequest(now, answer.retry_after_s, KIND_NAMES[type(request)]))
        attempts = self._attempts_of(request)
        attempts.throttles += 1
        if attempts.throttles > self._options.max_throttles:
            self._give_up(request, f"it was throttled {attempts.throttles} times", now)

    def _note_failure(self, request: Request, answer: Failed, now: int) -> None:
        said = f"{answer.status} {answer.message}" if answer.status else answer.message
        effect = Effect.ABSOLUTE if isinstance(request, Submit) else Effect.NONE
        attempts = self._attempts_of(request)
        action = action_for(answer.reason, effect)
        if action is RetryAction.STOP:
            self._stop(said)
            return
        if action is RetryAction.RETRY_WITH_NEW_TOKEN:
            if attempts.token_renewed:
                self._give_up(request, f"a new token was refused as well: {said}", now)
            attempts.token_renewed = True
            return
        if action is RetryAction.GIVE_UP:
            self._give_up(request, said, now)
            return
        attempts.failures += 1
        attempts.retry_at = now + backoff(attempts.failures, answer.jitter)
        if self._breaker.failure(now, answer.jitter):
            self._stop(f"too many requests in a row failed, the last one so: {said}")
        if attempts.failures >= self._options.max_attempts:
            self._give_up(request, f"given up after {attempts.failures} attempts: {said}", now)
        elif action is RetryAction.RECONCILE:
            assert isinstance(request, Submit), "only submissions need to be reconciled"
            self._work.to_submit.remove(request.batch)
            self._lost_track(self._work[request.batch], now)
        elif answer.status == 504 and isinstance(request, (DryRun, Submit)):
            self._split_if_too_heavy(request, attempts)

    def _split_if_too_heavy(self, request: DryRun | Submit, attempts: Attempts) -> None:
        """A gateway timeout means that the request was too much at once (J-9): two halves may pass."""
        attempts.gateway_timeouts += 1
        work = self._work[request.batch]
        parts = halves(work.batch)
        if attempts.gateway_timeouts < GATEWAY_TIMEOUTS_BEFORE_SPLIT or not parts:
            return
        (self._work.to_check if isinstance(request, DryRun) else self._work.to_submit).remove(request.batch)
        self._work.add(parts, generation=work.generation, retry_at=attempts.retry_at)

    def _give_up(self, request: Request, reason: str, now: int) -> None:
        match request:
            case DryRun(batch=number):
                self._work.to_check.remove(number)
                self._account.leave(self._items_of(number), f"its dry run failed: {reason}")
            case Submit(batch=number):
                self._work.to_submit.remove(number)
                self._account.leave(self._work[number].found, f"its submission failed: {reason}")
            case PollJob(job_id=job_id):
                self._settle_all(self._jobs.give_up((job_id,), reason))
            case ListJobs():
                self._jobs.polls.list_is_useless()
                self._list_attempts = Attempts()
                while self._to_reconcile:
                    self._recheck(self._work[self._to_reconcile.popleft()], now)

    def _items_of(self, number: int) -> dict[Product, Locations]:
        return {
            product: self.wanted[product] & item.locations
            for item in self._work[number].batch.items
            for product in item.products
        }

    def _advance(self, now: int) -> None:
        """What follows by itself: jobs are given up, and the scope of failed ones is taken up again (JB-5)."""
        if self._jobs.polls.overdue(now):
            reason = f"not ended although {self._options.job_patience_s:g} s were waited"
            self._settle_all(self._jobs.give_up(self._jobs.polls.outstanding, reason))
        busy = self._work.to_check or self._work.to_submit or self._to_reconcile or len(self._jobs.polls)
        if busy or not self._failed_scopes:
            return
        for batch, failed, generation in self._failed_scopes:
            locations = frozenset().union(*failed.values())
            self._work.add([restricted(batch, failed, locations)], generation=generation)
        self._failed_scopes.clear()

    def _attempts_of(self, request: Request) -> Attempts:
        match request:
            case DryRun(batch=number) | Submit(batch=number):
                return self._work[number].attempts
            case PollJob(job_id=job_id):
                return self._jobs.attempts(job_id)
            case ListJobs():
                return self._list_attempts

    def _stop(self, reason: str) -> None:
        self._stopped = reason
