"""The audit of a run, record by record: what became of it, by which job, and when (C12, ST-1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kibo_client.operation import Operation
from kibo_client.report import NOT_COME_TO, NOT_SEEN_TO_END
from kibo_client.settlement import JobRecord
from kibo_client.targets import Locations, Product
from kibo_client.update_report import UndoneLine
from kibo_client.update_state import UpdateState


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One record that was asked for.

    Attributes:
        location_code: Where.
        part_number: The product, by what was told of it; likewise `upc` and `sku`.
        quantity: What it was to be set to or changed by; None for deletions.
        outcome: "deleted", "refreshed", "adjusted", "not found", "found" (dry run), "under way", "uncertain", "undone".
        job_id: The job that did it, where one did.
        at: When that job ended, microseconds since the epoch by the client's clock.
        reason: Why it is not done; empty if it is.
    """

    location_code: str
    part_number: str | None
    upc: str | None
    sku: str | None
    quantity: int | None
    outcome: str
    job_id: int | None = None
    at: int | None = None
    reason: str = ""


def audit_deletion(operation: Operation, under_way: dict[Product, Locations]) -> Iterator[AuditRow]:
    """Every record of a deletion, by product and location.

    Args:
        operation: The deletion as it stands.
        under_way: Records that were submitted and whose end was not seen.
    """
    jobs = _deleting_jobs(operation)
    fate = {}
    finished_dry_run = operation.options.dry_run_only and operation.stopped is None
    default = None if finished_dry_run else operation.stopped or NOT_COME_TO
    for entry in operation.account.undone(default, under_way):
        fate[(entry.target.product, entry.target.location_code)] = entry.reason
    for product, locations in operation.wanted.items():
        done = jobs.get(product, {})
        for location in sorted(locations):
            told = (location, product.part_number, product.upc, product.sku, None)
            reason = fate.get((product, location))
            if reason is not None:
                yield AuditRow(*told, "under way" if reason == NOT_SEEN_TO_END else "undone", reason=reason)
            elif (job := done.get(location)) is not None:
                yield AuditRow(*told, "deleted", job.job_id, job.ended_at)
            elif operation.account.is_gone(product, location):
                yield AuditRow(*told, "not found")
            else:
                yield AuditRow(*told, "found" if finished_dry_run else "deleted")


def _deleting_jobs(operation: Operation) -> dict[Product, dict[str, JobRecord]]:
    """The job that deleted each record."""
    jobs: dict[Product, dict[str, JobRecord]] = {}
    for number in range(len(operation.work)):
        here = {
            job.seen.location_code: job
            for job in operation.jobs.of_batch(number)
            if job.status == "SUCCESS" and job.seen is not None and job.seen.location_code is not None
        }
        if here:
            for product, locations in operation.work[number].found.items():
                for location in locations & here.keys():
                    jobs.setdefault(product, {})[location] = here[location]
    return jobs


def audit_update(state: UpdateState, undone: Iterator[UndoneLine]) -> Iterator[AuditRow]:
    """Every line of a refresh or an adjustment: first those applied, then the others."""
    outcome = f"{state.options.kind.value}ed"
    for number in sorted(state.applied):
        job = next(iter(reversed(state.jobs.of_batch(number))), None)
        for line in state.batches[number].batch.lines:
            told = (line.location_code, line.part_number, line.upc, line.sku, line.quantity)
            yield AuditRow(*told, outcome, None if job is None else job.job_id, None if job is None else job.ended_at)
    for entry in undone:
        line = entry.line
        told = (line.location_code, line.part_number, line.upc, line.sku, line.quantity)
        kind = "under way" if entry.reason == NOT_SEEN_TO_END else "uncertain" if entry.uncertain else "undone"
        yield AuditRow(*told, kind, reason=entry.reason)
