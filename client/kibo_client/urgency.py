"""What could be sent next, and what goes first: submissions, dry runs, then polls as far as quota allows (C9, C10)."""

from __future__ import annotations

from collections.abc import Iterator

from kibo_client.events import DryRun, ListJobs, Request, Submit
from kibo_client.operation import Operation
from kibo_client.units import MINUTE, QUARTER, SECOND, seconds

# While batches wait and quota is scarce, one poll in this time keeps an eye on the queue.
SCARCE_POLL_INTERVAL = QUARTER
UNKNOWN_POLL_INTERVAL = MINUTE
# No submission leaves so shortly before off-peak hours end.
OFF_PEAK_MARGIN = 2 * SECOND


def candidates(operation: Operation, now: int) -> Iterator[tuple[Request, int, str]]:
    """What could be sent, most urgent first, with the moment it is due and what it waits for."""
    if operation.to_reconcile:
        due_at = max(operation.jobs.polls.list_due_at(), operation.list_attempts.retry_at)
        yield ListJobs(operation.options.list_page_size, 0), due_at, "asking what became of a lost submission"
    if operation.confirmed and (work := operation.work.next_submission(now)) is not None:
        due_at, why = operation.next_submit_at, "the spacing between two submissions"
        if work.attempts.retry_at > due_at:
            due_at, why = work.attempts.retry_at, "backing off before submitting again"
        opens_at = _off_peak_at(operation, max(now, due_at))
        if opens_at > max(now, due_at):
            due_at, why = opens_at, f"the off-peak hours, {operation.options.off_peak}"
        if work.checked_at + seconds(operation.options.recheck_after_s) < max(now, due_at):
            yield DryRun(work.number), due_at, f"{why}, and a fresh dry run before"
        else:
            yield Submit(work.number), due_at, why
    if (work := operation.work.next_check(now)) is not None:
        yield DryRun(work.number), work.attempts.retry_at, "backing off before the dry run"
    room = operation.budget.hour_room(now)
    poll = operation.jobs.polls.next(affordable=5 if room is None else room // 10)
    if poll is not None:
        attempts = operation.attempts_of(poll.request)
        due_at = max(poll.due_at, attempts.retry_at)
        why = f"the next look at {len(operation.jobs.polls)} open jobs"
        if operation.work.to_submit or operation.work.to_check:
            due_at = max(due_at, _spare_quota_at(operation, now, room))
            why = f"{len(operation.work.to_submit)} batches go before polls"
        yield poll.request, due_at, why


def _off_peak_at(operation: Operation, moment: int) -> int:
    """The first moment from this one on that surely lies in off-peak hours by the server's clock (C17)."""
    window = operation.options.off_peak
    if window is None:
        return moment
    offset = operation.budget.offset
    low, high = (offset.low, offset.high) if offset is not None else (0, 0)
    # On the way to the server the window must not close either.
    if window.opens_at(moment + high + OFF_PEAK_MARGIN) != moment + high + OFF_PEAK_MARGIN:
        return window.opens_at(moment + high + OFF_PEAK_MARGIN) - low
    opens_at = window.opens_at(moment + low)
    return moment if opens_at == moment + low else opens_at - low


def _spare_quota_at(operation: Operation, now: int, room: int | None) -> int:
    """When a poll may be squeezed in between submissions: at once if it delays none, else now and then."""
    if room is None:
        return operation.last_poll_at + UNKNOWN_POLL_INTERVAL
    work = operation.work
    still_to_come = len(work.to_submit) + 2 * len(work.to_check) + min(len(operation.jobs.polls), 10)
    per_minute = operation.budget.requests_per_minute
    submissions_per_minute = MINUTE // seconds(operation.options.spacing_s)
    if room > 2 * still_to_come and (per_minute is None or per_minute > submissions_per_minute):
        return now
    return operation.last_poll_at + SCARCE_POLL_INTERVAL
