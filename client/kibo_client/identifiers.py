"""Which identifier of a product to send, and how to write it so that it matches nothing else (I-6, ST-2).

The API reads an identifier that contains any of `. * + ? ^ $ [ ]` as an unanchored pattern. So a plain one is
preferred; one that is not plain is anchored, with each operator as a class of one character. `^` cannot be
that (it would negate the class), so it gets a companion that no identifier is expected to contain; the dry
run tells if one does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from kibo_client.targets import Product

PATTERN_CHARACTERS = frozenset(".*+?^$[]")
_CARET_COMPANION = "~"


class Kind(Enum):
    """The three ways to name a product, in order of preference: the upc is the key of Kibo's inventory."""

    UPC = "upc"
    PART_NUMBER = "part_number"
    SKU = "sku"

    def of(self, product: Product) -> str | None:
        """The product's identifier of this kind."""
        if self is Kind.UPC:
            return product.upc
        return product.part_number if self is Kind.PART_NUMBER else product.sku


def is_plain(value: str) -> bool:
    """Whether the API takes the value literally."""
    return PATTERN_CHARACTERS.isdisjoint(value)


def quote(value: str) -> str:
    """Write a value so that the API matches it and (save for a `^`, which `~` also matches) nothing else."""
    if is_plain(value):
        return value
    return f"^{''.join(map(_quoted_character, value))}$"


def _quoted_character(character: str) -> str:
    if character == "^":
        return f"[{_CARET_COMPANION}^]"
    # A closing bracket outside a class is literal everywhere; as the only member of a class it is not.
    if character in PATTERN_CHARACTERS and character != "]":
        return f"[{character}]"
    return character


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier to be sent: its kind and its literal value."""

    kind: Kind
    value: str

    @property
    def pattern(self) -> str:
        """The value as it is sent."""
        return quote(self.value)

    def matches(self, product: Product) -> bool:
        """Whether the API would match this product (by our reading of its patterns)."""
        value = self.kind.of(product)
        if value is None or len(value) != len(self.value):
            return False
        return value == self.value or _equal_but_for_companions(value, self.value)


def _equal_but_for_companions(value: str, wanted: str) -> bool:
    return all(
        given == asked or (asked == "^" and given == _CARET_COMPANION)
        for given, asked in zip(value, wanted, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Pattern(Identifier):
    """A pattern that somebody gave; what it matches only the API knows."""

    @property
    def pattern(self) -> str:
        """The value as it is sent: as it was given."""
        return self.value

    def matches(self, product: Product) -> bool:
        """Whether the API might match this product: any that has an identifier of this kind."""
        return self.kind.of(product) is not None


class IdentifierIndex:
    """How many of the wanted products carry each identifier."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._owners: Counter[tuple[Kind, str]] = Counter()
        for product in products:
            self._owners.update(self._of(product))

    def candidates(self, product: Product) -> list[Identifier]:
        """The product's identifiers, best first: unique before shared, plain before quoted, then by kind."""
        order = list(Kind)

        def rank(key: tuple[Kind, str]) -> tuple[bool, int, int]:
            kind, value = key
            trouble = 0 if is_plain(value) else 2 if "^" in value else 1
            return self._owners[key] > 1, trouble, order.index(kind)

        return [Identifier(kind, value) for kind, value in sorted(self._of(product), key=rank)]

    @staticmethod
    def _of(product: Product) -> list[tuple[Kind, str]]:
        return [(kind, value) for kind in Kind if (value := kind.of(product)) is not None]
