"""Carries batch jobs out: the loop around a feeding, and the calls that start, watch and account for a job (C28)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from kibo_client.batch_jobs.api import ACT, CREATE, ENDED, ITEMS, READ, SUMMARY, BatchItem, BatchJob, BatchSummary
from kibo_client.batch_jobs.feeding import (
    Add,
    Added,
    Began,
    Counted,
    FeedEvent,
    Feeding,
    FeedReport,
    Finished,
    Look,
    Lost,
    Refused,
    Sending,
)
from kibo_client.batch_jobs.items import DEFAULT_BATCH, LARGEST_BATCH, FeedItem, FeedRequest, requests_of
from kibo_client.batch_jobs.journal import FeedJournal, header_of, open_feed_journal
from kibo_client.batch_jobs.report import FAILED, BatchReport, matched
from kibo_client.batch_jobs.watching import Watch
from kibo_client.calls import Call
from kibo_client.client import KiboClient
from kibo_client.clock import sleep_until, steady_wall_clock
from kibo_client.errors import NoAnswerError, RefusedError, UnknownOutcomeError
from kibo_client.retry import Effect, backoff
from kibo_client.units import SECOND

ITEMS_PER_PAGE = 200
MOST_LOOKS = 1_000_000


class BatchJobs:
    """The batch jobs of one tenant.

    Args:
        client: An open client; its budget, its patience and its tokens serve here too.
        now: The client's clock; None for the machine's.
    """

    def __init__(self, client: KiboClient, now: Callable[[], int] | None = None) -> None:
        self._client = client
        self._now = now or steady_wall_clock()

    async def create(self, code: str, name: str, *, scheduled: str | None = None) -> BatchJob:
        """Make a job that is Ready.

        Args:
            code: Its code, by which items are added.
            name: For people.
            scheduled: When Kibo is to begin, ISO 8601; it has to be started all the same.

        Raises:
            RefusedError: The server refused it, for one because the code is taken.
        """
        body = {"code": code, "name": name, "domain": "Catalog", "scheduledDate": scheduled}
        try:
            return await self._client.call(CREATE, body)
        except UnknownOutcomeError:
            # Either it is there now, or nothing has happened.
            try:
                return await self.job(code)
            except RefusedError as error:
                if error.status != 404:
                    raise
            return await self._client.call(CREATE, body)

    async def job(self, code: str) -> BatchJob:
        """A job as it stands.

        Raises:
            RefusedError: There is none with this code.
        """
        return await self._client.call(READ, path={"code": code})

    async def summary(self, code: str) -> BatchSummary:
        """A job with the counts of its items.

        Raises:
            RefusedError: There is none with this code.
        """
        return await self._client.call(SUMMARY, path={"code": code})

    async def add(
        self,
        code: str,
        items: Iterable[FeedItem],
        *,
        batch_size: int = DEFAULT_BATCH,
        journal: Path | None = None,
        tenant: int = 0,
        on_event: Callable[[FeedEvent, Feeding], None] | None = None,
    ) -> FeedReport:
        """Add every item to a job, each once.

        Args:
            code: The job; it must be Ready.
            items: The feed.
            batch_size: Prices per request, at most 5,000.
            journal: Where to record the feeding; if it holds an interrupted one of the same feed, that is resumed.
            tenant: Whose job it is, for the journal.
            on_event: Told everything that happens, when it happens.

        Raises:
            JournalError: The journal cannot be used; nothing was sent.
            RefusedError: The job is not there.
        """
        feed = list(items)
        size = max(1, min(batch_size, LARGEST_BATCH))
        feeding = Feeding(feed, requests_of(feed, size))
        book: FeedJournal | None = None

        def record(event: FeedEvent) -> None:
            if book is not None:
                book.append(event)
            feeding.record(event)
            if on_event is not None:
                on_event(event, feeding)

        if journal is not None:
            book, events = open_feed_journal(journal, header_of(feed, tenant=tenant, code=code, size=size))
            for event in events:
                feeding.record(event)
        try:
            if feeding.under_way:
                record(Lost("the feeding was interrupted before the answer"))
            await self._feed(code, feeding, record)
        finally:
            if book is not None:
                book.close()
        return feeding.report()

    async def start(self, code: str) -> BatchJob:
        """Say that a job has all its items.

        Raises:
            RefusedError: The job is not Ready.
        """
        return await self.act(code, "Start")

    async def cancel(self, code: str) -> BatchJob:
        """Cancel a job; what is applied stays.

        Raises:
            RefusedError: The job has ended.
        """
        return await self.act(code, "Cancel")

    async def reset(self, code: str) -> BatchJob:
        """Drop all items of a job that has ended, so that it can be fed again.

        Raises:
            RefusedError: The job has not ended.
        """
        return await self.act(code, "Reset")

    async def act(self, code: str, action: str) -> BatchJob:
        """Start, cancel or reset a job; when the answer is lost, the job itself says whether it came through.

        Raises:
            RefusedError: The job's status does not allow it.
        """
        before = await self.job(code)
        try:
            return await self._client.call(ACT, {"action": action}, path={"code": code})
        except UnknownOutcomeError:
            after = await self.job(code)
            if after.status != before.status or after.date_started != before.date_started:
                return after
            await sleep_until(self._now() + backoff(1, 0.0), self._now)
            return await self._client.call(ACT, {"action": action}, path={"code": code})

    async def watch(self, code: str, on_look: Callable[[BatchSummary], None] | None = None) -> BatchSummary:
        """Look at a started job until it has ended, seldom and ever less often.

        Raises:
            RefusedError: There is no such job.
        """
        watch: Watch | None = None
        for _ in range(MOST_LOOKS):
            summary = await self.summary(code)
            if on_look is not None:
                on_look(summary)
            if summary.status in ENDED or summary.status == "Ready":
                return summary
            watch = watch or Watch(_instant(summary.scheduled_date))
            await sleep_until(watch.next_look(self._now(), pending=summary.status == "Pending"), self._now)
        raise AssertionError("nobody watches that long")

    async def report(self, code: str, feed: Sequence[FeedItem] = ()) -> BatchReport:
        """What became of a job: counts, and every failed item with what was fed for it.

        Args:
            code: The job.
            feed: What was fed, if the failures are to be found in it.
        """
        summary = await self.summary(code)
        failed: list[BatchItem] = []
        for status in FAILED:
            expected = summary.counts.get(status, 0)
            found: list[BatchItem] = []
            while len(found) < expected:
                query: dict[str, str | int] = {
                    "processingStatus": status,
                    "pageSize": ITEMS_PER_PAGE,
                    "startIndex": len(found),
                }
                page = await self._client.call(ITEMS, path={"code": code}, query=query)
                if not page.items:
                    break
                found += page.items
            failed += found
        return BatchReport(summary, matched(failed, feed))

    async def _feed(self, code: str, feeding: Feeding, record: Callable[[FeedEvent], None]) -> None:
        while not isinstance(step := feeding.next_step(), Finished):
            match step:
                case Look():
                    if feeding.lost_in_a_row:
                        await sleep_until(self._now() + backoff(feeding.lost_in_a_row, 0.0), self._now)
                    items = (await self.summary(code)).items
                    record(Counted(items) if feeding.began else Began(items))
                case Add(request):
                    record(Sending())
                    record(await self._outcome(code, request))

    async def _outcome(self, code: str, request: FeedRequest) -> FeedEvent:
        # Braces of a code in the path are not variables.
        path = request.path.replace("{", "%7B").replace("}", "%7D")
        call: Call[Any, Any] = Call(path.rpartition("/")[2], request.method, path, Any, Any, Effect.RELATIVE)
        try:
            await self._client.call(call, request.body, query={"batchJobCode": code})
        except RefusedError as error:
            return Refused(error.status, error.message)
        except (UnknownOutcomeError, NoAnswerError) as error:
            return Lost(error.message)
        return Added()


def _instant(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp() * SECOND)
    except ValueError:
        return None


def described(summary: BatchSummary) -> str:
    """A job in one line, for people."""
    counts = ", ".join(f"{count:,} {status}" for status, count in summary.counts.items()) or "no items"
    return f"{summary.code}: {summary.status} ({counts})"


__all__ = ["BatchJobs", "described"]
