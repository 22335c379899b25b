"""Quantities to be written: one line for each record, arranged into requests of one location each (I-2, J-12, BA-1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kibo_client.errors import TargetError
from kibo_client.targets import Product
from kibo_client.update_options import UpdateKind

LARGEST_QUANTITY = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One quantity: what a refresh sets it to, or what an adjustment adds to it.

    At least one of part number, UPC and SKU must be given. What is None is not sent.

    Attributes:
        location_code: The location, exactly as Kibo spells it (C23).
        quantity: The new quantity on hand, or the difference.
        tags: Category and value, for tagged inventory.
        lot_code: This and the next three tell granular records apart.
        delivery_date: Makes it future inventory, ISO 8601; `external_id` is the caller's name for that.
        floor: The least quantity desired; refresh only, as are all below.
        safety_stock: What is withheld from sale.
        ltd: Kibo's LTD field.
    """

    location_code: str
    quantity: int
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    lot_code: str | None = None
    condition: str | None = None
    serial_number: str | None = None
    date: str | None = None
    delivery_date: str | None = None
    external_id: str | None = None
    bin_id: int | None = None
    floor: int | None = None
    safety_stock: int | None = None
    ltd: float | None = None
    retail_price: float | None = None
    currency_id: int | None = None
    inventory_locator_name: str | None = None
    attributes: tuple[str, ...] | None = None

    @property
    def product(self) -> Product:
        """The product of the record; an empty identifier counts as none."""
        return Product(self.part_number or None, self.upc or None, self.sku or None)


REFRESH_ONLY = (
    "floor",
    "safety_stock",
    "ltd",
    "retail_price",
    "currency_id",
    "inventory_locator_name",
    "attributes",
)


@dataclass(frozen=True, slots=True)
class LineBatch:
    """The lines of one request, all of one location."""

    location_code: str
    lines: tuple[Line, ...]


def merged(lines: Iterable[Line], kind: UpdateKind) -> list[Line]:
    """Check all lines, and make one of those that concern the same record: adjustments are added up.

    Raises:
        TargetError: A line cannot be sent, or two lines set the same record to different values.
    """
    of_record: dict[tuple[object, ...], int] = {}
    kept: list[Line] = []
    for index, line in enumerate(lines):
        _check(index, line, kind)
        place = of_record.setdefault(_record_of(line), len(kept))
        if place == len(kept):
            kept.append(line)
        elif kind is UpdateKind.ADJUST:
            kept[place] = replace(line, quantity=kept[place].quantity + line.quantity)
        elif kept[place] != line:
            where = f"{line.product} at {line.location_code}"
            raise TargetError(index, f"sets {where} to something else than a line before it; one of the two is wrong")
    return [line for line in kept if line.quantity or kind is UpdateKind.REFRESH]


def batches_of(lines: Iterable[Line], size: int) -> list[LineBatch]:
    """Full requests, location by location, in the order in which locations and lines were given."""
    at: dict[str, list[Line]] = {}
    for line in lines:
        at.setdefault(line.location_code, []).append(line)
    return [
        LineBatch(location, tuple(here[start : start + size]))
        for location, here in at.items()
        for start in range(0, len(here), size)
    ]


def halves(batch: LineBatch) -> list[LineBatch]:
    """Two requests for one; none if it holds a single line."""
    middle = len(batch.lines) // 2
    parts: Sequence[tuple[Line, ...]] = (batch.lines[:middle], batch.lines[middle:]) if middle else ()
    return [LineBatch(batch.location_code, part) for part in parts]


def _record_of(line: Line) -> tuple[object, ...]:
    """What of a line says which record it means."""
    return (
        line.location_code,
        line.part_number,
        line.upc,
        line.sku,
        tuple(sorted(line.tags)),
        line.lot_code,
        line.condition,
        line.serial_number,
        line.date,
        line.delivery_date,
        line.external_id,
    )


def _check(index: int, line: Line, kind: UpdateKind) -> None:
    if not line.location_code.strip():
        raise TargetError(index, "a location code is needed")
    if not (line.part_number or line.upc or line.sku):
        raise TargetError(index, "a part number, upc or sku is needed")
    if abs(line.quantity) > LARGEST_QUANTITY:
        raise TargetError(index, f"a quantity of {line.quantity} is out of range")
    if kind is UpdateKind.REFRESH:
        if line.quantity < 0:
            raise TargetError(index, f"a refresh cannot set a quantity to {line.quantity}; 0 or more is accepted")
        return
    for name in REFRESH_ONLY:
        if getattr(line, name) is not None:
            raise TargetError(index, f"{name} can be refreshed, not adjusted")
