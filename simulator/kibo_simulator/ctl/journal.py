"""``ctl journal``: what clients did, request by request."""

from __future__ import annotations

import sys

import click
import msgspec

from kibo_simulator.ctl.session import Session, pass_session

_COLUMNS = ("seq", "at", "tenant", "method", "path", "operation", "status", "retryAfter", "jobIds", "summary")


@click.group(invoke_without_command=True)
@click.option("--since", type=click.IntRange(0), help="Only entries with a number above this.")
@click.option("--limit", type=click.IntRange(0), help="At most so many entries.")
@click.pass_context
def journal(context: click.Context, since: int | None, limit: int | None) -> None:
    """List the requests that clients made."""
    if context.invoked_subcommand is None:
        context.invoke(show, since=since, limit=limit)


@journal.command(hidden=True)
@click.option("--since", type=int)
@click.option("--limit", type=int)
@pass_session
def show(session: Session, since: int | None, limit: int | None) -> None:
    """List the requests that clients made."""
    lines = session.connection.lines("/journal", query={"since": since, "limit": limit})
    if session.output.as_json:
        for line in lines:
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()
    else:
        session.output.rows(map(msgspec.json.decode, lines), _COLUMNS, nothing="nobody has asked for anything yet")


@journal.command()
@pass_session
def clear(session: Session) -> None:
    """Forget all entries; numbering goes on."""
    session.output.record(session.connection.ask("DELETE", "/journal"))


COMMANDS = (journal,)
