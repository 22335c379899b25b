"""Which jobs of the queue belong to a submission whose answer was lost (C8).

Only jobs added while that submission was under way come into question: two submissions are too far apart (BA-5) for
their jobs to be mixed up. Somebody else's jobs may still be among them, so what is adopted has to be verified.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from kibo_client.clock_offset import ClockOffset
from kibo_client.events import JobSeen
from kibo_client.units import SECOND
from kibo_client.work import Work

# Stamps may be cut to whole seconds.
TOLERANCE = SECOND


def jobs_of_lost_submission(
    work: Work, jobs: Iterable[JobSeen], known: Container[int], offset: ClockOffset | None
) -> list[JobSeen]:
    """Choose from a page of the queue.

    Args:
        work: The batch, with the moments between which its submission was under way.
        jobs: The page.
        known: Ids of jobs that are accounted for.
        offset: What is known of the server's clock; without it nothing can be told.
    """
    if offset is None:
        return []
    first = work.sent_at + offset.at(work.sent_at).low - TOLERANCE
    last = work.ended_at + offset.at(work.ended_at).high + TOLERANCE
    return [
        job
        for job in jobs
        if job.job_id not in known
        and job.location_code in work.found_locations
        and job.added_at is not None
        and first <= job.added_at <= last
    ]
