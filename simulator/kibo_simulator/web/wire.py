"""What JSON looks like on the wire: Kibo's field names, types and bounds, and how a wrong body is refused.

Unknown fields are ignored, as Kibo's own SDKs send some; a field of the wrong type is refused with its JSON path.
"""

import re
from operator import attrgetter
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from kibo_simulator.jobs import TERMINAL
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.records import ProductRow, StockRecord
from kibo_simulator.store.jobs import JobRow
from kibo_simulator.timestamps import iso_milliseconds
from kibo_simulator.web.errors import ApiError, Fault, validation_error

Whole = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Identifier = Annotated[str, Meta(max_length=512)] | None
LongestList = Annotated[list[str], Meta(max_length=100_000)]

_T = TypeVar("_T")
_PATH = re.compile(r" - at `([^`]{1,200})`$")


def decode(decoder: "msgspec.json.Decoder[_T]", body: bytes) -> _T:
    """The body as a typed value.

    Raises:
        ApiError: 400 with the JSON path of what is wrong.
    """
    try:
        return decoder.decode(body or b"null")
    except msgspec.ValidationError as error:
        text = str(error)
        found = _PATH.search(text)
        path = found[1] if found else "$"
        reason = text[: found.start()] if found else text
        raise ApiError(400, "VALIDATION_ERROR", f"{path}: {reason}", (Fault(path, reason),)) from None
    except msgspec.DecodeError as error:
        raise ApiError(400, "VALIDATION_ERROR", f"$: {error}", (Fault("$", str(error)),)) from None
    except (RecursionError, UnicodeDecodeError):
        reason = "the body is nested too deeply or is not UTF-8"
        raise ApiError(400, "VALIDATION_ERROR", f"$: {reason}", (Fault("$", reason),)) from None


Tags = Annotated[dict[str, str | None], Meta(max_length=100)] | None
LongText = Annotated[str, Meta(max_length=50)] | None


class ProductFields(Struct, rename="camel", frozen=True, kw_only=True):
    """What names a product and some of its records; empty texts count as absent."""

    part_number: Identifier = None
    upc: Identifier = None
    sku: Identifier = None
    tags: Tags = None
    lot_code: LongText = None
    condition: LongText = None
    serial_number: Annotated[str, Meta(max_length=30)] | None = None
    date: LongText = None

    def wanted(self, path: str) -> Wanted:
        """The identifiers that are named.

        Raises:
            ApiError: 400 at ``path`` when there is none.
        """
        wanted = Wanted(self.part_number or None, self.upc or None, self.sku or None)
        if not wanted.named():
            raise validation_error(path, "needs one of partNumber, upc and sku")
        return wanted


class ProductRef(ProductFields, rename="camel", frozen=True, kw_only=True):
    """One item of a deletion."""

    delete_granular_record: bool | None = None


# What narrows an item to some of its product's records, as one tuple.
narrowing = attrgetter("tags", "lot_code", "condition", "serial_number", "date", "delete_granular_record")
_NOTHING = (None,) * 6


def narrowed(item: ProductRef) -> bool:
    """Whether only some of the product's records are meant."""
    # One call into C for six fields: this runs for every item of every deletion.
    return bool(narrowing(item) != _NOTHING)


class DeleteRequest(ProductRef, rename="camel", frozen=True, kw_only=True):
    """Body of ``POST inventory/delete``: one identifier, which may be a pattern."""

    dry_run: bool | None = None
    explicit: bool | None = None
    location_codes: LongestList | None = None
    all_locations: bool | None = None


class DeletionOptions(Struct, rename="camel", frozen=True, kw_only=True):
    """What a deletion of many items says besides the items."""

    dry_run: bool | None = None
    explicit: bool | None = None
    location_codes: LongestList | None = None
    all_locations: bool | None = None
    tags: Tags = None


class DeleteItemsRequest(DeletionOptions, rename="camel", frozen=True, kw_only=True):
    """Body of ``POST inventory/deleteItems``."""

    items: list[ProductRef]


class Upc(Struct, frozen=True, forbid_unknown_fields=True):
    """An item that is a UPC and nothing else."""

    upc: Annotated[str, Meta(min_length=1, max_length=512)]


class DeleteUpcs(DeletionOptions, rename="camel", frozen=True, kw_only=True):
    """The same body where all items are UPCs: what clients send nearly always, read in half the time."""

    items: list[Upc]


class AdjustItem(ProductFields, rename="camel", frozen=True, kw_only=True):
    """One item of an adjust; ``quantity`` is added and may be negative."""

    quantity: Whole
    delivery_date: str | None = None
    external_id: Annotated[str, Meta(max_length=200)] | None = field(name="externalID", default=None)


class RefreshItem(AdjustItem, rename="camel", frozen=True, kw_only=True):
    """One item of a refresh; ``quantity`` is absolute and not negative."""

    quantity: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    safety_stock: Whole | None = None
    floor: Whole | None = None
    ltd: float | None = field(name="LTD", default=None)
    # The official SDK spells it like this.
    ltd_of_sdk: float | None = field(name="lTD", default=None)
    retail_price: float | None = None
    currency_id: Whole | None = field(name="currencyID", default=None)
    inventory_locator_name: Annotated[str, Meta(max_length=50)] | None = None
    attributes: Annotated[list[str], Meta(max_length=1_000)] | None = None


class RefreshRequest(Struct, rename="camel", frozen=True):
    """Body of ``POST inventory/refresh``."""

    location_code: str
    items: list[RefreshItem]


class AdjustRequest(Struct, rename="camel", frozen=True):
    """Body of ``POST inventory/adjust``."""

    location_code: str
    items: list[AdjustItem]


class OAuthRequest(Struct, frozen=True):
    """Body of the OAuth call; refreshing is the same call with a refresh token."""

    client_id: str | None = None
    client_secret: str | None = None
    grant_type: str | None = None
    refresh_token: str | None = None


class TicketRequest(Struct, rename="camel", frozen=True):
    """Body of the older ticket call."""

    application_id: str
    shared_secret: str


class RefreshTicketRequest(Struct, rename="camel", frozen=True):
    """Body of the older refresh call."""

    refresh_token: str


def job_body(job: JobRow) -> dict[str, Any]:
    """A job as ``JobQueueResponse``; ``success`` is true only at SUCCESS (J-4)."""
    body: dict[str, Any] = {
        "jobID": job.id,
        "tenantID": job.tenant_id,
        **({"locationCode": job.location_code} if job.location_code else {}),
        **({"type": job.type} if job.type else {}),
        "status": job.status,
        "success": job.status == "SUCCESS",
        "added": iso_milliseconds(job.added),
        "hasData": job.original_filename is None,
    }
    if job.original_filename is not None:
        body["originalFilename"] = job.original_filename
    if job.started is not None:
        body["started"] = iso_milliseconds(job.started)
    if job.finished is not None:
        body["finished"] = iso_milliseconds(job.finished)
    if job.item_count is not None:
        body["itemCount"] = job.item_count
    if job.status in TERMINAL:
        body["messages"] = job.message_list
    return body


def identifiers_body(product: ProductRow | StockRecord) -> dict[str, str]:
    """The identifiers that a product carries; those it lacks are left out."""
    named = (("partNumber", product.part_number), ("upc", product.upc), ("sku", product.sku))
    return {name: value for name, value in named if value is not None}
