"""The limits in hand: the document in force, another one, and what each pool has used (RL-1 to RL-4)."""

from typing import Literal

from msgspec import Struct

from kibo_simulator.rate_limits import Buckets, LimitsDocument, LimitsError, PoolStatus
from kibo_simulator.timestamps import iso_microseconds
from kibo_simulator.web.control.route import ControlCall, ControlParameter, ControlRoute
from kibo_simulator.web.errors import validation_error

_WHOSE = ControlParameter("tenant", "The tenant whose own limits are meant; those of all when absent.", "tenant")


class PoolBody(Struct, rename="camel"):
    """A pool as the Dev Center shows it; ``buckets`` are quarters of an hour, newest first."""

    pool: str
    rpm: int | None
    rph: int | None
    minute_used: int
    hour_used: int
    buckets: Buckets
    state: Literal["OK", "Throttled"]
    restricted_until: str | None


def get_limits(call: ControlCall[None]) -> LimitsDocument:
    """The document in force, for all or for one tenant."""
    limiter = call.simulator.limiter
    return limiter.document_for(call.tenant()) if call.request.query.get("tenant") else limiter.document


def put_limits(call: ControlCall[LimitsDocument]) -> LimitsDocument:
    """Put another document into force, for all or for one tenant; the pools start afresh."""
    try:
        if call.request.query.get("tenant"):
            call.simulator.set_own_limits(call.tenant(), call.body)
        else:
            call.simulator.set_limits(call.body)
    except LimitsError as error:
        raise validation_error(error.path, error.message) from None
    return call.body


def delete_limits(call: ControlCall[None]) -> LimitsDocument:
    """Put a tenant under the limits of all again."""
    if not call.request.query.get("tenant"):
        raise validation_error("tenant", "whose own limits are meant must be said")
    tenant = call.tenant()
    call.simulator.set_own_limits(tenant, None)
    return call.simulator.limiter.document_for(tenant)


def limits_status(call: ControlCall[None]) -> list[PoolBody]:
    """What each pool has used."""
    now = call.simulator.clock.now()
    tenant = call.tenant() if call.request.query.get("tenant") else call.simulator.default_tenant
    return [pool_body(status) for status in call.simulator.limiter.statuses(now, tenant)]


def pool_body(status: PoolStatus) -> PoolBody:
    """A pool as it is answered."""
    until = status.restricted_until
    return PoolBody(
        pool=status.pool,
        rpm=status.rpm,
        rph=status.rph,
        minute_used=status.minute_used,
        hour_used=status.hour_used,
        buckets=status.buckets,
        state=status.state,
        restricted_until=None if until is None else iso_microseconds(until),
    )


ROUTES = (
    ControlRoute(
        method="GET",
        path="/limits",
        name="getLimits",
        summary="Tells the limits in force, for all or for one tenant.",
        handle=get_limits,
        query=(_WHOSE,),
        answers=LimitsDocument,
    ),
    ControlRoute(
        method="PUT",
        path="/limits",
        name="setLimits",
        summary="Puts other limits into force, for all or for one tenant alone; the pools start afresh.",
        handle=put_limits,
        query=(_WHOSE,),
        request=LimitsDocument,
        answers=LimitsDocument,
    ),
    ControlRoute(
        method="DELETE",
        path="/limits",
        name="dropOwnLimits",
        summary="Puts a tenant under the limits of all again; its pools start afresh.",
        handle=delete_limits,
        answers=LimitsDocument,
        query=(_WHOSE,),
    ),
    ControlRoute(
        method="GET",
        path="/limits/status",
        name="getLimitsStatus",
        summary="Tells what each pool has used and whether it is restricted, as the Dev Center shows it.",
        handle=limits_status,
        query=(
            ControlParameter("tenant", "Whose pools are listed also when unused; the first's when absent.", "tenant"),
        ),
        answers=list[PoolBody],
    ),
)
