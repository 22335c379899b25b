"""Carries out changes of the catalog, whether asked for directly or by an item of a batch job."""

from kibo_simulator.catalog.changes import (
    AddEntry,
    AddProduct,
    AddProperty,
    Change,
    DeleteEntry,
    DeleteProduct,
    DeleteProperty,
    Document,
    PutEntry,
    UpdateProduct,
    UpdateProperty,
)
from kibo_simulator.catalog.prices import EntryKey, currency_document, entry_document, entry_key
from kibo_simulator.catalog.products import (
    product_added,
    product_replaced,
    property_added,
    property_of,
    property_removed,
    property_replaced,
)
from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.store.catalog import CatalogStore, Stored

_WHAT = {"priceListCode": "price list", "productCode": "product", "currencyCode": "currency"}


class CatalogWorker:
    """Makes changes; every method is one step of a caller's transaction and writes nothing when it refuses."""

    __slots__ = ("_name_required", "_store")

    def __init__(self, store: CatalogStore, *, name_required: bool) -> None:
        self._store = store
        self._name_required = name_required

    def apply(self, tenant_id: int, change: Change, now: int) -> Stored | None:
        """Carry a change out; what is there afterwards, None after a deletion.

        Raises:
            CatalogRefusal: it cannot be made; nothing was changed.
        """
        match change:
            case AddProduct() | UpdateProduct():
                return self._put_product(tenant_id, change, now)
            case DeleteProduct():
                if not self._store.delete_product(tenant_id, change.code):
                    raise _no_product(change.code)
                return None
            case AddProperty() | UpdateProperty() | DeleteProperty():
                return self._put_property(tenant_id, change, now)
            case AddEntry() | PutEntry() | DeleteEntry():
                return self._put_entry(tenant_id, change, now)

    def product(self, tenant_id: int, code: str) -> Stored:
        """A product.

        Raises:
            CatalogRefusal: there is none with this code.
        """
        stored = self._store.product(tenant_id, code)
        if stored is None:
            raise _no_product(code)
        return stored

    def price_list(self, tenant_id: int, code: str) -> Stored:
        """A price list.

        Raises:
            CatalogRefusal: there is none with this code.
        """
        stored = self._store.price_list(tenant_id, code)
        if stored is None:
            raise CatalogRefusal("not found", "priceListCode", f"there is no price list {code[:60]!r}")
        return stored

    def currency(self, tenant_id: int, code: str) -> Stored:
        """A currency.

        Raises:
            CatalogRefusal: there is none with this code.
        """
        stored = self._store.currency(tenant_id, code)
        if stored is None:
            raise CatalogRefusal("not found", "currencyCode", f"there is no currency {code[:60]!r}")
        return stored

    def put_currency(self, tenant_id: int, code: str, document: Document, now: int, *, new: bool) -> Stored:
        """Add a currency (``code`` empty: that of the document) or change one.

        Raises:
            CatalogRefusal: the document cannot be one, or it is there already, or is not.
        """
        made = currency_document(document, code)
        if new and self._store.currency(tenant_id, made["currencyCode"]) is not None:
            raise CatalogRefusal("taken", "currencyCode", f"there is a currency {made['currencyCode']} already")
        if not new:
            self.currency(tenant_id, code)
        self._store.put_currency(tenant_id, made["currencyCode"], made, now)
        return self.currency(tenant_id, made["currencyCode"])

    def delete_currency(self, tenant_id: int, code: str) -> None:
        """Delete a currency that no price is in.

        Raises:
            CatalogRefusal: there is none, or prices are in it.
        """
        self.currency(tenant_id, code)
        if self._store.currency_used(tenant_id, code):
            raise CatalogRefusal("in use", "currencyCode", f"there are prices in {code}")
        self._store.delete_currency(tenant_id, code)

    def entry(self, tenant_id: int, key: EntryKey) -> Stored:
        """An entry of a price list.

        Raises:
            CatalogRefusal: there is none with this key.
        """
        stored = self._store.entry(tenant_id, key)
        if stored is None:
            raise CatalogRefusal(
                "not found", "productCode", f"{key.price_list} has no price of {key.product[:60]!r} in {key.currency}"
            )
        return stored

    def _put_product(self, tenant_id: int, change: AddProduct | UpdateProduct, now: int) -> Stored:
        if isinstance(change, AddProduct):
            document = product_added(
                change.document,
                sequence=self._store.next_sequence("catalog_products"),
                name_required=self._name_required,
            )
            if self._store.product(tenant_id, document["productCode"]) is not None:
                raise CatalogRefusal(
                    "taken", "productCode", f"there is a product {document['productCode'][:60]!r} already"
                )
            created = now
        else:
            stored = self.product(tenant_id, change.code)
            created = stored.created
            document = product_replaced(
                stored.document,
                change.code,
                change.document,
                keep_localized=change.keep_localized,
                name_required=self._name_required,
            )
        self._store.put_product(tenant_id, document["productCode"], document, now)
        return Stored(document, created, now)

    def _put_property(
        self, tenant_id: int, change: AddProperty | UpdateProperty | DeleteProperty, now: int
    ) -> Stored | None:
        product = self.product(tenant_id, change.code).document
        match change:
            case AddProperty():
                changed = property_added(product, change.document)
                attribute = changed["properties"][-1]["attributeFQN"]
            case UpdateProperty():
                changed, attribute = property_replaced(product, change.attribute, change.document), change.attribute
            case DeleteProperty():
                changed, attribute = property_removed(product, change.attribute), None
        self._store.put_product(tenant_id, change.code, changed, now)
        if attribute is None:
            return None
        made = property_of(changed, attribute)
        assert made is not None
        return Stored(made, now, now)

    def _put_entry(self, tenant_id: int, change: AddEntry | PutEntry | DeleteEntry, now: int) -> Stored | None:
        key = entry_key(change.document)
        if isinstance(change, DeleteEntry):
            self.entry(tenant_id, key)
            self._store.delete_entry(tenant_id, key)
            return None
        missing = self._store.missing_for(tenant_id, key)
        if missing is not None:
            field, what = missing
            raise CatalogRefusal("not found", field, f"there is no {_WHAT[field]} {what[:60]!r}")
        document = entry_document(key, change.document)
        created = self._store.entry_created(tenant_id, key)
        if isinstance(change, AddEntry) and created is not None:
            raise CatalogRefusal("taken", "productCode", f"{key.price_list} has a price of {key.product[:60]!r} there")
        self._store.put_entry(tenant_id, key, document, now)
        return Stored(document, now if created is None else created, now)


def _no_product(code: str) -> CatalogRefusal:
    return CatalogRefusal("not found", "productCode", f"there is no product {code[:60]!r}")
