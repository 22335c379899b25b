"""The arithmetic of one inventory record (I-2, I-3)."""

from msgspec import Struct


class Counters(Struct, frozen=True):
    """What is counted at one record; whole units."""

    on_hand: int = 0
    allocated: int = 0
    pending: int = 0
    safety_stock: int = 0


def available(counters: Counters, *, ignore_safety_stock: bool = False) -> int:
    """Units that may be promised: on hand, less allocated, pending and, unless ignored, safety stock (I-3)."""
    withheld = 0 if ignore_safety_stock else counters.safety_stock
    return counters.on_hand - counters.allocated - counters.pending - withheld


def refreshed(before: Counters | None, quantity: int, safety_stock: int | None) -> Counters:
    """The record after a refresh: on hand is set, holds stay as they are (I-2)."""
    before = before or Counters()
    return Counters(
        on_hand=quantity,
        allocated=before.allocated,
        pending=before.pending,
        safety_stock=before.safety_stock if safety_stock is None else safety_stock,
    )


def adjusted(before: Counters | None, delta: int) -> Counters:
    """The record after an adjustment: on hand grows by ``delta``, which may be negative (I-2)."""
    before = before or Counters()
    return Counters(
        on_hand=before.on_hand + delta,
        allocated=before.allocated,
        pending=before.pending,
        safety_stock=before.safety_stock,
    )
