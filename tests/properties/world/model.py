"""The whole simulator in plain Python: access, limits, stock and jobs, and what it must answer to each call."""

from dataclasses import dataclass, field
from typing import Any, Literal

from tests.properties.simulator.every_timestamp import SECOND, EveryTimestamp
from tests.properties.world.job_model import JobModel
from tests.properties.world.stock_model import Identity, Line, StockModel, matches

from kibo_scenarios.replay_file import Opening

MOST_ITEMS = 1_000
NO_PATTERNS = frozenset({"*A", "[A"})
"""What this world ever sends that has an operator with nothing to apply to, or a bracket left open (I-6)."""


@dataclass(frozen=True)
class Expected:
    """What must come back; ``body`` None means that it is not looked at."""

    status: int
    body: Any = None
    retry_after: int | None = None


REFUSED = Expected(400)


@dataclass
class Token:
    """One token that was issued."""

    kind: Literal["access", "refresh"]
    tenant: int
    expires: int


@dataclass
class Deletion:
    """The scope of a deletion, as it is asked for."""

    items: tuple[Identity, ...]
    locations: tuple[str, ...] = ()
    everywhere: bool = False
    dry_run: bool = False
    explicit: bool = False


@dataclass
class Model:
    """The world as it must be."""

    opening: Opening
    stock: dict[int, StockModel] = field(default_factory=dict)
    pools: dict[tuple[int, str], EveryTimestamp] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    jobs: JobModel = field(init=False)

    def __post_init__(self) -> None:
        self.settings = self.opening.settings
        for tenant in self.opening.tenants:
            stock = self.stock[tenant.id] = StockModel(sorted(tenant.locations))
            for row in tenant.inventory:
                identity = (row.part_number, row.upc, row.sku)
                stock.put(row.location_code, Line(identity, row.on_hand, row.safety_stock, row.floor))
        self.jobs = JobModel(self.settings.jobs, self.settings.inventory, self.stock)

    # -- the gate -------------------------------------------------------------------------------------------------

    def arrive(self, now: int, path: str, token: str | None, named: int | None) -> Expected | int:
        """Time, access and limits, in this order: a refusal, or the tenant in whose name the call is made (RL-11)."""
        self.jobs.settle(now)
        grant = self.tokens.get(token or "")
        if grant is None or grant.kind != "access" or grant.expires <= now:
            return Expected(401)
        if named not in {None, grant.tenant}:
            return Expected(403)
        wait = self._limit(now, path, grant.tenant)
        return Expected(429, retry_after=wait) if wait else grant.tenant

    def _limit(self, now: int, path: str, tenant: int) -> int:
        """RL-1: the longest route that covers any spelling of the path, counted for this tenant or for all."""
        document = self.settings.limits
        rest = path.removeprefix("/api/commerce/inventory/").removeprefix("api/").partition("/")[2]
        spelled = [f"/api/commerce/inventory/{prefix}/{rest}" for prefix in ("v1", "v5", "api/v1", "api/v5")]
        covering = [
            pool
            for pool in document.pools
            if any(each.startswith(pool.route.removesuffix("*")) for each in (path, *spelled))
        ]
        if not covering:
            return 0
        limit = max(covering, key=lambda pool: len(pool.route))
        key = (tenant if document.scope == "tenant" else 0, limit.route)
        return self.pools.setdefault(key, EveryTimestamp(document, limit)).request(now)

    # -- tokens ---------------------------------------------------------------------------------------------------

    def issued(self, now: int, tenant: int, access: str, refresh: str) -> None:
        """Two tokens were handed out (A-1)."""
        lifetimes = self.settings.access
        self.tokens[access] = Token("access", tenant, now + lifetimes.token_lifetime_s * SECOND)
        self.tokens[refresh] = Token("refresh", tenant, now + lifetimes.refresh_lifetime_s * SECOND)

    def spend(self, now: int, token: str) -> int | None:
        """Use a refresh token up: whose it is, or None when it is not good (any more)."""
        self.jobs.settle(now)
        known = self.tokens.get(token)
        if known is None or known.kind != "refresh":
            return None
        del self.tokens[token]
        return known.tenant if known.expires > now else None

    def revoke(self, now: int, token: str) -> None:
        """A token is useless; a refresh token takes the access tokens of its application along (A-1)."""
        self.jobs.settle(now)
        gone = self.tokens.pop(token, None)
        if gone is not None and gone.kind == "refresh" and gone.expires > now:
            self.tokens = {
                text: other
                for text, other in self.tokens.items()
                if other.kind == "refresh" or other.tenant != gone.tenant
            }

    # -- calls ----------------------------------------------------------------------------------------------------

    def write(self, now: int, tenant: int, kind: str, location: str, lines: tuple[Line, ...]) -> Expected:
        """Refresh and adjust: one job (J-12)."""
        known = location in self.stock[tenant].locations
        if not known or not lines or any(line.identity == (None, None, None) for line in lines):
            return REFUSED
        return Expected(200, {"jobID": self.jobs.enqueue(now, tenant, [location], kind, lines=lines)[0]})

    def delete(self, now: int, tenant: int, wanted: Deletion) -> Expected:
        """Delete and deleteItems (J-1 to J-3, J-9, J-10)."""
        stock, patterns = self.stock[tenant], self.settings.inventory.patterns
        named = () if wanted.everywhere else wanted.locations
        if not 0 < len(wanted.items) <= MOST_ITEMS or not set(named) <= set(stock.locations):
            return REFUSED
        if any(item == (None, None, None) or (patterns and NO_PATTERNS & set(item)) for item in wanted.items):
            return REFUSED
        reach = stock.matched(wanted.items, named or stock.locations, patterns=patterns)
        places = sorted({place for place, _ in reach})
        numbers = sorted({number for _, number in reach})
        body: dict[str, Any] = {
            "dryRun": wanted.dry_run,
            "totalInventoryEntriesDeleted": len(reach),
            "totalLocationsAffected": len(places),
            "totalProductsDeleted": len(numbers),
            "jobIDs": [],
            "itemsDeleted": [
                [identifiers(stock.products[number]), [place for place, other in reach if other == number]]
                for number in numbers
                if wanted.explicit
            ],
        }
        if wanted.dry_run or not places:
            return Expected(200, body)
        cost = len(wanted.items) * len(places) * self.settings.jobs.enqueue_unit_s
        if cost > self.settings.jobs.enqueue_timeout_s:
            return Expected(504)
        body["jobIDs"] = self.jobs.enqueue(now, tenant, places, "DELETE", items=wanted.items)
        return Expected(200, body)

    def look_up(
        self,
        tenant: int,
        kind: str,
        items: tuple[tuple[Identity, int], ...],
        location: str | None,
        *,
        ignore_safety_stock: bool = False,
        negative: bool = False,
    ) -> Expected:
        """POST inventory: literal identifiers, four types, negative ones hidden (I-1, I-3)."""
        stock = self.stock[tenant]
        if (location is not None and location not in stock.locations) or not (items or location):
            return REFUSED
        if any(item == (None, None, None) for item, _ in items) or (kind == "ALL_STORES" and len(items) > 1):
            return REFUSED
        ignore = ignore_safety_stock or not self.settings.inventory.safety_stock_included
        rows = []
        for place in stock.locations if location is None else [location]:
            held = {
                number: record.on_hand - (0 if ignore else record.safety_stock)
                for (at, number), record in sorted(stock.records.items())
                if at == place
            }
            held = {number: available for number, available in held.items() if negative or available >= 0}
            for number in self._answering(stock, kind, items, held):
                record = stock.records[place, number]
                rows.append(
                    {
                        "tenantID": tenant,
                        "locationCode": place,
                        **identifiers(stock.products[number]),
                        "onHand": record.on_hand,
                        "available": held[number],
                        "allocated": 0,
                        "pending": 0,
                        "safetyStock": record.safety_stock,
                        "floor": record.floor,
                    }
                )
        return Expected(200, sorted(rows, key=repr))

    @staticmethod
    def _answering(
        stock: StockModel, kind: str, items: tuple[tuple[Identity, int], ...], held: dict[int, int]
    ) -> list[int]:
        if not items:
            return list(held)
        of_item = [
            {number for number in held if matches(item, stock.products[number], patterns=False)} for item, _ in items
        ]
        if kind in {"ANY", "ALL_STORES"}:
            return [number for number in held if any(number in found for found in of_item)]
        enough = [
            {number for number in found if held[number] >= quantity}
            for found, (_, quantity) in zip(of_item, items, strict=True)
        ]
        if kind == "ALL" and not all(enough):
            return []
        return [number for number in held if any(number in found for found in enough)]

    def job(self, now: int, tenant: int, number: int) -> Expected:
        """GET queue/{id}: a tenant's own jobs only (D-3)."""
        if not 0 < number <= len(self.jobs.jobs) or self.jobs.jobs[number - 1].tenant != tenant:
            return Expected(404)
        job = self.jobs.jobs[number - 1]
        self.jobs.polled([job], now)
        return Expected(200, job.body())

    def list_jobs(
        self, now: int, tenant: int, location: str | None, kinds: tuple[str, ...], limit: int, skip: int
    ) -> Expected:
        """GET queue."""
        jobs = self.jobs.newest(tenant, location, kinds, limit, skip)
        self.jobs.polled(jobs, now)
        if not jobs and self.settings.inventory.empty_job_list == "not_found":
            return Expected(404)
        return Expected(200, [job.body() for job in jobs])


def identifiers(product: Identity) -> dict[str, str]:
    """The identifiers that a product carries, under their names on the wire."""
    names = ("partNumber", "upc", "sku")
    return {name: text for name, text in zip(names, product, strict=True) if text is not None}
