"""``ctl files``: what lies at the drop points and what became of it, and a look at them now."""

from __future__ import annotations

import click

from kibo_simulator.ctl.session import Session, pass_session

_FILES = ("folder", "name", "size", "appearedAt", "takenAt", "outcome")
_EVENTS = ("seq", "at", "what", "folder", "name", "message")


@click.group()
def files() -> None:
    """Inventory files at the drop points."""


@files.command(name="show")
@pass_session
def show(session: Session) -> None:
    """List the files that were seen, oldest first."""
    found = session.connection.ask("GET", "/files")
    session.output.rows(found["files"], _FILES, nothing="no file was seen")


@files.command(name="events")
@click.option("--since", type=click.IntRange(0), help="Only those with a higher number.")
@pass_session
def events(session: Session, since: int | None) -> None:
    """List what happened to them, oldest first: also what was odd, and warnings."""
    found = session.connection.ask("GET", "/files", query={"since": since})
    session.output.rows(found["events"], _EVENTS, nothing="nothing has happened")


@files.command(name="fetch")
@pass_session
def fetch(session: Session) -> None:
    """Look at the drop points now, whatever the schedule, and pick up what is ready."""
    found = session.connection.ask("POST", "/files/fetch")
    session.output.rows(found["files"], _FILES, nothing="no file was seen")


COMMANDS = (files,)
