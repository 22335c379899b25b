"""What one row of an import file means, whatever its format (facts of import files; I-1, I-2).

A row is understood or it is a problem with its line; a problem never stops the others.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from msgspec import Struct

from kibo_simulator.timestamps import InstantError, parse_instant

ImportKind = Literal["REFRESH", "UPDATE"]
ProductMapping = Literal["SWAP_PART_NUMBER_WITH_UPC", "SWAP_SKU_WITH_UPC"]

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
"""The fields of Kibo's import file guide, in the order of its table."""

POSITIONAL: Final = tuple(field for field in FIELDS if field not in {"Delivery_Date", "External_ID"})
"""The order of the guide's fullest sample row, which has neither a delivery date nor an external id."""

_LONGEST_LOCATOR: Final = 50
LONGEST_NAME: Final = 512
_LARGEST: Final = 2**31 - 1
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,10}")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,10})?")
# Word processors turn a minus into these.
_DASHES: Final = str.maketrans("–−", "--")


def field_key(title: str) -> str:
    """The name by which a field is known here: ``Delivery_Date``, ``DeliveryDate`` and ``delivery date`` are one."""
    return title.strip().replace("_", "").replace(" ", "").lower()


_CORE: Final = frozenset({"locationcode", "partnumber", "upc", "sku", "quantity"})

KNOWN: Final = {field_key(field): field for field in FIELDS}


class ImportedRow(Struct, frozen=True):
    """One row that was understood; what it leaves empty is absent, instants are microseconds since the epoch."""

    line: int
    location_code: str
    quantity: int
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    bin_name: str = ""
    ltd: float | None = None
    safety_stock: int | None = None
    floor: int | None = None
    delivery_date: int | None = None
    external_id: str = ""
    currency_id: int | None = None
    retail_price: float | None = None
    attributes: tuple[str, ...] | None = None
    locator: str = ""
    tags: tuple[tuple[str, str], ...] = ()


