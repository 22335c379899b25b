"""The control plane under ``/_simulator``: outside limits, journal and access, open to loopback or a token only.

It is how a person or a test takes the simulation in hand. A module of routes declares what it offers in ``ROUTES``
and is named once in `ROUTE_MODULES`.
"""

from types import ModuleType
from typing import Any, Final

from kibo_simulator.web.control import (
    clock_routes,
    event_routes,
    fault_routes,
    file_routes,
    health_routes,
    inventory_routes,
    job_routes,
    journal_routes,
    limit_routes,
    openapi_routes,
    snapshot_routes,
    tenant_routes,
    verify_routes,
)
from kibo_simulator.web.control.plane import ControlPlane, is_control_path
from kibo_simulator.web.control.route import PREFIX, ControlCall, ControlParameter, ControlRoute

ROUTE_MODULES: Final[tuple[ModuleType, ...]] = (
    health_routes,
    clock_routes,
    limit_routes,
    fault_routes,
    journal_routes,
    verify_routes,
    event_routes,
    job_routes,
    inventory_routes,
    file_routes,
    snapshot_routes,
    tenant_routes,
    openapi_routes,
)

ROUTES: Final[tuple[ControlRoute[Any], ...]] = tuple(route for module in ROUTE_MODULES for route in module.ROUTES)

__all__ = ["PREFIX", "ROUTES", "ControlCall", "ControlParameter", "ControlPlane", "ControlRoute", "is_control_path"]
