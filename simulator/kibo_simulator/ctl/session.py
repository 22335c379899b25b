"""What every command of ``ctl`` is given: the connection and the output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kibo_simulator.ctl.connection import Connection
    from kibo_simulator.ctl.output import Output


@dataclass(frozen=True, slots=True)
class Session:
    """One call of ``ctl``."""

    connection: Connection
    output: Output


pass_session = click.make_pass_decorator(Session)


def by_default(context: click.Context, command: click.Command) -> None:
    """Run ``command`` where a group was called without one."""
    if context.invoked_subcommand is None:
        context.invoke(command)
