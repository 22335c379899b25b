"""A group of commands some of which are imported only when they are called, so that ``serve`` begins sooner."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LateGroup(click.Group):
    """A group that knows where some of its commands are.

    Args:
        late: for each such command the module that has it, under the same name.
    """

    def __init__(self, *args: Any, late: Mapping[str, str], **more: Any) -> None:
        super().__init__(*args, **more)
        self._late = dict(late)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted({*super().list_commands(ctx), *self._late})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name, imported now if it has not been before."""
        if cmd_name not in self._late:
            return super().get_command(ctx, cmd_name)
        command = getattr(import_module(self._late[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)
        return command
