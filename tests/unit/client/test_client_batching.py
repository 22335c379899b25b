"""Filling and narrowing batches (BA-2, BA-3, JB-5)."""

from kibo_client.batching import Batch, Item, exact_batches, first_items, full_batches, halves, restricted
from kibo_client.identifiers import Identifier, IdentifierIndex, Kind
from kibo_client.targets import Product, Target, Wanted


def product(number: int) -> Product:
    """A product with a upc of its own."""
    return Product(None, str(number), None)


def item(number: int, *locations: str) -> Item:
    """An item for that product."""
    return Item(Identifier(Kind.UPC, str(number)), (product(number),), frozenset(locations))


def test_batches_are_full() -> None:
    """BA-3: 1,001 products take three requests of at most 500."""
    batches = full_batches([item(n, "A") for n in range(1001)], 500)

    assert [len(batch.items) for batch in batches] == [500, 500, 1]


def test_products_of_the_same_locations_go_together() -> None:
    """Sorting keeps the mixture small: two location sets, two batches, none mixed."""
    items = [item(n, *("AB" if n % 2 else "C")) for n in range(8)]

    assert [batch.locations for batch in full_batches(items, 4)] == [("A", "B"), ("C",)]


def test_exact_batches_take_the_cheaper_way() -> None:
    """Three products on overlapping sets: location by location takes two requests, set by set three."""
    items = [item(1, "A"), item(2, "B"), item(3, "A", "B")]

    assert [(batch.locations, len(batch.items)) for batch in exact_batches(items, 10)] == [(("A",), 2), (("B",), 2)]


def test_products_that_share_their_only_identifier_share_an_item() -> None:
    """Two products that cannot be told apart by what is sent become one item over the locations of both."""
    targets = [Target("A", sku="S", part_number="P"), Target("B", sku="S", part_number="P", upc=None)]
    wanted = Wanted([*targets, Target("A", sku="S")])
    items = first_items(wanted, IdentifierIndex(wanted))

    assert sorted((i.identifier.value, len(i.products), sorted(i.locations)) for i in items) == [
        ("P", 1, ["A", "B"]),
        ("S", 1, ["A"]),
    ]


def test_a_single_item_is_halved_by_location_until_nothing_is_left_to_halve() -> None:
    """Division ends: items first, then locations."""
    two = full_batches([item(1, "A", "B"), item(2, "A", "B")], 10)[0]
    one = halves(two)[0]

    assert [len(part.items) for part in halves(two)] == [1, 1]
    assert [part.locations for part in halves(one)] == [("A",), ("B",)]
    assert halves(halves(one)[0]) == []


def test_a_restricted_batch_is_the_failed_scope_and_no_more() -> None:
    """JB-5: only the products found at the failed locations, only there."""
    batch = full_batches([item(1, "A", "B"), item(2, "A", "B"), item(3, "B")], 10)[0]

    assert restricted(batch, [product(1), product(3)], ["A"]) == Batch((item(1, "A"),), ("A",))
