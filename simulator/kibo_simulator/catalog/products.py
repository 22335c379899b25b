"""Products and their properties as documents: what a change makes of one, or why it is refused."""

import re
from typing import Any, Final

from kibo_simulator.catalog.changes import Document, text_of
from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.plain_text import CONTROLS

LOCALIZED: Final = ("localizedContent", "localizedSEOContent")
"""What the newer product model has and the V1 calls do not."""

LONGEST_CODE: Final = 255
_CODE: Final = re.compile(rf"[^\s/?#%\\{CONTROLS}]+(?: [^\s/?#%\\{CONTROLS}]+)*")
_ATTRIBUTE: Final = re.compile(r"[A-Za-z0-9_.-]+~[A-Za-z0-9_.-]+")
_PRICES: Final = ("price", "salePrice", "msrp", "map", "creditValue")


def product_added(document: Document, *, sequence: int, name_required: bool) -> Document:
    """The product that a document makes.

    Raises:
        CatalogRefusal: a code or a name is missing, or a value cannot be meant.
    """
    code = text_of(document, "productCode")
    if not code:
        raise CatalogRefusal("missing", "productCode", "is needed")
    if len(code) > LONGEST_CODE or not _CODE.fullmatch(code):
        raise CatalogRefusal(
            "invalid", "productCode", f"{code[:60]!r} is no product code: no slashes, no control characters"
        )
    return _checked({**document, "productCode": code}, sequence=sequence, name_required=name_required)


def product_replaced(
    stored: Document, code: str, document: Document, *, keep_localized: bool, name_required: bool
) -> Document:
    """The product after an update; the code cannot be changed this way.

    Raises:
        CatalogRefusal: the document names another code, lacks a name, or has a value that cannot be meant.
    """
    named = text_of(document, "productCode")
    if named and named != code:
        raise CatalogRefusal("invalid", "productCode", f"{named[:60]!r} is not the product in the path")
    kept: Document = {name: stored[name] for name in LOCALIZED if keep_localized and name in stored}
    return _checked(
        {**document, **kept, "productCode": code},
        sequence=stored["productSequence"],
        name_required=name_required,
    )


def v1_document(document: Document) -> Document:
    """The product as the V1 calls know it."""
    return {name: value for name, value in document.items() if name not in LOCALIZED}


def _checked(document: Document, *, sequence: int, name_required: bool) -> Document:
    if name_required and not _named(document):
        raise CatalogRefusal("missing", "content.productName", "is needed")
    price = document.get("price")
    for name in _PRICES:
        amount = price.get(name) if isinstance(price, dict) else None
        if amount is not None and amount < 0:
            raise CatalogRefusal("invalid", f"price.{name}", f"must not be negative, but is {amount}")
    seen: set[str] = set()
    for index, each in enumerate(document.get("properties") or ()):
        name = _attribute(each, f"properties[{index}].attributeFQN")
        if name in seen:
            raise CatalogRefusal("invalid", f"properties[{index}].attributeFQN", f"{name!r} is there twice")
        seen.add(name)
    return {
        "productUsage": "Standard",
        "masterCatalogId": 1,
        "fulfillmentTypesSupported": ["DirectShip"],
        "isTaxable": True,
        **{name: value for name, value in document.items() if value is not None},
        "productSequence": sequence,
    }


def _named(document: Document) -> bool:
    contents = [document.get("content"), *(document.get("localizedContent") or ())]
    return any(isinstance(each, dict) and text_of(each, "productName") for each in contents)


def _attribute(document: Any, field: str) -> str:
    name = text_of(document, "attributeFQN") if isinstance(document, dict) else ""
    if not name:
        raise CatalogRefusal("missing", field, "is needed")
    if len(name) > LONGEST_CODE or not _ATTRIBUTE.fullmatch(name):
        raise CatalogRefusal("invalid", field, f"{name[:60]!r} is no attribute's full name, such as tenant~color")
    return name


def property_of(product: Document, attribute: str) -> Document | None:
    """A property of a product by its attribute's full name, or None; case does not matter."""
    for each in product.get("properties") or ():
        if each["attributeFQN"].lower() == attribute.lower():
            found: Document = each
            return found
    return None


def property_added(product: Document, document: Document) -> Document:
    """The product with one property more.

    Raises:
        CatalogRefusal: the property has no name or no values, or is there already.
    """
    name = _attribute(document, "attributeFQN")
    if property_of(product, name) is not None:
        raise CatalogRefusal("taken", "attributeFQN", f"the product has a property {name!r} already")
    return {**product, "properties": [*(product.get("properties") or ()), _valued(document, name)]}


def property_replaced(product: Document, attribute: str, document: Document) -> Document:
    """The product with other values of a property.

    Raises:
        CatalogRefusal: there is no such property, the document names another one, or it has no values.
    """
    stored = _existing(product, attribute)
    named = text_of(document, "attributeFQN")
    if named and named.lower() != attribute.lower():
        raise CatalogRefusal("invalid", "attributeFQN", f"{named[:60]!r} is not the property in the path")
    changed = _valued(document, stored["attributeFQN"])
    return {**product, "properties": [changed if each is stored else each for each in product["properties"]]}


def property_removed(product: Document, attribute: str) -> Document:
    """The product without a property.

    Raises:
        CatalogRefusal: there is no such property.
    """
    stored = _existing(product, attribute)
    return {**product, "properties": [each for each in product["properties"] if each is not stored]}


def _existing(product: Document, attribute: str) -> Document:
    stored = property_of(product, attribute)
    if stored is None:
        raise CatalogRefusal("not found", "attributeFQN", f"the product has no property {attribute[:60]!r}")
    return stored


def _valued(document: Document, name: str) -> Document:
    if not document.get("values"):
        raise CatalogRefusal("missing", "values", "needs at least one value")
    return {**{key: value for key, value in document.items() if value is not None}, "attributeFQN": name}
