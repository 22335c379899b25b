"""The calls of Kibo's batch job service and their answers, as data (SPEC-IE)."""

from __future__ import annotations

from typing import Any

import msgspec

from kibo_client.calls import Call
from kibo_client.models import Nothing
from kibo_client.retry import Effect

ENDED = frozenset({"Completed", "Canceled"})


class BatchJob(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A job; dates are ISO 8601, None where there is none."""

    code: str
    name: str | None = None
    status: str = "Ready"
    domain: str | None = None
    scheduled_date: str | None = None
    date_started: str | None = None


class ProcessingCount(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """How many items have a status."""

    status: str
    count: int


class ResourceSummary(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """The counts of one kind of resource."""

    resource_type: str | None = None
    counts: list[ProcessingCount] | None = None


class BatchSummary(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A job with the counts of its items."""

    code: str
    status: str
    name: str | None = None
    scheduled_date: str | None = None
    date_started: str | None = None
    resources: list[ResourceSummary] | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Items by status, whatever they are about."""
        totals: dict[str, int] = {}
        for resource in self.resources or ():
            for each in resource.counts or ():
                totals[each.status] = totals.get(each.status, 0) + each.count
        return totals

    @property
    def items(self) -> int:
        """How many items there are."""
        return sum(self.counts.values())


class ItemError(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """Why an item failed."""

    code: str | None = None
    message: str | None = None
    field: str | None = None


class BatchItem(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """One item as the job tells it."""

    processing_status: str
    item_key: str | None = None
    resource_type: str | None = None
    http_method: str | None = None
    uri: str | None = None
    status: int | None = None
    retry_count: int | None = None
    correlation_id: str | None = None
    errors: list[ItemError] | None = None


class ItemPage(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A page of items."""

    items: list[BatchItem] | None = None
    total_count: int | None = None


_STEM = "/api/platform/data/batchJob"
_JSON = dict[str, Any]

CREATE = Call("createBatchJob", "POST", _STEM, _JSON, BatchJob, Effect.ABSOLUTE)
READ = Call("getBatchJob", "GET", f"{_STEM}/{{code}}", Nothing, BatchJob)
ACT = Call("performBatchAction", "POST", f"{_STEM}/actions/{{code}}", _JSON, BatchJob, Effect.RELATIVE)
SUMMARY = Call("getBatchSummaryJob", "GET", f"{_STEM}/actions/{{code}}/summary", Nothing, BatchSummary)
ITEMS = Call("getBatchJobItems", "POST", f"{_STEM}/actions/{{code}}/items", Nothing, ItemPage)
