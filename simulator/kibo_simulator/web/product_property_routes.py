"""Properties of products: at once, or with ``batchJobCode`` as items of a batch job."""

import msgspec

from kibo_simulator.catalog.changes import AddProperty, Change, DeleteProperty, Document, UpdateProperty
from kibo_simulator.catalog.products import property_of
from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.web.base_wire import missing
from kibo_simulator.web.gathering import check_size, gathered, made, refused
from kibo_simulator.web.operations import Answer, Call, Operation, Parameter, Steps
from kibo_simulator.web.product_wire import ProductPropertyRequest
from kibo_simulator.web.wire import decode

_property = msgspec.json.Decoder(ProductPropertyRequest)


def get_properties(call: Call) -> Answer:
    """All properties of a product."""
    return Answer(_product(call).get("properties") or [])


def get_property(call: Call) -> Answer:
    """One property of a product."""
    found = property_of(_product(call), call.path["attribute"])
    if found is None:
        raise missing("attributeFQN", f"property {call.path['attribute'][:60]!r}", status=404)
    return Answer(found)


def add_property(call: Call) -> Steps:
    """Add a property to a product; with ``batchJobCode`` when that job runs."""
    return (yield from _changed(call, AddProperty(call.path["product"], _document(call))))


def update_property(call: Call) -> Steps:
    """Replace the values of a property; with ``batchJobCode`` when that job runs."""
    # Calculated values are not kept apart here, so that they may always be replaced.
    call.flag("allowSyscalcValueUpdates")
    change = UpdateProperty(call.path["product"], call.path["attribute"], _document(call))
    return (yield from _changed(call, change))


def delete_property(call: Call) -> Steps:
    """Delete a property of a product; with ``batchJobCode`` when that job runs."""
    return (yield from _changed(call, DeleteProperty(call.path["product"], call.path["attribute"])))


def _product(call: Call) -> Document:
    try:
        return call.simulator.catalog_work.product(call.tenant_id, call.path["product"]).document
    except CatalogRefusal as refusal:
        raise refused(refusal) from None


def _document(call: Call) -> Document:
    check_size(call)
    return decode(_property, call.body).document()


def _changed(call: Call, change: Change) -> Steps:
    call.summary["productCode"] = call.path["product"][:255]
    job_code = call.text("batchJobCode")
    if job_code is not None:
        yield from gathered(call, job_code, [change])
        return Answer(change.document if isinstance(change, AddProperty | UpdateProperty) else None)
    stored = made(call, change)
    return Answer(None if stored is None else stored.document)


_ALL = ("/api/commerce/catalog/admin/products/{product}/Properties",)
_ONE = ("/api/commerce/catalog/admin/products/{product}/Properties/{attribute}",)
_BATCH = (Parameter("batchJobCode"),)

OPERATIONS = (
    Operation("getProductProperties", "GET", _ALL, get_properties, reads=True),
    Operation("addProductProperty", "POST", _ALL, add_property, request=ProductPropertyRequest, query=_BATCH),
    Operation("getProductProperty", "GET", _ONE, get_property, reads=True),
    Operation(
        "updateProductProperty",
        "PUT",
        _ONE,
        update_property,
        request=ProductPropertyRequest,
        query=(*_BATCH, Parameter("allowSyscalcValueUpdates", "flag")),
    ),
    Operation("deleteProductProperty", "DELETE", _ONE, delete_property, query=_BATCH),
)
