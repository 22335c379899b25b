"""``ctl journal``: what clients did, request by request, so far or as it happens."""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from kibo_simulator.ctl.entries import told
from kibo_simulator.ctl.session import Session, pass_session


@click.group(invoke_without_command=True)
@click.option("--since", type=click.IntRange(0), help="Only entries with a number above this.")
@click.option("--limit", type=click.IntRange(0), help="At most so many entries.")
@click.option("--tenant", type=click.IntRange(0), help="Only requests of this tenant.")
@click.option("--operation", help="Only these operations, separated by commas.")
@click.option("--status", help="Only these statuses or classes such as 4xx, separated by commas.")
@click.option("--method", help="Only this method.")
@click.option("--path", help="Only paths like this; a star is any text, a question mark any character.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["ndjson", "har"]),
    help="Print JSON lines or an HTTP Archive, whoever is looking.",
)
@click.option("--follow", is_flag=True, help="Go on with new entries until interrupted.")
@click.pass_context
def journal(context: click.Context, /, form: str | None, follow: bool, **filters: Any) -> None:  # noqa: FBT001  # click passes flags by name
    """List the requests that clients made, or forget them."""
    if context.invoked_subcommand is not None:
        return
    session: Session = context.obj
    asked = filters | {"format": form, "follow": follow or None}
    if form is not None or session.output.as_json:
        for chunk in session.connection.chunks("/journal", query=asked):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        return
    nothing = True
    for line in session.connection.lines("/journal", query=asked):
        entry = msgspec.json.decode(line)
        lost = entry.get("lost")
        click.echo(told(entry) if lost is None else f"{lost:,} entries came too fast and are lost")
        nothing = False
    if nothing:
        click.echo("there are no such requests")


@journal.command()
@pass_session
def status(session: Session) -> None:
    """Show how much the journal holds, and how many entries were dropped."""
    session.output.record(session.connection.ask("GET", "/journal/status"))


@journal.command()
@pass_session
def clear(session: Session) -> None:
    """Forget all entries; numbering goes on."""
    session.output.record(session.connection.ask("DELETE", "/journal"))


COMMANDS = (journal,)
