"""Drives the project's own client, through its public library interface."""

from kibo_client import (
    BulkDeleteOptions,
    KiboClient,
    Line,
    Settings,
    Target,
    UpdateKind,
    UpdateOptions,
    read_location_export,
)
from kibo_scenarios.drivers.task import ClientReport, Task
from kibo_scenarios.evidence import RecordKey


async def reference_client(task: Task) -> ClientReport:
    """Delete the records of the task's Location Export with kibo_client, or add to their quantities."""
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
    targets = list(read_location_export(task.export_file))
    async with KiboClient(settings, connector=task.connect(), now=task.now, random=task.random) as client:
        if task.added is not None:
            return await _adjust(client, targets, task, task.added)
        options = BulkDeleteOptions(batch_size=plan.batch_size, spacing_s=plan.spacing_s)
        report = await client.bulk_delete(targets, options)
    return ClientReport(undone={_key(one.target): one.reason for one in report.undone}, details=report.to_json_dict())


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
