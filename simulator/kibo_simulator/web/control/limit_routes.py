"""The limits in hand: the document in force, another one, and what each pool has used (RL-1 to RL-4)."""

from typing import Literal

from msgspec import Struct

from kibo_simulator.rate_limits import Buckets, LimitsDocument, LimitsError, PoolStatus
from kibo_simulator.timestamps import iso_microseconds
from kibo_simulator.web.control.route import ControlCall, ControlRoute
from kibo_simulator.web.errors import validation_error


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
    """The document in force."""
    return call.simulator.limiter.document


def put_limits(call: ControlCall[LimitsDocument]) -> LimitsDocument:
    """Put another document into force; all pools start afresh."""
    try:
        call.simulator.set_limits(call.body)
    except LimitsError as error:
        raise validation_error(error.path, error.message) from None
    return call.body


def limits_status(call: ControlCall[None]) -> list[PoolBody]:
    """What each pool has used."""
    now = call.simulator.clock.now()
    return [_pool_body(status) for status in call.simulator.limiter.statuses(now, call.simulator.default_tenant)]


def _pool_body(status: PoolStatus) -> PoolBody:
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
        summary="Tells the limits in force.",
        handle=get_limits,
        answers=LimitsDocument,
    ),
    ControlRoute(
        method="PUT",
        path="/limits",
        name="setLimits",
        summary="Puts other limits into force; all pools start afresh.",
        handle=put_limits,
        request=LimitsDocument,
        answers=LimitsDocument,
    ),
    ControlRoute(
        method="GET",
        path="/limits/status",
        name="getLimitsStatus",
        summary="Tells what each pool has used and whether it is restricted, as the Dev Center shows it.",
        handle=limits_status,
        answers=list[PoolBody],
    ),
)
