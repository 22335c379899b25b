"""What became of a job: counts, and each failure with the item that was fed (C12)."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kibo_client.batch_jobs.api import BatchItem, BatchSummary
from kibo_client.batch_jobs.items import FeedItem

FAILED = ("Failed", "ValidationFailed")
_PARTS = re.compile(r"[/|,]")


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """An item that failed.

    Attributes:
        item: As the job tells it.
        fed: What was fed; None where there is no feed to find it in.
    """

    item: BatchItem
    fed: FeedItem | None

    @property
    def reason(self) -> str:
        """In a sentence."""
        said = "; ".join(error.message or error.code or "" for error in self.item.errors or ())
        return said or f"{self.item.processing_status}, and nothing is said about it"


@dataclass(frozen=True, slots=True)
class BatchReport:
    """The account of a job."""

    summary: BatchSummary
    failures: tuple[ItemFailure, ...]

    @property
    def ok(self) -> bool:
        """Whether the job is completed, and every item with it."""
        return self.summary.status == "Completed" and self.summary.counts.get("Completed", 0) == self.summary.items

    def to_json_dict(self) -> dict[str, Any]:
        """As JSON, for machines."""
        return {
            "code": self.summary.code,
            "status": self.summary.status,
            "started": self.summary.date_started,
            "items": self.summary.items,
            "counts": self.summary.counts,
            "failures": [
                {
                    "line": failure.fed.line if failure.fed is not None else None,
                    "resource": failure.item.resource_type,
                    "key": failure.item.item_key,
                    "status": failure.item.processing_status,
                    "retries": failure.item.retry_count,
                    "reason": failure.reason,
                }
                for failure in self.failures
            ],
        }


def matched(failed: Iterable[BatchItem], feed: Sequence[FeedItem]) -> tuple[ItemFailure, ...]:
    """Each failed item with what was fed for it: the same resource, method and names; in order where there are several.

    Args:
        failed: Items as the job tells them, in its order.
        feed: What was fed, in order.
    """
    known: defaultdict[tuple[str | None, str | None, frozenset[str]], deque[FeedItem]] = defaultdict(deque)
    for fed in feed:
        known[fed.resource, fed.method, fed.identity].append(fed)
    failures = []
    for item in failed:
        names = frozenset(part.strip().lower() for part in _PARTS.split(item.item_key or "") if part.strip())
        candidates = known[item.resource_type, item.http_method, names]
        failures.append(ItemFailure(item, candidates.popleft() if candidates else None))
    return tuple(failures)
