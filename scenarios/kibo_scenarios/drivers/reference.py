"""Drives the project's own client, through its public library interface."""

from kibo_client import BulkDeleteOptions, KiboClient, Settings, read_location_export
from kibo_scenarios.drivers.task import ClientReport, Task
from kibo_scenarios.evidence import RecordKey


async def reference_client(task: Task) -> ClientReport:
    """Delete the records of the task's Location Export with kibo_client."""
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
    options = BulkDeleteOptions(batch_size=plan.batch_size, spacing_s=plan.spacing_s)
    targets = list(read_location_export(task.export_file))
    async with KiboClient(settings, connector=task.connect(), now=task.now, random=task.random) as client:
        report = await client.bulk_delete(targets, options)
    undone = {
        RecordKey(
            one.target.location_code, one.target.part_number or None, one.target.upc or None, one.target.sku or None
        ): one.reason
        for one in report.undone
    }
    return ClientReport(undone=undone, details=report.to_json_dict())
