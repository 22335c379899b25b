"""The books of a bulk deletion: each record as deleted, not found or undone, each request by kind (ST-1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kibo_client.budget import Budget
from kibo_client.events import Scope
from kibo_client.optimum import earliest_times
from kibo_client.polling import TERMINAL
from kibo_client.report import NOT_COME_TO, NOT_SEEN_TO_END, BulkDeleteReport, FailedJob, ThrottledRequest, UndoneTarget
from kibo_client.scope import NOWHERE, Undone
from kibo_client.settlement import JobRecord
from kibo_client.targets import Locations, Product, Target, Wanted
from kibo_client.units import SECOND

Extent = Mapping[Product, Locations]


class Account:
    """What has become of the wanted records so far, and what it took.

    Args:
        wanted: The records the operation is about.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._deleted: dict[Product, Locations] = {}
        self._gone: dict[Product, Locations] = {}
        self._undone: list[Undone] = []
        self.requests: Counter[str] = Counter()
        self.throttled: list[ThrottledRequest] = []
        self.accepted = 0

    def deleted(self, extent: Extent) -> None:
        """A job that succeeded has deleted these."""
        _add(self._deleted, extent)

    def gone(self, extent: Extent) -> None:
        """These were not there (any more)."""
        _add(self._gone, extent)

    def leave(self, extent: Extent, reason: str) -> None:
        """These are left undone, for a reason."""
        self._undone.extend(Undone(product, locations, reason) for product, locations in extent.items())

    def leave_all(self, undone: Iterable[Undone]) -> None:
        """These are left undone, each for its reason."""
        self._undone.extend(undone)

    def scope(self, found: Iterable[Extent]) -> Scope:
        """What would be deleted, were these scopes submitted."""
        batches = 0
        together: dict[Product, Locations] = {}
        for extent in found:
            batches += 1
            _add(together, extent)
        return Scope(
            records=_size(together),
            products=len(together),
            locations=len(frozenset().union(*set(together.values()))),
            batches=batches,
            not_found=_size(self._gone),
            undone=sum(len(entry.locations) for entry in self._undone),
        )

    def is_gone(self, product: Product, location: str) -> bool:
        """Whether a record was not there, and was not deleted by us either."""
        return location in self._gone.get(product, NOWHERE) and location not in self._deleted.get(product, NOWHERE)

    def deleted_records(self) -> int:
        """How many wanted records are known to be deleted."""
        return sum(len(self._wanted[product] & self._deleted.get(product, NOWHERE)) for product in self._wanted)

    def not_found_records(self) -> int:
        """How many wanted records were not there, and were not deleted by us either."""
        return sum(
            len((self._wanted[p] & self._gone.get(p, NOWHERE)) - self._deleted.get(p, NOWHERE)) for p in self._wanted
        )

    def undone(self, default_reason: str | None, under_way: Extent) -> Iterator[UndoneTarget]:
        """Every wanted record that is neither deleted nor gone, with the newest reason known for it.

        Args:
            default_reason: Said of records that nothing was noted about; None leaves those out.
            under_way: Records that were submitted and whose end was not seen.
        """
        reasons: dict[Product, list[Undone]] = {}
        for entry in self._undone:
            reasons.setdefault(entry.product, []).append(entry)
        for product, locations in self._wanted.items():
            left = locations - self._deleted.get(product, NOWHERE) - self._gone.get(product, NOWHERE)
            for location in sorted(left):
                noted = (e.reason for e in reversed(reasons.get(product, [])) if location in e.locations)
                open_here = location in under_way.get(product, NOWHERE)
                reason = NOT_SEEN_TO_END if open_here else next(noted, default_reason)
                if reason is not None:
                    target = Target(location, product.part_number, product.upc, product.sku)
                    yield UndoneTarget(target, reason)

    def report(
        self,
        *,
        scope: Scope | None,
        stopped: str | None,
        dry_run: bool,
        spacing: int,
        jobs: Sequence[JobRecord],
        under_way: Extent,
        budget: Budget,
        began_at: int,
        ended_at: int,
    ) -> BulkDeleteReport:
        """Close the books as they stand."""
        finished_dry_run = dry_run and stopped is None
        undone = tuple(self.undone(None if finished_dry_run else stopped or NOT_COME_TO, under_way))
        ending = "dry run" if finished_dry_run else "undone" if undone else "deleted"
        failed = (job.seen for job in jobs if job.seen is not None and job.seen.status == "FAILED")
        return BulkDeleteReport(
            outcome=ending if stopped is None else "stopped",
            stopped=stopped,
            requested_records=self._wanted.records,
            requested_products=len(self._wanted),
            requested_locations=len(self._wanted.all_locations),
            scope=scope,
            deleted_records=self.deleted_records(),
            not_found_records=self.not_found_records(),
            batches=self.accepted,
            requests=dict(self.requests),
            throttled=tuple(self.throttled),
            jobs=dict(Counter(job.status for job in jobs)),
            failed_jobs=tuple(FailedJob(job.job_id, job.location_code, job.messages) for job in failed),
            open_jobs=tuple(job.job_id for job in jobs if job.status not in TERMINAL),
            undone=undone,
            started_at=began_at,
            finished_at=ended_at,
            optimum_s=self._optimum_s(spacing, any_jobs=bool(jobs), began_at=began_at, budget=budget),
            requests_per_minute=budget.requests_per_minute,
            requests_per_hour=budget.requests_per_hour,
        )

    def _optimum_s(self, spacing: int, *, any_jobs: bool, began_at: int, budget: Budget) -> float | None:
        """The least time for these dry runs, as many spaced submissions and one look at the jobs."""
        if not began_at or (offset := budget.offset) is None:
            return None
        dry_runs, submissions = self.requests["dryRun"], self.requests["delete"]
        gaps = [0] * dry_runs + [0] * bool(submissions) + [spacing] * (submissions - 1) + [0] * any_jobs
        released_at = began_at + (offset.low + offset.high) // 2
        times = earliest_times(
            gaps,
            released_at=released_at,
            requests_per_minute=budget.requests_per_minute,
            requests_per_hour=budget.requests_per_hour,
        )
        return (times[-1] - released_at) / SECOND if times else 0.0


def _add(into: dict[Product, Locations], extent: Extent) -> None:
    for product, locations in extent.items():
        known = into.get(product)
        into[product] = locations if known is None else known | locations


def _size(extent: Extent) -> int:
    return sum(map(len, extent.values()))
