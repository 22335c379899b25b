"""The faults in hand: which are in force and how often each was met, new ones, and an end to them."""

import msgspec
from aiohttp import web
from msgspec import Struct

from kibo_simulator.faults import FaultError, LoadedFault, Match, PlannedFault, read_faults
from kibo_simulator.faults.effects import Effect
from kibo_simulator.simulator import Simulator
from kibo_simulator.timestamps import iso_microseconds
from kibo_simulator.web.control.route import ControlCall, ControlRoute
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.gate import OPERATION_ATTRIBUTE


class FaultBody(Struct, rename={"active_from": "from", "last_use": "lastUse"}):
    """A fault in force.

    ``seen`` counts the requests or jobs that it was for, ``uses`` those that met it; ``left`` are the uses that it
    still has, null where there is no end. ``consumed`` says that it has done all it was for. ``jobs`` are the last
    jobs that met it.
    """

    id: str
    name: str
    match: Match
    effect: Effect
    active_from: str | None
    until: str | None
    seen: int
    uses: int
    left: int | None
    last_use: str | None
    consumed: bool
    jobs: list[int]


class FaultsBody(Struct):
    """All faults in order; ``consumed`` when each of them is."""

    consumed: bool
    faults: list[FaultBody]


class Added(Struct):
    """The ids of the faults that were put down, in their order."""

    ids: list[str]


class Removed(Struct):
    """The ids of the faults that were taken out."""

    removed: list[str]


def get_faults(call: ControlCall[None]) -> FaultsBody:
    """Every fault with its counts."""
    plan = call.simulator.faults.plan
    return FaultsBody(plan.consumed, [_fault_body(fault) for fault in plan])


def add_faults(call: ControlCall[bytes]) -> Added:
    """Put faults down behind those in force: one, or a list of them; all or none."""
    try:
        value = msgspec.json.decode(call.body or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise validation_error("$", f"not JSON: {error}"[:200]) from None
    try:
        faults = read_faults(value, operations=lambda: _operation_names(call.request.app))
        return Added(call.simulator.faults.add(faults, call.simulator.clock.now()))
    except FaultError as error:
        # A single fault has no place in a list.
        path = error.path if isinstance(value, list) else error.path.replace("$[0]", "$", 1)
        raise validation_error(path, error.message) from None


def clear_faults(call: ControlCall[None]) -> Removed:
    """Take all faults out; jobs that are held go on."""
    return _remove(call.simulator, [fault.id for fault in call.simulator.faults.plan])


def remove_fault(call: ControlCall[None]) -> Removed:
    """Take one fault out; jobs that it holds go on."""
    fault_id = call.path["id"]
    if fault_id not in call.simulator.faults.plan:
        raise ApiError(404, "ITEM_NOT_FOUND", f"there is no fault {fault_id[:64]!r}")
    return _remove(call.simulator, [fault_id])


def _remove(simulator: Simulator, fault_ids: list[str]) -> Removed:
    with simulator.database.transaction():
        simulator.faults.remove(fault_ids)
        simulator.runner.release(simulator.clock.now())
    return Removed(fault_ids)


def _operation_names(application: web.Application) -> frozenset[str]:
    operations = (getattr(route.handler, OPERATION_ATTRIBUTE, None) for route in application.router.routes())
    return frozenset(operation.name for operation in operations if operation is not None)


def _fault_body(fault: LoadedFault) -> FaultBody:
    return FaultBody(
        id=fault.id,
        name=fault.fault.name,
        match=fault.fault.match,
        effect=fault.effect,
        active_from=_instant(fault.window.since),
        until=_instant(fault.window.until),
        seen=fault.seen,
        uses=fault.uses,
        left=fault.left,
        last_use=_instant(fault.last_use),
        consumed=fault.consumed,
        jobs=list(fault.jobs),
    )


def _instant(at: int | None) -> str | None:
    return None if at is None else iso_microseconds(at)


ROUTES = (
    ControlRoute(
        method="GET",
        path="/faults",
        name="getFaults",
        summary="Lists the faults in force, and how often each was met.",
        handle=get_faults,
        answers=FaultsBody,
    ),
    ControlRoute(
        method="POST",
        path="/faults",
        name="addFaults",
        summary="Puts faults down: one, or a list of them.",
        handle=add_faults,
        request=bytes,
        described_as=PlannedFault | list[PlannedFault],
        answers=Added,
        status=201,
    ),
    ControlRoute(
        method="DELETE",
        path="/faults",
        name="clearFaults",
        summary="Takes all faults out; jobs that they hold go on.",
        handle=clear_faults,
        answers=Removed,
    ),
    ControlRoute(
        method="DELETE",
        path="/faults/{id}",
        name="removeFault",
        summary="Takes one fault out; jobs that it holds go on.",
        handle=remove_fault,
        answers=Removed,
    ),
)
