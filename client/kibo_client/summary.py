"""What a person reads at a terminal: the question before a deletion, the summary after it (C12, C15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kibo_client.events import Scope
from kibo_client.report import NOT_COME_TO, NOT_SEEN_TO_END, BulkDeleteReport
from kibo_client.settings import Settings
from kibo_client.targets import Target

MOST_REASONS_SHOWN = 10
MOST_EXAMPLES_SHOWN = 3
NOTHING_SENT = "interrupted before anything was sent"
# Below this, seconds of latency and guard outweigh what limits and spacing impose, and a comparison says nothing.
WORTH_COMPARING_S = 60
# A dry run that is over before one looks has no duration to speak of.
WORTH_TELLING_S = 10


def question(settings: Settings, scope: Scope) -> str:
    """What is about to happen, and how to agree to it."""
    batches = counted(scope.batches, "batch", "batches")
    return (
        f"About to delete for good, on tenant {settings.tenant} ({settings.api_host}):\n"
        f"  {_extent(scope.records, scope.products, scope.locations)}, in {batches}\n"
        f"  {scope.not_found:,} of the listed records are not there, {scope.undone:,} cannot be deleted safely\n"
        f"Type the tenant id ({settings.tenant}) to go on: "
    )


def summary(report: BulkDeleteReport) -> Iterator[str]:
    """The account of a run, line by line."""
    for name, value in _rows(report):
        yield f"{name:<12} {value}"
    for job in report.failed_jobs:
        yield f"failed job   {job.job_id} at {job.location_code or '?'}: {'; '.join(job.messages) or 'no message'}"
    yield from _undone(report)


def _undone(report: BulkDeleteReport) -> Iterator[str]:
    """The records left, by reason, the commonest first; what the whole run never came to is only counted."""
    by_reason: dict[str, list[Target]] = {}
    for entry in report.undone:
        by_reason.setdefault(entry.reason, []).append(entry.target)
    cut = False
    for reason, targets in sorted(by_reason.items(), key=lambda item: -len(item[1]))[:MOST_REASONS_SHOWN]:
        if reason == report.stopped:
            # Said already, with the outcome.
            continue
        yield f"{'open' if reason == NOT_SEEN_TO_END else 'undone':<12} {len(targets):,} × {reason}"
        if reason in {NOT_COME_TO, NOT_SEEN_TO_END}:
            continue
        for target in targets[:MOST_EXAMPLES_SHOWN]:
            yield f"             {target.product} at {target.location_code}"
        cut = cut or len(targets) > MOST_EXAMPLES_SHOWN
    if cut or len(by_reason) > MOST_REASONS_SHOWN:
        yield "             and more; --json lists them all"


def interruption(report: BulkDeleteReport | None, journal: Path | None) -> str:
    """What an interrupted run leaves under way, and how to take it up again."""
    if report is None:
        return NOTHING_SENT
    jobs = ", ".join(map(str, report.open_jobs)) or "none"
    resume = (
        "; the same command later finds what is then left"
        if journal is None
        else f"; run again with --run-journal {journal} to resume"
    )
    submitted = f"{counted(report.batches, 'batch', 'batches')} had been submitted"
    return f"interrupted: {submitted}, open jobs: {jobs}{resume}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun: 1 batch, 1,234 batches; the plural is told where it is not formed by an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A span as people say it: 12.6 s, 4 m 5 s, 1 h 10 m."""
    if round(seconds, 1) < 60:
        return f"{round(seconds, 1):g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return " ".join(f"{value} {unit}" for value, unit in parts if value)


def _rows(report: BulkDeleteReport) -> list[tuple[str, str]]:
    scope = report.scope
    found = "not found out" if scope is None else _extent(scope.records, scope.products, scope.locations)
    waits = Counter(one.retry_after_s for one in report.throttled)
    told = ", ".join(
        f"{'Retry-After missing' if wait is None else f'Retry-After {wait}'} × {waits[wait]:,}"
        for wait in sorted(waits, key=lambda wait: wait or 0)
    )
    under_way = sum(entry.reason == NOT_SEEN_TO_END for entry in report.undone)
    undone = len(report.undone) - under_way
    rows = [
        ("outcome", report.outcome + (f": {report.stopped}" if report.stopped else "")),
        ("requested", _extent(report.requested_records, report.requested_products, report.requested_locations)),
    ]
    requests = ", ".join(f"{kind} {count:,}" for kind, count in report.requests.items()) or "none"
    throttled = f"{len(report.throttled):,}" + (f": {told}" if told else "")
    took = duration(report.duration_s) + _least(report)
    if report.outcome == "dry run":
        # Nothing was deleted, so nothing is said of it; nor of what is only worth saying of a long search.
        if scope is not None:
            found += f", in {counted(scope.batches, 'batch', 'batches')}"
        rows += [
            ("scope", found),
            ("records", f"{report.not_found_records:,} not found, {undone:,} undone"),
            ("requests", requests),
        ]
        rows += [("throttled", throttled)] if report.throttled else []
        rows += [("duration", took)] if report.duration_s >= WORTH_TELLING_S else []
        return rows
    records = f"{report.deleted_records:,} deleted, {report.not_found_records:,} not found, {undone:,} undone"
    return [
        *rows,
        ("scope", found),
        ("records", records + (f", {under_way:,} under way" if under_way else "")),
        ("batches", f"{report.batches:,}"),
        ("requests", requests),
        ("throttled", throttled),
        ("jobs", ", ".join(f"{status} {count:,}" for status, count in report.jobs.items()) or "none"),
        ("duration", took),
    ]


def _extent(records: int, products: int, locations: int) -> str:
    return f"{counted(records, 'record')} of {counted(products, 'product')} at {counted(locations, 'location')}"


def _least(report: BulkDeleteReport) -> str:
    if report.optimum_s is None or report.optimum_s < WORTH_COMPARING_S:
        return ""
    return f"; limits and spacing alone take {duration(report.optimum_s)}"
