"""What orders do to the counters of a record: take, give back, ship, and catch up with what is owed (I-4, I-5).

Every function maps counters to counters; none lets ``allocated`` or ``pending`` fall below zero.
"""

from msgspec import Struct

from kibo_simulator.stock.quantities import Counters, available


class Taken(Struct, frozen=True):
    """The outcome of an allocation: counters after it, what was covered by stock and what is owed."""

    counters: Counters
    allocated: int
    pending: int


def allocate(counters: Counters, quantity: int) -> Taken:
    """Take ``quantity`` units: as far as there is stock they are allocated, the rest is pending (I-4)."""
    covered = min(quantity, max(0, available(counters)))
    owed = quantity - covered
    after = Counters(counters.on_hand, counters.allocated + covered, counters.pending + owed, counters.safety_stock)
    return Taken(after, covered, owed)


def owe(counters: Counters, quantity: int) -> Counters:
    """Promise units that no stock covers."""
    return Counters(counters.on_hand, counters.allocated, counters.pending + quantity, counters.safety_stock)


def give_back(counters: Counters, *, allocated: int, pending: int, decrement_on_hand: bool) -> Counters:
    """Release units of a hold; with ``decrement_on_hand`` the allocated ones leave the location as well (I-4, I-5)."""
    return Counters(
        counters.on_hand - (allocated if decrement_on_hand else 0),
        counters.allocated - allocated,
        counters.pending - pending,
        counters.safety_stock,
    )


def ship(counters: Counters, quantity: int) -> Counters:
    """Fulfil allocated units: they leave the location (I-4)."""
    return Counters(counters.on_hand - quantity, counters.allocated - quantity, counters.pending, counters.safety_stock)


def coverable(counters: Counters) -> int:
    """How many pending units the stock has come to cover: what is on hand beyond holds and safety stock."""
    return max(0, min(counters.pending, counters.on_hand - counters.allocated - counters.safety_stock))


def cover(counters: Counters, quantity: int) -> Counters:
    """Turn pending units into allocated ones."""
    return Counters(counters.on_hand, counters.allocated + quantity, counters.pending - quantity, counters.safety_stock)
