"""Narrowing a batch that the server refused: what it named is left out, else the batch is halved (C15, ST-1, ST-2).

Laws of this file: every round takes at least one item or one location out of a batch, or divides it, so it ends;
what is left out is named as undone with the server's own words; nothing is ever added to a scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kibo_client.batching import Batch, narrowed
from kibo_client.events import Fault, FaultyItem, FaultyLocation
from kibo_client.scope import Undone
from kibo_client.targets import Locations, Product, Wanted

# What a request may be refused with because of what is in it. 401, 403 and their like are about who asks.
STATUSES_ABOUT_CONTENT = frozenset({400, 413, 422})
# One faulty item among 500 is found with half as many refusals in a row; where nothing at all is accepted, it is the
# most that is tried.
MOST_REFUSALS_IN_A_ROW = 20
# A dry run costs quota: past these, a refusal without a place counts for the whole of its batch.
MOST_UNEXPLAINED_REFUSALS = 100


@dataclass(slots=True)
class RefusalCount:
    """How many dry runs were refused without a place: in all, and since one was accepted."""

    in_all: int = 0
    in_a_row: int = 0

    def may_divide(self) -> bool:
        """Count one more; whether it is still worth finding out which part of the batch is at fault."""
        self.in_all += 1
        self.in_a_row += 1
        return self.in_a_row <= MOST_REFUSALS_IN_A_ROW and self.in_all <= MOST_UNEXPLAINED_REFUSALS

    def accepted(self) -> None:
        """A dry run was accepted."""
        self.in_a_row = 0


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left of a batch (None if nothing is), and what was taken out of it."""

    batch: Batch | None
    undone: tuple[Undone, ...]


def refused_locations(batch: Batch, faults: Iterable[Fault]) -> dict[str, str]:
    """The locations of the batch that the server named, each with what it said."""
    places = {fault.index: fault.said for fault in faults if isinstance(fault, FaultyLocation)}
    return {code: places[index] for index, code in enumerate(batch.locations) if index in places}


def without(batch: Batch, wanted: Wanted, faults: Iterable[Fault], prefix: str) -> Remainder | None:
    """Take out of a batch what the server named; None if it named nothing that is in it.

    Args:
        batch: The batch that was refused.
        wanted: All targets.
        faults: The places named.
        prefix: What to put before the server's words in a reason.
    """
    faults = tuple(faults)
    places = {fault.index: fault.said for fault in faults if isinstance(fault, FaultyItem)}
    items = {identity: places[index] for index, identity in enumerate(batch.identities) if index in places}
    locations = refused_locations(batch, faults)
    if not items and not locations:
        return None
    undone: list[Undone] = []
    for item in batch.items:
        said = items.get(item.identity)
        for product in item.products:
            if said is not None:
                undone.append(Undone(product, wanted[product] & item.locations, f"{prefix} {said}"))
            else:
                undone += _undone_at(product, wanted[product] & item.locations, locations, prefix)
    rest = narrowed(batch, items.keys(), locations.keys())
    return Remainder(rest if rest.items else None, tuple(undone))


def _undone_at(product: Product, here: Locations, refused: Mapping[str, str], prefix: str) -> Iterable[Undone]:
    return [Undone(product, frozenset((code,)), f"{prefix} {said}") for code, said in refused.items() if code in here]
