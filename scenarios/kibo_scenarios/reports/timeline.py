"""The facts of a run that a timeline draws: calls, polls, 429s, restrictions, budgets, jobs (RL-3 to RL-8).

All of it is bounded, however long the run: what happens close together is counted together, and of many locations the
ones with failed jobs come first.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from kibo_scenarios.evidence import Evidence, JournalEntry, PoolLimit
from kibo_scenarios.grading import Grade
from kibo_scenarios.moments import MINUTE, SECOND
from kibo_scenarios.rules import Verdict
from kibo_scenarios.rules.files import is_trigger
from kibo_scenarios.rules.traffic import DELETIONS, by_pool, is_dry_run, is_submission

#: Marks that one lane keeps at most.
MARKS_KEPT: Final = 1_500
LOCATIONS_KEPT: Final = 24
SPANS_KEPT: Final = 60
FILES_KEPT: Final = 500
_QUARTER: Final = 15 * MINUTE


class Mark(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """`count` calls of one kind at about one moment; `seq` is the first one's number in the journal.

    Kinds: ``dry``, ``live``, ``call`` (any other), ``poll``, ``list``, and ``refused`` for every 429.
    """

    at: int
    kind: str
    seq: int
    count: int = 1
    items: int = 0


class Window(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A time in which the pool was restricted, as the Retry-After values told it; `retry_after_s` is the longest."""

    start: int
    end: int
    retry_after_s: int
    refusals: int
    seq: int


class Level(msgspec.Struct, frozen=True, array_like=True):
    """How many requests were left from a moment on."""

    at: int
    left: int


