"""Journal entries for tests, told by what matters of them."""

from typing import Any

from kibo_simulator.journal import JournalEntry

SECOND = 1_000_000
START = 1_772_427_600 * SECOND  # 2026-03-02T05:00:00Z


def entry(
    seq: int,
    at: float,
    *,
    operation: str | None = "deleteItems",
    took: float = 0.0,
    status: int = 200,
    tenant: int | None = 1001,
    method: str = "POST",
    path: str = "/api/commerce/inventory/v5/inventory/deleteItems",
    summary: dict[str, Any] | None = None,
    job_ids: tuple[int, ...] = (),
    **more: Any,
) -> JournalEntry:
    """One entry; ``at`` and ``took`` in seconds, ``at`` from `START` on."""
    arrived = START + round(at * SECOND)
    return JournalEntry(
        seq=seq,
        at=arrived,
        real_at=arrived,
        tenant=tenant,
        client="sample.app",
        method=method,
        path=path,
        query=more.pop("query", ""),
        operation=operation,
        pool="1001 /api/commerce/inventory/*",
        body_hash=b"",
        summary=summary or {},
        status=status,
        retry_after=more.pop("retry_after", None),
        job_ids=job_ids,
        bytes_in=10,
        bytes_out=20,
        finished_at=arrived + round(took * SECOND),
        **more,
    )


def deletion(seq: int, at: float, items: int = 500, **more: Any) -> JournalEntry:
    """A live deletion of so many items."""
    return entry(seq, at, summary={"items": items, "dryRun": False}, **more)


def poll(seq: int, at: float, job_id: int, job_status: str = "SUCCESS", **more: Any) -> JournalEntry:
    """A poll of one job, and what it said."""
    summary = {"jobId": job_id, "jobStatus": job_status}
    return entry(seq, at, operation="getJob", method="GET", path=f"/queue/{job_id}", summary=summary, **more)
