"""Puts the routes together: the API behind its gate, the control plane beside it."""

from collections.abc import Awaitable, Callable, Iterable
from functools import cache

from aiohttp import web

from kibo_simulator.simulator import Simulator
from kibo_simulator.web import (
    access_routes,
    batch_job_routes,
    bin_load_routes,
    bin_routes,
    cache_routes,
    currency_routes,
    deletion_routes,
    export_delivery_routes,
    export_settings_routes,
    fetch_file_routes,
    location_routes,
    lookup_routes,
    order_routes,
    price_list_routes,
    product_property_routes,
    product_routes,
    quantity_routes,
    queue_routes,
    silo_routes,
    tag_routes,
    upkeep_routes,
)
from kibo_simulator.web.answers import unobserved
from kibo_simulator.web.control import ROUTES, ControlPlane, is_control_path
from kibo_simulator.web.dev_center import dev_center
from kibo_simulator.web.fault_passage import FaultPassage
from kibo_simulator.web.gate import OPERATION_ATTRIBUTE, Gate, not_an_api_path
from kibo_simulator.web.operations import Operation
from kibo_simulator.web.ticking import ticking

OPERATIONS: tuple[Operation, ...] = (
    *access_routes.OPERATIONS,
    *lookup_routes.OPERATIONS,
    *quantity_routes.OPERATIONS,
    *deletion_routes.OPERATIONS,
    *queue_routes.OPERATIONS,
    *order_routes.OPERATIONS,
    *upkeep_routes.OPERATIONS,
    *location_routes.OPERATIONS,
    *tag_routes.OPERATIONS,
    *bin_routes.OPERATIONS,
    *bin_load_routes.OPERATIONS,
    *export_settings_routes.OPERATIONS,
    *export_delivery_routes.OPERATIONS,
    *fetch_file_routes.OPERATIONS,
    *silo_routes.OPERATIONS,
    *cache_routes.OPERATIONS,
    *batch_job_routes.OPERATIONS,
    *product_routes.OPERATIONS,
    *product_property_routes.OPERATIONS,
    *price_list_routes.OPERATIONS,
    *currency_routes.OPERATIONS,
)

SIMULATOR = web.AppKey("simulator", Simulator)
GATE = web.AppKey("gate", Gate)


def build_application(simulator: Simulator, *, control_token: str | None = None) -> web.Application:
    """The aiohttp application of a simulator: serve it with any runner, over sockets or in memory.

    Args:
        simulator: whose API it is; the application does not close it.
        control_token: opens the control plane to whoever has it; without one only loopback is let in.
    """
    gate = Gate(simulator)
    passage = FaultPassage(simulator, gate)
    control = ControlPlane(simulator, gate, ROUTES, (operation.name for operation in OPERATIONS), token=control_token)

    @web.middleware
    async def through_the_gate(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        path = request.path
        if path.startswith("/api/") or hasattr(request.match_info.handler, OPERATION_ATTRIBUTE):
            if simulator.faults.plan.on_requests:
                return await passage.handle(request)
            return await gate.handle(request)
        if is_control_path(path):
            found = request.match_info.http_exception is None
            return await (handler(request) if found else control.nothing_here(request))
        if path == "/" and request.method == "GET":
            return dev_center(simulator, control_token, request)
        return not_an_api_path(simulator.next_correlation(), path, simulator.clock.now())

    async def look_around(started: web.Application) -> None:
        gate.observed = not unobserved(started)

    application = web.Application(middlewares=[through_the_gate], client_max_size=simulator.settings.bounds.body_bytes)
    application[SIMULATOR] = simulator
    application[GATE] = gate
    for resource in _resources():
        application.router.register_resource(resource)
    application.on_startup.append(look_around)
    application.on_shutdown.append(control.streams.end)
    for method, path, endpoint in control.endpoints():
        application.router.add_route(method, path, endpoint)
    if simulator.files.pickup is not None:
        application.cleanup_ctx.append(ticking(simulator, gate))
    return application


@cache
def _resources() -> tuple[web.Resource, ...]:
    """Every path of the API with its methods; made once, as nothing in them belongs to one application."""
    by_path: dict[str, web.Resource] = {}
    for operation, path in _all_paths(OPERATIONS):
        if path not in by_path:
            by_path[path] = web.DynamicResource(path) if "{" in path else web.PlainResource(path)
        by_path[path].add_route(operation.method, _marker(operation))
    return tuple(by_path.values())


def _all_paths(operations: Iterable[Operation]) -> Iterable[tuple[Operation, str]]:
    """Every operation at each of its paths, with and without a trailing slash."""
    for operation in operations:
        for path in operation.paths:
            yield operation, path
            yield operation, path + "/"


def _marker(operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler that tells the gate which operation was routed to; the gate does the rest."""

    async def routed(request: web.Request) -> web.StreamResponse:
        raise AssertionError(f"{operation.name} was reached past the gate for {request.path}")

    setattr(routed, OPERATION_ATTRIBUTE, operation)
    return routed
