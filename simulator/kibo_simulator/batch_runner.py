"""Works batch jobs: starts them when they are due, and carries their items out slice by slice (T-3, T-4, D-1).

The database holds the truth; the agenda's entries can be rebuilt from it at any time. A slice has its effect at its
end, in one transaction: a cancellation before that undoes nothing, because nothing was done.
"""

from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from kibo_simulator.agenda import Agenda, Entry
from kibo_simulator.batch_jobs.pace import BatchSettings, due_at
from kibo_simulator.batch_jobs.states import Action, after_action, after_event, failure_event, item_after
from kibo_simulator.catalog.changes import Change
from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.catalog_work import CatalogWorker
from kibo_simulator.store.batch_jobs import BatchJobRow, BatchJobStore, Ending, WorkItem
from kibo_simulator.store.database import Database

_ITEMS_BETWEEN_PAUSES = 32
_decode: "msgspec.json.Decoder[Change]" = msgspec.json.Decoder(Change)

Interference = Callable[[BatchJobRow, WorkItem, int], CatalogRefusal | None]
"""Asked before an item is carried out, at its instant: a refusal makes it fail for that reason instead."""


def encode_change(change: Change) -> bytes:
    """A change as it is kept until it is carried out."""
    return msgspec.json.encode(change)


class BatchRunner:
    """The started batch jobs of all tenants, and what brings them on."""

    def __init__(
        self,
        database: Database,
        jobs: BatchJobStore,
        worker: CatalogWorker,
        agenda: Agenda,
        settings: BatchSettings,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._worker = worker
        self._agenda = agenda
        self._settings = settings
        self._entries: dict[int, Entry] = {}
        self.interference: Interference | None = None
        # What was planned for a change that is undone must not happen, and what was struck out for it must.
        database.on_rollback(self.reload)

    def __repr__(self) -> str:
        return f"<BatchRunner {len(self._entries)} jobs under way>"

    @property
    def idle(self) -> bool:
        """Whether no job is running; one may be waiting for its date."""
        return not (self._entries and self._jobs.any_running())

    def reload(self) -> None:
        """Plan anew from the database: after a restart, or when a transaction was undone (D-1)."""
        for entry in self._entries.values():
            self._agenda.cancel(entry)
        self._entries.clear()
        for job in self._jobs.awake():
            assert job.wakes is not None
            self._plan(job.id, job.wakes)

    def act(self, job: BatchJobRow, action: Action, now: int) -> Iterator[None]:
        """Carry an action out, in steps where there are many items; a step of the caller's transaction.

        Raises:
            IllegalActionError: the job's status does not allow it.
        """
        status = after_action(job.status, action)
        match action:
            case "Start":
                due = due_at(job.scheduled, now)
                self._jobs.set_status(job.id, status, wakes=due, now=now)
                if due <= now:
                    self._begin(job, now)
                else:
                    self._plan(job.id, due)
            case "Cancel":
                self._forget(job.id)
                self._jobs.set_status(job.id, status, wakes=None, now=now)
                while self._jobs.cancel_some(job.id, now):
                    yield
            case "Reset":
                yield from self.dropping(job)
                self._jobs.renew(job.id, now)

    def dropping(self, job: BatchJobRow) -> Iterator[None]:
        """Delete a job's items, in steps."""
        while self._jobs.drop_some(job.id):
            yield

    def _forget(self, job_id: int) -> None:
        entry = self._entries.pop(job_id, None)
        if entry is not None:
            self._agenda.cancel(entry)

    def _plan(self, job_id: int, at: int) -> None:
        self._entries[job_id] = self._agenda.schedule(at, partial(self._wake, job_id))

    def _begin(self, job: BatchJobRow, at: int) -> None:
        """A started job is due: it runs from now on."""
        wakes = at + self._settings.base
        self._jobs.set_status(job.id, after_event("Pending", "due"), wakes=wakes, now=at, started=at)
        self._plan(job.id, wakes)

    def _wake(self, job_id: int, at: int) -> Iterator[None]:
        """What a job waited for has come: its date, the end of a slice, or the next retry."""
        self._entries.pop(job_id, None)
        with self._database.transaction():
            job = self._jobs.by_id(job_id)
            assert job is not None
            if job.status == "Pending":
                self._begin(job, at)
            else:
                yield from self._end_slice(job, at)
                self._next_slice(job, at)
            if self._database.durable:
                # A restart must not find a job that went on in the future (T-2).
                self._database.set_meta("clock", str(at))

    def _next_slice(self, job: BatchJobRow, at: int) -> None:
        begun = self._jobs.begin(job.id, at, self._settings.slice)
        wakes = at + self._settings.slice_time(begun) if begun else self._jobs.next_retry(job.id)
        if wakes is None:
            self._jobs.set_status(job.id, after_event("Running", "worked"), wakes=None, now=at)
        else:
            self._jobs.set_wakes(job.id, wakes)
            self._plan(job.id, wakes)

    def _end_slice(self, job: BatchJobRow, at: int) -> Iterator[None]:
        endings = []
        for count, item in enumerate(self._jobs.at_work(job.id), 1):
            endings.append(self._ending(job, item, at))
            if not count % _ITEMS_BETWEEN_PAUSES:
                yield
        self._jobs.end(job.id, endings, at)

    def _ending(self, job: BatchJobRow, item: WorkItem, at: int) -> Ending:
        """Carry an item out, or note why it could not be."""
        try:
            self._carry_out(job, item, at)
        except CatalogRefusal as refusal:
            event = failure_event(
                found=refusal.kind != "not found", retries=item.retries, most_retries=self._settings.retries
            )
            status = item_after("Running", event)
            retry_at = at + self._settings.retry_delay if status == "Waiting" else 0
            return Ending(item, status, retry_at, refusal.status, _told(item, refusal))
        return Ending(item, item_after("Running", "done"), 0, 200, None)

    def _carry_out(self, job: BatchJobRow, item: WorkItem, at: int) -> None:
        refusal = self.interference(job, item, at) if self.interference is not None else None
        if refusal is not None:
            raise refusal
        self._worker.apply(job.tenant_id, _decode.decode(item.change), at)


def _told(item: WorkItem, refusal: CatalogRefusal) -> str:
    """The error as the item tells it, in JSON."""
    error = {
        "code": refusal.code,
        "itemKeys": [{"key": item.resource, "value": item.key}],
        "message": str(refusal),
        "field": refusal.field,
        "longMessage": refusal.message,
        "subErrors": [],
    }
    return msgspec.json.encode([error]).decode()
