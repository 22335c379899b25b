"""What clients want from the API, one request each: drawn from the seed and from what the tenant has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from random import Random
from typing import Any
from urllib.parse import quote_plus

import msgspec

from kibo_scenarios.moments import DAY, HOUR, MINUTE, SECOND, parse_span
from kibo_scenarios.workloads.arrivals import Burst, Stage, arrivals
from kibo_scenarios.workloads.clients import (
    Adjusts,
    AnyClient,
    BulkDelete,
    Lookups,
    OpenClient,
    Orders,
    Polls,
    Refreshes,
)

_INVENTORY = "/api/commerce/inventory/v5/inventory"
_QUEUE = "/api/commerce/inventory/v1/queue"
_NEWEST_JOBS = 100
# What a count finds of a product: never so little that it cannot be sold until the next.
_COUNTED = (50, 500)


class Wish(msgspec.Struct, frozen=True):
    """One request that a client wants settled.

    Attributes:
        at: When it wants it, microseconds after the client's start.
        operation: What the server calls it.
        method: Of the request.
        path: With the query.
        body: JSON; empty for none.
        repeatable: Whether it may be sent again when its outcome is not known (RT-5).
        thread: The number of what it is a part of, such as an order; None where it stands for itself.
    """

    at: int
    operation: str
    method: str
    path: str
    body: bytes = b""
    repeatable: bool = True
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """What a tenant has that can be asked for."""

    locations: Sequence[str]
    skus: Sequence[str]
    stocked: Sequence[tuple[str, Sequence[str]]]
    """For each location what it has enough of to be sold."""


def wishes_of(client: AnyClient, shop: Shop | None, seed: str, start: int) -> Iterator[Wish]:
    """Return the wishes of a client in order; ``start`` is its own, microseconds since the epoch.

    Args:
        client: Any but a bulk deletion, which has work instead of wishes.
        shop: What its tenant has; may be absent for one that only polls.
        seed: Of the scenario and the client.
        start: When its life begins.
    """
    match client:
        case Polls():
            return polls(client)
        case OpenClient() if shop is not None:
            return open_wishes(client, shop, seed)
        case Refreshes() if shop is not None:
            return refreshes(client, shop, seed, start, start + parse_span(client.lasts))
        case BulkDelete() | OpenClient() | Refreshes():
            raise TypeError(type(client).__name__)


def open_wishes(client: OpenClient, shop: Shop, seed: str) -> Iterator[Wish]:
    """Return the wishes of an open client in order."""
    stores = len(shop.locations) if client.per_store else 1
    stages = [
        Stage(parse_span(stage.lasts), stores * stage.rate, stores * (stage.rate if stage.to is None else stage.to))
        for stage in client.stages
    ]
    bursts = [Burst(parse_span(burst.at), stores * burst.requests, parse_span(burst.within)) for burst in client.bursts]
    random = Random(f"{seed}/wishes")  # noqa: S311 - a repeatable run is the point
    due = arrivals(stages, bursts, seed)
    match client:
        case Lookups():
            return (_lookup(at, client, shop, random) for at in due)
        case Adjusts():
            return (_adjust(at, client, shop, random) for at in due)
        case Orders():
            return _orders(due, client, shop, random)
        case _:
            raise TypeError(type(client).__name__)


def refreshes(client: Refreshes, shop: Shop, seed: str, start: int, end: int) -> Iterator[Wish]:
    """Return the calls of each night from ``start`` to ``end`` (microseconds since the epoch), in order."""
    chosen = shop.skus[: max(1, round(len(shop.skus) * client.products))]
    nights = sorted(
        midnight + _time_of_day(text)
        for midnight in range(start // DAY * DAY, end, DAY)
        for text in client.at
        if start <= midnight + _time_of_day(text) < end
    )
    for night in nights:
        random = Random(f"{seed}/{night}")  # noqa: S311 - a repeatable run is the point
        for code in shop.locations:
            for first in range(0, len(chosen), client.items):
                items = [
                    {"sku": sku, "quantity": random.randint(*_COUNTED)} for sku in chosen[first : first + client.items]
                ]
                yield _post(night - start, "refresh", {"locationCode": code, "items": items})


def polls(client: Polls) -> Iterator[Wish]:
    """Return the looks at the queue."""
    return (
        Wish(at, "getJobs", "GET", f"{_QUEUE}?limit={_NEWEST_JOBS}")
        for at in range(0, parse_span(client.lasts), max(SECOND, parse_span(client.every)))
    )


def _time_of_day(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    return hour * HOUR + minute * MINUTE


def _post(at: int, what: str, body: dict[str, Any], *, repeatable: bool = True, thread: int | None = None) -> Wish:
    path = _INVENTORY if what == "queryInventory" else f"{_INVENTORY}/{what}"
    return Wish(at, what, "POST", path, msgspec.json.encode(body), repeatable, thread)


@lru_cache(10_000)
def _quoted(text: str) -> str:
    return quote_plus(text)


def _lookup(at: int, client: Lookups, shop: Shop, random: Random) -> Wish:
    if client.everywhere:
        items = [{"sku": random.choice(shop.skus), "quantity": 1} for _ in range(client.items)]
        return _post(at, "queryInventory", {"type": "ANY", "items": items, "limit": 20})
    code = random.choice(shop.locations)
    asked = "%2C".join(_quoted(random.choice(shop.skus)) for _ in range(client.items))
    return Wish(at, "getInventory", "GET", f"{_INVENTORY}?requestLocation={_quoted(code)}&items={asked}&type=ANY")


def _adjust(at: int, client: Adjusts, shop: Shop, random: Random) -> Wish:
    items = [{"sku": random.choice(shop.skus), "quantity": random.randint(-3, 3)} for _ in range(client.items)]
    return _post(at, "adjust", {"locationCode": random.choice(shop.locations), "items": items}, repeatable=False)


def _orders(due: Iterator[int], client: Orders, shop: Shop, random: Random) -> Iterator[Wish]:
    """Allocations as they arrive, and between them the fulfilments whose time has come."""
    later: list[Wish] = []
    wait = parse_span(client.fulfil_after)
    numbers = count(1)
    for at in due:
        while later and later[0].at <= at:
            yield later.pop(0)
        order = next(numbers)
        code, skus = random.choice(shop.stocked)
        items = [
            {
                "sku": random.choice(skus), "quantity": random.randint(1, 2),
                "orderID": order, "orderItemID": 100 * order + line, "shipmentID": order,
            }
            for line in range(client.items)
        ]  # fmt: skip
        body = {"locationCode": code, "items": items, "runSynchronous": True}
        yield _post(at, "allocate", body, repeatable=False, thread=order)
        later.append(_post(at + wait, "fulfill", body, repeatable=False, thread=order))
    yield from later
