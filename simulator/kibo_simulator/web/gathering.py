"""Puts changes of the catalog into a batch job instead of making them (Kibo's batch import guide)."""

from collections.abc import Sequence
from itertools import islice

import msgspec

from kibo_simulator.batch_jobs.states import takes_items
from kibo_simulator.batch_runner import encode_change
from kibo_simulator.catalog.changes import Change
from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.steps import Steps
from kibo_simulator.store.batch_jobs import BatchJobRow, NewItem
from kibo_simulator.store.catalog import Stored
from kibo_simulator.web.base_wire import missing
from kibo_simulator.web.batch_job_wire import context_of
from kibo_simulator.web.errors import ApiError, Fault, validation_error
from kibo_simulator.web.operations import Call

LARGEST_DOCUMENT = 1 << 20
_TOGETHER = 500


def gathered(call: Call, code: str, changes: Sequence[Change]) -> Steps[None]:
    """Add one item for each change to the job with this code, in steps.

    Raises:
        ApiError: 404 without such a job, 409 when it takes no items (any more), 400 when it is full.
    """
    job = _taking(call, code, len(changes))
    if not changes:
        return
    origin = call.simulator.batch_jobs.add_origin(
        job.id,
        correlation=call.correlation_id,
        uri=call.uri,
        query=call.query_string[:2_000],
        context=msgspec.json.encode(context_of(call.headers)).decode(),
    )
    following = iter(changes)
    first = job.items + 1
    while some := list(islice(following, _TOGETHER)):
        items = [NewItem(each.resource_type, each.key[:1_000], each.method, encode_change(each)) for each in some]
        call.simulator.batch_jobs.add_items(job.id, items, origin=origin, first=first, now=call.now)
        first += len(items)
        yield
    call.summary |= {"resourceType": changes[0].resource_type, "items": len(changes)}


def _taking(call: Call, code: str, more: int) -> BatchJobRow:
    call.summary |= {"batchJobCode": code[:100]}
    job = call.simulator.batch_jobs.job(call.tenant_id, code)
    if job is None:
        raise missing("batchJobCode", f"batch job {code[:60]!r}", status=404)
    call.summary["batchJobStatus"] = job.status
    if not takes_items(job.status):
        message = f"batch job {code!r} is {job.status}; items are added while it is Ready"
        status = call.simulator.settings.batch.illegal_status
        raise ApiError(status, "VALIDATION_CONFLICT", message, (Fault("batchJobCode", message),))
    most = call.simulator.settings.batch.items_per_job
    if job.items + more > most:
        raise validation_error("batchJobCode", f"has {job.items:,} items; a job takes {most:,}")
    return job


def made(call: Call, change: Change, place: str = "$") -> Stored | None:
    """Make a change at once; what is there afterwards.

    Raises:
        ApiError: it is refused; the fault is named below ``place``.
    """
    try:
        return call.simulator.catalog_work.apply(call.tenant_id, change, call.now)
    except CatalogRefusal as refusal:
        raise refused(refusal, place) from None


def refused(refusal: CatalogRefusal, place: str = "$") -> ApiError:
    """A refusal of the catalog as an error of the API."""
    path = f"{place}.{refusal.field}"
    return ApiError(refusal.status, refusal.code, f"{path}: {refusal.message}", (Fault(path, refusal.message),))


def check_size(call: Call) -> None:
    """One document is not a shipload.

    Raises:
        ApiError: 413 for a body beyond what one product may take.
    """
    if len(call.body) > LARGEST_DOCUMENT:
        raise ApiError(413, "VALIDATION_ERROR", f"a document takes at most {LARGEST_DOCUMENT} bytes")
