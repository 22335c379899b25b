"""Which products each location holds, as one bit a product: scopes of deletions are counted without the database.

Laws of this file
1. It is a memory of what the database says, never more: whoever writes records tells it, and when a transaction is
   undone all of it is forgotten.
2. A location is remembered only after it has been asked about twice; one question is answered faster by the
   database itself.
3. A location with records of the same product in several variants is not remembered: there, bits cannot count. Nor
   is one with so many products that reading them would hold up everybody else.
"""

from collections.abc import Callable, Iterable


def bits_of(products: Iterable[int]) -> int:
    """One bit for each product number."""
    numbers = list(products)
    if not numbers:
        return 0
    buffer = bytearray(max(numbers) // 8 + 1)
    for number in numbers:
        buffer[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(buffer, "little")


class Presence:
    """The products of the locations that are asked about."""

    __slots__ = ("_asked", "_held")

    def __init__(self) -> None:
        self._held: dict[int, int | None] = {}
        self._asked: set[int] = set()

    def __repr__(self) -> str:
        return f"<Presence of {len(self._held)} locations>"

    def at(self, location_id: int, load: Callable[[], list[int] | None]) -> int | None:
        """The products held as bits, or None where the database must be asked.

        Args:
            location_id: the location in question.
            load: gives the products of the location, or None when it is not to be remembered.
        """
        if location_id in self._held:
            return self._held[location_id]
        if location_id not in self._asked:
            self._asked.add(location_id)
            return None
        products = load()
        held = None if products is None else bits_of(products)
        self._held[location_id] = held
        return held

    def added(self, location_id: int, product_id: int, variant_id: int) -> None:
        """A record was written."""
        held = self._held.get(location_id)
        if held is None:
            return
        if variant_id:
            self._held[location_id] = None
        elif not held >> product_id & 1:
            self._held[location_id] = held | 1 << product_id

    def removed(self, location_id: int, products: int) -> None:
        """All records of these products (as bits) were deleted."""
        held = self._held.get(location_id)
        if held is not None:
            self._held[location_id] = held & ~products

    def forget(self, location_id: int | None = None) -> None:
        """Remember nothing of a location, or of any."""
        if location_id is None:
            self._held.clear()
            self._asked.clear()
        else:
            self._held.pop(location_id, None)
