"""The figures of a run, counted from its evidence; expectations compare them, reports show them."""

import operator
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kibo_scenarios.evidence import TERMINAL_STATUSES, Evidence, JournalEntry, RecordKey
from kibo_scenarios.moments import SECOND
from kibo_scenarios.optimum import earliest_times
from kibo_scenarios.rules.files import IMPORTED, is_trigger
from kibo_scenarios.rules.throttling import HOUR_LEVEL_S
from kibo_scenarios.rules.traffic import DELETIONS, is_dry_run, is_submission, seen_statuses
from kibo_scenarios.scenario import Expectation, Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One 429: when, for what, and how long it asked to wait (None without a usable header)."""

    at: int
    retry_after_s: int | None
    operation: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What happened, in numbers. Spans are in microseconds.

    Attributes:
        off_target: Targets that are neither as they should be in the end nor named as undone.
        scope_records: Records that the answered dry runs found, repeated ones counted once.
        batches: Live deletions that were accepted.
        requests: Requests by kind.
        jobs: Jobs by the last status that the client saw, ``UNSEEN`` for ids whose status it never saw; those that were
            made of its files by the status that they have.
        makespan: From the first request of the pool to the last.
        optimum: The least time for the same admitted requests in the same order, but not before the last job had
            ended, which the client must have seen; None where the limits are not known.
        faults_left: Faults of the scenario that have not done all they were for.
        batch_items: Items of batch jobs by their last status, and ``retries``.
        strays: Records besides the targets that were deleted, changed or added.
        files: Data files that were seen at drop points.
        files_imported: Those of them that were imported.
    """

    targets: int
    target_products: int
    target_locations: int
    gone: int
    undone: int
    off_target: int
    scope_records: int
    scope_items: int
    scope_locations: int
    batches: int
    requests: Mapping[str, int]
    refusals: tuple[Refusal, ...]
    jobs: Mapping[str, int]
    makespan: int
    optimum: int | None
    faults_left: int = 0
    batch_items: Mapping[str, int] = field(default_factory=dict)
    strays: int = 0
    files: int = 0
    files_imported: int = 0

    @property
    def ratio_to_optimum(self) -> float | None:
        """Makespan divided by optimum; None where there is no optimum, 1 where both are nothing."""
        if self.optimum is None:
            return None
        return self.makespan / self.optimum if self.optimum else 1.0


#: Kinds of request by their stable names; a request is of the first kind that fits, or goes by its operation.
KINDS: Final[Mapping[str, Callable[[JournalEntry], bool]]] = {
    "dryRuns": is_dry_run,
    "liveDeletions": is_submission,
    "refusedDeletions": lambda entry: entry.operation in DELETIONS and entry.summary.dry_run is None,
    "jobPolls": lambda entry: entry.operation == "getJob",
    "queueLists": lambda entry: entry.operation == "getJobs",
    "tokens": lambda entry: entry.operation in {"authenticate", "refreshTicket"},
}

#: What a scenario may expect something of, and how each is read from the figures.
FIGURES: Final[Mapping[str, Callable[[Figures], float | None]]] = {
    "throttled": lambda figures: len(figures.refusals),
    "throttled_minute": lambda figures: _refused(figures, hourly=False),
    "throttled_hour": lambda figures: _refused(figures, hourly=True),
    "requests": lambda figures: sum(figures.requests.values()),
    "batches": lambda figures: figures.batches,
    "jobs": lambda figures: sum(figures.jobs.values()),
    "jobs_failed": lambda figures: figures.jobs.get("FAILED", 0),
    "targets": lambda figures: figures.targets,
    "gone": lambda figures: figures.gone,
    "undone": lambda figures: figures.undone,
    "off_target": lambda figures: figures.off_target,
    "strays": lambda figures: figures.strays,
    "faults_left": lambda figures: figures.faults_left,
    "files": lambda figures: figures.files,
    "files_imported": lambda figures: figures.files_imported,
    "batch_items": lambda figures: sum(figures.batch_items.values()) - figures.batch_items.get("retries", 0),
    "batch_completed": lambda figures: figures.batch_items.get("Completed", 0),
    "batch_failed": lambda figures: figures.batch_items.get("Failed", 0),
    "batch_not_found": lambda figures: figures.batch_items.get("ValidationFailed", 0),
    "batch_cancelled": lambda figures: figures.batch_items.get("Cancelled", 0),
    "batch_retries": lambda figures: figures.batch_items.get("retries", 0),
    "makespan_s": lambda figures: figures.makespan / SECOND,
    "ratio_to_optimum": lambda figures: figures.ratio_to_optimum,
}

