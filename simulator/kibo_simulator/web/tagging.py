"""Tags of requests against the tenant's categories: unknown ones are refused, missing ones get their default."""

from collections.abc import Mapping
from datetime import datetime

from kibo_simulator.stock.tag_categories import TagCategory
from kibo_simulator.stock.variants import PLAIN, Variant, sorted_tags
from kibo_simulator.web.errors import validation_error
from kibo_simulator.web.operations import Call
from kibo_simulator.web.wire import ProductFields


class Tagging:
    """The categories of a call's tenant, read once, by the first item for which they matter."""

    __slots__ = ("_call", "_known")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._known: dict[str, TagCategory] | None = None

    @property
    def _categories(self) -> Mapping[str, TagCategory]:
        if self._known is None:
            categories = self._call.simulator.tags.categories(self._call.tenant_id)
            self._known = {category.name: category for category in categories}
        return self._known

    def resolve(
        self, tags: Mapping[str, str | None] | None, path: str, *, defaults: bool
    ) -> tuple[tuple[str, str], ...]:
        """Tags in their one order, with the defaults of categories that are not named if ``defaults`` says so.

        Raises:
            ApiError: 400 for a category or a value that the tenant does not have.
        """
        if not tags and not (defaults and self._categories):
            return ()
        named = {name: value for name, value in (tags or {}).items() if value}
        for name, value in named.items():
            category = self._categories.get(name)
            if category is None:
                known = ", ".join(self._categories) or "none"
                raise validation_error(f"{path}.tags.{name[:60]}", f"is not a tag category; known: {known}")
            if category.tags and category.tag(value) is None:
                known = ", ".join(tag.value for tag in category.tags)
                raise validation_error(f"{path}.tags.{name[:60]}", f"has no tag {value[:60]!r}; known: {known}")
        if defaults:
            for name, category in self._categories.items():
                if name not in named and category.default is not None:
                    named[name] = category.default.value
        return sorted_tags(named)


def variant_of(
    item: ProductFields,
    path: str,
    tagging: Tagging | None,
    *,
    defaults: bool = False,
    tags: Mapping[str, str | None] | None = None,
) -> Variant:
    """Tags and granular fields of an item; its own tags go before ``tags`` of the whole request.

    Raises:
        ApiError: 400 for a tag that the tenant does not have; without ``tagging`` no tags are looked at.
    """
    told = {**(tags or {}), **(item.tags or {})} if tags or item.tags else None
    resolved = tagging.resolve(told, path, defaults=defaults) if tagging else ()
    if not (resolved or item.lot_code or item.condition or item.serial_number or item.date):
        return PLAIN
    date = granular_date(item.date, f"{path}.date") if item.date else ""
    return Variant(resolved, item.lot_code or "", item.condition or "", item.serial_number or "", date)


def granular_date(text: str, path: str) -> str:
    """A granular date, which Kibo writes as MM/DD/YYYY, in the form that sorts; ISO 8601 is taken as well.

    Raises:
        ApiError: 400 at ``path`` when it is neither.
    """
    for form in ("%m/%d/%Y", None):
        try:
            moment = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            continue
        return moment.date().isoformat()
    raise validation_error(path, f"expected a date such as 12/31/2026, got {text[:40]!r}")
