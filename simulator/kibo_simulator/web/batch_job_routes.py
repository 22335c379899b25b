"""Batch jobs: made, listed, started, cancelled and reset, and what became of their items."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from kibo_simulator.batch_jobs.states import (
    ACTIONS,
    ITEM_STATUSES,
    JOB_STATUSES,
    Action,
    IllegalActionError,
    available_actions,
    deletable,
)
from kibo_simulator.catalog.changes import RESOURCE_TYPES
from kibo_simulator.store.batch_jobs import BatchItemRow, BatchJobRow
from kibo_simulator.timestamps import InstantError, parse_instant
from kibo_simulator.web.base_wire import missing
from kibo_simulator.web.batch_job_wire import (
    BatchActionRequest,
    BatchJobRequest,
    item_body,
    job_body,
    page_body,
    summary_body,
)
from kibo_simulator.web.errors import ApiError, Fault, validation_error
from kibo_simulator.web.operations import Answer, Call, Operation, Parameter, Steps
from kibo_simulator.web.wire import decode

LARGEST_PAGE: Final = 1_000
USUAL_PAGE: Final = 20
DOMAIN: Final = "Catalog"
_ITEMS_BETWEEN_PAUSES: Final = 100
_CODE: Final = re.compile(r"[A-Za-z0-9_.~-]{1,100}")

_job = msgspec.json.Decoder(BatchJobRequest)
_action = msgspec.json.Decoder(BatchActionRequest)


def create_batch_job(call: Call) -> Answer:
    """Make an empty job that is Ready; its items are added by the catalog calls, with its code."""
    request = decode(_job, call.body)
    code = request.code or ""
    name = request.name or request.job_name
    if not code:
        raise validation_error("$.code", "is needed")
    if not _CODE.fullmatch(code) or code.lower() == "summaries":
        raise validation_error(
            "$.code",
            "takes up to 100 letters, digits, dots, dashes, tildes and underscores, and not the word summaries",
        )
    if not name:
        raise validation_error("$.name", "is needed")
    if (request.domain or "").lower() != DOMAIN.lower():
        raise validation_error("$.domain", f"is needed, and is always {DOMAIN}")
    if request.status is not None and request.status.lower() != "ready":
        raise validation_error("$.status", "a job begins as Ready; what follows comes of its actions")
    if call.simulator.batch_jobs.job(call.tenant_id, code) is not None:
        message = f"there is a batch job {code!r} already"
        raise ApiError(409, "JOB_ALREADY_EXISTS", f"$.code: {message}", (Fault("$.code", message),))
    scheduled = None
    if request.scheduled_date:
        try:
            scheduled = parse_instant(request.scheduled_date)
        except InstantError as error:
            raise validation_error("$.scheduledDate", str(error)) from None
    job = call.simulator.batch_jobs.add_job(
        call.tenant_id, code=code, name=name, domain=DOMAIN, scheduled=scheduled, now=call.now
    )
    return _told(call, job)


def get_batch_jobs(call: Call) -> Answer:
    """The tenant's jobs, newest first, by domain and status."""
    start, size, counted = _page(call)
    total, jobs = call.simulator.batch_jobs.jobs(
        call.tenant_id, status=_job_status(call), domain=_domain(call), start=start, limit=size
    )
    call.summary["batchJobStatuses"] = {job.code: job.status for job in jobs}
    return Answer(page_body(start, size, total, [job_body(job) for job in jobs], counted=counted))


def get_batch_job(call: Call) -> Answer:
    """One job."""
    return _told(call, _named(call))


def update_batch_job(call: Call) -> Answer:
    """Give a job another name; nothing else of it can be changed."""
    request = decode(_job, call.body)
    job = _named(call)
    if request.code and request.code != job.code:
        raise validation_error("$.code", f"is not the job in the path, {job.code!r}")
    name = request.name or request.job_name
    if not name:
        raise validation_error("$.name", "is needed: nothing but the name can be changed")
    call.simulator.batch_jobs.rename(job.id, name, call.now)
    return _told(call, _named(call))


