"""The clock in hand: what time it is, how it runs, and moving it ahead (T-1 to T-3)."""

import asyncio
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kibo_simulator.clock import ClockError, ClockMode
from kibo_simulator.simulator import Simulator
from kibo_simulator.timestamps import SECOND, InstantError, iso_microseconds, parse_instant
from kibo_simulator.web.control.route import ControlCall, ControlRoute
from kibo_simulator.web.errors import validation_error

_MOST_EVENTS = 1_000_000
_EVENTS_BETWEEN_PAUSES = 8


class ClockRequest(Struct, forbid_unknown_fields=True):
    """Body of ``PUT clock``: any of mode, speed and the instant to jump to."""

    mode: Literal["real", "scaled", "manual"] | None = None
    speed: Annotated[float, Meta(ge=0.000_001, le=1_000_000)] | None = None
    now: str | None = None


class AdvanceRequest(Struct, rename="camel", forbid_unknown_fields=True):
    """Body of ``POST clock/advance``: exactly one of the three."""

    seconds: Annotated[float, Meta(ge=0, le=10_000_000_000)] | None = None
    to_next_event: bool | None = None
    until_idle: bool | None = None


class ClockBody(Struct, rename="camel"):
    """The clock; ``speed`` is 0 when it is moved by hand, ``nextEventAt`` null when nothing is to come."""

    mode: Literal["real", "scaled", "manual"]
    speed: float
    now: str
    next_event_at: str | None


def get_clock(call: ControlCall[None]) -> ClockBody:
    """The clock as it is at this moment."""
    return clock_body(call.simulator)


def put_clock(call: ControlCall[ClockRequest]) -> ClockBody:
    """Change mode, speed and instant, all of it or nothing."""
    wanted = call.body
    clock = call.simulator.clock
    mode: ClockMode | None = wanted.mode if wanted.speed is None else wanted.mode or "scaled"
    if wanted.speed is not None and mode != "scaled":
        raise validation_error("$.speed", "a speed goes with mode scaled")
    before = clock.mode, clock.speed or 1.0
    # The mode first: a clock that is to stand still at an instant would otherwise run on a little.
    if mode is not None:
        clock.set_mode(mode, wanted.speed or 1.0)
    try:
        if wanted.now is not None:
            clock.set_now(parse_instant(wanted.now))
    except (InstantError, ClockError) as error:
        clock.set_mode(*before)
        raise validation_error("$.now", str(error)) from None
    call.simulator.advance()
    call.gate.clock_set.set()
    return announced(call.simulator)


async def advance(call: ControlCall[AdvanceRequest]) -> ClockBody:
    """Move the clock ahead by seconds, to the next event, or until every job that time brings on has ended."""
    wanted = call.body
    told = [wanted.seconds is not None, bool(wanted.to_next_event), bool(wanted.until_idle)]
    if sum(told) != 1:
        raise validation_error("$", "needs exactly one of seconds, toNextEvent and untilIdle")
    if wanted.seconds is not None:
        try:
            call.simulator.clock.advance(round(wanted.seconds * SECOND))
        except ClockError as error:
            raise validation_error("$.seconds", str(error)) from None
        await call.gate.advance()
    else:
        await _advance_by_events(call, once=bool(wanted.to_next_event))
    return announced(call.simulator)


async def _advance_by_events(call: ControlCall[AdvanceRequest], *, once: bool) -> None:
    simulator = call.simulator
    for count in range(_MOST_EVENTS):
        if not count % _EVENTS_BETWEEN_PAUSES:
            await asyncio.sleep(0)
        following = simulator.next_event_at()
        if following is None or (not once and not simulator.working):
            return
        simulator.clock.reach(following)
        await call.gate.advance()
        if once:
            return


def announced(simulator: Simulator) -> ClockBody:
    """The clock as it is told, also to whoever listens: it has been set."""
    clock = clock_body(simulator)
    simulator.announcer.tell("clock", clock)
    return clock


def clock_body(simulator: Simulator) -> ClockBody:
    """The clock as it is told."""
    clock = simulator.clock
    following = simulator.next_event_at()
    return ClockBody(
        mode=clock.mode,
        speed=clock.speed,
        now=iso_microseconds(clock.now()),
        next_event_at=None if following is None else iso_microseconds(following),
    )


ROUTES = (
    ControlRoute(
        method="GET",
        path="/clock",
        name="getClock",
        summary="Tells the clock's mode, speed and instant, and when something happens next.",
        handle=get_clock,
        answers=ClockBody,
    ),
    ControlRoute(
        method="PUT",
        path="/clock",
        name="setClock",
        summary="Sets the clock's mode and speed, and moves it to an instant that is not past.",
        handle=put_clock,
        request=ClockRequest,
        answers=ClockBody,
    ),
    ControlRoute(
        method="POST",
        path="/clock/advance",
        name="advanceClock",
        summary="Moves the clock ahead by seconds, to the next event, or until no job is at work.",
        handle=advance,
        request=AdvanceRequest,
        answers=ClockBody,
    ),
)
