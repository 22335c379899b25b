"""Splits the clients of a load scenario over Locust's workers so that all parts together are what the file says.

1. A wish belongs to one part: of `of` parts, part `index` takes every wish whose number in the client's own sequence
   leaves that remainder. Every worker draws the whole sequence, which follows from the seed, so nothing is agreed upon.
   What belongs together, such as holding and fulfilling an order, has one number and stays with one worker, in order.
2. The requests at a time, a minute and in four quarters of an hour are dealt out as whole numbers that add up.
3. There are never more parts than any of these numbers: a part with a budget of nothing could never send (RL-3, RL-4).
4. What depends on being alone is not split: a client that polls, that refreshes one location after the other, that
   deletes in bulk, or that has one request under way at a time.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from kibo_scenarios.workloads.clients import AnyClient, BulkDelete, OpenClient
from kibo_scenarios.workloads.wishes import Wish


class Part(Struct, frozen=True):
    """What one worker does of one client.

    Attributes:
        index: Which part, from 0.
        of: How many parts there are.
        users: How many requests it has under way at most.
        per_minute: Its share of the budget; None for no limit.
        per_hour: The same in four quarters of an hour.
    """

    index: int
    of: int
    users: int
    per_minute: int | None
    per_hour: int | None


Budget = tuple[int | None, int | None]


def parts_of(client: AnyClient, budget: Budget, workers: int) -> tuple[Part, ...]:
    """Return the parts of a client, at most one for each worker.

    Args:
        client: Whom to split.
        budget: How many requests a minute and in four quarters of an hour it may send in all.
        workers: How many workers there are.
    """
    per_minute, per_hour = (None if number is None else max(1, number) for number in budget)
    of, users = 1, 1 if isinstance(client, BulkDelete) else client.workers
    if isinstance(client, OpenClient):
        of = min(number for number in (workers, client.workers, per_minute, per_hour) if number is not None)
    return tuple(
        Part(index, of, dealt(users, index, of), _dealt(per_minute, index, of), _dealt(per_hour, index, of))
        for index in range(of)
    )


def deal(clients: Mapping[str, AnyClient], budgets: Mapping[str, Budget], workers: int) -> tuple[dict[str, Part], ...]:
    """Return the parts of each worker by client; clients with fewer parts than there are workers go round in turn."""
    hands: tuple[dict[str, Part], ...] = tuple({} for _ in range(workers))
    turn = 0
    for name, client in clients.items():
        for part in parts_of(client, budgets[name], workers):
            hands[turn % workers][name] = part
            turn += 1
    return hands


def taken(wishes: Iterator[Wish], part: Part) -> Iterator[Wish]:
    """Return what a part takes of a client's wishes, in order."""
    for number, wish in enumerate(wishes):
        if (number if wish.thread is None else wish.thread) % part.of == part.index:
            yield wish


def dealt(number: int, index: int, of: int) -> int:
    """Return what part ``index`` gets of a number; the parts of all add up to it and differ by 1 at most."""
    return number * (index + 1) // of - number * index // of


def _dealt(number: int | None, index: int, of: int) -> int | None:
    return None if number is None else dealt(number, index, of)