def delete_batch_job(call: Call) -> Steps:
    """Delete a job and its items, unless it is started and unfinished."""
    job = _named(call)
    if not deletable(job.status):
        raise _out_of_turn(call, f"a job that is {job.status} cannot be deleted; cancel it first")
    yield from call.simulator.batches.dropping(job)
    call.simulator.batch_jobs.delete_job(job.id)
    return _told(call, job)


def perform_batch_action(call: Call) -> Steps:
    """Start, cancel or reset a job; the answer is the job as it is then."""
    request = decode(_action, call.body)
    job = _named(call)
    action: Action | None = next((each for each in ACTIONS if each.lower() == request.action.lower()), None)
    if action is None:
        raise validation_error("$.action", f"{request.action[:40]!r} is none of {', '.join(ACTIONS)}")
    call.summary |= {"action": action, "batchJobStatus": job.status}
    try:
        yield from call.simulator.batches.act(job, action, call.now)
    except IllegalActionError as error:
        raise _out_of_turn(call, str(error)) from None
    return _told(call, _named(call))


def get_available_actions(call: Call) -> Answer:
    """What can be asked of a job in its present status."""
    return Answer(list(available_actions(_named(call).status)))


def get_batch_summary(call: Call) -> Answer:
    """How many items a job has, by resource and status."""
    job = _named(call)
    counts = call.simulator.batch_jobs.counts(job.id)
    call.summary["counts"] = _totals(counts)
    return Answer(summary_body(job, counts, cancelled=call.simulator.settings.batch.cancelled_item))


def get_batch_summaries(call: Call) -> Answer:
    """The same for all jobs, newest first, by domain and status."""
    start, size, counted = _page(call)
    total, jobs = call.simulator.batch_jobs.jobs(
        call.tenant_id, status=_job_status(call), domain=_domain(call), start=start, limit=size
    )
    call.summary["batchJobStatuses"] = {job.code: job.status for job in jobs}
    spelled = call.simulator.settings.batch.cancelled_item
    bodies = [summary_body(job, call.simulator.batch_jobs.counts(job.id), cancelled=spelled) for job in jobs]
    return Answer(page_body(start, size, total, bodies, counted=counted))


def get_batch_items(call: Call) -> Steps:
    """A page of a job's items in the order they were added, by processing status and resource type."""
    start, size, counted = _page(call)
    status = _one_of(call.text("processingStatus"), "processingStatus", (*ITEM_STATUSES, "Canceled"))
    # Kibo's guide has one spelling and its specification the other.
    status = "Cancelled" if status == "Canceled" else status
    resource = _one_of(call.text("resourceType"), "resourceType", RESOURCE_TYPES)
    job = _named(call)
    counts = call.simulator.batch_jobs.counts(job.id)
    total = sum(
        count
        for told, stands, count in counts
        if (status is None or stands == status) and (resource is None or told == resource)
    )
    call.summary["counts"] = _totals(counts)
    # Counting and finding a page each walk through a large job.
    yield
    items = call.simulator.batch_jobs.items(job.id, status=status, resource=resource, start=start, limit=size)
    yield
    return (yield from _told_items(call, job, items, page_body(start, size, total, [], counted=counted)))


def get_batch_item(call: Call) -> Steps:
    """The items that one catalog call added, by its correlation id: one, or one for each entry of a bulk call."""
    job = _named(call)
    correlation = call.path["correlation_id"]
    items = call.simulator.batch_jobs.items_of_call(job.id, correlation)
    if not items:
        raise missing("correlationId", f"item of the call {correlation[:60]!r}", status=404)
    return (yield from _told_items(call, job, items, page_body(0, len(items), len(items), [])))


def _told_items(call: Call, job: BatchJobRow, items: Sequence[BatchItemRow], page: dict[str, Any]) -> Steps:
    """A page with its items, put together in steps."""
    spelled = call.simulator.settings.batch.cancelled_item
    for count, item in enumerate(items, 1):
        page["items"].append(msgspec.Raw(msgspec.json.encode(item_body(job, item, cancelled=spelled))))
        if not count % _ITEMS_BETWEEN_PAUSES:
            yield
    return Answer(page)


