"""Picks out of a journal the kinds of request that the rules speak of: submissions, polls, jobs handed out."""

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from kibo_scenarios.evidence import TERMINAL_STATUSES, JournalEntry

DELETIONS: Final = frozenset({"delete", "deleteItems"})
#: One kind of call, with the job it asks for when it is a poll by id.
Chain: TypeAlias = tuple[str, int | None]

_JOB_PATH: Final = re.compile(r"/queue/(\d{1,18})/?$", re.ASCII)


def is_submission(entry: JournalEntry) -> bool:
    """Whether this is a live deletion; a request whose content the server never read is not known to be one."""
    return entry.operation in DELETIONS and entry.summary.dry_run is False


def is_dry_run(entry: JournalEntry) -> bool:
    """Whether this is a deletion that only asks for its scope."""
    return entry.operation in DELETIONS and entry.summary.dry_run is True


def submissions(journal: Iterable[JournalEntry]) -> list[JournalEntry]:
    """Return the live deletions, refused ones included, in order of arrival."""
    return [entry for entry in journal if is_submission(entry)]


def polled_job(entry: JournalEntry) -> int | None:
    """Return the job that this request asks for by id, None when it is no such poll."""
    if entry.operation != "getJob":
        return None
    if entry.summary.job_id is not None:
        return entry.summary.job_id
    match = _JOB_PATH.search(entry.path)
    return int(match[1]) if match else None


def seen_statuses(entry: JournalEntry) -> tuple[tuple[int, str], ...]:
    """Return (job, status) for every job whose status this answer showed to the client."""
    if entry.answered and entry.operation == "getJobs":
        return entry.listed
    return _polled_status(entry)


def jobs_seen_ended(entry: JournalEntry) -> tuple[int, ...]:
    """Return the jobs that this answer showed in a terminal status."""
    if entry.answered and entry.operation == "getJobs":
        return entry.listed_ended
    return tuple(job for job, status in _polled_status(entry) if status in TERMINAL_STATUSES)


def _polled_status(entry: JournalEntry) -> tuple[tuple[int, str], ...]:
    if not entry.answered or entry.operation != "getJob" or entry.summary.job_status is None:
        return ()
    job = polled_job(entry)
    return () if job is None else ((job, entry.summary.job_status),)


def jobs_handed_out(entry: JournalEntry) -> tuple[int, ...]:
    """Return the job ids that the client received with this answer, none when the answer was lost."""
    return entry.job_ids if entry.answered and entry.operation not in {"getJob", "getJobs"} else ()


def call_chain(entry: JournalEntry) -> Chain:
    """Return what a single careful caller would do one after the other: one kind of call, or the polls of one job.

    All deletions, live or dry, are one chain: C6 forbids to run them side by side.
    """
    if entry.operation in DELETIONS:
        return "deletion", None
    return entry.operation or f"{entry.method} {entry.path}", polled_job(entry)


def by_pool(journal: Iterable[JournalEntry]) -> dict[tuple[str, str], list[JournalEntry]]:
    """Return the requests of each rate-limit pool; requests outside every pool are left out."""
    pools: dict[tuple[str, str], list[JournalEntry]] = {}
    for entry in journal:
        if entry.pool is not None:
            pools.setdefault((entry.tenant, entry.pool), []).append(entry)
    return pools
