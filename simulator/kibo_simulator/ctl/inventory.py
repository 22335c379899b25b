"""``ctl inventory``: the stock of a tenant as a whole."""

from __future__ import annotations

import sys
from typing import IO

import click

from kibo_simulator.ctl.sent_files import send_file
from kibo_simulator.ctl.session import Session, pass_session

_CSV = "text/csv"


@click.group()
def inventory() -> None:
    """Dump a tenant's stock, or load some."""


@inventory.command()
@click.option("--tenant", type=int, help="Whose stock.  [default: the first tenant's]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    default="csv",
    show_default=True,
    help="JSON lines, or a Location Export.",
)
@pass_session
def dump(session: Session, tenant: int | None, form: str) -> None:
    """Write all records to standard output."""
    for chunk in session.connection.chunks("/inventory", query={"tenant": tenant, "format": form}):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


@inventory.command()
@click.argument("file", type=click.File("rb"))
@click.option("--tenant", type=int, help="Whose stock.  [default: the first tenant's]")
@click.option("--replace", is_flag=True, help="Let records go that FILE does not name.")
@pass_session
def load(session: Session, file: IO[bytes], tenant: int | None, replace: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Set the records that FILE names (a Location Export or JSON lines, - for standard input), all or none."""
    query = {"tenant": tenant, "mode": "replace" if replace else None}
    session.output.record(send_file(session, "POST", "/inventory", file, query=query, content_type=_CSV))


COMMANDS = (inventory,)
