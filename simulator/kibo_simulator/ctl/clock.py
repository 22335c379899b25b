"""``ctl clock``: what time it is, and moving it."""

from __future__ import annotations

from typing import Any

import click

from kibo_simulator.ctl.durations import parse_duration
from kibo_simulator.ctl.session import Session, by_default, pass_session


@click.group(invoke_without_command=True)
@click.pass_context
def clock(context: click.Context) -> None:
    """Show the clock, or move it."""
    by_default(context, show)


@clock.command()
@pass_session
def show(session: Session) -> None:
    """Show mode, speed, instant, and when something happens next."""
    session.output.record(session.connection.ask("GET", "/clock"))


@clock.command()
@click.argument("duration")
@pass_session
def advance(session: Session, duration: str) -> None:
    """Move the clock ahead by DURATION: 90 (seconds), 15m, 1h30m, 2d, 250ms or PT15M."""
    try:
        seconds = parse_duration(duration)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="DURATION") from None
    _advance(session, {"seconds": int(seconds) if seconds == int(seconds) else float(seconds)})


@clock.command("next-event")
@pass_session
def next_event(session: Session) -> None:
    """Move the clock to the next thing that happens by itself, such as the end of a job."""
    _advance(session, {"toNextEvent": True})


@clock.command("until-idle")
@pass_session
def until_idle(session: Session) -> None:
    """Move the clock until no job is at work; those that a fault holds stay as they are."""
    _advance(session, {"untilIdle": True})


@clock.command("set")
@click.argument("instant")
@pass_session
def set_instant(session: Session, instant: str) -> None:
    """Move the clock to INSTANT, ISO 8601 and not in the past."""
    session.output.record(session.connection.ask("PUT", "/clock", body={"now": instant}))


@clock.command()
@click.argument("how")
@pass_session
def mode(session: Session, how: str) -> None:
    """Let the clock run as HOW says: real, manual (moves when told to), or xN (such as x60)."""
    session.output.record(session.connection.ask("PUT", "/clock", body=_mode(how)))


def _mode(how: str) -> dict[str, Any]:
    if how in {"real", "manual"}:
        return {"mode": how}
    try:
        speed = float(how.removeprefix("x"))
    except ValueError:
        speed = 0.0
    if not how.startswith("x") or not 0.000_001 <= speed <= 1_000_000:
        raise click.BadParameter(f"{how!r} is not accepted; real, manual or xN (such as x60) is", param_hint="HOW")
    return {"mode": "scaled", "speed": speed}


def _advance(session: Session, how: dict[str, Any]) -> None:
    session.output.record(session.connection.ask("POST", "/clock/advance", body=how))


COMMANDS = (clock,)
