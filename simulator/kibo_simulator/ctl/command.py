"""The command ``kibo-simulator ctl`` itself: its flags, and the groups below it.

Exit codes: 0 done (for ``verify``: yes), 1 ``verify`` says no, 2 usage or no answer, 3 ``verify`` cannot tell,
130 interrupted.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, Final

import click

from kibo_simulator.ctl import (
    about,
    clock,
    events,
    faults,
    files,
    inventory,
    jobs,
    journal,
    limits,
    snapshots,
    tenants,
    verify,
)
from kibo_simulator.ctl.connection import Connection
from kibo_simulator.ctl.output import Output
from kibo_simulator.ctl.session import Session

MODULES: Final[tuple[ModuleType, ...]] = (
    about,
    clock,
    limits,
    faults,
    journal,
    verify,
    events,
    jobs,
    files,
    inventory,
    snapshots,
    tenants,
)


INTERRUPTED: Final = 130


class _Ctl(click.Group):
    """What is followed goes on until it is interrupted: that is no failure to talk about."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


@click.group(cls=_Ctl, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--url",
    envvar="KIBO_SIMULATOR_URL",
    default="http://127.0.0.1:8765",
    show_default=True,
    help="Where the simulator listens; or KIBO_SIMULATOR_URL.",
)
@click.option(
    "--token",
    envvar="KIBO_SIMULATOR_CONTROL_TOKEN",
    help="Its control token. Other users can see flags: better set KIBO_SIMULATOR_CONTROL_TOKEN.",
)
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificates to trust for https, such as the authority that serve --tls names.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as is done whenever the output is no terminal.")
@click.pass_context
def ctl(context: click.Context, url: str, token: str | None, ca: Path | None, as_json: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Take a running simulator in hand: its clock, limits, journal and stock.

    Nothing done here is throttled or journaled.
    """
    context.obj = Session(Connection(url, token or None, ca), Output(as_json=as_json))


for _module in MODULES:
    for _command in _module.COMMANDS:
        ctl.add_command(_command)
