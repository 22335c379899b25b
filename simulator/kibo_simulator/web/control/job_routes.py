"""Jobs as they stand, newest first, without counting as a poll (J-4)."""

from typing import Any

from kibo_simulator.web.control.route import TENANT, ControlCall, ControlParameter, ControlRoute
from kibo_simulator.web.wire import job_body

_MOST_BY_DEFAULT = 1_000


def get_jobs(call: ControlCall[None]) -> list[dict[str, Any]]:
    """A tenant's jobs."""
    limit = call.whole("limit")
    jobs = call.simulator.jobs.newest(
        call.tenant(),
        location_code=None,
        types=(),
        limit=_MOST_BY_DEFAULT if limit is None else limit,
        offset=0,
    )
    return [job_body(job) for job in jobs]


ROUTES = (
    ControlRoute(
        method="GET",
        path="/jobs",
        name="getJobs",
        summary="Lists a tenant's jobs, newest first, outside of limits and without counting as a poll.",
        handle=get_jobs,
        answers=list[dict[str, Any]],
        query=(TENANT, ControlParameter("limit", "At most so many jobs; 1000 when absent.", "whole")),
    ),
)
