"""Which records answer a look-up: the four query types over what each location holds."""

from collections.abc import Mapping, Sequence
from typing import Literal

from kibo_simulator.stock.records import StockRecord

QueryType = Literal["ALL", "PARTIAL", "ANY", "ALL_STORES"]


def answering(
    query_type: QueryType,
    wanted: Sequence[tuple[frozenset[int], int]],
    held: Mapping[int, tuple[StockRecord, int]],
) -> list[StockRecord]:
    """The records of one location that belong in the answer.

    Args:
        query_type: ALL: the location has the full quantity of every item. PARTIAL: of at least one, and only those
            are returned. ANY and ALL_STORES: whatever of the items the location holds.
        wanted: for each item the products that it matches, and the quantity needed.
        held: by product number, the record at this location and what is available of it.
    """
    if query_type in {"ANY", "ALL_STORES"}:
        named = frozenset[int]().union(*(products for products, _ in wanted))
        return [record for product, (record, _) in held.items() if product in named]
    enough: set[int] = set()
    complete = True
    for products, quantity in wanted:
        satisfied = {product for product in products if product in held and held[product][1] >= quantity}
        complete = complete and bool(satisfied)
        enough |= satisfied
    if query_type == "ALL" and not complete:
        return []
    return [record for product, (record, _) in held.items() if product in enough]
