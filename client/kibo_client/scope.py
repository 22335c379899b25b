"""Judging a dry run: is everything it would delete wanted, and if not, how can the batch be narrowed (WF-1, ST-2)?

Law of this file: a batch is clean only if every (product, location) the API named for it is a target. A batch
that is not clean is never sent live; it is taken apart, and each part has to prove itself by its own dry run.
What no request can express without touching something else is left undone, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kibo_client.batching import Batch, Identity, Item, exact_batches, full_batches, halves
from kibo_client.events import FoundProduct, ScopeFound
from kibo_client.identifiers import IdentifierIndex, Kind
from kibo_client.targets import Locations, Product, Wanted

NOWHERE: Locations = frozenset()


@dataclass(frozen=True, slots=True)
class Undone:
    """A product's records at some locations that are not going to be deleted, and why."""

    product: Product
    locations: Locations
    reason: str


@dataclass(frozen=True, slots=True)
class Clean:
    """The batch may go live: what it would delete, and what of it is not there (any more)."""

    found: Mapping[Product, Locations]
    missing: Mapping[Product, Locations]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The batch must not go live: what to dry-run in its place, and what cannot be done at all."""

    batches: tuple[Batch, ...]
    undone: tuple[Undone, ...]


@dataclass(frozen=True, slots=True)
class _Stray:
    """Something in a scope that is no target."""

    product: Product
    locations: Locations


class ScopeJudge:
    """Compares dry runs with the targets.

    Args:
        wanted: All targets; whatever is not among them must not be touched.
        batch_size: How many items a request may hold.
        identifiers: The kinds that the targets tell in full: where one of these is None, the product has none.

    Attributes:
        ambiguous: The items that were found to match products besides those they are meant for.
    """

    def __init__(self, wanted: Wanted, batch_size: int, identifiers: frozenset[Kind] = frozenset(Kind)) -> None:
        self._wanted = wanted
        self._batch_size = batch_size
        self.index = IdentifierIndex(wanted)
        self._identifiers = identifiers
        self.ambiguous: set[Identity] = set()
        self._by_projection: dict[Product, list[Product]] = {}
        for target in wanted:
            self._by_projection.setdefault(self._project(target), []).append(target)

    def judge(self, batch: Batch, answer: ScopeFound) -> Clean | Narrowed:
        """Compare the scope that a dry run of this very batch reported with the targets."""
        named = _named(answer)
        if named is None:
            return self._judge_by_number(batch, answer.entries)
        found: dict[Product, Locations] = {}
        strays: list[_Stray] = []
        taken: dict[Product, Locations] = {}
        for product, locations in named:
            projected = self._project(product)
            meant = [target for target in self._by_projection.get(projected, ()) if _may_be(target, product)]
            # Two products that the list cannot tell apart are not both meant where it names one.
            before = taken.get(projected, NOWHERE)
            if meant:
                taken[projected] = before | locations
            allowed = _intersection(self._wanted[target] for target in meant) - before
            if not locations <= allowed:
                strays.append(_Stray(product, locations - allowed))
            for target in meant:
                found[target] = found.get(target, NOWHERE) | (locations & allowed)
        if strays:
            return self._narrow(batch, strays)
        return Clean(found, self._missing(batch, found))

    def _project(self, product: Product) -> Product:
        """The product by those identifiers that the targets tell in full."""
        return Product(
            product.part_number if Kind.PART_NUMBER in self._identifiers else None,
            product.upc if Kind.UPC in self._identifiers else None,
            product.sku if Kind.SKU in self._identifiers else None,
        )

    def _missing(self, batch: Batch, found: Mapping[Product, Locations]) -> dict[Product, Locations]:
        missing: dict[Product, Locations] = {}
        for item in batch.items:
            for product in item.products:
                absent = (self._wanted[product] & item.locations) - found.get(product, NOWHERE)
                if absent:
                    missing[product] = missing.get(product, NOWHERE) | absent
        return missing

    def _judge_by_number(self, batch: Batch, entries: int) -> Clean | Narrowed:
        """The API gave numbers only: nothing but an exact batch, with no more records than wanted, can be trusted."""
        if entries == 0:
            return Clean({}, self._missing(batch, {}))
        if not batch.exact:
            return Narrowed(tuple(exact_batches(batch.items, self._batch_size)), ())
        expected = {
            product: self._wanted[product] & item.locations for item in batch.items for product in item.products
        }
        if entries <= sum(map(len, expected.values())):
            return Clean(expected, {})
        parts = halves(batch)
        if parts:
            return Narrowed(tuple(parts), ())
        reason = f"the dry run would delete {entries} records where {batch.pairs} are wanted, and does not name them"
        return Narrowed((), tuple(Undone(p, locations, reason) for p, locations in expected.items()))

    def _narrow(self, batch: Batch, strays: Sequence[_Stray]) -> Narrowed:
        clean: list[Item] = []
        mixed: list[Item] = []
        other: list[Item] = []
        undone: list[Undone] = []
        blamed: set[int] = set()
        for item in batch.items:
            hit = [i for i, stray in enumerate(strays) if item.identifier.matches(stray.product)]
            blamed.update(hit)
            at = frozenset().union(*(strays[i].locations for i in hit))
            if any(strays[i].product not in item.products for i in hit):
                self.ambiguous.add(item.identity)
            if not at:
                clean.append(item)
            elif at & item.locations:
                self._replace(item, at, [strays[i] for i in hit], other, undone)
            else:
                mixed.append(item)
        if len(blamed) < len(strays):
            return self._halved(batch, strays)
        apart = [*mixed, *other]
        # Once some items need a batch of their own, giving every item one may take fewer requests.
        batches = exact_batches([*clean, *apart], self._batch_size)
        if not batch.exact and clean:
            separate = [*full_batches(clean, self._batch_size), *exact_batches(apart, self._batch_size)]
            batches = min(batches, separate, key=len)
        return Narrowed(tuple(batches), tuple(undone))

    def _replace(
        self, item: Item, at: Locations, strays: Sequence[_Stray], other: list[Item], undone: list[Undone]
    ) -> None:
        """The identifier hits something else where it is wanted: try the next one, or leave those locations alone."""
        for product in item.products:
            wanted_here = self._wanted[product] & item.locations
            candidates = self.index.candidates(product)
            rank = item.rank + 1
            while rank < len(candidates) and any(candidates[rank].matches(stray.product) for stray in strays):
                rank += 1
            if rank < len(candidates):
                other.append(Item(candidates[rank], (product,), wanted_here, rank))
                continue
            if lost := wanted_here & at:
                culprit = next(stray for stray in strays if stray.locations & lost)
                reason = f"no identifier of {product} selects it without also selecting {culprit.product}"
                undone.append(Undone(product, lost, f"{reason}, which is not among the targets there"))
            if kept := wanted_here - at:
                other.append(Item(item.identifier, (product,), kept, item.rank))

    def _halved(self, batch: Batch, strays: Sequence[_Stray]) -> Narrowed:
        """Something is hit and we cannot tell by which item: divide until it is alone, then leave it."""
        parts = halves(batch)
        if parts:
            return Narrowed(tuple(parts), ())
        item = batch.items[0]
        reason = f"deleting it would also delete {strays[0].product}, which is not among the targets"
        return Narrowed((), tuple(Undone(p, self._wanted[p] & item.locations, reason) for p in item.products))


def _named(answer: ScopeFound) -> list[tuple[Product, Locations]] | None:
    """The products of an answer with their locations; None where the answer leaves some of them unnamed."""
    if answer.products is None or (answer.entries > 0 and not answer.products):
        return None
    named = [(_product(found), frozenset(found.locations)) for found in answer.products]
    nothing = Product(None, None, None)
    return None if any(product == nothing or not locations for product, locations in named) else named


def _product(found: FoundProduct) -> Product:
    return Product(found.part_number or None, found.upc or None, found.sku or None)


def _may_be(target: Product, product: Product) -> bool:
    """Whether no identifier that both have tells them apart, be it one that only some of the targets tell."""
    pairs = ((kind.of(target), kind.of(product)) for kind in Kind)
    return all(asked is None or named is None or asked == named for asked, named in pairs)


def _intersection(sets: Iterable[Locations]) -> Locations:
    gathered = list(sets)
    return frozenset.intersection(*gathered) if gathered else NOWHERE
