"""What is fed to a batch job: changes of products, properties and prices, arranged into requests (C28, SPEC-CAT)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

Resource = Literal["Products", "ProductProperty", "Pricelistentries"]
FeedAction = Literal["add", "update", "delete"]

RESOURCES: tuple[Resource, ...] = ("Products", "ProductProperty", "Pricelistentries")
ACTIONS: tuple[FeedAction, ...] = ("add", "update", "delete")

CATALOG = "/api/commerce/catalog/admin"
# The bulk calls take 5,000; as many fit into a request of a megabyte or two.
DEFAULT_BATCH = 1_000
LARGEST_BATCH = 5_000
_METHODS: dict[FeedAction, str] = {"add": "POST", "update": "PUT", "delete": "DELETE"}
_IDENTITY = ("priceListCode", "productCode", "currencyCode", "attributeFQN", "startDate")


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One change.

    Attributes:
        resource: What is changed.
        action: What happens to it.
        body: What the catalog call sends. It also names what is changed: `productCode` always; `attributeFQN` for a
            property; `priceListCode` and `currencyCode` for a price.
        line: Where it stands in its file; 0 if it came from nowhere.
    """

    resource: Resource
    action: FeedAction
    body: dict[str, Any]
    line: int = 0

    @property
    def method(self) -> str:
        """The HTTP method as the job's items tell it; the bulk calls are all POST."""
        return "POST" if self.resource == "Pricelistentries" else _METHODS[self.action]

    @property
    def identity(self) -> frozenset[str]:
        """Everything that names what is changed, whatever the order and the case."""
        return frozenset(str(self.body[name]).lower() for name in _IDENTITY if self.body.get(name))

    def missing(self) -> str | None:
        """The first name that the change cannot do without, if it is not there."""
        needed = ["productCode"] if self.action != "add" or self.resource != "Products" else []
        if self.resource == "ProductProperty" and self.action != "add":
            needed.append("attributeFQN")
        return next((name for name in needed if not self.body.get(name)), None)


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """One catalog call, and the items it adds to the job.

    Attributes:
        method: The HTTP method.
        path: The path, ready to be sent.
        items: Positions of its items in the feed.
        body: What it sends; None for nothing.
    """

    method: str
    path: str
    items: tuple[int, ...]
    body: Any


def requests_of(items: Sequence[FeedItem], size: int) -> list[FeedRequest]:
    """The calls that add the items in their order: prices many at a time, everything else one by one.

    Args:
        items: The whole feed.
        size: Prices per request.
    """
    requests: list[FeedRequest] = []
    prices: list[int] = []
    for index, item in enumerate(items):
        if prices and (not _together(items[prices[0]], item) or len(prices) >= size):
            requests.append(bulk_request(items, prices))
            prices = []
        if item.resource == "Pricelistentries":
            prices.append(index)
        else:
            requests.append(_single(item, index))
    return [*requests, bulk_request(items, prices)] if prices else requests


def bulk_request(items: Sequence[FeedItem], positions: Iterable[int]) -> FeedRequest:
    """One call for several prices with the same action."""
    chosen = tuple(positions)
    path = f"{CATALOG}/pricelists/bulk{items[chosen[0]].action}entries"
    return FeedRequest("POST", path, chosen, [items[index].body for index in chosen])


def _together(first: FeedItem, other: FeedItem) -> bool:
    return other.resource == "Pricelistentries" and first.action == other.action


def _single(item: FeedItem, index: int) -> FeedRequest:
    code = quote(str(item.body.get("productCode", "")), safe="")
    if item.resource == "Products":
        path = f"{CATALOG}/products" if item.action == "add" else f"{CATALOG}/products/{code}"
        body = None if item.action == "delete" else item.body
    else:
        # The path names the product; a property knows nothing of it.
        body = {name: value for name, value in item.body.items() if name != "productCode"}
        path = f"{CATALOG}/products/{code}/Properties"
        if item.action != "add":
            path += f"/{quote(str(item.body['attributeFQN']), safe='')}"
        body = None if item.action == "delete" else body
    return FeedRequest(item.method, path, (index,), body)
