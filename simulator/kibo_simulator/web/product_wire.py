"""Products and their properties as JSON: every field that Kibo publishes, with its type, and all of them optional.

What is missing is found out when a product is made, which for an item of a batch job is long after it was sent.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from kibo_simulator.catalog.changes import Document
from kibo_simulator.catalog.products import LOCALIZED
from kibo_simulator.store.catalog import Stored
from kibo_simulator.web.base_wire import Text
from kibo_simulator.web.batch_job_wire import audit_body

Objects = Annotated[list[dict[str, Any]], Meta(max_length=10_000)] | None
Object = dict[str, Any] | None
LongText = Annotated[str, Meta(max_length=200_000)] | None
Amount = Annotated[float, Meta(ge=-1e15, le=1e15)] | None
Number = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)] | None


class DocumentFields(Struct, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """Fields as they came; those that did not come are not there."""

    def document(self) -> Document:
        """The fields that are there, by the names they have on the wire."""
        document: Document = msgspec.to_builtins(self)
        return document


class ProductContent(DocumentFields, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """Name and descriptions in one language."""

    locale_code: Text | None = None
    product_name: Text | None = None
    product_full_description: LongText = None
    product_short_description: LongText = None
    product_images: Objects = None


class ProductPrice(DocumentFields, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """What a product costs."""

    iso_currency_code: Text | None = None
    price: Amount = None
    sale_price: Amount = None
    msrp: Amount = None
    map: Amount = None
    map_start_date: Text | None = None
    map_end_date: Text | None = None
    credit_value: Amount = None


class PropertyValue(DocumentFields, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """One value of a property: text, number, date or truth."""

    value: str | int | float | bool | None = None
    content: Object = None
    localized_content: Objects = None
    attribute_vocabulary_value_detail: Object = None


class ProductPropertyRequest(DocumentFields, frozen=True, kw_only=True, omit_defaults=True):
    """A property of a product."""

    attribute_fqn: Text | None = msgspec.field(name="attributeFQN", default=None)
    values: Annotated[list[PropertyValue], Meta(max_length=1_000)] | None = None
    force_order: bool | None = msgspec.field(name="forceOrder", default=None)


class ProductV1Request(DocumentFields, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """A product as the V1 calls know it."""

    product_code: Text | None = None
    product_usage: Text | None = None
    fulfillment_types_supported: Annotated[list[Text], Meta(max_length=20)] | None = None
    master_catalog_id: Number = None
    product_type_id: Number = None
    base_product_code: Text | None = None
    product_in_catalogs: Objects = None
    content: ProductContent | None = None
    price: ProductPrice | None = None
    pricing_behavior: Object = None
    seo_content: Object = None
    options: Objects = None
    extras: Objects = None
    properties: Annotated[list[ProductPropertyRequest], Meta(max_length=1_000)] | None = None
    is_taxable: bool | None = None
    inventory_info: Object = None
    shipping_class_id: Number = None
    is_recurring: bool | None = None
    upc: Text | None = None
    supplier_info: Object = None
    is_packaged_stand_alone: bool | None = None
    stand_alone_package_type: Text | None = None
    package_height: Object = None
    package_width: Object = None
    package_length: Object = None
    package_weight: Object = None
    is_variation: bool | None = None
    variation_key: Text | None = None
    has_configurable_options: bool | None = None
    has_stand_alone_options: bool | None = None
    variation_options: Objects = None
    publishing_info: Object = None
    bundled_products: Objects = None
    product_collection_products: Objects = None
    product_collections: Objects = None
    product_image_groups: Objects = None
    slicing_settings: Object = None
    primary_product_collection_code: Text | None = None


class ProductRequest(ProductV1Request, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """A product in the newer model, which has content in several languages."""

    localized_content: Annotated[list[ProductContent], Meta(max_length=200)] | None = None
    localized_seo_content: Objects = msgspec.field(name="localizedSEOContent", default=None)


def product_body(stored: Stored, *, v1: bool) -> dict[str, Any]:
    """A product as it is told."""
    document = stored.document
    if v1:
        document = {name: value for name, value in document.items() if name not in LOCALIZED}
    return {
        "isVariation": False,
        "hasConfigurableOptions": False,
        "hasStandAloneOptions": False,
        "properties": [],
        **document,
        "auditInfo": audit_body(stored.created, stored.updated),
    }