#: Those of them that speak of what was done alone, and so hold for any client, however it went about its work.
OF_THE_STOCK: Final = frozenset(
    {"off_target", "strays", "batch_items", "batch_completed", "batch_failed", "batch_not_found", "batch_cancelled"}
)

_OPERATORS: Final[Mapping[Operator, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Checked:
    """An expectation, what the figure was (None: it could not be found out), and whether that is as expected."""

    expectation: Expectation
    actual: float | None
    met: bool


def figures_of(evidence: Evidence) -> Figures:
    """Return the figures of a run."""
    journal = evidence.journal
    scopes = _scopes(journal)
    targets = evidence.targets & evidence.before.keys()
    data_files = [file for file in evidence.files if not is_trigger(file)]
    pooled = [entry for entry in journal if entry.pool is not None]
    return Figures(
        targets=len(evidence.targets),
        target_products=len({key[1:] for key in evidence.targets}),
        target_locations=len({key.location_code for key in evidence.targets}),
        gone=len(targets - evidence.after.keys()),
        undone=len(evidence.undone),
        off_target=sum(_is_off(evidence, key) for key in targets - evidence.undone),
        faults_left=evidence.faults_left,
        batch_items=evidence.batch_items,
        strays=_strays(evidence),
        files=len(data_files),
        files_imported=sum(file.outcome in IMPORTED for file in data_files),
        scope_records=sum(entry.summary.records or 0 for entry in scopes),
        scope_items=len({item for entry in scopes for item in entry.summary.item_hashes or ()}),
        scope_locations=len({code for entry in scopes for code in entry.summary.location_codes or ()}),
        batches=sum(is_submission(entry) and entry.answered for entry in journal),
        requests=_by_kind(journal),
        refusals=tuple(
            Refusal(
                at=entry.started_at,
                retry_after_s=entry.retry_after_s,
                operation=entry.operation or f"{entry.method} {entry.path}",
                seq=entry.seq,
            )
            for entry in journal
            if entry.status == 429
        ),
        jobs=_jobs(evidence),
        makespan=pooled[-1].started_at - pooled[0].started_at if pooled else 0,
        optimum=_optimum(evidence, pooled),
    )


def check(expectation: Expectation, figures: Figures) -> Checked:
    """Return whether a figure is as expected; one that could not be found out is not."""
    actual = FIGURES[expectation.figure](figures)
    met = actual is not None and _OPERATORS[expectation.operator](actual, expectation.value)
    return Checked(expectation, actual, met)


def asked_for(work: str) -> str:
    """Return in two words what kind of work is to be done with the targets."""
    return {"adjust": "to adjust", "files": "to import"}.get(work, "to delete")


def outcome_of(work: str, targets: int, gone: int, undone: int, off_target: int) -> list[str]:
    """Return in words what became of the targets of some kind of work."""
    done = {"adjust": "adjusted", "files": "as they were fed"}.get(work)
    if done is None:
        return [f"{gone:,} gone", f"{undone:,} undone"]
    return [f"{targets - undone - off_target:,} {done}", f"{undone:,} undone", f"{off_target:,} wrong"]


def file_outcomes(files: int, imported: int) -> list[str]:
    """Return in words how many data files came, and how many of them were imported."""
    return [f"{files:,} came", f"{imported:,} imported"]


def batch_outcomes(items: Mapping[str, int]) -> list[str]:
    """Return in words how many items of batch jobs ended how, and how often any was tried again."""
    ended = [f"{count:,} {status}" for status, count in items.items() if status != "retries"]
    retries = items.get("retries", 0)
    return [*(ended or ["none"]), *([f"{retries:,} retries"] if retries else [])]


def _is_off(evidence: Evidence, key: RecordKey) -> bool:
    after = evidence.after.get(key)
    if evidence.expected:
        return after is None or after.on_hand != evidence.expected[key]
    if evidence.adjusted_by is None:
        return after is not None
    return after is None or after.on_hand != evidence.before[key].on_hand + evidence.adjusted_by


def _strays(evidence: Evidence) -> int:
    others = (evidence.before.keys() | evidence.after.keys()) - evidence.targets
    return sum(evidence.before.get(key) != evidence.after.get(key) for key in others)


def _refused(figures: Figures, *, hourly: bool) -> int:
    return sum(
        (refusal.retry_after_s or 0) >= HOUR_LEVEL_S if hourly else refusal.retry_after_s == 60
        for refusal in figures.refusals
    )


def _by_kind(journal: tuple[JournalEntry, ...]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for entry in journal:
        counted[next((name for name, is_kind in KINDS.items() if is_kind(entry)), entry.operation or "other")] += 1
    order = {name: index for index, name in enumerate(KINDS)}
    return dict(sorted(counted.items(), key=lambda pair: (order.get(pair[0], len(order)), pair[0])))


def _scopes(journal: tuple[JournalEntry, ...]) -> list[JournalEntry]:
    """Return the answered dry runs that the live deletions rest on, or all answered ones when nothing went live.

    A batch that was narrowed was asked for twice; only the scope that was used is to be counted.
    """
    dry_runs = {
        entry.request_hash or str(entry.seq): entry for entry in journal if is_dry_run(entry) and entry.answered
    }
    live = {_scope_key(entry) for entry in journal if is_submission(entry)}
    used = [entry for entry in dry_runs.values() if _scope_key(entry) in live]
    return used or list(dry_runs.values())


def _scope_key(entry: JournalEntry) -> tuple[object, ...]:
    summary = entry.summary
    return summary.all_locations, frozenset(summary.location_codes or ()), frozenset(summary.item_hashes or ())


def _jobs(evidence: Evidence) -> dict[str, int]:
    last = {job: fact.status for job, fact in evidence.jobs.items() if fact.file}
    for entry in evidence.journal:
        for job in entry.job_ids:
            last.setdefault(job, "UNSEEN")
        for job, status in seen_statuses(entry):
            if last.get(job) not in TERMINAL_STATUSES:
                last[job] = status
    return dict(sorted(Counter(last.values()).items()))


def _optimum(evidence: Evidence, pooled: list[JournalEntry]) -> int | None:
    admitted = [entry for entry in pooled if entry.status != 429]
    if len(evidence.limits) != 1 or not admitted or len({entry.pool for entry in pooled}) != 1:
        return None
    start = admitted[0].started_at
    (limit,) = evidence.limits
    if 0 in {limit.requests_per_minute, limit.requests_per_hour}:
        # Nothing is admitted under such limits: these were not the ones in force all the time.
        return None
    times = earliest_times(
        [is_submission(entry) for entry in admitted],
        start=start,
        spacing=evidence.profile.submission_spacing,
        requests_per_minute=limit.requests_per_minute,
        requests_per_hour=limit.requests_per_hour,
        off_peak_hours_utc=evidence.profile.off_peak_hours_utc,
    )
    last_job_ended = max((job.finished_at or 0 for job in evidence.jobs.values()), default=0)
    return max(times[-1], last_job_ended) - start
