"""``ctl inventory``: the stock of a tenant as a whole."""

from __future__ import annotations

import sys

import click

from kibo_simulator.ctl.session import Session, pass_session


@click.group()
def inventory() -> None:
    """Dump a tenant's stock."""


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


COMMANDS = (inventory,)