def _named(call: Call) -> BatchJobRow:
    code = call.path["batch_code"]
    call.summary["batchJobCode"] = code[:100]
    job = call.simulator.batch_jobs.job(call.tenant_id, code)
    if job is None:
        raise missing("code", f"batch job {code[:60]!r}", status=404)
    call.summary["batchJobStatus"] = job.status
    return job


def _told(call: Call, job: BatchJobRow) -> Answer:
    call.summary |= {"batchJobCode": job.code, "batchJobStatus": job.status}
    return Answer(job_body(job))


def _totals(counts: Sequence[tuple[str, str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for _, status, count in counts:
        totals[status] = totals.get(status, 0) + count
    return totals


def _page(call: Call) -> tuple[int, int, bool]:
    start = call.whole("startIndex", least=0, most=2**31) or 0
    size = call.whole("pageSize", least=1, most=LARGEST_PAGE) or USUAL_PAGE
    return start, size, call.flag("includeCount") is not False


def _job_status(call: Call) -> str | None:
    return _one_of(call.text("status"), "status", JOB_STATUSES)


def _domain(call: Call) -> str | None:
    return _one_of(call.text("domain"), "domain", (DOMAIN,))


def _one_of(text: str | None, name: str, accepted: tuple[str, ...]) -> str | None:
    """The word of those accepted that a text is, whatever its case."""
    if text is None:
        return None
    for word in accepted:
        if word.lower() == text.lower():
            return word
    raise validation_error(name, f"{text[:40]!r} is none of {', '.join(accepted)}")


def _out_of_turn(call: Call, message: str) -> ApiError:
    return ApiError(call.simulator.settings.batch.illegal_status, "VALIDATION_CONFLICT", message)


_ALL = ("/api/platform/data/batchJob",)
_ONE = ("/api/platform/data/batchJob/{batch_code}",)
_ACTIONS = ("/api/platform/data/batchJob/actions/{batch_code}",)
_SUMMARY = ("/api/platform/data/batchJob/actions/{batch_code}/summary",)
_SUMMARIES = ("/api/platform/data/batchJob/actions/summaries",)
_ITEMS = ("/api/platform/data/batchJob/actions/{batch_code}/items",)
_ITEM = ("/api/platform/data/batchJob/actions/{batch_code}/items/{correlation_id}",)
_PAGES = (Parameter("startIndex", "whole"), Parameter("pageSize", "whole"), Parameter("includeCount", "flag"))
_LISTED = (*_PAGES, Parameter("status"), Parameter("domain"))
_FILTERED = (*_PAGES, Parameter("processingStatus"), Parameter("resourceType"))

OPERATIONS = (
    Operation("createBatchJob", "POST", _ALL, create_batch_job, request=BatchJobRequest),
    Operation("getBatchJobs", "GET", _ALL, get_batch_jobs, reads=True, query=_LISTED),
    # Before the actions of one job, whose path would take the word for a code.
    Operation("getBatchSummaryJobs", "GET", _SUMMARIES, get_batch_summaries, reads=True, query=_LISTED),
    Operation("getBatchJob", "GET", _ONE, get_batch_job, reads=True),
    Operation("updateBatchJob", "PUT", _ONE, update_batch_job, request=BatchJobRequest),
    Operation("deleteBatchJob", "DELETE", _ONE, delete_batch_job),
    Operation("performBatchAction", "POST", _ACTIONS, perform_batch_action, request=BatchActionRequest),
    Operation("getAvailableActions", "GET", _ACTIONS, get_available_actions, reads=True),
    Operation("getBatchSummaryJob", "GET", _SUMMARY, get_batch_summary, reads=True),
    Operation("getBatchJobItems", "POST", _ITEMS, get_batch_items, reads=True, query=_FILTERED),
    Operation("listBatchJobItems", "GET", _ITEMS, get_batch_items, reads=True, query=_FILTERED),
    Operation("getBatchJobItem", "POST", _ITEM, get_batch_item, reads=True),
    Operation("readBatchJobItem", "GET", _ITEM, get_batch_item, reads=True),
)
