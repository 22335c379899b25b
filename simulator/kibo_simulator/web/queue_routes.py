"""The job queue: one job, and the list (J-4)."""

from collections.abc import Sequence

import msgspec

from kibo_simulator.engine import EndedJob
from kibo_simulator.jobs import JOB_TYPES, TERMINAL
from kibo_simulator.store.jobs import JobRow
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.operations import Answer, Call, Operation, Parameter, inventory_paths
from kibo_simulator.web.wire import job_body

_MOST_REMEMBERED = 50_000


def _polled(call: Call, jobs: Sequence[JobRow]) -> Sequence[JobRow]:
    """The jobs as they are after having been asked for."""
    if call.simulator.settings.jobs.mode != "after_polls":
        return jobs
    with call.simulator.database.transaction():
        if not call.simulator.runner.polled(jobs, call.now):
            return jobs
    fresh = (call.simulator.jobs.get(call.tenant_id, job.id) for job in jobs)
    return [job for job in fresh if job is not None]


def _encoded(call: Call, job: JobRow) -> bytes:
    """A job as JSON; what has ended never changes, so it is encoded once."""
    ended = call.simulator.ended_jobs
    known = ended.get(job.id)
    if known is not None:
        return known.body
    body = msgspec.json.encode(job_body(job))
    if job.status in TERMINAL:
        if len(ended) >= _MOST_REMEMBERED:
            ended.clear()
        ended[job.id] = EndedJob(job.tenant_id, job.status, body)
    return body


def get_job(call: Call) -> Answer:
    """One job by its id; 404 when the tenant has none with this number."""
    text = call.path["job_id"]
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise validation_error("jobID", f"expected a job id, got {text[:40]!r}")
    call.summary["jobId"] = int(text)
    ended = call.simulator.ended_jobs.get(int(text))
    if ended is not None and ended.tenant_id == call.tenant_id:
        call.summary["jobStatus"] = ended.status
        return Answer(ended.body)
    job = call.simulator.jobs.get(call.tenant_id, int(text))
    if job is None:
        raise ApiError(404, "ITEM_NOT_FOUND", f"there is no job {text}")
    (job,) = _polled(call, (job,))
    call.summary["jobStatus"] = job.status
    return Answer(_encoded(call, job))


def get_jobs(call: Call) -> Answer:
    """The tenant's jobs, newest first, by location and type; pages by ``limit`` or ``pageSize``."""
    limit = call.whole("limit", least=1, most=10_000)
    page_size = call.whole("pageSize", least=1, most=10_000)
    start_index = call.whole("startIndex", least=0, most=2**31) or 0
    types = [name.upper() for name in call.texts("types")]
    for name in types:
        if name not in JOB_TYPES:
            raise validation_error("types", f"{name[:40]!r} is not a job type; known are {', '.join(JOB_TYPES)}")
    location_code = call.text("locationCode")
    job_ids = call.simulator.jobs.newest_ids(
        call.tenant_id,
        location_code=location_code,
        types=types,
        limit=limit or page_size or 100,
        offset=start_index,
        original_filename=call.text("originalFilename"),
    )
    ended = call.simulator.ended_jobs
    told = {job_id: (job.status, job.body) for job_id in job_ids if (job := ended.get(job_id)) is not None}
    unknown = [job_id for job_id in job_ids if job_id not in told]
    if unknown:
        for row in _polled(call, call.simulator.jobs.some(call.tenant_id, unknown)):
            told[row.id] = (row.status, _encoded(call, row))
    if location_code is not None:
        call.summary["locationCode"] = location_code
    call.summary["jobStatuses"] = {str(job_id): told[job_id][0] for job_id in job_ids}
    if not job_ids and call.simulator.settings.inventory.empty_job_list == "not_found":
        raise ApiError(404, "ITEM_NOT_FOUND", "no job matches")
    return Answer(b"[" + b",".join(told[job_id][1] for job_id in job_ids) + b"]")


OPERATIONS = (
    Operation("getJob", "GET", inventory_paths("/queue/{job_id}", "v1"), get_job, reads=True),
    Operation(
        "getJobs",
        "GET",
        inventory_paths("/queue", "v1"),
        get_jobs,
        reads=True,
        query=(
            Parameter("locationCode"),
            Parameter("originalFilename"),
            Parameter("types", "texts"),
            Parameter("limit", "whole"),
            Parameter("pageSize", "whole"),
            Parameter("startIndex", "whole"),
        ),
    ),
)
