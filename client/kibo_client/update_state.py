"""The state of one bulk refresh or adjustment: what every deciding part of it reads and changes (C20, RT-5)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from kibo_client.breaker import Breaker
from kibo_client.budget import Budget
from kibo_client.clock_offset import ClockOffset
from kibo_client.events import ListJobs, PollJob, Request, SendLines
from kibo_client.job_book import JobBook
from kibo_client.lines import Line, LineBatch, batches_of, merged
from kibo_client.lost_update import LostUpdate
from kibo_client.polling import PollSchedule
from kibo_client.refusals import RefusalCount
from kibo_client.report import ThrottledRequest
from kibo_client.units import seconds
from kibo_client.update_options import UpdateOptions
from kibo_client.work import Attempts


@dataclass(slots=True)
class LinesOnTheirWay:
    """A batch, and how it has fared.

    Attributes:
        number: Its place in the list; requests name it by this.
        batch: The lines.
        generation: 0 at first, one more for each failed job that made it necessary to send the lines again.
        attempts: How its request has fared.
        sent_at: When it was last sent.
        offset_when_sent: What was known of the server's clock then.
        lost_answers: How often a submission of it was not answered.
    """

    number: int
    batch: LineBatch
    generation: int
    attempts: Attempts = field(default_factory=Attempts)
    sent_at: int = 0
    offset_when_sent: ClockOffset | None = None
    lost_answers: int = 0


@dataclass(frozen=True, slots=True)
class UndoneLines:
    """Lines that were not applied, and why; `uncertain` says that nobody knows whether they were."""

    lines: tuple[Line, ...]
    reason: str
    uncertain: bool = False


class UpdateState:
    """One bulk refresh or adjustment as it stands.

    Attributes:
        lines: All lines, those of one record made one.
        batches: All batches there ever were; one that is divided or sent again gets successors.
        to_send: Those that need to be sent.
        lost: Submissions whose answer was lost, by location, until their outcome is known.
        applied: Batches whose job succeeded, by number.
        undone: Lines not applied.
        confirmed: Whether the work was agreed to; None before it was asked.
        stopped: Why the run ended before its time.
    """

    def __init__(self, lines: Iterable[Line], options: UpdateOptions, budget: Budget) -> None:
        self.options = options
        self.budget = budget
        self.lines = merged(lines, options.kind)
        self.batches: list[LinesOnTheirWay] = []
        self.to_send: deque[int] = deque()
        self.add(batches_of(self.lines, options.lines_per_request), generation=0)
        self.jobs = JobBook(PollSchedule(patience=seconds(options.job_patience_s), page_size=options.list_page_size))
        self.lost: dict[str, LostUpdate] = {}
        self.applied: set[int] = set()
        self.undone: list[UndoneLines] = []
        self.requests: Counter[str] = Counter()
        self.throttled: list[ThrottledRequest] = []
        self.accepted = 0
        self.breaker = Breaker()
        self.refusals = RefusalCount()
        self.list_attempts = Attempts()
        self.confirmed: bool | None = None
        self.stopped: str | None = self._out_of_bounds()
        self.next_send_at = 0
        self.last_poll_at = 0

    def __repr__(self) -> str:
        return f"<UpdateState {len(self.to_send)} of {len(self.batches)} to send, {self.jobs!r}>"

    def _out_of_bounds(self) -> str | None:
        count, expected, most = len(self.lines), self.options.expected_records, self.options.max_records
        if expected is not None and count != expected:
            return f"there are {count:,} records to {self.options.kind.value} where {expected:,} were expected"
        if most is not None and count > most:
            return f"there are {count:,} records to {self.options.kind.value}, more than the {most:,} allowed"
        return None

    def add(self, batches: Iterable[LineBatch], *, generation: int, retry_at: int = 0, lost_answers: int = 0) -> None:
        """Take on batches to be sent."""
        for batch in batches:
            if batch.lines:
                way = LinesOnTheirWay(len(self.batches), batch, generation, lost_answers=lost_answers)
                way.attempts.retry_at = retry_at
                self.batches.append(way)
                self.to_send.append(way.number)

    def next_to_send(self, now: int) -> int | None:
        """The batch to send next: the first whose turn has come, else the one whose turn comes first."""
        free = [number for number in self.to_send if self.batches[number].batch.location_code not in self.lost]
        first = next((number for number in free if self.batches[number].attempts.retry_at <= now), None)
        return min(free, key=lambda n: self.batches[n].attempts.retry_at, default=None) if first is None else first

    def may_send(self, number: int) -> bool:
        """Whether a batch is to be sent, and nothing is unclear at its location."""
        return number in self.to_send and self.batches[number].batch.location_code not in self.lost

    def attempts_of(self, request: Request) -> Attempts:
        """How this request has fared."""
        match request:
            case SendLines(batch=number):
                return self.batches[number].attempts
            case PollJob(job_id=job_id):
                return self.jobs.attempts(job_id)
            case _:
                return self.list_attempts

    def name_of(self, request: Request) -> str:
        """What a request is called in reports."""
        names = {SendLines: self.options.kind.value, PollJob: "getJob", ListJobs: "listJobs"}
        return names[type(request)]

    def leave(self, number: int, reason: str, *, uncertain: bool = False) -> None:
        """The lines of a batch are left undone."""
        self.undone.append(UndoneLines(self.batches[number].batch.lines, reason, uncertain))

    def leave_location(self, location_code: str, reason: str) -> None:
        """Whatever is still to be sent for a location is left undone."""
        for number in [n for n in self.to_send if self.batches[n].batch.location_code == location_code]:
            self.to_send.remove(number)
            self.leave(number, reason)

    def settle(self, numbers: Iterable[int]) -> None:
        """Enter what became of batches whose job has ended or been given up."""
        for number in numbers:
            way = self.batches[number]
            troubled = next((job for job in self.jobs.of_batch(number) if job.trouble is not None), None)
            if troubled is None:
                self.applied.add(number)
            elif troubled.gave_up is None and way.generation < self.options.max_resubmissions:
                self.add([way.batch], generation=way.generation + 1)
            else:
                self.leave(number, troubled.trouble or "", uncertain=troubled.gave_up is not None)

    def give_up_stuck_jobs(self, now: int) -> None:
        """Ask no more about jobs of which none has ended for too long."""
        if self.jobs.polls.overdue(now):
            reason = f"not ended although {self.options.job_patience_s:g} s were waited"
            self.settle(self.jobs.give_up(self.jobs.polls.outstanding, reason))
