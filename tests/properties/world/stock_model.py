"""Stock as a dictionary: what refresh, adjust, delete and the look-ups mean, in few words (I-1 to I-6)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Identity = tuple[str | None, str | None, str | None]
"""Part number, UPC and SKU; of a product what it carries, of an item what it names."""

Where = tuple[str, int]
"""Location code and number of the product."""


def matches(item: Identity, product: Identity, *, patterns: bool) -> bool:
    """Whether a product carries every identifier that the item names (I-1, I-6)."""
    return all(
        carried is not None and _found(named, carried, patterns=patterns)
        for named, carried in zip(item, product, strict=True)
        if named is not None
    )


def _found(named: str, carried: str, *, patterns: bool) -> bool:
    if patterns and set(named) & set(".*+?^$[]"):
        return re.search(named, carried) is not None
    return named == carried


@dataclass(frozen=True)
class Held:
    """The counted part of a record; nothing is allocated or pending in this world."""

    on_hand: int
    safety_stock: int = 0
    floor: int = 0


@dataclass(frozen=True)
class Line:
    """One item of a refresh or an adjust."""

    identity: Identity
    quantity: int
    safety_stock: int | None = None
    floor: int | None = None


@dataclass
class StockModel:
    """One tenant's products and records; ``history`` keeps what was done to each record, for conservation (I-5)."""

    locations: Sequence[str]
    products: list[Identity] = field(default_factory=list)
    records: dict[Where, Held] = field(default_factory=dict)
    history: dict[Where, list[tuple[Literal["set", "add"], int]]] = field(default_factory=dict)

    def product(self, identity: Identity) -> int:
        """The product that a written item means: one that is exactly it, else the oldest that carries it, else new."""
        if identity in self.products:
            return self.products.index(identity)
        for number, product in enumerate(self.products):
            if matches(identity, product, patterns=False):
                return number
        self.products.append(identity)
        return len(self.products) - 1

    def put(self, location: str, line: Line) -> int:
        """Set what a line says (I-2)."""
        number = self.product(line.identity)
        before = self.records.get((location, number), Held(0))
        self.records[location, number] = Held(
            line.quantity,
            before.safety_stock if line.safety_stock is None else line.safety_stock,
            before.floor if line.floor is None else line.floor,
        )
        self.history[location, number] = [("set", line.quantity)]
        return number

    def refresh(self, location: str, lines: Iterable[Line], *, zero_missing: bool) -> None:
        """Set each item; the others stay, or go to zero where that is asked for (I-2)."""
        named = {self.put(location, line) for line in lines}
        if zero_missing:
            for (place, number), held in list(self.records.items()):
                if place == location and number not in named:
                    self.records[place, number] = Held(0, held.safety_stock, held.floor)
                    self.history[place, number] = [("set", 0)]

    def adjust(self, location: str, lines: Iterable[Line]) -> None:
        """Add to each item (I-2)."""
        for line in lines:
            number = self.product(line.identity)
            before = self.records.get((location, number), Held(0))
            self.records[location, number] = Held(before.on_hand + line.quantity, before.safety_stock, before.floor)
            self.history.setdefault((location, number), []).append(("add", line.quantity))

    def matched(self, items: Iterable[Identity], locations: Iterable[str], *, patterns: bool) -> list[Where]:
        """The records that at least one item matches, by product and location."""
        wanted = list(items)
        numbers = [
            number
            for number, product in enumerate(self.products)
            if any(matches(item, product, patterns=patterns) for item in wanted)
        ]
        places = sorted(set(locations))
        return [(place, number) for number in numbers for place in places if (place, number) in self.records]

    def delete(self, gone: Iterable[Where]) -> None:
        """Forget records."""
        for where in gone:
            del self.records[where]
            self.history.pop(where, None)

    def row(self, where: Where) -> tuple[Any, ...]:
        """A record as it is compared: location, identifiers, on hand, allocated, pending, safety stock, floor."""
        location, number = where
        held = self.records[where]
        return (location, *self.products[number], held.on_hand, 0, 0, held.safety_stock, held.floor)

    def rows(self) -> list[tuple[Any, ...]]:
        """Every record, by location and product."""
        return [self.row(where) for where in sorted(self.records)]

    def conserved(self) -> list[int]:
        """On hand of every record, worked out from the last refresh and the adjusts after it (I-5)."""
        return [sum(quantity for _, quantity in self.history[where]) for where in sorted(self.records)]
