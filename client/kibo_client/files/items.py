"""One row of an import file as a client knows it, and every rule the guide has for it (C24, C26)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kibo_client.files.names import Kind

FIELDS: Final = (
    "LocationCode",
    "PartNumber",
    "UPC",
    "SKU",
    "Quantity",
    "Bin",
    "LTD",
    "SafetyStock",
    "Floor",
    "Delivery_Date",
    "External_ID",
    "CurrencyID",
    "RetailPrice",
    "Attributes",
    "InventoryLocatorName",
)
"""The fields of the guide's table, in its order."""

_LARGEST: Final = 2**31 - 1
_LONGEST: Final = 512
_LONGEST_LOCATOR: Final = 50
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)
_PRICE: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,10})?", re.ASCII)
_NUMBERS: Final = ("SafetyStock", "Floor", "CurrencyID")


def key_of(title: str) -> str:
    """The name by which a field is found, however it is spelt."""
    return title.strip().replace("_", "").replace(" ", "").lower()


BY_KEY: Final = {key_of(field): field for field in FIELDS}


@dataclass(frozen=True, slots=True)
class FileItem:
    """One row: its cells by the guide's names of the fields, and its tags by the names of their categories."""

    cells: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def identity(self) -> tuple[str, ...]:
        """What a row may not have in common with another of the same Refresh."""
        named = ("LocationCode", "PartNumber", "UPC", "SKU", "Delivery_Date", "External_ID")
        return (
            *(self.cells.get(field, "") for field in named),
            *(f"{name}={self.tags[name]}" for name in sorted(self.tags)),
        )


def problems_of(item: FileItem, kind: Kind) -> list[str]:
    """Everything that is wrong with a row by the guide; an empty list for a good one."""
    cells = item.cells
    found = [f"has no {field}" for field in ("LocationCode", "UPC") if not cells.get(field, "").strip()]
    found += _quantity(cells.get("Quantity", ""), kind)
    for field in _NUMBERS:
        text = cells.get(field, "")
        if text and not (_WHOLE.fullmatch(text) and abs(int(text)) <= _LARGEST):
            found.append(f"{field} is {text[:40]!r}, not a whole number")
    price, ltd = cells.get("RetailPrice", ""), cells.get("LTD", "")
    if price and not _PRICE.fullmatch(price):
        found.append(f"RetailPrice is {price[:40]!r}, not a number such as 25.99")
    if price and not cells.get("CurrencyID"):
        found.append("has a RetailPrice without a CurrencyID")
    if ltd and not _is_number(ltd):
        found.append(f"LTD is {ltd[:40]!r}, not a number")
    if len(cells.get("InventoryLocatorName", "")) > _LONGEST_LOCATOR:
        found.append(f"InventoryLocatorName is longer than {_LONGEST_LOCATOR} characters")
    if not _is_date(cells.get("Delivery_Date", "")):
        found.append(f"Delivery_Date is {cells['Delivery_Date'][:40]!r}, not an ISO 8601 date such as 2026-12-31")
    for field, text in (*cells.items(), *item.tags.items()):
        if not text.isprintable():
            found.append(f"{field} has a control character in it")
        elif len(text) > _LONGEST:
            found.append(f"{field} is longer than {_LONGEST} characters")
    return found


def _quantity(text: str, kind: Kind) -> list[str]:
    if not text:
        return ["has no Quantity"]
    if not _WHOLE.fullmatch(text) or abs(int(text)) > _LARGEST:
        return [f"Quantity is {text[:40]!r}, not a whole number"]
    if kind == "REFRESH" and text[0] in "+-":
        return [f"Quantity is {text}; a Refresh holds totals without a sign"]
    return []


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_date(text: str) -> bool:
    try:
        return not text or bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def signed(quantity: str) -> str:
    """A quantity of an Update as the guide writes it: with its sign, also when it is positive."""
    return quantity if quantity[:1] in {"+", "-"} or int(quantity) == 0 else f"+{quantity}"
