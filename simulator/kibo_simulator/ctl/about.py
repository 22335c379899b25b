"""``ctl health`` and ``ctl openapi``: whether a simulator is there, and what its control plane offers."""

import click

from kibo_simulator.ctl.session import Session, pass_session


@click.command()
@pass_session
def health(session: Session) -> None:
    """Tell whether the simulator answers, and its version."""
    session.output.record(session.connection.ask("GET", "/health"))


@click.command()
@pass_session
def openapi(session: Session) -> None:
    """Print the OpenAPI document of the control plane."""
    session.output.line(session.connection.ask("GET", "/openapi.json"))


COMMANDS = (health, openapi)
