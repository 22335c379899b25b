"""What the clients of a run find at the target: stock and limits as its control plane tells, or as the file says."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from kibo_scenarios.errors import HarnessError, UsageError
from kibo_scenarios.locust_users.control_plane import ControlPlane
from kibo_scenarios.locust_users.splitting import Budget
from kibo_scenarios.workloads.clients import AnyClient, BulkDelete, Polls
from kibo_scenarios.workloads.load_scenario import LoadScenario
from kibo_scenarios.workloads.shops import budget_of, limits_of, shop_of, tenant_of
from kibo_scenarios.workloads.wishes import Shop
from kibo_scenarios.world import choose_targets, take_stock, write_export
from kibo_simulator import LimitsDocument, Settings, Simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A target's world.

    Attributes:
        settings: With the limits that are really in force.
        tenants: Whose client each is.
        sites: Of each tenant.
        budgets: What each client may send.
        shops: What each tenant has.
        exports: For each bulk deletion the Location Export of what is to go.
    """

    settings: Settings
    tenants: Mapping[str, int]
    sites: Mapping[int, int]
    budgets: Mapping[str, Budget]
    shops: Mapping[int, Shop]
    exports: Mapping[str, str]


def world_of(scenario: LoadScenario, control: ControlPlane | None) -> World:
    """Return the world of a target, or the one that the file describes where no control plane can be asked.

    Raises:
        UsageError: The target has no such tenant, or too little stock.
        HarnessError: The control plane failed.
    """
    settings = msgspec.convert({**scenario.simulator, "seed": scenario.seed}, Settings)
    clients = scenario.clients
    tenants = {name: tenant_of(client, settings) for name, client in clients.items()}
    described = {one.tenant: one for _, one in settings.every_tenant()}
    limits = {tenant: limits_of(tenant, settings) for tenant in described}
    sites = {tenant: one.site for tenant, one in described.items()}
    if control is not None:
        known = {int(one["tenant"]): int(one["site"]) for one in control.ask("GET", "/tenants")}
        for name, tenant in tenants.items():
            if tenant not in known:
                raise UsageError(f"{name}: the target has no tenant {tenant}; it has {', '.join(map(str, known))}")
        sites |= known
        limits |= {tenant: _limits(control.ask("GET", f"/limits?tenant={tenant}")) for tenant in set(tenants.values())}
        settings = msgspec.structs.replace(settings, limits=_limits(control.ask("GET", "/limits")))
    with tempfile.TemporaryDirectory(prefix="kibo-scenarios-") as folder:
        simulator = Simulator(settings) if control is None else _copied(control, tenants.values(), Path(folder))
        try:
            shops = {tenants[name]: None for name, client in clients.items() if _asks(client)}
            found = {tenant: shop_of(simulator, tenant) for tenant in shops}
            exports = {
                name: _export(scenario, client, simulator, tenants[name], Path(folder))
                for name, client in clients.items()
                if isinstance(client, BulkDelete)
            }
        finally:
            simulator.close()
    return World(
        settings=settings,
        tenants=tenants,
        sites=sites,
        budgets={name: budget_of(client, limits[tenants[name]]) for name, client in clients.items()},
        shops=found,
        exports=exports,
    )


def _asks(client: AnyClient) -> bool:
    return not isinstance(client, BulkDelete | Polls)


def _limits(told: Any) -> LimitsDocument:
    try:
        return msgspec.convert(told, LimitsDocument)
    except msgspec.ValidationError as error:
        raise HarnessError(f"GET /_simulator/limits: {error}: {json.dumps(told)[:200]}") from None


def _copied(control: ControlPlane, tenants: Any, folder: Path) -> Simulator:
    """A simulator of our own with the target's stock, to be looked at with what we have for that."""
    simulator = Simulator(Settings(sample=None))
    for tenant in sorted(set(tenants)):
        simulator.add_tenant(tenant, site=1, name="", client_id=f"{tenant}", shared_secret="none")  # noqa: S106 - nobody is served
        file = folder / f"{tenant}.csv"
        file.write_bytes(control.fetch("GET", f"/inventory?tenant={tenant}&format=csv"))
        simulator.load_file(tenant, file)
    return simulator


def _export(scenario: LoadScenario, client: BulkDelete, simulator: Simulator, tenant: int, folder: Path) -> str:
    targets = choose_targets(client.targets, take_stock(simulator, tenant), scenario.seed)
    file = folder / "export.csv"
    write_export(simulator, tenant, targets, file)
    return file.read_text(encoding="utf-8")
