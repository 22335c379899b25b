"""The client: asks the state machine what to do, does it, and tells it what came of it."""

from __future__ import annotations

import random as random_module
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
import anyio

from kibo_client.audit import AuditRow
from kibo_client.budget import DEFAULT_GUARD, Budget
from kibo_client.bulk import BulkDelete
from kibo_client.calling import Caller
from kibo_client.calls import GET_JOB, GET_JOBS, LOOK_UP, PREVIEW_DELETE, Call
from kibo_client.clock import steady_wall_clock
from kibo_client.errors import RefusedError
from kibo_client.events import Answer, DryRun, ListJobs, PollJob, Request, SendLines, Submit
from kibo_client.exchange import OnExchange
from kibo_client.identifiers import Kind
from kibo_client.inventory import Inventory
from kibo_client.lines import Line
from kibo_client.models import DeletePreview, InventoryQuery, InventoryRecord, ItemQuantity, Job, RequestLocation
from kibo_client.options import BulkDeleteOptions
from kibo_client.report import BulkDeleteReport, Progress
from kibo_client.run_journal import FORMAT, Header, digest_of, digest_of_lines, open_journal
from kibo_client.runner import Confirm, OnEvent, Runner
from kibo_client.settings import Settings
from kibo_client.targets import Target
from kibo_client.transport import Transport
from kibo_client.units import seconds
from kibo_client.update import BulkUpdate
from kibo_client.update_options import UpdateOptions
from kibo_client.update_report import UpdateReport

Body = TypeVar("Body")
Given = TypeVar("Given")

INVENTORY_POOL = "/api/commerce/inventory/"
# A hundred thousand pages of anything are a fault of paging.
MOST_PAGES = 100_000
# No job ends at once.
BEFORE_FIRST_POLL_S = 2.0
FIRST_POLL_S, LONGEST_POLL_S = 10.0, 300.0


