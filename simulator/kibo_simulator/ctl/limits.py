"""``ctl limits``: the limits in force, other ones, and what each pool has used."""

from __future__ import annotations

from typing import IO

import click

from kibo_simulator.ctl.session import Session, by_default, pass_session

_COLUMNS = ("pool", "rpm", "rph", "minuteUsed", "hourUsed", "buckets", "state", "restrictedUntil")


@click.group(invoke_without_command=True)
@click.pass_context
def limits(context: click.Context) -> None:
    """Show the limits, or put others into force."""
    by_default(context, show)


@limits.command()
@pass_session
def show(session: Session) -> None:
    """Show the limits in force."""
    session.output.record(session.connection.ask("GET", "/limits"))


@limits.command("set")
@click.argument("file", type=click.File("rb"))
@pass_session
def set_limits(session: Session, file: IO[bytes]) -> None:
    """Put the limits in FILE into force (JSON, - for standard input); all pools start afresh."""
    session.output.record(session.connection.ask("PUT", "/limits", body=file.read()))


@limits.command()
@pass_session
def status(session: Session) -> None:
    """Show what each pool has used, quarter by quarter (newest first), and whether it is restricted."""
    session.output.rows(session.connection.ask("GET", "/limits/status"), _COLUMNS, nothing="there are no limits")


COMMANDS = (limits,)