class Budget(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One limit of the busiest pool and what was left of it over time."""

    name: str
    limit: int
    levels: tuple[Level, ...]


class JobSpan(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Jobs of one location from being handed out to being ended; those of one status that overlap are one span."""

    start: int
    end: int
    status: str
    count: int = 1


class LocationJobs(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The jobs of one location."""

    location: str
    jobs: int
    spans: tuple[JobSpan, ...]


class FileMark(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A file at a drop point, from being seen first to being complete; `outcome` is empty when nothing came of it."""

    name: str
    at: int
    complete_at: int
    trigger: bool = False
    outcome: str = ""


class Flag(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A finding: the rule that it breaks, the moment, and the exchange that shows it, 0 when none does."""

    at: int
    rule: str
    level: str
    seq: int


class Timeline(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A run over time, in microseconds since the epoch; `locations_left_out` were not kept.

    `budgets` are those of `pool`, the busiest of all `pools` that had requests.
    """

    start: int
    end: int
    marks: tuple[Mark, ...]
    windows: tuple[Window, ...]
    pools: int
    pool: str
    budgets: tuple[Budget, ...]
    locations: tuple[LocationJobs, ...]
    locations_left_out: int
    flags: tuple[Flag, ...]
    files: tuple[FileMark, ...] = ()


def timeline_of(evidence: Evidence, grades: Sequence[Grade]) -> Timeline:
    """Return the timeline of a run."""
    journal = evidence.journal
    windows = _windows(journal)
    locations = _locations(evidence)
    ends = [entry.finished_at for entry in journal]
    ends += [span.end for one in locations for span in one.spans]
    ends += [file.complete_at for file in evidence.files]
    starts = [file.appeared_at for file in evidence.files]
    start = min((*starts, *(entry.started_at for entry in journal)), default=0)
    kept = locations[:LOCATIONS_KEPT]
    pools = by_pool(journal)
    (_, pool), busiest = max(pools.items(), key=lambda pair: len(pair[1]), default=(("", ""), []))
    return Timeline(
        start=start,
        end=max(ends, default=start),
        marks=tuple(_marks(journal)),
        windows=windows,
        pools=len(pools),
        pool=pool,
        # What is left of a budget that others draw on cannot be told from this client's requests.
        budgets=() if evidence.shared else tuple(_budgets(evidence.limits, pool, busiest)),
        locations=tuple(sorted(kept, key=lambda one: one.location)),
        locations_left_out=len(locations) - len(kept),
        flags=tuple(_flags(grades)),
        files=tuple(
            FileMark(
                name=file.name,
                at=file.appeared_at,
                complete_at=file.complete_at,
                trigger=is_trigger(file),
                outcome=file.outcome,
            )
            for file in evidence.files[:FILES_KEPT]
        ),
    )


def _kind(entry: JournalEntry) -> str:
    if entry.status == 429:
        return "refused"
    if is_submission(entry):
        return "live"
    if is_dry_run(entry):
        return "dry"
    return {"getJob": "poll", "getJobs": "list"}.get(entry.operation or "", "call")


def _marks(journal: Sequence[JournalEntry]) -> list[Mark]:
    by_kind: dict[str, list[JournalEntry]] = {}
    for entry in journal:
        by_kind.setdefault(_kind(entry), []).append(entry)
    marks = [mark for kind, entries in by_kind.items() for mark in _thinned(kind, entries)]
    return sorted(marks, key=lambda mark: (mark.at, mark.seq))


def _thinned(kind: str, entries: list[JournalEntry]) -> list[Mark]:
    """Count together what lies within one step of time, and make the steps as small as the bound allows."""
    step = 1
    while len({entry.started_at // step for entry in entries}) > MARKS_KEPT:
        step = max(step * 2, SECOND // 10)
    steps: dict[int, list[JournalEntry]] = {}
    for entry in entries:
        steps.setdefault(entry.started_at // step if step > 1 else entry.seq, []).append(entry)
    return [
        Mark(
            at=some[0].started_at,
            kind=kind,
            seq=some[0].seq,
            count=len(some),
            items=sum(entry.summary.items or 0 for entry in some) if some[0].operation in DELETIONS else 0,
        )
        for some in list(steps.values())[: 2 * MARKS_KEPT]
    ]


def _windows(journal: Sequence[JournalEntry]) -> tuple[Window, ...]:
    """Return the times of restriction; a 429 within one that asks for more makes it longer."""
    windows: list[Window] = []
    for entry in journal:
        if entry.status != 429 or entry.retry_after_s is None:
            continue
        end = entry.started_at + entry.retry_after_s * SECOND
        last = windows[-1] if windows else None
        if last is not None and entry.started_at < last.end:
            windows[-1] = Window(
                start=last.start,
                end=max(last.end, end),
                retry_after_s=max(last.retry_after_s, entry.retry_after_s),
                refusals=last.refusals + 1,
                seq=last.seq,
            )
        else:
            windows.append(
                Window(start=entry.started_at, end=end, retry_after_s=entry.retry_after_s, refusals=1, seq=entry.seq)
            )
    return tuple(windows[:MARKS_KEPT])


def _budgets(limits: Sequence[PoolLimit], pool: str, entries: Sequence[JournalEntry]) -> Iterable[Budget]:
    limit = next((limit for limit in limits if pool.endswith(limit.route)), None)
    if limit is None:
        return
    admitted = [entry.started_at for entry in entries if entry.status != 429]
    if limit.requests_per_minute is not None:
        most = limit.requests_per_minute
        yield Budget(name="minute", limit=most, levels=_levels(admitted, most, bucket=MINUTE, buckets=1))
    if limit.requests_per_hour is not None:
        most = limit.requests_per_hour
        yield Budget(name="hour", limit=most, levels=_levels(admitted, most, bucket=_QUARTER, buckets=4))


def _levels(admitted: Sequence[int], limit: int, *, bucket: int, buckets: int) -> tuple[Level, ...]:
    """Return what is left of a limit that counts over so many buckets, after each request and at each new bucket."""
    counts: Counter[int] = Counter(at // bucket for at in admitted)
    # Between the first request of a bucket and the last one only the way down is told; thinned when there are many.
    moments = {at: at // bucket for at in admitted}
    boundaries = {(number + later) * bucket for number in counts for later in range(1, buckets + 1)}
    seen: Counter[int] = Counter()
    levels: list[Level] = []
    queue = sorted([*((at, True) for at in admitted), *((at, False) for at in boundaries if at not in moments)])
    for at, is_request in queue:
        number = at // bucket
        if is_request:
            seen[number] += 1
        used = sum(seen[number - back] for back in range(buckets))
        level = Level(at, max(0, limit - used))
        if levels and levels[-1].at == at:
            levels[-1] = level
        else:
            levels.append(level)
    return _thinned_levels(levels)


def _thinned_levels(levels: list[Level]) -> tuple[Level, ...]:
    """Keep the least of what lies within one step of time, and the first after a rise."""
    step = SECOND // 10
    while len(levels) > MARKS_KEPT:
        step *= 2
        least: dict[int, Level] = {}
        for level in levels:
            other = least.get(level.at // step)
            if other is None or level.left <= other.left:
                least[level.at // step] = level
        levels = list(least.values())
    return tuple(levels)


def _locations(evidence: Evidence) -> list[LocationJobs]:
    """Return the locations with jobs, those with failed ones first."""
    handed = {
        job: entry.finished_at
        for entry in evidence.journal
        if entry.operation not in {"getJob", "getJobs"}
        for job in entry.job_ids
    }
    by_location: dict[str, list[JobSpan]] = {}
    last = max((entry.finished_at for entry in evidence.journal), default=0)
    for job, fact in sorted(evidence.jobs.items()):
        start = fact.added_at if fact.file else handed.get(job)
        if start is not None:
            end = max(start, fact.finished_at if fact.finished_at is not None else last)
            span = JobSpan(start=start, end=end, status=fact.status)
            by_location.setdefault(fact.location_code, []).append(span)
    rows = [
        LocationJobs(location=location, jobs=len(spans), spans=_merged(spans))
        for location, spans in by_location.items()
    ]
    return sorted(rows, key=lambda row: (not any(s.status == "FAILED" for s in row.spans), row.location))


def _merged(spans: list[JobSpan]) -> tuple[JobSpan, ...]:
    """Make one span of what overlaps, status by status; what still is too much, of what lies close together."""
    by_status: dict[str, list[JobSpan]] = {}
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        by_status.setdefault(span.status, []).append(span)
    merged = []
    for same in by_status.values():
        gap = 0
        while len(some := _joined(same, gap)) > SPANS_KEPT:
            gap = max(gap * 2, SECOND)
        merged += some
    # Failures are painted last, so that nothing hides them.
    return tuple(sorted(merged, key=lambda span: (span.status == "FAILED", span.start)))


def _joined(spans: list[JobSpan], gap: int) -> list[JobSpan]:
    joined: list[JobSpan] = []
    for span in spans:
        if joined and span.start <= joined[-1].end + gap:
            last = joined[-1]
            joined[-1] = JobSpan(
                start=last.start, end=max(last.end, span.end), status=last.status, count=last.count + span.count
            )
        else:
            joined.append(span)
    return joined


def _flags(grades: Sequence[Grade]) -> list[Flag]:
    flags = [
        Flag(
            at=finding.at,
            rule=grade.rule.id,
            level=str(grade.rule.level),
            seq=finding.entries[-1] if finding.entries else 0,
        )
        for grade in grades
        if grade.verdict is Verdict.FAIL
        for finding in grade.outcome.findings
        if finding.at
    ]
    return sorted(flags, key=lambda flag: (flag.at, flag.rule))
