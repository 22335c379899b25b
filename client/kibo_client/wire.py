"""What Kibo's JSON looks like, and how it becomes our values: the only place that knows field names of the wire."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar

import msgspec

from kibo_client.batching import Batch
from kibo_client.events import (
    Accepted,
    Fault,
    FaultyItem,
    FaultyLocation,
    FoundProduct,
    JobSeen,
    JobsListed,
    ScopeFound,
)
from kibo_client.identifiers import Kind, Pattern
from kibo_client.lines import Line
from kibo_client.polling import TERMINAL
from kibo_client.units import SECOND
from kibo_client.update_options import UpdateKind

DELETE_ITEMS_PATH = "/api/commerce/inventory/v5/inventory/deleteItems"
DELETE_PATH = "/api/commerce/inventory/v5/inventory/delete"
UPDATE_PATHS = {
    UpdateKind.REFRESH: "/api/commerce/inventory/v5/inventory/refresh",
    UpdateKind.ADJUST: "/api/commerce/inventory/v5/inventory/adjust",
}
QUEUE_PATH = "/api/commerce/inventory/v1/queue"
OAUTH_PATH = "/api/platform/applications/authtickets/oauth"

# Nine digits: what is longer is no place in any request.
_PLACE = re.compile(r"\$\.(locationCodes|items)\[([0-9]{1,9})\]|\$\.(locationCode)$")

T = TypeVar("T")

_FIELD = {Kind.UPC: "upc", Kind.PART_NUMBER: "partNumber", Kind.SKU: "sku"}
LINE_FIELDS = {
    "part_number": "partNumber",
    "upc": "upc",
    "sku": "sku",
    "quantity": "quantity",
    "lot_code": "lotCode",
    "condition": "condition",
    "serial_number": "serialNumber",
    "date": "date",
    "delivery_date": "deliveryDate",
    "external_id": "externalID",
    "bin_id": "binID",
    "floor": "floor",
    "safety_stock": "safetyStock",
    "ltd": "LTD",
    "retail_price": "retailPrice",
    "currency_id": "currencyID",
    "inventory_locator_name": "inventoryLocatorName",
    "attributes": "attributes",
}
"""The fields of a `Line` as the wire spells them; location and tags are written otherwise."""
# Stands for a number of records that the API kept to itself: more than can be wanted.
_UNTOLD = 1 << 62


class KnownJobs(Protocol):
    """What is known of jobs already."""

    def __contains__(self, job_id: object, /) -> bool: ...

    def has_ended(self, job_id: int, /) -> bool:
        """Whether a known job needs no more looking at."""


class Unreadable(Exception):  # noqa: N818 - says what the answer is, not that the program erred
    """An answer with status 200 whose body is not what the API documents; the message names the place."""


class _Identifier(msgspec.Struct, frozen=True):
    part_number: str | None = msgspec.field(name="partNumber", default=None)
    upc: str | None = None
    sku: str | None = None


class _ItemDeleted(msgspec.Struct, frozen=True):
    identifier: _Identifier | None = msgspec.field(name="itemIdentifier", default=None)
    location_codes: list[str] | None = msgspec.field(name="locationCodes", default=None)


class _DeleteItemResponse(msgspec.Struct, frozen=True):
    items_deleted: list[_ItemDeleted] | None = msgspec.field(name="itemsDeleted", default=None)
    total_entries: int | bool | None = msgspec.field(name="totalInventoryEntriesDeleted", default=None)
    job_ids: list[int] | bool | None = msgspec.field(name="jobIDs", default=None)


class _JobResponse(msgspec.Struct, frozen=True):
    job_id: int = msgspec.field(name="jobID")


class _JobQueueResponse(msgspec.Struct, frozen=True):
    job_id: int = msgspec.field(name="jobID")
    status: str
    location_code: str | None = msgspec.field(name="locationCode", default=None)
    messages: list[str] | None = None
    added: str | None = None
    started: str | None = None
    finished: str | None = None
    item_count: int | None = msgspec.field(name="itemCount", default=None)


class TokenResponse(msgspec.Struct, frozen=True):
    """An access token and its life in seconds. Its representation shows neither."""

    access_token: str
    expires_in: float = 3600

    def __repr__(self) -> str:
        return "<TokenResponse>"


class _ErrorResponse(msgspec.Struct, frozen=True):
    message: str | None = None
    error: str | None = None
    error_code: str | None = msgspec.field(name="errorCode", default=None)


class _ErrorDatum(msgspec.Struct, frozen=True):
    name: str | None = None
    value: Any = None


class _ErrorItem(msgspec.Struct, frozen=True):
    message: str | None = None
    error_code: str | None = msgspec.field(name="errorCode", default=None)
    error_data: list[_ErrorDatum] | None = msgspec.field(name="additionalErrorData", default=None)


class _RefusalResponse(msgspec.Struct, frozen=True):
    message: str | None = None
    error_code: str | None = msgspec.field(name="errorCode", default=None)
    items: list[_ErrorItem] | None = None


def delete_items_body(batch: Batch, *, dry_run: bool) -> bytes:
    """The body of a deleteItems call. A dry run asks for every detail, a live one for none."""
    body: dict[str, Any] = {
        "dryRun": dry_run,
        "explicit": dry_run,
        "locationCodes": list(batch.locations),
        "items": [{_FIELD[kind]: pattern} for kind, pattern in batch.identities],
    }
    return msgspec.json.encode(body)


def deletion(batch: Batch, *, dry_run: bool) -> tuple[str, bytes]:
    """Path and body of a deletion: one pattern goes by `delete`, lists go by `deleteItems`."""
    (kind, pattern), *others = batch.identities
    if others or not isinstance(batch.items[0].identifier, Pattern):
        return DELETE_ITEMS_PATH, delete_items_body(batch, dry_run=dry_run)
    body = {
        "dryRun": dry_run,
        "explicit": dry_run,
        "locationCodes": list(batch.locations),
        _FIELD[kind]: pattern,
    }
    return DELETE_PATH, msgspec.json.encode(body)


def lines_body(location_code: str, lines: Sequence[Line]) -> bytes:
    """The body of a refresh or an adjustment; what a line leaves open is left out."""
    return msgspec.json.encode({"locationCode": location_code, "items": [_line(line) for line in lines]})


def _line(line: Line) -> dict[str, Any]:
    written = {name: value for key, name in LINE_FIELDS.items() if (value := getattr(line, key)) is not None}
    if line.tags:
        written["tags"] = dict(line.tags)
    return written


def token_request_body(client_id: str, shared_secret: str) -> bytes:
    """The body of an OAuth request for client credentials."""
    return msgspec.json.encode(
        {"client_id": client_id, "client_secret": shared_secret, "grant_type": "client_credentials"}
    )


def read_token(body: bytes) -> TokenResponse:
    """Read the answer of the authentication host.

    Raises:
        Unreadable: It holds no token.
    """
    return _decode(body, TokenResponse)


def read_scope(body: bytes, _date: int | None = None) -> ScopeFound:
    """Read the answer to a dry run.

    Raises:
        Unreadable: It is not a DeleteItemResponse.
    """
    response = _decode(body, _DeleteItemResponse)
    items = response.items_deleted or []
    pairs = sum(len(item.location_codes or ()) for item in items)
    total = response.total_entries
    if isinstance(total, bool) or total is None:
        # The documented boolean variant tells whether there is anything, not how much.
        total = pairs if pairs or not total else _UNTOLD
    found: list[FoundProduct] = []
    for item in items:
        if item.identifier is None or item.location_codes is None:
            return ScopeFound(None, max(total, pairs))
        product = item.identifier
        found.append(FoundProduct(product.part_number, product.upc, product.sku, tuple(item.location_codes)))
    return ScopeFound(tuple(found), total)


def read_acceptance(body: bytes, _date: int | None = None) -> Accepted:
    """Read the answer to a live deletion; a jobIDs that is no list (the documented boolean) means ids unknown.

    Raises:
        Unreadable: It is not a DeleteItemResponse.
    """
    job_ids = _decode(body, _DeleteItemResponse).job_ids
    return Accepted(tuple(job_ids) if isinstance(job_ids, list) else None)


def read_job_id(body: bytes, _date: int | None = None) -> Accepted:
    """Read the answer to a refresh or an adjustment.

    Raises:
        Unreadable: It names no job.
    """
    return Accepted((_decode(body, _JobResponse).job_id,))


def read_job(body: bytes, date: int | None = None) -> JobSeen:
    """Read one job; `date` is the server's stamp of the answer.

    Raises:
        Unreadable: It is not a JobQueueResponse.
    """
    return _job(_decode(body, _JobQueueResponse), date)


def read_jobs(body: bytes, date: int | None = None, *, known: KnownJobs | None = None) -> JobsListed:
    """Read a page of the queue.

    Args:
        body: The page.
        date: The server's stamp of the answer.
        known: The jobs that are known already. Reading moments is most of the work, and the lists of a long run show
            thousands of jobs again and again: when a job was added is read only of a job not known, when it began
            and ended only of one not known to have ended.

    Raises:
        Unreadable: It is not a list of JobQueueResponse.
    """
    return JobsListed(tuple(_job(job, date, known) for job in _decode(body, list[_JobQueueResponse])))


def read_error(body: bytes) -> str:
    """What an error answer says, on one line of bearable length; empty if it says nothing readable."""
    try:
        error = msgspec.json.decode(body, type=_ErrorResponse)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    parts = [part for part in (error.error_code or error.error, error.message) if part]
    return " ".join(": ".join(parts).split())[:500]


def read_faults(body: bytes) -> tuple[Fault, ...]:
    """The places in a deleteItems body that an error answer names, each with what is said of it; none if it names none.

    They are told as JSON paths (`$.locationCodes[3]`, `$.items[0].upc`) in the error data of its items.
    """
    try:
        error = msgspec.json.decode(body, type=_RefusalResponse)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    faults: dict[tuple[type[Fault], int], Fault] = {}
    for item in error.items or ():
        said = _sentence(item.error_code or error.error_code, item.message or error.message)
        for datum in item.error_data or ():
            if isinstance(datum.value, str) and (place := _PLACE.match(datum.value)):
                kind: type[Fault] = FaultyItem if place[1] == "items" else FaultyLocation
                index = int(place[2] or 0)
                faults.setdefault((kind, index), kind(index, said))
    return tuple(faults.values())


def _sentence(code: str | None, message: str | None) -> str:
    return " ".join(": ".join(part for part in (code, message) if part).split())[:500] or "no message"


def read_date(header: str | None) -> int | None:
    """A Date header in microseconds since the epoch; None where it is missing or malformed."""
    if header is None:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError):
        return None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * SECOND


def read_moment(text: str | None) -> int | None:
    """An ISO 8601 moment in microseconds since the epoch, UTC where it names no zone; None where unreadable."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    return round(moment.timestamp() * SECOND)


def _job(job: _JobQueueResponse, date: int | None, known: KnownJobs | None = None) -> JobSeen:
    # The developer guide says COMPLETED where the job schema and the bulk deletion guide say SUCCESS.
    status = "SUCCESS" if job.status == "COMPLETED" else job.status
    if known is not None and job.job_id in known and (status not in TERMINAL or known.has_ended(job.job_id)):
        return JobSeen(job.job_id, status, job.location_code)
    started, finished = read_moment(job.started), read_moment(job.finished)
    took = max(0, finished - started) if started is not None and finished is not None else None
    ago = max(0, date - finished) if date is not None and finished is not None else None
    messages = tuple(job.messages or ())
    added = read_moment(job.added)
    return JobSeen(job.job_id, status, job.location_code, messages, added, took, ago, job.item_count)


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error
