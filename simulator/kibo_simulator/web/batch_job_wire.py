"""Batch jobs, their items and summaries as JSON (Kibo's published import-export specification)."""

from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import msgspec
from msgspec import Struct

from kibo_simulator.batch_jobs.states import ITEM_STATUSES, ItemStatus
from kibo_simulator.store.batch_jobs import BatchItemRow, BatchJobRow
from kibo_simulator.timestamps import iso_milliseconds
from kibo_simulator.web.base_wire import Text

_VIEW_MODES: Final = {"live": 0, "pending": 1}


class BatchJobRequest(Struct, rename="camel", frozen=True, kw_only=True):
    """Body of the calls that make and rename a job; Kibo's guide writes ``jobName`` for ``name``."""

    code: Text | None = None
    name: Text | None = None
    job_name: Text | None = None
    scheduled_date: Text | None = None
    domain: Text | None = None
    status: Text | None = None


class BatchActionRequest(Struct, frozen=True, kw_only=True):
    """Body of an action."""

    action: Text


def job_body(job: BatchJobRow) -> dict[str, Any]:
    """A job as BatchJob."""
    return {
        "tenantId": job.tenant_id,
        "code": job.code,
        "name": job.name,
        "scheduledDate": _date(job.scheduled),
        "dateStarted": _date(job.started),
        "auditInfo": audit_body(job.created, job.updated),
        "domain": job.domain,
        "status": job.status,
    }


def summary_body(job: BatchJobRow, counts: list[tuple[str, ItemStatus, int]], *, cancelled: str) -> dict[str, Any]:
    """A job with how many items it has, by resource and status; ``cancelled`` is how that status is spelled."""
    ordered = sorted(counts, key=lambda row: (row[0], ITEM_STATUSES.index(row[1])))
    return {
        "code": job.code,
        "name": job.name,
        "scheduledDate": _date(job.scheduled),
        "dateStarted": _date(job.started),
        "status": job.status,
        "resources": [
            {
                "resourceType": resource,
                "counts": [
                    {"status": cancelled if status == "Cancelled" else status, "count": count}
                    for _, status, count in rows
                ],
            }
            for resource, rows in groupby(ordered, key=itemgetter(0))
        ],
    }


def item_body(job: BatchJobRow, item: BatchItemRow, *, cancelled: str) -> dict[str, Any]:
    """An item as BatchJobItem; ``cancelled`` is how that status is spelled."""
    return {
        "batchJobCode": job.code,
        **msgspec.json.decode(item.context),
        "retryCount": item.retries,
        "itemKey": item.key,
        "processingStatus": cancelled if item.status == "Cancelled" else item.status,
        **({} if item.code is None else {"status": item.code}),
        "errors": msgspec.json.decode(item.errors) if item.errors else [],
        "uri": item.uri,
        "resourceType": item.resource,
        "query": item.query,
        "httpMethod": item.method,
        "correlationId": item.correlation,
        "auditInfo": audit_body(item.created, item.updated),
    }


def context_of(headers: Any) -> dict[str, Any]:
    """What the headers of a catalog call say about where it is meant, as an item tells it."""
    told: dict[str, Any] = {}
    for header, name, least in (
        ("x-vol-master-catalog", "masterCatalog", 1),
        ("x-vol-site", "siteId", 1),
        ("x-vol-catalog", "catalogId", 1),
    ):
        text = headers.get(header, "")
        if text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least:
            told[name] = int(text)
    for header, name in (("x-vol-locale", "localeCode"), ("x-vol-currency", "currencyCode")):
        if headers.get(header):
            told[name] = headers[header][:40]
    told["dataViewMode"] = _VIEW_MODES.get(headers.get("x-vol-dataview-mode", "live").lower(), 0)
    return told


def audit_body(created: int, updated: int) -> dict[str, str]:
    """When something was made and last changed."""
    return {"createDate": iso_milliseconds(created), "updateDate": iso_milliseconds(updated)}


def page_body(start: int, size: int, total: int, items: list[Any], *, counted: bool = True) -> dict[str, Any]:
    """A page of a list; without counts where the caller does not want them."""
    counts = {"pageCount": -(-total // size), "totalCount": total} if counted else {}
    return {"startIndex": start, "pageSize": size, **counts, "items": items}


def _date(instant: int | None) -> str | None:
    return None if instant is None else iso_milliseconds(instant)
