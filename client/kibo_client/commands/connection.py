"""What every command that talks to Kibo is told: where, who, and under which limits."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import click

from kibo_client.outlet import say

if TYPE_CHECKING:
    from kibo_client.settings import Settings

ALL_DONE, SOMETHING_UNDONE, USAGE, INTERRUPTED = 0, 1, 2, 130
Command: TypeAlias = Callable[..., int]


class LimitType(click.ParamType[int | str]):
    """A number of requests, or "unknown" for a limit that is to be learnt."""

    name = "N|unknown"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Accept a positive integer or the word."""
        if value == "unknown" or (str(value).isascii() and str(value).isdecimal() and int(value) > 0):
            return "unknown" if value == "unknown" else int(value)
        raise click.BadParameter(f"{value!r} is not accepted; give a positive integer or unknown", ctx, param)


class NumberRange(click.FloatRange):
    """A number between two others, and never nan, which is neither below nor above."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Accept what `click.FloatRange` does, but for nan."""
        number = super().convert(value, param, ctx)
        if isnan(number):
            raise click.BadParameter(f"{value} is not in the range {self._describe_range()}.", ctx, param)
        return number


@dataclass(frozen=True, slots=True)
class Connection:
    """The flags that were given, by attribute name of `Settings`, and the settings file."""

    flags: dict[str, Any]
    file: Path | None

    def settings(self) -> Settings:
        """Gather the settings; a secret that is nowhere is asked for at a terminal.

        Raises:
            SettingsError: Something is missing or unusable.
        """
        import os  # noqa: PLC0415

        from kibo_client.errors import SettingsError  # noqa: PLC0415
        from kibo_client.settings import load_settings  # noqa: PLC0415

        try:
            return load_settings(self.flags, file=self.file)
        except SettingsError as error:
            if error.name != "shared_secret" or not can_ask():
                raise
        secret = click.prompt("shared secret", hide_input=True, err=True)
        return load_settings(self.flags, file=self.file, environment={**os.environ, "KIBO_SHARED_SECRET": secret})


_LIMITS = (
    click.option(
        "--rpm",
        "requests_per_minute",
        type=LimitType(),
        metavar="N|unknown",
        help="Requests per minute the tenant may send (Dev Center > API > Limits).",
    ),
    click.option(
        "--rph",
        "requests_per_hour",
        type=LimitType(),
        metavar="N|unknown",
        help="Requests per hour, likewise. Unknown limits are learnt from refusals.",
    ),
)
_HOSTS = (
    click.option("--api-host", help="URL of the tenant's API."),
    click.option("--auth-host", help="URL of the authentication host, if it is another one."),
    click.option("--tenant", type=int, help="Tenant id."),
    click.option("--site", type=int, help="Site id."),
    click.option("--client-id", help="Application key."),
    click.option("--settings", "settings_file", type=click.Path(path_type=Path), help="Settings file (TOML)."),
)
_FLAGS = ("requests_per_minute", "requests_per_hour", "api_host", "auth_host", "tenant", "site", "client_id")


def connection_options(command: Command) -> Command:
    """Give a command the flags of a connection; it receives them as one `connection`."""

    @functools.wraps(command)
    def with_connection(settings_file: Path | None, **given: Any) -> int:
        flags = {name: given.pop(name) for name in _FLAGS}
        return command(connection=Connection(flags, settings_file), **given)

    return _with(with_connection, (*_LIMITS, *_HOSTS))


def limit_options(command: Command) -> Command:
    """Give a command the two limits alone."""
    return _with(command, _LIMITS)


def _with(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def can_ask() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def refuse(message: str) -> NoReturn:
    """End with a user's mistake: one line, exit code 2."""
    say(f"kibo-client: {message}", err=True)
    raise click.exceptions.Exit(USAGE)
