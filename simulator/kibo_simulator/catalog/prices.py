"""Price lists, their entries, and currencies as documents: what a change makes of one, or why it is refused."""

import re
from typing import Final

from msgspec import Struct

from kibo_simulator.catalog.changes import Document, text_of
from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.timestamps import InstantError, iso_milliseconds, parse_instant

MOST_ENTRIES: Final = 5_000
"""How many entries a bulk call takes (Kibo's published catalog specification)."""

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LIST: Final = re.compile(r"[A-Za-z0-9_.~-]{1,50}")
_AMOUNTS: Final = ("msrp", "map", "cost")
_ENTRY_AMOUNTS: Final = ("listPrice", "salePrice", "subscriptionPrice", "subscriptionSalePrice")


class EntryKey(Struct, frozen=True):
    """What tells the entries of a tenant apart; ``start`` in microseconds since the epoch, 0 for always."""

    price_list: str
    product: str
    currency: str
    start: int


def price_list_added(document: Document, *, sequence: int) -> Document:
    """The price list that a document makes.

    Raises:
        CatalogRefusal: code or name are missing, or the code cannot be one.
    """
    code = text_of(document, "priceListCode")
    if not code:
        raise CatalogRefusal("missing", "priceListCode", "is needed")
    if not _LIST.fullmatch(code):
        raise CatalogRefusal(
            "invalid", "priceListCode", f"{code[:60]!r} is no code: up to 50 letters, digits, dots, dashes, underscores"
        )
    return _price_list(document, code, sequence)


def price_list_replaced(stored: Document, document: Document) -> Document:
    """The price list after an update; its code stays.

    Raises:
        CatalogRefusal: the document names another code, or no name.
    """
    code = stored["priceListCode"]
    named = text_of(document, "priceListCode")
    if named and named != code:
        raise CatalogRefusal("invalid", "priceListCode", f"{named[:60]!r} is not the price list in the path")
    return _price_list(document, code, stored["priceListSequence"])


def _price_list(document: Document, code: str, sequence: int) -> Document:
    if not text_of(document, "name"):
        raise CatalogRefusal("missing", "name", "is needed")
    return {
        "enabled": True,
        "validForAllSites": True,
        "resolvable": True,
        **{name: value for name, value in document.items() if value is not None},
        "priceListCode": code,
        "priceListSequence": sequence,
    }


def entry_key(document: Document) -> EntryKey:
    """Which entry a document means.

    Raises:
        CatalogRefusal: list, product or currency are missing, or the start is not an instant.
    """
    named = []
    for name in ("priceListCode", "productCode", "currencyCode"):
        text = text_of(document, name)
        if not text:
            raise CatalogRefusal("missing", name, "is needed")
        named.append(text)
    return EntryKey(named[0], named[1], named[2].upper(), _instant(document, "startDate") or 0)


def entry_document(key: EntryKey, document: Document) -> Document:
    """The entry that a document makes.

    Raises:
        CatalogRefusal: it has no price, a negative one, or ends before it starts.
    """
    end = _instant(document, "endDate")
    if end is not None and end <= key.start:
        raise CatalogRefusal("invalid", "endDate", "must be later than startDate")
    _check_amounts(document, _AMOUNTS, "")
    prices = document.get("priceEntries") or ()
    if not prices:
        raise CatalogRefusal("missing", "priceEntries", "needs at least one price")
    for index, each in enumerate(prices):
        place = f"priceEntries[{index}]."
        _check_amounts(each, _ENTRY_AMOUNTS, place)
        if each.get("listPrice") is None and each.get("salePrice") is None:
            raise CatalogRefusal("missing", f"{place}listPrice", "is needed, or salePrice")
    return {
        "priceListEntryMode": "Simple" if len(prices) == 1 else "Bulk",
        **{name: value for name, value in document.items() if value is not None},
        "priceListCode": key.price_list,
        "productCode": key.product,
        "currencyCode": key.currency,
        **({"startDate": iso_milliseconds(key.start)} if key.start else {}),
    }


def currency_document(document: Document, code: str) -> Document:
    """The currency that a document makes, under ``code`` or the code in the document.

    Raises:
        CatalogRefusal: there is no code, it is not three letters, or it is not the one in the path.
    """
    named = text_of(document, "currencyCode").upper()
    if code and named and named != code:
        raise CatalogRefusal("invalid", "currencyCode", f"{named[:60]!r} is not the currency in the path")
    if not (named or code):
        raise CatalogRefusal("missing", "currencyCode", "is needed")
    if not _CURRENCY.fullmatch(named or code):
        raise CatalogRefusal("invalid", "currencyCode", f"{(named or code)[:60]!r} is not three letters such as USD")
    return {
        "decimalPlaces": 2,
        "roundingStrategy": 0,
        **{name: value for name, value in document.items() if value is not None},
        "currencyCode": named or code,
    }


def _instant(document: Document, name: str) -> int | None:
    text = text_of(document, name)
    if not text:
        return None
    try:
        return parse_instant(text)
    except InstantError as error:
        raise CatalogRefusal("invalid", name, str(error)) from None


def _check_amounts(document: Document, names: tuple[str, ...], place: str) -> None:
    for name in names:
        amount = document.get(name)
        if amount is not None and amount < 0:
            raise CatalogRefusal("invalid", f"{place}{name}", f"must not be negative, but is {amount}")
