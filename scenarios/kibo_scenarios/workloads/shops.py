"""What the clients of a load scenario find in their world: a tenant's goods and its limits."""

from collections.abc import Sequence
from typing import Final

from kibo_scenarios.errors import UsageError
from kibo_scenarios.workloads.clients import AnyClient
from kibo_scenarios.workloads.wishes import Shop
from kibo_simulator import LimitsDocument, Settings, Simulator

#: Orders are placed for what a location has so many of.
ENOUGH: Final = 20
_THROTTLED: Final = "/api/commerce/inventory"


def shop_of(simulator: Simulator, tenant: int) -> Shop:
    """Return what a tenant has that can be asked for.

    Raises:
        UsageError: It has too little.
    """
    skus: set[str] = set()
    stocked: dict[str, list[str]] = {}
    for record in simulator.stock_records(tenant):
        if record.sku:
            skus.add(record.sku)
            if record.available >= ENOUGH:
                stocked.setdefault(record.location_code, []).append(record.sku)
    if not stocked:
        raise UsageError(f"simulator.tenants: tenant {tenant} has too little stock to be asked for")
    locations = [location.code for location in simulator.stock.locations(tenant)]
    return Shop(locations, sorted(skus), list(stocked.items()))


def tenant_of(client: AnyClient, settings: Settings) -> int:
    """Return whose client it is."""
    assert settings.sample is not None
    return settings.sample.tenant if client.tenant is None else client.tenant


def limits_of(tenant: int, settings: Settings) -> LimitsDocument:
    """Return the limits that a tenant is under at the start."""
    limits = settings.limits
    for _, one in settings.every_tenant():
        if one.tenant == tenant and one.limits is not None:
            limits = one.limits
    return limits


def budget_of(client: AnyClient, limits: LimitsDocument) -> tuple[int | None, int | None]:
    """Return how many requests a minute and in four quarters a client's share comes to; None for no limit."""
    share = client.share
    if share is None:
        return None, None

    def part(values: Sequence[int | None]) -> int | None:
        told = [value for value in values if value is not None]
        return int(min(told) * share) if told else None

    pools = [pool for pool in limits.pools if pool.route.startswith(_THROTTLED)]
    return part([pool.rpm for pool in pools]), part([pool.rph for pool in pools])
