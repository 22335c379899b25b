"""Works the queue: starts jobs when their turn comes and carries out their effect when they end (J-1 to J-8, J-11).

Everything happens at instants on the agenda; nothing depends on a background task (T-3). The database holds the
truth; the queues here are its index of unfinished jobs and can be rebuilt from it at any time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from kibo_simulator.agenda import Agenda, Entry
from kibo_simulator.exporting.export_work import ExportWork
from kibo_simulator.file_work import FileWork
from kibo_simulator.job_fates import JobFates
from kibo_simulator.job_work import JobWorker, Outcome, Work, decode_work, encode_work
from kibo_simulator.jobs import JobQueue, JobSettings, JobType, duration
from kibo_simulator.steps import Steps, finish
from kibo_simulator.stock.records import NO_RECORDS, Location, RecordSet
from kibo_simulator.stock_work import DeleteWork
from kibo_simulator.store.database import Database
from kibo_simulator.store.jobs import JobRow, JobStore
from kibo_simulator.store.stock import StockStore


@dataclass(slots=True)
class _Unfinished:
    """What must be known of a job until it ends; ``started`` is None until it begins."""

    tenant_id: int
    location_id: int
    location_code: str
    payload_id: int
    started: int | None = None


class _LoadedWork:
    """A payload in memory, with the products that a delete matches under one version of the product table."""

    __slots__ = ("records", "version", "work")

    def __init__(self, work: Work, version: int = -1, records: RecordSet = NO_RECORDS) -> None:
        self.work = work
        self.version = version
        self.records = records


class JobRunner:
    """The unfinished jobs of all tenants, and what ends them."""

    def __init__(
        self,
        database: Database,
        stock: StockStore,
        jobs: JobStore,
        worker: JobWorker,
        agenda: Agenda,
        settings: JobSettings,
        seed: int,
        fates: JobFates,
    ) -> None:
        self._database = database
        self._stock = stock
        self._jobs = jobs
        self.worker = worker
        self._agenda = agenda
        self._settings = settings
        self._seed = seed
        self._fates = fates
        self._queues: dict[int, JobQueue] = {}
        self._unfinished: dict[int, _Unfinished] = {}
        self._loaded: dict[int, _LoadedWork] = {}
        self._users: Counter[int] = Counter()
        self._entries: dict[int, Entry] = {}
        self._beside: set[int] = set()

    def __repr__(self) -> str:
        return f"<JobRunner {len(self._unfinished)} unfinished jobs>"

    @property
    def idle(self) -> bool:
        """Whether every job has reached its end."""
        return not self._unfinished

    @property
    def working(self) -> bool:
        """Whether the end of some job is on the agenda."""
        return bool(self._entries)

    def reload(self, now: int) -> None:
        """Build the queues anew from the database: after a restart, or when a transaction was undone (D-1)."""
        for entry in self._entries.values():
            self._agenda.cancel(entry)
        self._queues.clear()
        self._unfinished.clear()
        self._loaded.clear()
        self._users.clear()
        self._entries.clear()
        self._fates.reload()
        for job in self._jobs.unfinished():
            self._remember(job)
            queue = self._queue(job.tenant_id)
            if job.id in self._beside:
                queue.resume(job.id, job.location_id)
            elif job.status == "WORKING" and job.due is not None:
                queue.resume(job.id, job.location_id)
                self._plan_end(job.id, job.due)
            elif self._fates.holds(job.id):
                queue.resume(job.id, job.location_id)
            else:
                queue.enqueue(job.id, job.location_id)
        for tenant_id in self._queues:
            self._start_ready(tenant_id, now)
        self.release(now)

    def release(self, now: int) -> None:
        """Let jobs go on that were held by a fault that is there no more: they take their time from now."""
        for job_id in self._fates.release():
            job = self._unfinished[job_id]
            due = now + duration(self._settings, self._seed, job_id, self._size(job))
            job.started = now if job.started is None else job.started
            self._jobs.start(job_id, job.started, due)
            self._plan_end(job_id, due)

    def enqueue(
        self,
        tenant_id: int,
        locations: Sequence[Location],
        *,
        job_type: JobType,
        work: Work,
        item_count: int | None,
        now: int,
        meant: RecordSet | None = None,
        original_filename: str | None = None,
    ) -> list[int]:
        """Enqueue one job for each location and return their ids, in the order given (J-1, J-11, J-12).

        ``meant`` is what a deletion means at this moment, where the caller has worked it out already; jobs that come
        from a file carry its name.
        """
        if not locations:
            return []
        payload_id = self._jobs.add_payload(encode_work(work))
        self._loaded[payload_id] = (
            _LoadedWork(work) if meant is None else _LoadedWork(work, self._stock.products_version, meant)
        )
        job_ids = self._jobs.add(
            tenant_id,
            [(location.id, location.code) for location in locations],
            job_type=job_type,
            added=now,
            item_count=item_count,
            payload_id=payload_id,
            original_filename=original_filename,
        )
        queue = self._queue(tenant_id)
        self._users[payload_id] = len(job_ids)
        for job_id, location in zip(job_ids, locations, strict=True):
            self._unfinished[job_id] = _Unfinished(tenant_id, location.id, location.code, payload_id)
            if self._settings.mode == "immediate":
                self._meet(job_id, now)
                finish(self._complete(job_id, started=now, finished=now))
            else:
                queue.enqueue(job_id, location.id)
        self._start_ready(tenant_id, now)
        return job_ids

    def run_at_once(
        self, tenant_id: int, location: Location, *, job_type: JobType, work: Work, item_count: int | None, now: int
    ) -> int:
        """Carry work out now and leave a finished job behind, for requests that do not want to wait; its id."""
        (job_id,) = self._jobs.add(
            tenant_id,
            [(location.id, location.code)],
            job_type=job_type,
            added=now,
            item_count=item_count,
            payload_id=None,
        )
        if self._fates.open:
            self._fates.decide(
                job_id,
                tenant=tenant_id,
                job_type=job_type,
                location=location.code,
                payload=partial(encode_work, work),
                duration=None,
                now=now,
            )
        told = self._fates.end(job_id)
        messages = self.worker.apply(tenant_id, location.id, work, now) if told is None else [told]
        self._jobs.finish(
            job_id, status="FAILED" if messages else "SUCCESS", started=now, finished=now, messages=messages
        )
        return job_id

    def polled(self, jobs: Sequence[JobRow], now: int) -> bool:
        """Note that jobs were asked for; True when that brought any of them to its end (J-6, ``after_polls``)."""
        if self._settings.mode != "after_polls":
            return False
        open_jobs = [job for job in jobs if job.id in self._unfinished]
        self._jobs.count_polls([job.id for job in open_jobs])
        ended = False
        for job in open_jobs:
            if job.polls + 1 >= self._settings.after_polls and job.id in self._unfinished:
                for job_id in self._queue(job.tenant_id).take_through(job.id, job.location_id):
                    self._meet(job_id, now)
                    finish(self._complete(job_id, started=now, finished=now))
                    ended = True
        return ended

    def _queue(self, tenant_id: int) -> JobQueue:
        queue = self._queues.get(tenant_id)
        if queue is None:
            queue = self._queues[tenant_id] = JobQueue(self._settings.workers)
        return queue

    def _remember(self, job: JobRow) -> None:
        assert job.payload_id is not None
        self._unfinished[job.id] = _Unfinished(
            job.tenant_id, job.location_id, job.location_code, job.payload_id, job.started
        )
        self._users[job.payload_id] += 1

    def _work(self, payload_id: int) -> _LoadedWork:
        loaded = self._loaded.get(payload_id)
        if loaded is None:
            loaded = self._loaded[payload_id] = _LoadedWork(decode_work(self._jobs.payload(payload_id)))
        return loaded

    def _start_ready(self, tenant_id: int, now: int) -> None:
        if self._settings.mode != "timed":
            return
        queue = self._queue(tenant_id)
        while (job_id := queue.start_next()) is not None:
            job = self._unfinished[job_id]
            takes: int | None = duration(self._settings, self._seed, job_id, self._size(job))
            if self._fates.open:
                takes = self._meet(job_id, now, takes)
            job.started = now
            self._jobs.start(job_id, now, None if takes is None else now + takes)
            if takes is not None:
                self._plan_end(job_id, now + takes)

    def _meet(self, job_id: int, now: int, takes: int | None = None) -> int | None:
        """The fault that a job may meet as it begins; how long it takes then, None when it is held."""
        if not self._fates.open:
            return takes
        job = self._unfinished[job_id]
        row = self._jobs.get(job.tenant_id, job_id)
        assert row is not None
        return self._fates.decide(
            job_id,
            tenant=job.tenant_id,
            job_type=row.type,
            location=job.location_code,
            payload=partial(self._jobs.payload, job.payload_id),
            duration=takes,
            now=now,
        )

    def _plan_end(self, job_id: int, due: int) -> None:
        self._entries[job_id] = self._agenda.schedule(due, partial(self._end, job_id))

    def _size(self, job: _Unfinished) -> int:
        """How many records the job is about to touch: what its duration depends on (J-6)."""
        loaded = self._work(job.payload_id)
        return self.worker.size(job.location_id, loaded.work, self._meant(job, loaded))

    def _meant(self, job: _Unfinished, loaded: _LoadedWork) -> RecordSet:
        """The records that a delete means now, whatever the location (J-7); worked out once per product version."""
        if isinstance(loaded.work, DeleteWork) and loaded.version != self._stock.products_version:
            loaded.records = self._stock.meant(job.tenant_id, loaded.work.items, patterns=loaded.work.patterns)
            loaded.version = self._stock.products_version
        return loaded.records

    def _end(self, job_id: int, at: int) -> Iterator[None]:
        """A job at work is due: its effect and its end are one transaction, however many steps it takes (J-6)."""
        job = self._unfinished[job_id]
        work = self._work(job.payload_id).work
        if isinstance(work, ExportWork) and self.worker.delivers_later:
            self._entries.pop(job_id, None)
            self._beside.add(job_id)
            return self.worker.exporting_beside(job.tenant_id, work, at, partial(self._settle, job_id))
        return self._end_here(job_id, at, None)

    def _settle(self, job_id: int, outcome: Outcome, at: int) -> None:
        """An export has come to its end elsewhere."""
        self._beside.discard(job_id)
        if job_id in self._unfinished:
            finish(self._end_here(job_id, at, outcome))

    def _end_here(self, job_id: int, at: int, outcome: Outcome | None) -> Steps[None]:
        job = self._unfinished[job_id]
        with self._database.transaction():
            self._entries.pop(job_id, None)
            yield from self._complete(job_id, started=job.started or at, finished=at, outcome=outcome)
            self._queue(job.tenant_id).finish(job.location_id)
            self._start_ready(job.tenant_id, at)
            if self._database.durable:
                # A restart must not find a job that ended in the future (T-2).
                self._database.set_meta("clock", str(at))

    def _complete(self, job_id: int, *, started: int, finished: int, outcome: Outcome | None = None) -> Steps[None]:
        job = self._unfinished.pop(job_id)
        work = self._work(job.payload_id).work
        notes = work.notes if isinstance(work, FileWork) else ()
        told = self._fates.end(job_id)
        if told is not None:
            messages, notes = [told], ()
        elif outcome is not None:
            messages, notes = outcome
        elif isinstance(work, ExportWork):
            messages, notes = yield from self.worker.exporting(job.tenant_id, work, finished)
        else:
            messages = yield from self._apply(job, finished)
        self._jobs.finish(
            job_id,
            status="FAILED" if messages else "SUCCESS",
            started=started,
            finished=finished,
            messages=messages or notes,
        )
        self._users[job.payload_id] -= 1
        if not self._users[job.payload_id]:
            del self._users[job.payload_id]
            self.worker.forget(work)
            self._loaded.pop(job.payload_id, None)
            self._jobs.drop_payload(job.payload_id)

    def _apply(self, job: _Unfinished, finished: int) -> Steps[list[str]]:
        """Carry out the effect; messages mean that it failed and touched nothing (J-8)."""
        location = self._stock.location(job.tenant_id, job.location_code)
        if location is None or not location.active:
            return [f"LOCATION_NOT_FOUND: location {job.location_code} does not exist or is not active"]
        loaded = self._work(job.payload_id)
        return (
            yield from self.worker.applying(
                job.tenant_id, job.location_id, loaded.work, finished, self._meant(job, loaded)
            )
        )
