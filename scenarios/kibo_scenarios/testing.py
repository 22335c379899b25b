"""Tells the story of a run by hand, request by request, so that a rule can be tried without a server or a client."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kibo_scenarios.evidence import Evidence, JournalEntry, Quantities, RecordKey, Summary
from kibo_scenarios.figures import figures_of
from kibo_scenarios.grading import grade
from kibo_scenarios.moments import HOUR, SECOND, parse_utc
from kibo_scenarios.result import RunResult
from kibo_scenarios.scenario import ClientPlan, Network, Scenario, Work

POOL = "/api/commerce/inventory/*"
_QUEUE = "/api/commerce/inventory/v1/queue"
_INVENTORY = "/api/commerce/inventory/v5/inventory"


class Story:
    """A journal in the making, with its own clock in seconds; each method tells one request and returns its entry.

    Every method takes `at` (seconds since the start; the clock is left alone), `status`, `retry_after` (seconds),
    `takes` (seconds until the answer) and `lost` (the answer never arrived).
    """

    def __init__(self, start: str = "2026-03-02T05:00:00Z") -> None:
        self.start = parse_utc(start)
        self.now_s = 0.0
        self.entries: list[JournalEntry] = []

    def __repr__(self) -> str:
        return f"<Story {len(self.entries)} requests in {self.now_s} s>"

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds

    def request(
        self,
        operation: str | None,
        *,
        at: float | None = None,
        status: int = 200,
        retry_after: int | None = None,
        takes: float = 0,
        lost: bool = False,
        what: object = "",
        **fields: Any,
    ) -> JournalEntry:
        """Tell any request; `what` stands for its body, and equal ones are identical requests."""
        started_at = self.start + round((self.now_s if at is None else at) * SECOND)
        digest = hashlib.sha256(repr((operation, fields.get("path"), fields.get("query"), what)).encode())
        entry = JournalEntry(
            seq=len(self.entries) + 1,
            started_at=started_at,
            finished_at=started_at + round(takes * SECOND),
            status=status,
            operation=operation,
            request_hash=digest.hexdigest()[:12],
            retry_after_s=retry_after,
            response_lost=lost,
            tenant="1001",
            **{"pool": POOL, **fields},
        )
        self.entries.append(entry)
        return entry

    def delete(
        self,
        items: int | Iterable[str] = 1,
        locations: Iterable[str] = ("L1",),
        *,
        dry: bool = False,
        jobs: Iterable[int] = (),
        everywhere: bool = False,
        records_of: Iterable[str] | None = None,
        **how: Any,
    ) -> JournalEntry:
        """Tell a deleteItems call; `items` are names of identifiers, or how many of them.

        Where the items mean only some records of products, `records_of` names the product of each item.
        """
        names = [f"item-{index}" for index in range(items)] if isinstance(items, int) else list(items)
        summary = Summary(
            items=len(names),
            dry_run=dry,
            explicit=dry,
            all_locations=everywhere,
            location_codes=() if everywhere else tuple(locations),
            item_hashes=tuple(names),
            product_hashes=None if records_of is None else tuple(records_of),
        )
        what = (dry, everywhere, tuple(names), summary.location_codes)
        return self.request(
            "deleteItems",
            what=what,
            summary=summary,
            job_ids=tuple(jobs),
            **{"method": "POST", "path": f"{_INVENTORY}/deleteItems", **how},
        )

    def dry_run(self, items: int | Iterable[str] = 1, locations: Iterable[str] = ("L1",), **how: Any) -> JournalEntry:
        """Tell a deleteItems call that only asks for its scope."""
        return self.delete(items, locations, dry=True, **how)

    def poll(self, job: int, shown: str | None = "WORKING", **how: Any) -> JournalEntry:
        """Tell a poll of one job by id; `shown` is the status that it saw."""
        summary = Summary(job_id=job, job_status=shown if how.get("status", 200) == 200 else None)
        return self.request("getJob", summary=summary, **{"method": "GET", "path": f"{_QUEUE}/{job}", **how})

    def list_jobs(self, shown: Mapping[int, str] | None = None, **how: Any) -> JournalEntry:
        """Tell a list call over the queue; `shown` are the statuses that it saw."""
        summary = Summary(job_statuses={str(job): status for job, status in (shown or {}).items()})
        return self.request("getJobs", summary=summary, **{"method": "GET", "path": _QUEUE, **how})

    def authenticate(self, **how: Any) -> JournalEntry:
        """Tell the fetching of a token."""
        return self.request("authenticate", pool=None, **{"method": "POST", **how})

    def evidence(self, **fields: Any) -> Evidence:
        """Return the evidence of this story; `fields` are those of `Evidence`."""
        journal = sorted(self.entries, key=lambda entry: (entry.started_at, entry.seq))
        return replace(Evidence(journal=tuple(journal)), **fields)


def result_of(evidence: Evidence, **fields: Any) -> RunResult:
    """Return the result of a run that left this evidence; `fields` are those of `RunResult`."""
    scenario = Scenario(
        name="told-by-hand",
        title="A run that was told by hand",
        description="",
        seed=0,
        start=parse_utc("2026-03-02T05:00:00Z"),
        simulator={},
        network=Network(),
        client=ClientPlan(),
        work=Work(),
        testable=(),
        expectations=(),
        time_limit=HOUR,
        file="",
    )
    last = max((entry.finished_at for entry in evidence.journal), default=scenario.start)
    told = RunResult(
        scenario=scenario,
        pace="virtual",
        evidence=evidence,
        figures=figures_of(evidence),
        grades=grade(evidence),
        checked=(),
        started_at=scenario.start,
        span=last - scenario.start,
        wall_s=1.0,
        client_failure=None,
        client_report={},
        journal=(),
    )
    return replace(told, **fields)


def record(location: str, product: str) -> RecordKey:
    """Return the key of a product's record at a location."""
    return RecordKey(location, product, None, None)


def stock(*keys: RecordKey, on_hand: int = 5) -> dict[RecordKey, Quantities]:
    """Return records with the same quantity on hand each."""
    return {key: Quantities(on_hand, on_hand, 0, 0, 0, 0) for key in keys}
