"""The files that pass between the harness and a client in another process: the task, and the client's own report.

Both are JSON, documented in docs/grading.md; `format` grows when the meaning of a key changes.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from kibo_scenarios.drivers.task import ClientReport, Task
from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.moments import SECOND, format_utc
from kibo_scenarios.profile import OFF_PEAK_HOURS_UTC

FORMAT: Final = 1
#: A report names at most some hundred thousand records.
MOST_BYTES: Final = 64 << 20


class ItemPart(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One product, by the identifiers it has."""

    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None


class LimitsPart(Struct, frozen=True, kw_only=True, rename="camel"):
    """The limits that the client is told; null where it is told nothing."""

    requests_per_minute: int | None
    requests_per_hour: int | None


class ClockPart(Struct, frozen=True, kw_only=True, rename="camel"):
    """How the client's time relates to the machine's, by what its own delays have to be divided, and what time it is.

    ``startedAt`` is the simulated moment at which the task was written: what a client counts from whose own clock does
    not show the simulated time.
    """

    mode: str
    speed: float
    divide_delays_by: int
    started_at: str


class FeedPart(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be done by a batch job: JSON lines with ``resource``, ``action`` and ``body``; null: not asked for."""

    file: str
    batch_job_code: str
    scheduled_date: str | None
    cancel_after_seconds: float | None


class FileFeedPart(Struct, frozen=True, kw_only=True, rename="camel"):
    """One feed: CSV or JSON lines, whether it holds totals or changes, and when it is to be sent as a file."""

    kind: str
    file: str
    due_at: str
    due_after_seconds: float


class FilesPart(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be sent as inventory files, and the folder in which they are picked up, also over SFTP (or null)."""

    drop_folder: str
    sftp_url: str | None
    feeds: tuple[FileFeedPart, ...]


class TaskDocument(Struct, frozen=True, kw_only=True, rename="camel"):
    """A task file. ``items`` at ``locationCodes`` are the same records as those of ``exportFile``."""

    format: int
    scenario: str
    work: str
    export_file: str
    items: tuple[ItemPart, ...]
    location_codes: tuple[str, ...]
    adjust_by: int | None
    report_file: str
    limits: LimitsPart
    clock: ClockPart
    batch_size: int
    spacing_seconds: float
    off_peak_hours_utc: tuple[int, int] | None
    options: dict[str, Any]
    feed: FeedPart | None = None
    files: FilesPart | None = None


class UndonePart(ItemPart, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One record that the client did not do, and why."""

    location_code: str
    reason: str = "not said"


class ReportFile(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is read of a client's report; all else in it is kept as it is."""

    undone: tuple[UndonePart, ...] = ()


def task_document(task: Task, report_file: Path) -> TaskDocument:
    """Return what a client in another process is told."""
    plan = task.plan
    by, now = task.pace.divisor, task.now()
    products = sorted({key[1:] for key in task.targets}, key=lambda product: tuple(part or "" for part in product))
    return TaskDocument(
        format=FORMAT,
        scenario=task.scenario,
        work=task.work,
        export_file=str(task.export_file),
        items=tuple(ItemPart(part_number=part_number, upc=upc, sku=sku) for part_number, upc, sku in products),
        location_codes=tuple(sorted({key.location_code for key in task.targets})),
        adjust_by=task.added,
        report_file=str(report_file),
        limits=LimitsPart(
            requests_per_minute=None if plan.rpm == "unknown" else plan.rpm,
            requests_per_hour=None if plan.rph == "unknown" else plan.rph,
        ),
        clock=ClockPart(
            mode=task.pace.name, speed=task.pace.speed or 1.0, divide_delays_by=by, started_at=format_utc(now)
        ),
        batch_size=plan.batch_size,
        spacing_seconds=plan.spacing_s / by,
        off_peak_hours_utc=None if plan.off_peak is None else OFF_PEAK_HOURS_UTC[plan.off_peak],
        options=dict(task.options),
        feed=_feed_part(task, by),
        files=_files_part(task, by, now),
    )


def _feed_part(task: Task, by: int) -> FeedPart | None:
    feed = task.feed
    if feed is None:
        return None
    return FeedPart(
        file=str(feed.file),
        batch_job_code=feed.code,
        scheduled_date=None if feed.scheduled_at is None else format_utc(feed.scheduled_at),
        cancel_after_seconds=None if feed.cancel_after is None else feed.cancel_after / SECOND / by,
    )


def _files_part(task: Task, by: int, now: int) -> FilesPart | None:
    if task.files is None:
        return None
    return FilesPart(
        drop_folder=task.files.drop.name,
        sftp_url=task.files.sftp_url,
        feeds=tuple(
            FileFeedPart(
                kind=feed.kind,
                file=str(feed.file),
                due_at=format_utc(feed.due),
                due_after_seconds=max(0, feed.due - now) / SECOND / by,
            )
            for feed in task.files.feeds
        ),
    )


def write_task_file(task: Task, file: Path, report_file: Path) -> None:
    """Write a task file."""
    encoded = msgspec.json.encode(task_document(task, report_file))
    file.write_bytes(msgspec.json.format(encoded, indent=2) + b"\n")


def read_report_file(file: Path, targets: Collection[RecordKey]) -> ClientReport:
    """Read what a client left as its report; without a file it has said nothing.

    Records may be named by any identifier they have.

    Raises:
        ValueError: It is not a report; the message says where and why.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return ClientReport()
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
    try:
        told = msgspec.json.decode(content, type=ReportFile)
        details = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    known = {(key.location_code, name, value): key for key in targets for name, value in _identifiers(key)}
    undone: dict[RecordKey, str] = {}
    for one in told.undone:
        named = RecordKey(one.location_code, one.part_number or None, one.upc or None, one.sku or None)
        meant = {known.get((named.location_code, name, value), named) for name, value in _identifiers(named)}
        undone |= dict.fromkeys(meant or {named}, one.reason)
    return ClientReport(undone=undone, details=details)


def _identifiers(key: RecordKey) -> list[tuple[str, str]]:
    named = (("partNumber", key.part_number), ("upc", key.upc), ("sku", key.sku))
    return [(name, value) for name, value in named if value]
