"""Work on a whole location at once: spreading stock over tags, and purging records nobody has touched."""

from collections.abc import Sequence

import msgspec

from kibo_simulator.order_work import WorkFailedError
from kibo_simulator.stock.quantities import Counters
from kibo_simulator.stock.records import StockRecord
from kibo_simulator.stock.tag_categories import TagCategory
from kibo_simulator.stock.variants import Variant, sorted_tags
from kibo_simulator.store.stock import StockStore
from kibo_simulator.store.tags import TagStore


class RedistributeWork(msgspec.Struct, frozen=True, tag="redistribute"):
    """Spread what is on hand over the tags of each category whose tags all have a percentage."""


class PurgeWork(msgspec.Struct, frozen=True, tag="purge"):
    """Delete the records that nobody has written since day ``before`` (days since the epoch)."""

    before: int


def shares(total: int, percents: Sequence[int]) -> list[int]:
    """``total`` units by percentages that sum to 100; what rounding leaves goes to the first share."""
    parts = [total * percent // 100 for percent in percents]
    if parts:
        parts[0] += total - sum(parts)
    return parts


class UpkeepWorker:
    """Carries out work on whole locations; every method is one step of a caller's transaction."""

    __slots__ = ("_stock", "_tags")

    def __init__(self, stock: StockStore, tags: TagStore) -> None:
        self._stock = stock
        self._tags = tags

    def apply(self, tenant_id: int, location_id: int, work: RedistributeWork | PurgeWork, now: int) -> None:
        """Carry the work out at one location.

        Raises:
            WorkFailedError: stock would have to leave a tag that orders hold.
        """
        if isinstance(work, PurgeWork):
            self._stock.purge(location_id, work.before)
            return
        for category in self.spreadable(tenant_id):
            self._spread(location_id, category, now)

    def spreadable(self, tenant_id: int) -> list[TagCategory]:
        """The categories by which stock can be spread: all their tags have a percentage."""
        return [
            category
            for category in self._tags.categories(tenant_id)
            if category.tags and all(tag.percent is not None for tag in category.tags)
        ]

    def _spread(self, location_id: int, category: TagCategory, now: int) -> None:
        groups: dict[tuple[int, Variant], list[StockRecord]] = {}
        for record in list(self._stock.at_location(location_id)):
            tags = dict(record.variant.tags)
            if tags.pop(category.name, None) is not None:
                rest = msgspec.structs.replace(record.variant, tags=sorted_tags(tags))
                groups.setdefault((record.product_id, rest), []).append(record)
        percents = [tag.percent or 0 for tag in category.tags]
        for (product_id, rest), records in groups.items():
            parts = shares(sum(record.on_hand for record in records), percents)
            by_tag = {dict(record.variant.tags)[category.name]: record for record in records}
            for tag, on_hand in zip(category.tags, parts, strict=True):
                held = by_tag.get(tag.value)
                if held is not None and on_hand < held.allocated:
                    raise WorkFailedError(
                        f"{category.name} {tag.value}: {held.allocated} units are allocated to orders"
                    )
                tags = {**dict(rest.tags), category.name: tag.value}
                variant = msgspec.structs.replace(rest, tags=sorted_tags(tags))
                number = self._stock.variant_for_write(product_id, variant)
                before = held.counters if held is not None else Counters()
                self._stock.put(
                    location_id,
                    product_id,
                    number,
                    msgspec.structs.replace(before, on_hand=on_hand),
                    held.floor if held is not None else 0,
                    held.details if held is not None else {},
                    now,
                )
