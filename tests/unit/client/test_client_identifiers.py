"""Choosing and quoting identifiers (I-6, ST-2)."""

import pytest
import re2

from kibo_client.identifiers import Identifier, IdentifierIndex, Kind, quote
from kibo_client.targets import Product


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("ABC-1", "ABC-1"),
        ("A.1", "^A[.]1$"),
        ("1+1*?", "^1[+]1[*][?]$"),
        ("[x]", "^[[]x]$"),
        ("US$", "^US[$]$"),
        ("a^b", "^a[~^]b$"),
        ("^", "^[~^]$"),
    ],
)
def test_a_value_is_quoted_only_where_it_has_to_be(value: str, pattern: str) -> None:
    """I-6: a plain value is sent as it is; operators become classes between anchors."""
    assert quote(value) == pattern


@pytest.mark.parametrize("value", ["A.1", "1+1*?", "[x]", "US$", "a^b", "]", "]]", "[^a]", "^$", "..."])
def test_a_quoted_value_is_found_and_its_neighbours_are_not(value: str) -> None:
    """ST-2: what is sent matches the value itself and nothing longer, shorter or alike."""
    compiled = re2.compile(quote(value))
    neighbours = [value + "x", "x" + value, value[:-1], value.replace(value[0], "x", 1)]

    assert compiled.search(value) is not None
    assert [n for n in neighbours if compiled.search(n)] == []


def test_the_preference_is_unique_then_plain_then_by_kind() -> None:
    """A shared identifier comes last, a quoted one after a plain one, else upc before part number before sku."""
    shared = Product("P", "1", "S")
    other = Product("P", "2.5", "T")
    index = IdentifierIndex([shared, other])

    assert index.candidates(shared) == [
        Identifier(Kind.UPC, "1"),
        Identifier(Kind.SKU, "S"),
        Identifier(Kind.PART_NUMBER, "P"),
    ]
    assert index.candidates(other) == [
        Identifier(Kind.SKU, "T"),
        Identifier(Kind.UPC, "2.5"),
        Identifier(Kind.PART_NUMBER, "P"),
    ]


def test_the_companion_of_a_caret_is_known_to_match() -> None:
    """What a quoted caret also selects is attributed to it."""
    identifier = Identifier(Kind.SKU, "a^")

    assert [identifier.matches(Product(None, None, sku)) for sku in ("a^", "a~", "ab", "a^^", None)] == [
        True,
        True,
        False,
        False,
        False,
    ]
