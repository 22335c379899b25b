"""``ctl jobs``: a tenant's jobs as they stand."""

from __future__ import annotations

import click

from kibo_simulator.ctl.session import Session, pass_session

_COLUMNS = ("jobID", "locationCode", "type", "status", "itemCount", "added", "started", "finished", "messages")


@click.command()
@click.option("--tenant", type=int, help="Whose jobs.  [default: the first tenant's]")
@click.option("--limit", type=click.IntRange(0), help="At most so many.  [default: 1000]")
@pass_session
def jobs(session: Session, tenant: int | None, limit: int | None) -> None:
    """List a tenant's jobs, newest first; looking does not count as a poll."""
    found = session.connection.ask("GET", "/jobs", query={"tenant": tenant, "limit": limit})
    session.output.rows(found, _COLUMNS, nothing="there are no jobs")


COMMANDS = (jobs,)
