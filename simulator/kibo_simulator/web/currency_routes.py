"""Currencies that prices may be in; every tenant begins with US dollars."""

import msgspec

from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.web.gathering import refused
from kibo_simulator.web.operations import Answer, Call, Operation
from kibo_simulator.web.price_wire import CurrencyRequest, stored_body
from kibo_simulator.web.wire import decode

_currency = msgspec.json.Decoder(CurrencyRequest)


def get_currencies(call: Call) -> Answer:
    """All currencies by code."""
    bodies = [stored_body(each) for each in call.simulator.catalog.currencies(call.tenant_id)]
    return Answer({"totalCount": len(bodies), "items": bodies})


def get_currency(call: Call) -> Answer:
    """One currency."""
    try:
        return Answer(stored_body(call.simulator.catalog_work.currency(call.tenant_id, _code(call))))
    except CatalogRefusal as refusal:
        raise refused(refusal) from None


def add_currency(call: Call) -> Answer:
    """Add a currency."""
    return _put(call, "", new=True)


def update_currency(call: Call) -> Answer:
    """Change how amounts in a currency are rounded."""
    return _put(call, _code(call), new=False)


def delete_currency(call: Call) -> Answer:
    """Delete a currency that no price is in."""
    try:
        call.simulator.catalog_work.delete_currency(call.tenant_id, _code(call))
    except CatalogRefusal as refusal:
        raise refused(refusal) from None
    return Answer(None)


def _put(call: Call, code: str, *, new: bool) -> Answer:
    document = decode(_currency, call.body).document()
    try:
        stored = call.simulator.catalog_work.put_currency(call.tenant_id, code, document, call.now, new=new)
    except CatalogRefusal as refusal:
        raise refused(refusal) from None
    return Answer(stored_body(stored))


def _code(call: Call) -> str:
    return call.path["currency"].upper()


_ALL = ("/api/commerce/catalog/admin/currency",)
_ONE = ("/api/commerce/catalog/admin/currency/{currency}",)

OPERATIONS = (
    Operation("getCurrencies", "GET", _ALL, get_currencies, reads=True),
    Operation("addCurrency", "POST", _ALL, add_currency, request=CurrencyRequest),
    Operation("getCurrency", "GET", _ONE, get_currency, reads=True),
    Operation("updateCurrency", "PUT", _ONE, update_currency, request=CurrencyRequest),
    Operation("deleteCurrency", "DELETE", _ONE, delete_currency),
)
