"""The client: asks the state machine what to do, does it, and tells it what came of it."""

from __future__ import annotations

import random as random_module
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import anyio

from kibo_client.budget import Budget
from kibo_client.bulk import BulkDelete
from kibo_client.clock import sleep_until, steady_wall_clock
from kibo_client.errors import CredentialsRefusedError
from kibo_client.events import (
    Answer,
    Answered,
    Confirmed,
    Done,
    DryRun,
    Event,
    Failed,
    ListJobs,
    PollJob,
    Request,
    Scope,
    Sent,
    Submit,
    Wait,
)
from kibo_client.inventory import Inventory
from kibo_client.options import BulkDeleteOptions
from kibo_client.report import BulkDeleteReport, Progress
from kibo_client.retry import AnswerClass, backoff
from kibo_client.run_journal import RunJournal, digest_of, open_journal
from kibo_client.settings import Settings
from kibo_client.targets import Target
from kibo_client.transport import Transport, TransportError
from kibo_client.units import seconds

OnEvent = Callable[[Event | Wait], None]
# How often a host that has never answered is tried, over about three seconds.
KNOCKS = 3
Confirm = Callable[[Scope], Awaitable[bool]]


class KiboClient:
    """Bulk work against one tenant. Use as an async context manager.

    Args:
        settings: Where and who.
        connector: How to connect; None for real sockets. It is not closed by the client.
        now: The clock, in microseconds since the epoch; None for the machine's.
        random: Where the jitter of back-offs comes from; None for a fresh one.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connector: aiohttp.BaseConnector | None = None,
        now: Callable[[], int] | None = None,
        random: random_module.Random | None = None,
    ) -> None:
        self._settings = settings
        self._now = now or steady_wall_clock()
        self._transport = Transport(settings, now=self._now, connector=connector)
        # Jitter only spreads retries; nothing about it is secret.
        jitter = random or random_module.Random()  # noqa: S311
        self._inventory = Inventory(self._transport, jitter)
        self._budget: Budget | None = None
        self._operation: BulkDelete | None = None
        self._one_operation = anyio.Lock()

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._transport.__aexit__(kind, error, traceback)

    @property
    def progress(self) -> Progress | None:
        """Where the operation under way stands; None if there was none yet."""
        return None if self._operation is None else self._operation.progress(self._now())

    @property
    def report(self) -> BulkDeleteReport | None:
        """The account of the newest operation as it stands, an interrupted one too; None if there was none."""
        return None if self._operation is None else self._operation.report()

    async def bulk_delete(
        self,
        targets: Iterable[Target],
        options: BulkDeleteOptions | None = None,
        *,
        on_event: OnEvent | None = None,
        confirm: Confirm | None = None,
        journal: Path | None = None,
    ) -> BulkDeleteReport:
        """Delete records: dry runs first, then batch by batch, then watch the jobs to their end.

        Operations of one client run one after another.

        Args:
            targets: The records, one per row of a Location Export.
            options: How to go about it.
            on_event: Told everything that happens, when it happens.
            confirm: Asked once, with the whole scope, before anything is deleted; None means yes.
            journal: Where to record the run; if it holds an interrupted run over the same targets, that is resumed.

        Raises:
            TargetError: A target names no location or no product; nothing was sent.
            JournalError: The journal cannot be used; nothing was sent.
            CredentialsRefusedError: The credentials were refused before anything was submitted.
            UnreachableError: A host was tried a few times and has never answered; nothing was submitted.
        """
        options = options or BulkDeleteOptions()
        async with self._one_operation:
            if self._budget is None:
                self._budget = Budget(
                    requests_per_minute=self._settings.requests_per_minute,
                    requests_per_hour=self._settings.requests_per_hour,
                    guard=seconds(options.guard_s),
                )
            operation = self._operation = BulkDelete(targets, options, self._budget)
            run = _Run(operation, self._transport, self._inventory, self._now, on_event, confirm)
            if journal is not None:
                run.resume(*open_journal(journal, digest_of(operation.wanted, options, self._settings.tenant)))
            try:
                await run.to_the_end()
            finally:
                run.close()
        return operation.report()


class _Run:
    """The loop around one operation."""

    def __init__(
        self,
        operation: BulkDelete,
        transport: Transport,
        inventory: Inventory,
        now: Callable[[], int],
        on_event: OnEvent | None,
        confirm: Confirm | None,
    ) -> None:
        self._operation = operation
        self._transport = transport
        self._inventory = inventory
        self._now = now
        self._on_event = on_event
        self._confirm = confirm
        self._journal: RunJournal | None = None
        self._knocks = 0

    def resume(self, journal: RunJournal, events: list[Event]) -> None:
        """Replay what a journal holds; a request without an outcome has an unknown one."""
        self._journal = journal
        for event in events:
            self._operation.record(event)
        if self._operation.under_way is not None:
            lost = Failed(AnswerClass.UNKNOWN, 0, "the run was interrupted before the answer", 0.0)
            self._record(Answered(self._now(), lost))

    async def to_the_end(self) -> None:
        """Do one thing after another until nothing is left to do."""
        while not isinstance(action := self._operation.next_action(self._now()), Done):
            match action:
                case Wait():
                    self._tell(action)
                    await sleep_until(action.until, self._now)
                case Scope():
                    agreed = True if self._confirm is None else await self._confirm(action)
                    self._record(Confirmed(self._now(), agreed))
                case _:
                    await self._send(action)

    def close(self) -> None:
        """Close the journal, if any."""
        if self._journal is not None:
            self._journal.close()

    async def _send(self, request: Request) -> None:
        await self._authorize()
        self._record(Sent(self._now(), request))
        answer, date = await self._ask(request)
        self._record(Answered(self._now(), answer, date))
        self._give_up_if_unreachable()

    async def _authorize(self) -> None:
        """Have a token; failures of a run that is well under way are left to the call that needs it."""
        while True:
            try:
                await self._transport.authorize()
            except TransportError:
                self._give_up_if_unreachable()
                if self._transport.unreachable is None or self._operation.anything_submitted:
                    # The call to come tries again and accounts for the failure.
                    return
                wait = Wait(self._now() + backoff(self._knocks, 0.0), "the host cannot be reached yet")
                self._tell(wait)
                await sleep_until(wait.until, self._now)
            except CredentialsRefusedError:
                if not self._operation.anything_submitted:
                    raise
                return
            else:
                return

    def _give_up_if_unreachable(self) -> None:
        """End a run that has submitted nothing, and whose host has never answered: an address is more likely wrong."""
        trouble = self._transport.unreachable
        if trouble is None or self._operation.anything_submitted:
            return
        self._knocks += 1
        if trouble.permanent or self._knocks >= KNOCKS:
            raise trouble

    async def _ask(self, request: Request) -> tuple[Answer, int | None]:
        match request:
            case DryRun(batch=number):
                return await self._inventory.dry_run(self._operation.batch(number))
            case Submit(batch=number):
                return await self._inventory.delete(self._operation.batch(number))
            case PollJob(job_id=job_id):
                return await self._inventory.job(job_id)
            case ListJobs():
                return await self._inventory.jobs(request, known=self._operation.known_jobs)

    def _record(self, event: Event) -> None:
        if self._journal is not None:
            self._journal.append(event)
        self._operation.record(event)
        self._tell(event)

    def _tell(self, event: Event | Wait) -> None:
        if self._on_event is not None:
            self._on_event(event)
