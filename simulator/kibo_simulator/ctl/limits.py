"""``ctl limits``: the limits in force, other ones, and what each pool has used."""

from __future__ import annotations

from typing import IO

import click

from kibo_simulator.ctl.sent_files import send_file
from kibo_simulator.ctl.session import Session, by_default, pass_session

_COLUMNS = ("pool", "rpm", "rph", "minuteUsed", "hourUsed", "buckets", "state", "restrictedUntil")


@click.group(invoke_without_command=True)
@click.pass_context
def limits(context: click.Context) -> None:
    """Show the limits, or put others into force."""
    by_default(context, show)


_whose = click.option("--tenant", type=int, help="Whose own limits.  [default: those of all]")


@limits.command()
@_whose
@pass_session
def show(session: Session, tenant: int | None = None) -> None:
    """Show the limits in force."""
    session.output.record(session.connection.ask("GET", "/limits", query={"tenant": tenant}))


@limits.command("set")
@click.argument("file", type=click.File("rb"))
@_whose
@pass_session
def set_limits(session: Session, file: IO[bytes], tenant: int | None) -> None:
    """Put the limits in FILE into force (JSON, - for standard input); the pools start afresh."""
    session.output.record(send_file(session, "PUT", "/limits", file, query={"tenant": tenant}))


@limits.command()
@click.argument("tenant", type=int)
@pass_session
def drop(session: Session, tenant: int) -> None:
    """Put TENANT under the limits of all again."""
    session.output.record(session.connection.ask("DELETE", "/limits", query={"tenant": tenant}))


@limits.command()
@click.option("--tenant", type=int, help="Whose pools are listed also when unused.  [default: the first tenant's]")
@pass_session
def status(session: Session, tenant: int | None) -> None:
    """Show what each pool has used, quarter by quarter (newest first), and whether it is restricted."""
    pools = session.connection.ask("GET", "/limits/status", query={"tenant": tenant})
    session.output.rows(pools, _COLUMNS, nothing="there are no limits")


COMMANDS = (limits,)