class RowProblem(Struct, frozen=True):
    """One row that was not understood, and why; the location is told where the row names one."""

    line: int
    message: str
    location_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """How a file is to be read: what its fetch configuration says, and the settings where Kibo's guide is silent.

    Attributes:
        kind: a Refresh sets quantities, an Update adds to them.
        tag_names: the tag categories of the tenant; a column or element of that name is a tag.
        field_name_map: ``Theirs:Ours`` renames a field; plain names are the columns of a file without a header.
        ignore_extra_fields: whether unknown columns and surplus cells are passed over.
        blank_quantity_is_zero: whether an empty quantity means 0.
        product_mapping: identifiers to swap.
        upc_required: whether a row needs a UPC, as the guide's table says, or any identifier will do.
        negative_refresh: what a negative quantity in a Refresh is: an error, or 0 (zeroOutNegatives).
        attribute_separator: what separates the attributes of an item within one cell.
        delimiter: what separates the cells of a CSV file.
        ragged: what a row of a file without a header means that has fewer cells than there are columns.
        positional: the columns of a file without a header.
    """

    kind: ImportKind
    tag_names: tuple[str, ...] = ()
    field_name_map: tuple[str, ...] = ()
    ignore_extra_fields: bool = False
    blank_quantity_is_zero: bool = False
    product_mapping: ProductMapping | None = None
    upc_required: bool = True
    negative_refresh: Literal["error", "zero"] = "error"
    attribute_separator: str = ";"
    delimiter: str = ","
    ragged: Literal["locator_last", "by_position", "refuse"] = "locator_last"
    positional: tuple[str, ...] = POSITIONAL

    @property
    def renamed(self) -> dict[str, str]:
        """Their names of fields, as keys, and the keys of ours."""
        pairs = (entry.replace("=", ":", 1).partition(":") for entry in self.field_name_map)
        return {field_key(theirs): field_key(ours) for theirs, colon, ours in pairs if colon}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a file without a header."""
        return tuple(entry for entry in self.field_name_map if ":" not in entry and "=" not in entry) or self.positional


class RowError(ValueError):
    """Why a row cannot be meant."""


class RowReader:
    """Understands rows under one set of rules."""

    __slots__ = ("_rules", "_tags")

    def __init__(self, rules: ReadingRules) -> None:
        self._rules = rules
        self._tags = {field_key(name): name for name in rules.tag_names}

    def unknown(self, keys: Mapping[str, str] | tuple[str, ...]) -> list[str]:
        """The fields that are neither Kibo's nor a tag category of the tenant."""
        return [key for key in keys if key and key not in KNOWN and key not in self._tags]

    def read(self, line: int, fields: Mapping[str, str]) -> ImportedRow | RowProblem:
        """One row by the keys of its fields."""
        try:
            return self._read(line, fields)
        except RowError as error:
            return RowProblem(line, str(error), fields.get("locationcode", "").strip()[:LONGEST_NAME])

    def _read(self, line: int, fields: Mapping[str, str]) -> ImportedRow:
        rules = self._rules
        get = fields.get
        location = _text("LocationCode", get("locationcode", ""))
        if not location:
            raise RowError("has no LocationCode")
        part_number = _text("PartNumber", get("partnumber", "")) or None
        upc = _text("UPC", get("upc", "")) or None
        sku = _text("SKU", get("sku", "")) or None
        if rules.product_mapping == "SWAP_PART_NUMBER_WITH_UPC":
            part_number, upc = upc, part_number
        elif rules.product_mapping == "SWAP_SKU_WITH_UPC":
            sku, upc = upc, sku
        if upc is None and (rules.upc_required or (part_number is None and sku is None)):
            raise RowError(
                "has no UPC" if rules.upc_required else "names no product: UPC, PartNumber and SKU are empty"
            )
        quantity = self._quantity(get("quantity", ""))
        if fields.keys() == _CORE:
            # What nearly every row of a large file is.
            return ImportedRow(line, location, quantity, part_number, upc, sku)
        date = get("deliverydate", "").strip()
        price = get("retailprice", "").strip()
        currency = _whole("CurrencyID", get("currencyid", ""))
        if price and currency is None:
            raise RowError("has a RetailPrice without a CurrencyID")
        locator = _text("InventoryLocatorName", get("inventorylocatorname", ""))
        if len(locator) > _LONGEST_LOCATOR:
            raise RowError(f"InventoryLocatorName is longer than {_LONGEST_LOCATOR} characters")
        return ImportedRow(
            line,
            location,
            quantity,
            part_number,
            upc,
            sku,
            _text("Bin", get("bin", "")),
            _decimal("LTD", get("ltd", "")),
            _whole("SafetyStock", get("safetystock", "")),
            _whole("Floor", get("floor", "")),
            _instant(date) if date else None,
            _text("External_ID", get("externalid", "")),
            currency,
            _decimal("RetailPrice", price),
            self._attributes(get("attributes", "")),
            locator,
            self._tagged(fields),
        )

    def _quantity(self, text: str) -> int:
        written = text.strip().translate(_DASHES)
        if not written:
            if self._rules.blank_quantity_is_zero:
                return 0
            raise RowError("has no Quantity")
        if not _WHOLE.fullmatch(written):
            raise RowError(f"Quantity is {text.strip()[:40]!r}, not a whole number")
        quantity = int(written)
        if abs(quantity) > _LARGEST:
            raise RowError(f"Quantity is {written}, beyond 32 bits")
        if quantity < 0 and self._rules.kind == "REFRESH":
            if self._rules.negative_refresh == "error":
                raise RowError(f"Quantity is {quantity}; a Refresh takes 0 or more")
            return 0
        return quantity

    def _attributes(self, text: str) -> tuple[str, ...] | None:
        separator = "\n" if "\n" in text else self._rules.attribute_separator
        return tuple(part.strip() for part in text.split(separator) if part.strip()) or None

    def _tagged(self, fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        found = ((name, fields.get(key, "").strip()) for key, name in self._tags.items())
        return tuple(sorted((name, value) for name, value in found if value))


def _text(field: str, text: str) -> str:
    # Blanks around an identifier belong to it, nothing but blanks is nothing.
    if not text.strip():
        return ""
    if len(text) > LONGEST_NAME:
        raise RowError(f"{field} is longer than {LONGEST_NAME} characters")
    if not text.isprintable():
        raise RowError(f"{field} has a control character in it")
    return text


def _whole(field: str, text: str) -> int | None:
    written = text.strip()
    if not written:
        return None
    if not _WHOLE.fullmatch(written) or abs(int(written)) > _LARGEST:
        raise RowError(f"{field} is {written[:40]!r}, not a whole number of 32 bits")
    return int(written)


def _decimal(field: str, text: str) -> float | None:
    written = text.strip()
    if not written:
        return None
    if not _DECIMAL.fullmatch(written) or not math.isfinite(float(written)):
        raise RowError(f"{field} is {written[:40]!r}, not a number such as 25.99")
    return float(written)


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except InstantError as error:
        raise RowError(f"Delivery_Date: {error}") from None
