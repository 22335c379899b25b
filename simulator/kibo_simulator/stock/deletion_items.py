"""The items of a deletion, sorted by how they will be matched (I-1, I-6).

Nearly all items of nearly all requests name one product by one plain identifier. They are kept as bare lists, so that
five hundred of them cost no five hundred objects; whatever is more particular is kept item by item.
"""

from msgspec import Struct

from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.variants import PLAIN, Variant


class Doomed(Struct, frozen=True):
    """One particular item: what it names, and which of the product's records it means.

    Without tags and granular fields all records of the product are meant; ``without_granular`` leaves those with
    granular fields alone.
    """

    wanted: Wanted
    variant: Variant = PLAIN
    without_granular: bool = False

    @property
    def whole(self) -> bool:
        """Whether all records of the product are meant."""
        return self.variant.plain and not self.without_granular


class DeletionItems(Struct, frozen=True):
    """All items of a deletion: plain identifiers by field, and the particular ones."""

    part_numbers: tuple[str, ...] = ()
    upcs: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    particular: tuple[Doomed, ...] = ()

    def __len__(self) -> int:
        return len(self.part_numbers) + len(self.upcs) + len(self.skus) + len(self.particular)
