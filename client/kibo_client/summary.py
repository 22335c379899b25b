"""What a person reads at a terminal: the question before a deletion, the summary after it (C12, C15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kibo_client.events import Scope
from kibo_client.lines import Line
from kibo_client.report import NOT_COME_TO, NOT_SEEN_TO_END, BulkDeleteReport, UndoneTarget
from kibo_client.settings import Settings
from kibo_client.targets import Target
from kibo_client.update_report import UpdateReport

MOST_REASONS_SHOWN = 10
MOST_EXAMPLES_SHOWN = 3
# Below this, seconds of latency and guard outweigh what limits and spacing impose, and a comparison says nothing.
WORTH_COMPARING_S = 60
# A dry run that is over before one looks has no duration to speak of.
WORTH_TELLING_S = 10


def question(settings: Settings, scope: Scope) -> str:
    """What is about to happen, and how to agree to it."""
    batches = counted(scope.batches, "batch", "batches")
    what = {None: "delete for good", "refresh": "set quantities", "adjust": "add to quantities"}[scope.update]
    lines = [
        f"About to {what}, on tenant {settings.tenant} ({settings.api_host}):",
        f"  {_extent(scope.records, scope.products, scope.locations)}, in {batches}",
    ]
    if scope.update is None:
        lines += [
            f"  you asked for {counted(scope.requested, 'record')} of {counted(scope.requested_products, 'product')}",
            f"  {scope.not_found:,} of them are not there, {scope.undone:,} cannot be deleted safely",
        ]
    if scope.ambiguous:
        verb = "matches" if scope.ambiguous == 1 else "match"
        lines += [f"  {counted(scope.ambiguous, 'identifier')} {verb} more than that: narrowed down, or left alone"]
    agreed = agreement(settings, scope)
    return "\n".join([*lines, f"Type the tenant id and the number of records ({agreed}) to go on: "])


def agreement(settings: Settings, scope: Scope) -> str:
    """What has to be typed to agree."""
    return f"{settings.tenant} {scope.records}"


def summary(report: BulkDeleteReport | UpdateReport) -> Iterator[str]:
    """The account of a run, line by line."""
    for name, value in summary_rows(report):
        yield f"{name:<12} {value}"
    for job in report.failed_jobs:
        yield f"failed job   {job.job_id} at {job.location_code or '?'}: {'; '.join(job.messages) or 'no message'}"
    yield from _undone(report)


def _undone(report: BulkDeleteReport | UpdateReport) -> Iterator[str]:
    """The records left, by reason, the commonest first; what the whole run never came to is only counted."""
    by_reason: dict[str, list[Target | Line]] = {}
    for entry in report.undone:
        by_reason.setdefault(entry.reason, []).append(entry.target if isinstance(entry, UndoneTarget) else entry.line)
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


def interruption(report: BulkDeleteReport | UpdateReport, journal: Path | None) -> str:
    """What an interrupted run leaves under way, and how to take it up again."""
    jobs = ", ".join(map(str, report.open_jobs)) or "none"
    resume = (
        "; the same command later finds what is then left"
        if journal is None
        else f"; kibo-client resume {journal} goes on with it"
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


def summary_rows(report: BulkDeleteReport | UpdateReport) -> list[tuple[str, str]]:
    """The account of a run as names and values."""
    return _deletion_rows(report) if isinstance(report, BulkDeleteReport) else _update_rows(report)


def _throttled(report: BulkDeleteReport | UpdateReport) -> str:
    waits = Counter(one.retry_after_s for one in report.throttled)
    told = ", ".join(
        f"{'Retry-After missing' if wait is None else f'Retry-After {wait}'} × {waits[wait]:,}"
        for wait in sorted(waits, key=lambda wait: wait or 0)
    )
    return f"{len(report.throttled):,}" + (f": {told}" if told else "")


def _update_rows(report: UpdateReport) -> list[tuple[str, str]]:
    under_way = sum(entry.reason == NOT_SEEN_TO_END for entry in report.undone)
    uncertain = report.uncertain_records - under_way
    undone = len(report.undone) - under_way - uncertain
    records = [f"{report.applied_records:,} {report.kind}ed", f"{undone:,} undone"]
    records += [f"{uncertain:,} uncertain"] if uncertain else []
    records += [f"{under_way:,} under way"] if under_way else []
    locations = counted(report.requested_locations, "location")
    return [
        ("outcome", report.outcome + (f": {report.stopped}" if report.stopped else "")),
        ("requested", f"{counted(report.requested_records, 'record')} at {locations}"),
        ("records", ", ".join(records)),
        ("batches", f"{report.batches:,}"),
        ("requests", ", ".join(f"{kind} {count:,}" for kind, count in report.requests.items()) or "none"),
        ("throttled", _throttled(report)),
        ("jobs", ", ".join(f"{status} {count:,}" for status, count in report.jobs.items()) or "none"),
        ("duration", duration(report.duration_s)),
    ]


def _deletion_rows(report: BulkDeleteReport) -> list[tuple[str, str]]:
    scope = report.scope
    found = "not found out" if scope is None else _extent(scope.records, scope.products, scope.locations)
    under_way = sum(entry.reason == NOT_SEEN_TO_END for entry in report.undone)
    undone = len(report.undone) - under_way
    rows = [
        ("outcome", report.outcome + (f": {report.stopped}" if report.stopped else "")),
        ("requested", _extent(report.requested_records, report.requested_products, report.requested_locations)),
    ]
    requests = ", ".join(f"{kind} {count:,}" for kind, count in report.requests.items()) or "none"
    throttled = _throttled(report)
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