class KiboClient:
    """Bulk work against one tenant. Use as an async context manager.

    Args:
        settings: Where and who.
        connector: How to connect; None for real sockets. It is not closed by the client.
        now: The clock, in microseconds since the epoch; None for the machine's.
        random: Where the jitter of back-offs comes from; None for a fresh one.
        on_exchange: Told of each HTTP request once it has ended, for metrics; tokens are among them. It must not wait.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connector: aiohttp.BaseConnector | None = None,
        now: Callable[[], int] | None = None,
        random: random_module.Random | None = None,
        on_exchange: OnExchange | None = None,
    ) -> None:
        self._settings = settings
        self._now = now or steady_wall_clock()
        self._transport = Transport(settings, now=self._now, connector=connector, on_exchange=on_exchange)
        # Jitter only spreads retries; nothing about it is secret.
        jitter = random or random_module.Random()  # noqa: S311
        self._inventory = Inventory(self._transport, jitter)
        self._budget: Budget | None = None
        self._other_budgets: dict[str, Budget] = {}
        self._operation: BulkDelete | BulkUpdate | None = None
        self._runner: Runner | None = None
        self._one_operation = anyio.Lock()
        # Held while a request under the shared budget is under way.
        self._turn = anyio.Lock()
        self._caller = Caller(self._transport, self._now, self._turn, jitter.random)

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
    def report(self) -> BulkDeleteReport | UpdateReport | None:
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
        source: str = "",
    ) -> BulkDeleteReport:
        """Delete records: dry runs first, then batch by batch, then watch the jobs to their end.

        Operations of one client run one after another.

        Args:
            targets: The records, one per row of a Location Export.
            options: How to go about it.
            on_event: Told everything that happens, when it happens.
            confirm: Asked once, with the whole scope, before anything is deleted; None means yes.
            journal: Where to record the run; if it holds an interrupted run over the same targets, that is resumed.
            source: Where the targets come from, for whoever reads the journal.

        Raises:
            TargetError: A target names no location or no product; nothing was sent.
            JournalError: The journal cannot be used; nothing was sent.
            CredentialsRefusedError: The credentials were refused before anything was submitted.
            UnreachableError: A host was tried a few times and has never answered; nothing was submitted.
        """
        options = options or BulkDeleteOptions()
        async with self._one_operation:
            operation = self._operation = BulkDelete(targets, options, self._shared_budget(seconds(options.guard_s)))
            runner = Runner(
                operation, self._ask_for_deletion, self._transport, self._now, self._turn, on_event, confirm
            )
            if journal is not None:
                digest = digest_of(operation.wanted, options, self._settings.tenant)
                header = Header(
                    FORMAT, digest, self._settings.tenant, self._settings.api_host, deletion=options, source=source
                )
                runner.resume(*open_journal(journal, header, operation.wanted.targets()))
            complete = await self._run(runner)
        report = operation.report()
        return report if complete else replace(report, outcome="interrupted")

    async def bulk_update(
        self,
        lines: Iterable[Line],
        options: UpdateOptions,
        *,
        on_event: OnEvent | None = None,
        confirm: Confirm | None = None,
        journal: Path | None = None,
        source: str = "",
    ) -> UpdateReport:
        """Refresh or adjust quantities: location by location in full requests, each job watched to its end.

        An adjustment whose answer is lost is looked up in the queue, and never blindly repeated (RT-5).

        Args:
            lines: The quantities; adjustments of one record are added up.
            options: Which of the two, and how to go about it.
            on_event: Told everything that happens, when it happens.
            confirm: Asked once before anything is sent; None means yes.
            journal: Where to record the run; if it holds an interrupted run over the same lines, that is resumed.
            source: Where the lines come from, for whoever reads the journal.

        Raises:
            TargetError: A line cannot be sent, or contradicts another; nothing was sent.
            JournalError: The journal cannot be used; nothing was sent.
            CredentialsRefusedError: The credentials were refused before anything was submitted.
            UnreachableError: A host was tried a few times and has never answered; nothing was submitted.
        """
        async with self._one_operation:
            if options.answer_patience_s is None:
                options = replace(options, answer_patience_s=max(1.0, self._settings.request_timeout_s))
            operation = self._operation = BulkUpdate(lines, options, self._shared_budget(seconds(options.guard_s)))
            runner = Runner(operation, self._ask_for_update, self._transport, self._now, self._turn, on_event, confirm)
            if journal is not None:
                digest = digest_of_lines(operation.lines, options, self._settings.tenant)
                header = Header(
                    FORMAT, digest, self._settings.tenant, self._settings.api_host, update=options, source=source
                )
                runner.resume(*open_journal(journal, header, operation.lines))
            complete = await self._run(runner)
        report = operation.report()
        return report if complete else replace(report, outcome="interrupted")

    async def call(
        self,
        call: Call[Body, Given],
        body: Body | None = None,
        *,
        path: Mapping[str, str | int] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Given:
        """Make one call of the API: within the budget, waiting out 429s, repeated only where that is safe.

        Calls may be made from several tasks, and while a bulk operation runs; each waits for its turn.

        Args:
            call: Which one, from `kibo_client.calls`.
            body: What it sends.
            path: The variables of its path.
            query: The query.

        Raises:
            RefusedError: The server refused it.
            UnknownOutcomeError: Nobody knows whether it was carried out, and repeating it might do harm.
            NoAnswerError: It was tried often, and never answered.
            CredentialsRefusedError: A token was needed and refused.
        """
        return await self._caller.call(call, body, path or {}, query or {}, self._budget_of(call.path))

    async def look_up(self, *items: ItemQuantity, location_codes: Sequence[str] = ()) -> list[InventoryRecord]:
        """Look many products up in one call (C19), everywhere or at some locations.

        Raises:
            KiboClientError: As for `call`.
        """
        query = InventoryQuery(items=list(items), location_whitelist=list(location_codes) or None)
        return await self.call(LOOK_UP, query)

    async def inventory_at(self, location_code: str, *, page_size: int = 200) -> AsyncIterator[InventoryRecord]:
        """Go through all records of a location, page by page.

        Raises:
            KiboClientError: As for `call`.
        """
        here = RequestLocation(location_code=location_code)
        for page_number in range(1, MOST_PAGES + 1):
            query = InventoryQuery(request_location=here, page_size=page_size, page_num=page_number)
            page = await self.call(LOOK_UP, query)
            for record in page:
                yield record
            if len(page) < page_size:
                return

    async def jobs(self, *, location_code: str | None = None, page_size: int = 500, **query: str) -> AsyncIterator[Job]:
        """Go through the jobs of the queue, newest first, page by page; `types="DELETE"` and the like narrow it.

        Raises:
            KiboClientError: As for `call`.
        """
        seen: set[int] = set()
        if location_code is not None:
            query["locationCode"] = location_code
        for number in range(MOST_PAGES):
            paging = {"limit": page_size, "pageSize": page_size, "startIndex": number * page_size}
            page = await self.call(GET_JOBS, query={**query, **paging})
            # Jobs that were added meanwhile push others onto the next page.
            for job in page:
                if job.job_id not in seen:
                    seen.add(job.job_id)
                    yield job
            if len(page) < page_size:
                return

    async def wait_for_job(self, job_id: int, *, patience_s: float = 7200.0) -> Job:
        """Poll a job, with growing intervals from ten seconds on (C10), until it has ended.

        Raises:
            TimeoutError: It has not within the time allowed.
            KiboClientError: As for `call`.
        """
        interval_s = FIRST_POLL_S
        with anyio.fail_after(patience_s):
            await anyio.sleep(BEFORE_FIRST_POLL_S)
            while True:
                job = await self.call(GET_JOB, path={"jobID": job_id})
                if job.has_ended:
                    return job
                await anyio.sleep(interval_s)
                interval_s = min(LONGEST_POLL_S, interval_s * 1.5)

    async def find_by_pattern(self, kind: str, pattern: str, location_codes: Sequence[str] = ()) -> list[Target]:
        """Find out by a dry run what a pattern matches, as targets for `bulk_delete`.

        Args:
            kind: What the pattern is of: "part_number", "upc" or "sku".
            pattern: As Kibo reads it: `. * + ? ^ $ [ ]` are operators, without any of them it is matched exactly.
            location_codes: Where; everywhere if none is named.

        Raises:
            RefusedError: The server refused it, or would not name what it matches.
            KiboClientError: As for `call`.
        """
        preview = DeletePreview(
            part_number=pattern if Kind(kind) is Kind.PART_NUMBER else None,
            upc=pattern if Kind(kind) is Kind.UPC else None,
            sku=pattern if Kind(kind) is Kind.SKU else None,
            location_codes=list(location_codes) or None,
            all_locations=not location_codes,
        )
        scope = await self.call(PREVIEW_DELETE, preview)
        targets: list[Target] = []
        for item in scope.items_deleted or ():
            named, where = item.item_identifier, item.location_codes
            if named is None or not where or not (named.part_number or named.upc or named.sku):
                raise RefusedError(PREVIEW_DELETE.name, 200, "the server does not name what the pattern matches")
            targets += [Target(code, named.part_number, named.upc, named.sku) for code in where]
        if not targets and scope.total_inventory_entries_deleted:
            raise RefusedError(PREVIEW_DELETE.name, 200, "the server does not name what the pattern matches")
        return targets

    def _budget_of(self, path: str) -> Budget:
        if path.startswith(INVENTORY_POOL):
            return self._shared_budget(DEFAULT_GUARD)
        # Other routes have limits of their own; those that nobody has told us are learnt.
        return self._other_budgets.setdefault(_pool_of(path), Budget(requests_per_minute=None, requests_per_hour=None))

    def limit(self, path: str, *, requests_per_minute: int | None, requests_per_hour: int | None) -> None:
        """Tell the limits of the pool that a path outside of the inventory API belongs to, before it is first used.

        Args:
            path: Any path of the pool, such as /api/commerce/catalog/admin/products.
            requests_per_minute: None where it is not known and has to be learnt.
            requests_per_hour: Likewise.
        """
        self._other_budgets[_pool_of(path)] = Budget(
            requests_per_minute=requests_per_minute, requests_per_hour=requests_per_hour
        )

    def stop(self) -> bool | None:
        """Have the operation under way send nothing any more; it ends, interrupted, once its present request has.

        Returns:
            Whether a request is under way, whose answer is being waited for; None if there is no operation to stop.
        """
        return None if self._runner is None else self._runner.stop()

    def audit(self) -> Iterator[AuditRow]:
        """What became of each record of the newest operation; nothing if there was none."""
        return iter(()) if self._operation is None else self._operation.audit()

    async def _run(self, runner: Runner) -> bool:
        self._runner = runner
        try:
            return await runner.to_the_end()
        finally:
            self._runner = None
            runner.close()

    def _shared_budget(self, guard: int) -> Budget:
        if self._budget is None:
            self._budget = Budget(
                requests_per_minute=self._settings.requests_per_minute,
                requests_per_hour=self._settings.requests_per_hour,
                guard=guard,
            )
        return self._budget

    async def _ask_for_deletion(self, request: Request) -> tuple[Answer, int | None]:
        operation = self._operation
        assert isinstance(operation, BulkDelete), "only deletions ask so"
        match request:
            case DryRun(batch=number):
                return await self._inventory.dry_run(operation.batch(number))
            case Submit(batch=number):
                return await self._inventory.delete(operation.batch(number))
            case PollJob(job_id=job_id):
                return await self._inventory.job(job_id)
            case ListJobs():
                return await self._inventory.jobs(request, "DELETE", known=operation.known_jobs)
            case SendLines():
                raise AssertionError("a deletion sends no lines")

    async def _ask_for_update(self, request: Request) -> tuple[Answer, int | None]:
        operation = self._operation
        assert isinstance(operation, BulkUpdate), "only updates ask so"
        kind = operation.options.kind
        match request:
            case SendLines(batch=number):
                batch = operation.batch(number)
                return await self._inventory.send_lines(kind, batch.location_code, batch.lines)
            case PollJob(job_id=job_id):
                return await self._inventory.job(job_id)
            case ListJobs():
                return await self._inventory.jobs(request, kind.job_type, known=operation.known_jobs)
            case DryRun() | Submit():
                raise AssertionError("an update deletes nothing")


def _pool_of(path: str) -> str:
    """The pool of a path outside of the inventory API: the service that it belongs to."""
    return "/".join(path.split("/")[:4])
