"""Products of the catalog: at once, or with ``batchJobCode`` as items of a batch job."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from kibo_simulator.catalog.changes import AddProduct, DeleteProduct, Document, UpdateProduct
from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.web.batch_job_wire import page_body
from kibo_simulator.web.errors import validation_error
from kibo_simulator.web.gathering import check_size, gathered, made, refused
from kibo_simulator.web.operations import Answer, Call, Operation, Parameter, Steps
from kibo_simulator.web.product_wire import ProductRequest, ProductV1Request, product_body
from kibo_simulator.web.wire import decode

USUAL_PAGE: Final = 20
LARGEST_PAGE: Final = 200
"""Kibo's published catalog specification: 20 by default, at most 200."""

_FILTER: Final = re.compile(r"productCode\s+(eq|sw|cont)\s+(\S.*)", re.IGNORECASE)
_newer = msgspec.json.Decoder(ProductRequest)
_older = msgspec.json.Decoder(ProductV1Request)


def get_products(call: Call, *, v1: bool) -> Answer:
    """Products by code; all, or those whose code is, starts with or contains a text."""
    start = call.whole("startIndex", least=0, most=2**31) or 0
    size = call.whole("pageSize", least=1, most=LARGEST_PAGE) or USUAL_PAGE
    operator, text = _filter(call.text("filter"))
    total, stored = call.simulator.catalog.products(
        call.tenant_id,
        start=start,
        limit=size,
        operator=operator,
        text=text,
        descending=_descending(call.text("sortBy")),
    )
    counted = call.flag("noCount") is not True
    return Answer(page_body(start, size, total, [product_body(each, v1=v1) for each in stored], counted=counted))


def get_product(call: Call, *, v1: bool) -> Answer:
    """One product."""
    try:
        return Answer(product_body(call.simulator.catalog_work.product(call.tenant_id, call.path["product"]), v1=v1))
    except CatalogRefusal as refusal:
        raise refused(refusal) from None


def add_product(call: Call, *, v1: bool) -> Steps:
    """Add a product; with ``batchJobCode`` when that job runs."""
    document = _document(call, v1=v1)
    call.summary["productCode"] = str(document.get("productCode", ""))[:255]
    return (yield from _changed(call, AddProduct(document), v1=v1))


def update_product(call: Call, *, v1: bool) -> Steps:
    """Replace a product; with ``batchJobCode`` when that job runs."""
    code = call.path["product"]
    call.summary["productCode"] = code[:255]
    return (yield from _changed(call, UpdateProduct(code, _document(call, v1=v1), keep_localized=v1), v1=v1))


def delete_product(call: Call) -> Steps:
    """Delete a product and its prices; with ``batchJobCode`` when that job runs."""
    code = call.path["product"]
    call.summary["productCode"] = code[:255]
    return (yield from _changed(call, DeleteProduct(code), v1=False))


def _document(call: Call, *, v1: bool) -> Document:
    check_size(call)
    request = decode(_older, call.body) if v1 else decode(_newer, call.body)
    return request.document()


def _changed(call: Call, change: AddProduct | UpdateProduct | DeleteProduct, *, v1: bool) -> Steps:
    job_code = call.text("batchJobCode")
    if job_code is not None:
        yield from gathered(call, job_code, [change])
        # What was asked for comes back, as nothing has been made of it yet.
        return Answer(None if isinstance(change, DeleteProduct) else change.document)
    stored = made(call, change)
    return Answer(None if stored is None else product_body(stored, v1=v1))


def _filter(text: str | None) -> tuple[str | None, str]:
    if text is None:
        return None, ""
    found = _FILTER.fullmatch(text.strip())
    if found is None:
        raise validation_error(
            "filter", "expected productCode eq, sw or cont, and a text; no other filter is known here"
        )
    return found[1].lower(), found[2]


def _descending(text: str | None) -> bool:
    words = (text or "productCode asc").lower().split()
    if words[0] != "productcode" or words[1:] not in ([], ["asc"], ["desc"]):
        raise validation_error("sortBy", "expected productCode asc or productCode desc")
    return words[1:] == ["desc"]


_STEM = "/api/commerce/catalog/admin"
_PAGES = (
    Parameter("startIndex", "whole"),
    Parameter("pageSize", "whole"),
    Parameter("filter"),
    Parameter("sortBy"),
    Parameter("noCount", "flag"),
)
_BATCH = (Parameter("batchJobCode"),)


def _operations(suffix: str, stem: str, *, v1: bool) -> Sequence[Operation]:
    body = ProductV1Request if v1 else ProductRequest
    every, one = (stem,), (f"{stem}/{{product}}",)
    return (
        Operation(f"getProducts{suffix}", "GET", every, partial(get_products, v1=v1), reads=True, query=_PAGES),
        Operation(f"addProduct{suffix}", "POST", every, partial(add_product, v1=v1), request=body, query=_BATCH),
        Operation(f"getProduct{suffix}", "GET", one, partial(get_product, v1=v1), reads=True),
        Operation(f"updateProduct{suffix}", "PUT", one, partial(update_product, v1=v1), request=body, query=_BATCH),
    )


OPERATIONS = (
    *_operations("", f"{_STEM}/products", v1=False),
    Operation("deleteProduct", "DELETE", (f"{_STEM}/products/{{product}}",), delete_product, query=_BATCH),
    *_operations("V1", f"{_STEM}/productsV1", v1=True),
)
