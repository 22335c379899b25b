"""The changes of a catalog that can be made at once or gathered in a batch job (facts of calls that take a code).

A change is what one catalog call asks for, or one entry of a bulk call. It says of itself what the items of a batch
job tell: the kind of resource, the HTTP method, and the key of what is changed.
"""

from typing import Any, ClassVar, Literal

from msgspec import Struct

ResourceType = Literal["Products", "ProductProperty", "Pricelistentries"]
Method = Literal["POST", "PUT", "DELETE"]
Document = dict[str, Any]

RESOURCE_TYPES: tuple[ResourceType, ...] = ("Products", "ProductProperty", "Pricelistentries")


class _Change(Struct, frozen=True):
    resource_type: ClassVar[ResourceType]
    method: ClassVar[Method]


class _ProductChange(_Change, frozen=True):
    resource_type: ClassVar[ResourceType] = "Products"


class AddProduct(_ProductChange, frozen=True, tag="add product"):
    """A new product; its code is in the document."""

    document: Document
    method: ClassVar[Method] = "POST"

    @property
    def key(self) -> str:
        """The product's code, empty where it is missing."""
        return text_of(self.document, "productCode")


class UpdateProduct(_ProductChange, frozen=True, tag="update product"):
    """Another document for a product; with ``keep_localized`` its localized content stays (the V1 calls)."""

    code: str
    document: Document
    keep_localized: bool = False
    method: ClassVar[Method] = "PUT"

    @property
    def key(self) -> str:
        """The product's code."""
        return self.code


class DeleteProduct(_ProductChange, frozen=True, tag="delete product"):
    """No such product any more."""

    code: str
    method: ClassVar[Method] = "DELETE"

    @property
    def key(self) -> str:
        """The product's code."""
        return self.code


class _PropertyChange(_Change, frozen=True):
    resource_type: ClassVar[ResourceType] = "ProductProperty"
    code: str


class AddProperty(_PropertyChange, frozen=True, tag="add property"):
    """A new property of a product; its name is in the document."""

    document: Document
    method: ClassVar[Method] = "POST"

    @property
    def key(self) -> str:
        """The product's code and the attribute's name."""
        return f"{self.code}/{text_of(self.document, 'attributeFQN')}"


class UpdateProperty(_PropertyChange, frozen=True, tag="update property"):
    """Other values for a property."""

    attribute: str
    document: Document
    method: ClassVar[Method] = "PUT"

    @property
    def key(self) -> str:
        """The product's code and the attribute's name."""
        return f"{self.code}/{self.attribute}"


class DeleteProperty(_PropertyChange, frozen=True, tag="delete property"):
    """No such property any more."""

    attribute: str
    method: ClassVar[Method] = "DELETE"

    @property
    def key(self) -> str:
        """The product's code and the attribute's name."""
        return f"{self.code}/{self.attribute}"


class _EntryChange(_Change, frozen=True):
    """A change of one price: the document names list, product, currency and start."""

    resource_type: ClassVar[ResourceType] = "Pricelistentries"
    document: Document
    # The bulk calls are all POST.
    method: ClassVar[Method] = "POST"

    @property
    def key(self) -> str:
        """List, product, currency and, where there is one, the start."""
        names = ("priceListCode", "productCode", "currencyCode", "startDate")
        return "/".join(part for part in (text_of(self.document, name) for name in names) if part)


class AddEntry(_EntryChange, frozen=True, tag="add entry"):
    """A new price."""


class PutEntry(_EntryChange, frozen=True, tag="put entry"):
    """A price, new or in place of the one that is there."""


class DeleteEntry(_EntryChange, frozen=True, tag="delete entry"):
    """No such price any more."""


Change = (
    AddProduct
    | UpdateProduct
    | DeleteProduct
    | AddProperty
    | UpdateProperty
    | DeleteProperty
    | AddEntry
    | PutEntry
    | DeleteEntry
)


def text_of(document: Document, name: str) -> str:
    """A text in a document; empty when it is absent, null or nothing but blanks."""
    value = document.get(name)
    return value.strip() if isinstance(value, str) else ""
