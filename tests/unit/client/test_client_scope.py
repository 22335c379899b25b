"""Judging dry runs (WF-1, ST-2)."""

from kibo_client.batching import Batch, first_items, full_batches
from kibo_client.events import FoundProduct, ScopeFound
from kibo_client.identifiers import Kind
from kibo_client.scope import Clean, Narrowed, ScopeJudge
from kibo_client.targets import Product, Target, Wanted


def prepared(*targets: Target, identifiers: frozenset[Kind] = frozenset(Kind)) -> tuple[ScopeJudge, Batch]:
    """A judge of these targets, and the one batch that covers them."""
    wanted = Wanted(targets)
    judge = ScopeJudge(wanted, 500, identifiers)
    (batch,) = full_batches(first_items(wanted, judge.index), 500)
    return judge, batch


def found(product: Product, *locations: str) -> FoundProduct:
    """A product in an answer."""
    return FoundProduct(product.part_number, product.upc, product.sku, locations)


ONE, TWO = Product("P1", "1", None), Product("P2", "2", None)


def test_a_scope_of_targets_only_is_clean() -> None:
    """What is there is found, what is not is missing."""
    judge, batch = prepared(Target("A", "P1", "1"), Target("B", "P1", "1"), Target("A", "P2", "2"))
    verdict = judge.judge(batch, ScopeFound((found(ONE, "A"), found(TWO, "A")), 2))

    assert verdict == Clean(
        {ONE: frozenset("A"), TWO: frozenset("A")},
        {ONE: frozenset("B")},
    )


def test_a_mixture_is_taken_apart() -> None:
    """A product at a location wanted only for another product: both get batches of their own."""
    judge, batch = prepared(Target("A", "P1", "1"), Target("B", "P2", "2"))
    verdict = judge.judge(batch, ScopeFound((found(ONE, "A", "B"), found(TWO, "B")), 3))

    assert isinstance(verdict, Narrowed)
    assert [(b.locations, len(b.items)) for b in verdict.batches] == [(("A",), 1), (("B",), 1)]
    assert verdict.undone == ()


def test_the_next_identifier_is_tried_when_one_selects_a_stranger() -> None:
    """ST-2: the upc also selects a product that is no target, so the part number is sent instead."""
    judge, batch = prepared(Target("A", "P1", "1"))
    stranger = Product("X", "1", None)
    verdict = judge.judge(batch, ScopeFound((found(ONE, "A"), found(stranger, "A")), 2))

    assert isinstance(verdict, Narrowed)
    assert [batch.items[0].identifier.kind for batch in verdict.batches] == [Kind.PART_NUMBER]


def test_what_cannot_be_expressed_is_left_with_the_reason() -> None:
    """ST-1: no identifier tells it from a product that is no target there; elsewhere it is still deleted."""
    judge, batch = prepared(Target("A", upc="1"), Target("B", upc="1"))
    mine, stranger = Product(None, "1", None), Product("X", "1", None)
    verdict = judge.judge(batch, ScopeFound((found(mine, "A", "B"), found(stranger, "A")), 3))

    assert isinstance(verdict, Narrowed)
    assert [batch.locations for batch in verdict.batches] == [("B",)]
    assert [(u.product, u.locations) for u in verdict.undone] == [(mine, frozenset("A"))]
    assert "partNumber=X upc=1" in verdict.undone[0].reason


def test_a_list_that_knows_only_upcs_is_matched_by_upcs() -> None:
    """An identifier that the list does not tell is not compared."""
    judge, batch = prepared(Target("A", upc="1"), identifiers=frozenset({Kind.UPC}))
    verdict = judge.judge(batch, ScopeFound((found(Product("P", "1", "S"), "A"),), 1))

    assert verdict == Clean({Product(None, "1", None): frozenset("A")}, {})


def test_two_products_that_the_list_cannot_tell_apart_are_not_both_meant() -> None:
    """ST-2: the list names one product by its upc alone; of the two that have it, neither can be chosen."""
    judge, batch = prepared(Target("A", upc="1"), Target("B", upc="1"), identifiers=frozenset({Kind.UPC}))
    shared = (found(Product("P1", "1", None), "A", "B"), found(Product("P2", "1", None), "A"))
    verdict = judge.judge(batch, ScopeFound(shared, 3))

    assert isinstance(verdict, Narrowed)
    assert [batch.locations for batch in verdict.batches] == [("B",)]
    assert [(u.product.upc, u.locations) for u in verdict.undone] == [("1", frozenset("A"))]


def test_an_unexplained_stray_is_isolated_by_halving() -> None:
    """If no item accounts for what is hit, the batch is divided."""
    judge, batch = prepared(Target("A", "P1", "1"), Target("A", "P2", "2"))
    verdict = judge.judge(batch, ScopeFound((found(Product("Z", "9", None), "A"),), 1))

    assert isinstance(verdict, Narrowed)
    assert [len(batch.items) for batch in verdict.batches] == [1, 1]


def test_numbers_alone_are_trusted_only_for_exact_batches() -> None:
    """Without names, a mixed batch is taken apart first, and more records than wanted are never deleted."""
    judge, batch = prepared(Target("A", "P1", "1"), Target("B", "P2", "2"))
    apart = judge.judge(batch, ScopeFound(None, 2))

    assert isinstance(apart, Narrowed)
    assert [batch.exact for batch in apart.batches] == [True, True]
    assert isinstance(judge.judge(apart.batches[0], ScopeFound(None, 1)), Clean)
    refused = judge.judge(apart.batches[0], ScopeFound(None, 2))
    assert isinstance(refused, Narrowed)
    assert (refused.batches, len(refused.undone)) == ((), 1)


def test_a_nameless_product_counts_as_not_named() -> None:
    """An answer whose products carry no identifier says nothing that could be compared."""
    judge, batch = prepared(Target("A", "P1", "1"))
    verdict = judge.judge(batch, ScopeFound((found(Product(None, None, None), "A"),), 1))

    assert isinstance(verdict, Narrowed)
    assert verdict.batches[0].exact is True


def test_an_identifier_that_only_some_rows_tell_is_compared_where_it_is_told() -> None:
    """ST-2: the list need not tell upcs, but a record with another upc than its row tells is not meant."""
    judge, batch = prepared(Target("A", "P1", "1"), Target("A", "P2"), identifiers=frozenset({Kind.PART_NUMBER}))
    mine, other = found(Product("P2", "2", None), "A"), found(Product("P1", "9", None), "A")
    verdict = judge.judge(batch, ScopeFound((mine, other), 2))

    assert isinstance(verdict, Narrowed)
    assert Clean(
        {Product("P2", None, None): frozenset("A")}, {Product("P1", "1", None): frozenset("A")}
    ) == judge.judge(batch, ScopeFound((mine,), 1))
