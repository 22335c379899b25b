"""What is simulated while simulators are killed: two tenants, each with places, writers and the products they own."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.files.location_export import InventoryRow

LOCATIONS = ("ST-1", "ST-2", "ST-3", "ST-4")
START = "2026-03-02T05:00:00Z"
QUEUE_RPM = 6
FIRST_ON_HAND = 100
INVENTORY = "/api/commerce/inventory"
LIMITS = {
    "pools": [
        # Counted, never refused: so many requests must not stand in each other's way.
        {"route": f"{INVENTORY}/*", "rpm": None, "rph": None},
        {"route": f"{INVENTORY}/v1/queue*", "rpm": QUEUE_RPM, "rph": None},
    ],
    # A restriction ends when its first 429 said it would, so that its end can be foretold.
    "extension": "off",
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant and the credentials of its application."""

    id: int
    client_id: str
    shared_secret: str


TENANTS = (Tenant(1001, "first.app", "first-secret"), Tenant(2002, "second.app", "second-secret"))


@dataclass(frozen=True, slots=True)
class Owner:
    """A writer, and which products nobody else touches.

    Attributes:
        queued: changed by jobs only.
        direct: changed at once only.
        doomed: deleted, by jobs, and brought back between two lives.
    """

    tenant: Tenant
    number: int
    queued: tuple[str, ...]
    direct: tuple[str, ...]
    doomed: tuple[str, ...]

    @property
    def items(self) -> int:
        """How many items each of its writes names: differs between the writers of a tenant, to tell jobs apart."""
        return self.number + 2


def _owner(tenant: Tenant, number: int) -> Owner:
    def names(kind: str, count: int) -> tuple[str, ...]:
        return tuple(f"{kind}{number}-{index:02d}" for index in range(count))

    return Owner(tenant, number, names("Q", 5), names("D", 5), names("X", 16))


OWNERS = tuple(_owner(tenant, number) for tenant in TENANTS for number in range(3))


def prepare(folder: Path) -> list[str]:
    """Make a data file with both tenants and a limits file; return the flags that serve them."""
    data, limits = folder / "kibo.db", folder / "limits.json"
    limits.write_text(json.dumps(LIMITS), encoding="utf-8")
    first, *others = TENANTS
    sample = SampleSettings(
        tenant=first.id, client_id=first.client_id, shared_secret=first.shared_secret, locations=0, products=0
    )
    simulator = Simulator(Settings(sample=sample, start=START), clock_mode="manual", data=data)
    for tenant in others:
        simulator.add_tenant(
            tenant.id, site=2, name="Other", client_id=tenant.client_id, shared_secret=tenant.shared_secret
        )
    for owner in OWNERS:
        simulator.load_inventory(
            owner.tenant.id,
            (
                InventoryRow(code, name, None, None, FIRST_ON_HAND)
                for code in LOCATIONS
                for name in (*owner.queued, *owner.direct, *owner.doomed)
            ),
        )
    simulator.close()
    return ["--data", str(data), "--limits", str(limits), "--clock", "manual", "--start", START]


def instant(text: str) -> int:
    """Microseconds since the epoch of an ISO 8601 instant, as the control plane tells them."""
    told = datetime.fromisoformat(text)
    return int(told.timestamp()) * 1_000_000 + told.microsecond
