"""Drives the project's own client, through its public library interface."""

import asyncio

from kibo_client import (
    BulkDeleteOptions,
    KiboClient,
    Line,
    Settings,
    Target,
    UpdateKind,
    UpdateOptions,
    parse_window,
    read_location_export,
)
from kibo_client.batch_jobs import BatchJobs, read_feed
from kibo_client.files.making import make_file
from kibo_client.files.sources import read_items
from kibo_client.files.uploading import upload
from kibo_scenarios.drivers.task import ClientReport, Task
from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.feeds import FeedTask
from kibo_scenarios.file_feeds import FileTask
from kibo_scenarios.moments import SECOND, format_utc


async def reference_client(task: Task) -> ClientReport:
    """Do a task with kibo_client: delete the records of its export, add to them, feed a batch job, or send files."""
    if task.files is not None:
        return await _send_files(task, task.files)
    plan = task.plan
    settings = Settings(
        api_host=task.api_host,
        auth_host=None,
        tenant=task.tenant,
        site=task.site,
        client_id=task.client_id,
        shared_secret=task.shared_secret,
        requests_per_minute=None if plan.rpm == "unknown" else plan.rpm,
        requests_per_hour=None if plan.rph == "unknown" else plan.rph,
    )
    targets = [] if task.feed else list(read_location_export(task.export_file))
    async with KiboClient(settings, connector=task.connect(), now=task.now, random=task.random) as client:
        if task.feed is not None:
            return await _feed(BatchJobs(client, task.now), task, task.feed)
        if task.added is not None:
            return await _adjust(client, targets, task, task.added)
        off_peak = parse_window(plan.off_peak) if plan.off_peak is not None else None
        options = BulkDeleteOptions(batch_size=plan.batch_size, spacing_s=plan.spacing_s, off_peak=off_peak)
        report = await client.bulk_delete(targets, options)
    return ClientReport(undone={_key(one.target): one.reason for one in report.undone}, details=report.to_json_dict())


async def _feed(jobs: BatchJobs, task: Task, feed: FeedTask) -> ClientReport:
    """Make a job, feed it, start it, cancel it where that is the work, and watch it to its end."""
    scheduled = None if feed.scheduled_at is None else format_utc(feed.scheduled_at)
    await jobs.create(feed.code, task.scenario, scheduled=scheduled)
    items = read_feed(feed.file)
    fed = await jobs.add(feed.code, items, batch_size=task.plan.batch_size)
    await jobs.start(feed.code)
    if feed.cancel_after is not None:
        await asyncio.sleep(feed.cancel_after / SECOND)
        await jobs.cancel(feed.code)
    await jobs.watch(feed.code)
    report = await jobs.report(feed.code, items)
    return ClientReport(details={"fed": fed.added, "leftOut": len(fed.left_out), **report.to_json_dict()})


async def _send_files(task: Task, files: FileTask) -> ClientReport:
    """Make a file of each feed when it is due, and put it at the drop point, its trigger last."""
    made_here = task.folder / "made"
    made_here.mkdir()
    sent = []
    for feed in files.feeds:
        await asyncio.sleep(max(0, feed.due - task.now()) / SECOND)
        made = make_file(
            read_items(feed.file),
            source=feed.file.name,
            tenant=task.tenant,
            kind="REFRESH" if feed.kind == "refresh" else "UPDATE",
            form="csv",
            folder=made_here,
            now=task.now(),
        )
        await upload([made.data], files.drop)
        sent.append({"name": made.data.name, "rows": made.rows, "locations": made.locations})
    return ClientReport(details={"files": sent})


async def _adjust(client: KiboClient, targets: list[Target], task: Task, added: int) -> ClientReport:
    lines = [
        Line(
            location_code=target.location_code,
            part_number=target.part_number,
            upc=target.upc,
            sku=target.sku,
            quantity=added,
        )
        for target in targets
    ]
    plan = task.plan
    options = UpdateOptions(kind=UpdateKind.ADJUST, batch_size=plan.batch_size, spacing_s=plan.spacing_s)
    report = await client.bulk_update(lines, options)
    return ClientReport(undone={_key(one.line): one.reason for one in report.undone}, details=report.to_json_dict())


def _key(one: Target | Line) -> RecordKey:
    return RecordKey(one.location_code, one.part_number or None, one.upc or None, one.sku or None)
