"""The job queues as a list that is searched anew each time (J-1 to J-8, J-11, J-12)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.properties.world.stock_model import Identity, Line, StockModel, Where

from kibo_simulator import InventorySettings
from kibo_simulator.jobs import JobSettings

Work = tuple[Line, ...] | tuple[Identity, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(instant: int) -> str:
    """The form of the API's times (J-4)."""
    moment = _EPOCH + timedelta(microseconds=instant)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@dataclass
class Job:
    """One job; ``due`` is when it ends once it is at work."""

    number: int
    tenant: int
    location: str
    kind: str
    lines: tuple[Line, ...]
    items: tuple[Identity, ...]
    added: int
    started: int | None = None
    due: int | None = None
    turn: int = 0
    finished: int | None = None
    polls: int = 0

    @property
    def status(self) -> str:
        """J-4; nothing fails in this world."""
        return "SUCCESS" if self.finished is not None else "PENDING" if self.started is None else "WORKING"

    def body(self) -> dict[str, Any]:
        """The job as the queue calls answer it."""
        body: dict[str, Any] = {
            "jobID": self.number,
            "tenantID": self.tenant,
            "locationCode": self.location,
            "type": self.kind,
            "status": self.status,
            "success": self.status == "SUCCESS",
            "added": milliseconds(self.added),
            "hasData": True,
        }
        if self.started is not None:
            body["started"] = milliseconds(self.started)
        if self.lines:
            body["itemCount"] = len(self.lines)
        if self.finished is not None:
            body |= {"finished": milliseconds(self.finished), "messages": []}
        return body


@dataclass
class JobModel:
    """All jobs of all tenants, and what they do to stock when they end."""

    settings: JobSettings
    inventory: InventorySettings
    stock: Mapping[int, StockModel]
    jobs: list[Job] = field(default_factory=list)
    turns: int = 0

    def enqueue(
        self,
        now: int,
        tenant: int,
        locations: Iterable[str],
        kind: str,
        lines: tuple[Line, ...] = (),
        items: tuple[Identity, ...] = (),
    ) -> list[int]:
        """One job for each location (J-1, J-12). Ids have no holes here; J-11 asks only that they grow."""
        new = []
        for location in locations:
            job = Job(len(self.jobs) + 1, tenant, location, kind, lines, items, now)
            self.jobs.append(job)
            new.append(job.number)
            if self.settings.mode == "immediate":
                self._finish(job, now, now)
        self._start_ready(tenant, now)
        return new

    def settle(self, now: int) -> None:
        """End every job that is due by now, in order of time, and start those that wait for it (J-5, J-6)."""
        while (job := self._next()) is not None and job.due is not None and job.due <= now:
            assert job.started is not None
            self._finish(job, job.started, job.due)
            self._start_ready(job.tenant, job.due)

    def next_end(self) -> int | None:
        """When the next job ends (T-3)."""
        job = self._next()
        return None if job is None else job.due

    def polled(self, jobs: list[Job], now: int) -> None:
        """J-6, ``after_polls``: a job that was asked for often enough is done, with those before it at its location."""
        if self.settings.mode != "after_polls":
            return
        asked = [job for job in jobs if job.finished is None]
        for job in asked:
            job.polls += 1
        for job in asked:
            if job.polls >= self.settings.after_polls and job.finished is None:
                for other in self.jobs[: job.number]:
                    same = (other.tenant, other.location) == (job.tenant, job.location)
                    if same and other.finished is None:
                        self._finish(other, now, now)

    def newest(self, tenant: int, location: str | None, kinds: Iterable[str], limit: int, skip: int) -> list[Job]:
        """A tenant's jobs, newest first."""
        wanted = set(kinds)
        found = [
            job
            for job in reversed(self.jobs)
            if job.tenant == tenant and location in {None, job.location} and (not wanted or job.kind in wanted)
        ]
        return found[skip : skip + limit]

    def _next(self) -> Job | None:
        at_work = [job for job in self.jobs if job.due is not None and job.finished is None]
        return min(at_work, key=lambda job: (job.due, job.turn), default=None)

    def _start_ready(self, tenant: int, now: int) -> None:
        if self.settings.mode != "timed":
            return
        while True:
            own = [job for job in self.jobs if job.tenant == tenant and job.finished is None]
            busy = {job.location for job in own if job.started is not None}
            ready = [job for job in own if job.location not in busy]
            if not ready or len(busy) >= self.settings.workers:
                return
            job = ready[0]
            self.turns += 1
            records = len(job.lines) if job.lines else len(self._reach(job))
            seconds = self.settings.base_s + self.settings.per_record_s * records
            job.started, job.due, job.turn = now, now + max(1, round(seconds * 1_000_000)), self.turns

    def _reach(self, job: Job) -> list[Where]:
        return self.stock[job.tenant].matched(job.items, [job.location], patterns=self.inventory.patterns)

    def _finish(self, job: Job, started: int, finished: int) -> None:
        """J-6 and J-7: all of the effect at the end, on what matches then."""
        stock = self.stock[job.tenant]
        match job.kind:
            case "REFRESH":
                stock.refresh(job.location, job.lines, zero_missing=self.inventory.refresh_zero_missing)
            case "ADJUST":
                stock.adjust(job.location, job.lines)
            case _:
                stock.delete(self._reach(job))
        job.started, job.finished = started, finished
