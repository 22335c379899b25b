"""What faults make of the items of batch jobs: some tries fail for a reason that is not theirs."""

from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.fault_book import FaultBook
from kibo_simulator.faults import ItemFacts
from kibo_simulator.faults.effects import ItemFail
from kibo_simulator.store.batch_jobs import BatchJobRow, WorkItem


class ItemFates:
    """Asks the faults about each try of an item; a part of the transaction in which it is carried out."""

    __slots__ = ("_book",)

    def __init__(self, book: FaultBook) -> None:
        self._book = book

    def interfere(self, job: BatchJobRow, item: WorkItem, at: int) -> CatalogRefusal | None:
        """Why this try fails, or None."""
        if not self._book.plan.on_items:
            return None
        use = self._book.for_item(ItemFacts(job.tenant_id, job.code, item.resource, item.key, item.number), at)
        if use is None or not isinstance(use.effect, ItemFail):
            return None
        return CatalogRefusal(use.effect.reason, item.resource, use.effect.message)
