"""Price lists, their entries and currencies as JSON."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kibo_simulator.catalog.changes import Document
from kibo_simulator.store.catalog import Stored
from kibo_simulator.web.base_wire import Text
from kibo_simulator.web.batch_job_wire import audit_body
from kibo_simulator.web.product_wire import Amount, DocumentFields, Number, Objects

Numbers = Annotated[list[int], Meta(max_length=10_000)] | None


class PriceListRequest(DocumentFields, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """A price list."""

    price_list_code: Text | None = None
    parent_price_list_code: Text | None = None
    name: Text | None = None
    description: Annotated[str, Meta(max_length=10_000)] | None = None
    enabled: bool | None = None
    filtered_in_storefront: bool | None = None
    valid_for_all_sites: bool | None = None
    valid_sites: Numbers = None
    default_for_sites: Numbers = None
    indexed_sites: Numbers = None
    mapped_customer_segments: Annotated[list[Text], Meta(max_length=10_000)] | None = None
    rank: Number = None
    resolvable: bool | None = None


class EntryPrice(DocumentFields, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """A price from a quantity on."""

    min_qty: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    list_price_mode: Text | None = None
    list_price: Amount = None
    sale_price_mode: Text | None = None
    sale_price: Amount = None
    subscription_price_mode: Text | None = None
    subscription_price: Amount = None
    subscription_sale_price_mode: Text | None = None
    subscription_sale_price: Amount = None


class PriceListEntryRequest(DocumentFields, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """What a product costs by a price list, in a currency, from a date on."""

    price_list_code: Text | None = None
    product_code: Text | None = None
    product_name: Text | None = None
    is_variation: bool | None = None
    options: Objects = None
    currency_code: Text | None = None
    start_date: Text | None = None
    end_date: Text | None = None
    price_list_entry_mode: Text | None = None
    price_list_entry_type_code: Text | None = None
    discounts_restricted_mode: Text | None = None
    discounts_restricted: bool | None = None
    discounts_restricted_start_date: Text | None = None
    discounts_restricted_end_date: Text | None = None
    msrp_mode: Text | None = None
    msrp: Amount = None
    map_mode: Text | None = None
    map: Amount = None
    map_start_date: Text | None = None
    map_end_date: Text | None = None
    cost_mode: Text | None = None
    cost: Amount = None
    price_entries: Annotated[list[EntryPrice], Meta(max_length=1_000)] | None = None
    extra_entries: Objects = None


class CurrencyRequest(DocumentFields, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """A currency and how its amounts are rounded."""

    currency_code: Text | None = None
    decimal_places: Annotated[int, Meta(ge=0, le=8)] | None = None
    rounding_strategy: Annotated[int, Meta(ge=0, le=10)] | None = None


entries_decoder = msgspec.json.Decoder(list[PriceListEntryRequest])


def stored_body(stored: Stored) -> dict[str, Any]:
    """A price list, an entry or a currency as it is told."""
    # What has always been there was never made.
    audit = {"auditInfo": audit_body(stored.created, stored.updated)} if stored.updated else {}
    return stored.document | audit


def entry_body(stored: Stored) -> dict[str, Any]:
    """An entry as it is told."""
    return {"isVariation": False, "priceListEntrySequence": 1, **stored_body(stored)}


def failure_body(document: Document, message: str) -> dict[str, Any]:
    """One entry that a bulk call could not make, as PriceListEntryFailure."""
    names = ("priceListCode", "productCode", "currencyCode", "startDate")
    return {**{name: document.get(name) for name in names}, "msg": message}
