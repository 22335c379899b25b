"""How many workers of each kind a tenant is given."""

from dataclasses import asdict, replace
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from kibo_simulator.store.silos import SiloStore
from kibo_simulator.web.base_wire import checked_tenant, kibo_name
from kibo_simulator.web.operations import Answer, Call, Operation, inventory_paths
from kibo_simulator.web.wire import decode

Workers = Annotated[int, Meta(ge=0, le=1_000)]


class SiloRequest(Struct, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST silo/siloConfig``; what is not told stays."""

    tenant_id: int | None = None
    batch_workers: Workers | None = None
    event_sender_workers: Workers | None = None
    non_batch_workers: Workers | None = None


_silo = msgspec.json.Decoder(SiloRequest)


def update_silo(call: Call) -> Answer:
    """Set the tenant's workers; the simulator notes them, its queue goes by its own setting."""
    request = decode(_silo, call.body)
    checked_tenant(call, request.tenant_id)
    silos = SiloStore(call.simulator.database.connection)
    before = silos.get(call.tenant_id)
    told = {name: value for name in asdict(before) if (value := getattr(request, name)) is not None}
    config = replace(before, **told)
    silos.put(call.tenant_id, config)
    return Answer(
        {
            "siloID": 1,
            "name": "simulator",
            "description": "All tenants of this simulator share one silo",
            "usable": True,
            "additonalTenantsAllowed": True,
            "batchWorkers": config.batch_workers,
            "eventSenderWorkers": config.event_sender_workers,
            "nonBatchWorkers": config.non_batch_workers,
            "isolateNonBatchJobs": False,
            "tenantID": call.tenant_id,
        }
    )


OPERATIONS = (
    Operation(
        "updateTenantSiloConfig", "POST", inventory_paths("/silo/siloConfig", "v1"), update_silo, request=SiloRequest
    ),
)
