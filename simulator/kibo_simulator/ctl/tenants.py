"""``ctl tenants``: the tenants, added with credentials of their own, forked from a snapshot, removed."""

from __future__ import annotations

from typing import Any

import click

from kibo_simulator.ctl.connection import segment
from kibo_simulator.ctl.session import Session, by_default, pass_session

_COLUMNS = ("tenant", "name", "region", "offPeak", "limits", "clientIds")


@click.group(invoke_without_command=True)
@click.pass_context
def tenants(context: click.Context) -> None:
    """List the tenants, or add, fork and remove them."""
    by_default(context, list_tenants)


@tenants.command("list")
@pass_session
def list_tenants(session: Session) -> None:
    """List the tenants with regions, quiet hours, own limits and applications."""
    session.output.rows(session.connection.ask("GET", "/tenants"), _COLUMNS, nothing="there are no tenants")


@tenants.command()
@click.argument("tenant", type=int, required=False)
@click.option("--name", help="What it is called.")
@click.option("--client-id", help="Its application.  [default: tenant-NUMBER.app]")
@click.option("--region", help="Where it is: US, EU or another that is configured.")
@click.option("--sample", nargs=2, type=int, metavar="LOCATIONS PRODUCTS", help="Size of its generated stock.")
@pass_session
def add(
    session: Session,
    tenant: int | None,
    name: str | None,
    client_id: str | None,
    region: str | None,
    sample: tuple[int, int] | None,
) -> None:
    """Add TENANT, or the next number, and print its credentials: they are told this once."""
    locations, products = sample or (None, None)
    wanted = {
        "tenant": tenant,
        "name": name,
        "clientId": client_id,
        "region": region,
        "locations": locations,
        "products": products,
    }
    session.output.record(session.connection.ask("POST", "/tenants", body=_told(wanted)))


@tenants.command()
@click.argument("snapshot")
@click.argument("tenant", type=int)
@click.option("--as", "target", type=int, help="The new tenant's number.  [default: the next one]")
@click.option("--name", help="What it is called.  [default: as the other]")
@click.option("--client-id", help="Its application.  [default: tenant-NUMBER.app]")
@pass_session
def fork(
    session: Session, snapshot: str, tenant: int, target: int | None, name: str | None, client_id: str | None
) -> None:
    """Add a tenant that has what TENANT had in SNAPSHOT, and print its credentials: they are told this once."""
    wanted = {"tenant": tenant, "as": target, "name": name, "clientId": client_id}
    session.output.record(session.connection.ask("POST", f"/snapshots/{segment(snapshot)}/fork", body=_told(wanted)))


@tenants.command()
@click.argument("tenant", type=int)
@pass_session
def remove(session: Session, tenant: int) -> None:
    """Remove TENANT and all it has."""
    session.output.record(session.connection.ask("DELETE", f"/tenants/{tenant}"))


def _told(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}


COMMANDS = (tenants,)
