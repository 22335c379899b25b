"""Picks the HTTP exchanges that a page shows: all that a verdict rests on, and as many of the others as fit.

Long runs poll thousands of times and send thousands of batches. Runs of answered polls become one row, and of the rest
the first and the last are kept; what was left out is counted where it would have stood.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

import msgspec

from kibo_scenarios.evidence import JournalEntry
from kibo_scenarios.rules.traffic import is_dry_run, is_submission

#: Rows that a page shows of one run, besides those that verdicts rest on.
ROWS_SHOWN: Final = 400
#: So many polls in a row are shown one by one.
POLLS_SHOWN: Final = 2
_LONGEST_TEXT: Final = 160


class Exchange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One row: an exchange, several polls in a row (`count`), or a gap (`seq` 0). Moments in microseconds.

    Attributes:
        seq: The journal's number of the exchange, or of the first of several; 0 for exchanges that are left out.
        last_at: When the last of several began.
        took: From arrival to the end of the answer.
        target: Method, path and query, cut when too long.
        detail: What the content said, in short.
    """

    seq: int = 0
    at: int = 0
    last_at: int = 0
    took: int = 0
    operation: str = ""
    target: str = ""
    detail: str = ""
    status: int = 0
    retry_after_s: int | None = None
    fault: str = ""
    lost: bool = False
    count: int = 1


def shown_exchanges(
    journal: Sequence[JournalEntry], cited: Iterable[int], *, most: int = ROWS_SHOWN
) -> tuple[Exchange, ...]:
    """Return the rows for a journal, in order; every cited exchange has one of its own."""
    wanted = frozenset(cited)
    rows: list[tuple[Exchange, bool]] = []
    for is_plain_poll, group in groupby(journal, key=lambda entry: _is_plain_poll(entry, wanted)):
        entries = list(group)
        if is_plain_poll and len(entries) > POLLS_SHOWN:
            rows.append((_several(entries), False))
        else:
            rows += [(_one(entry), entry.seq in wanted) for entry in entries]
    return tuple(_capped(rows, most))


def _is_plain_poll(entry: JournalEntry, cited: frozenset[int]) -> bool:
    return entry.operation in {"getJob", "getJobs"} and entry.answered and entry.seq not in cited


def _capped(rows: list[tuple[Exchange, bool]], most: int) -> list[Exchange]:
    free = [index for index, (_, needed) in enumerate(rows) if not needed]
    if len(free) <= most:
        return [row for row, _ in rows]
    left_out = set(free[most // 2 : len(free) - (most - most // 2)])
    shown: list[Exchange] = []
    for missing, group in groupby(enumerate(rows), key=lambda pair: pair[0] in left_out):
        some = [row for _, (row, _) in group]
        shown += [Exchange(count=sum(row.count for row in some))] if missing else some
    return shown


def _one(entry: JournalEntry) -> Exchange:
    return Exchange(
        seq=entry.seq,
        at=entry.started_at,
        last_at=entry.started_at,
        took=entry.finished_at - entry.started_at,
        operation=entry.operation or "",
        target=_cut(f"{entry.method} {entry.path}{'?' if entry.query else ''}{entry.query}".strip()),
        detail=_detail(entry),
        status=entry.status,
        retry_after_s=entry.retry_after_s if entry.status == 429 else None,
        fault=_cut(entry.fault or ""),
        lost=entry.response_lost,
    )


def _several(entries: list[JournalEntry]) -> Exchange:
    first, last = entries[0], entries[-1]
    lists = sum(entry.operation == "getJobs" for entry in entries)
    kinds = [_counted(len(entries) - lists, "poll"), _counted(lists, "list")]
    jobs = {job for entry in entries for job, _ in entry.listed} | {
        entry.summary.job_id for entry in entries if entry.summary.job_id is not None
    }
    return Exchange(
        seq=first.seq,
        at=first.started_at,
        last_at=last.started_at,
        took=max(entry.finished_at - entry.started_at for entry in entries),
        operation=first.operation or "",
        target=" and ".join(filter(None, kinds)) + ", all answered",
        detail=_counted(len(jobs), "job"),
        status=first.status,
        count=len(entries),
    )


def _detail(entry: JournalEntry) -> str:
    summary = entry.summary
    kind = "dry run" if is_dry_run(entry) else "live" if is_submission(entry) else ""
    locations = "all locations" if summary.all_locations else _counted(len(summary.location_codes or ()), "location")
    parts = [
        kind,
        "" if summary.items is None else _counted(summary.items, "item"),
        locations,
        summary.location_code or "",
        "" if summary.job_status is None else f"job {summary.job_id}: {summary.job_status}",
        _counted(len(entry.listed), "job") + " listed" if entry.listed else "",
        _counted(len(entry.job_ids), "job") + " handed out" if entry.job_ids and not entry.listed else "",
    ]
    return _cut(" · ".join(filter(None, parts)))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
