"""Where a command finds its list of records: a file of any accepted format, or standard input."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kibo_client.commands.connection import Command

if TYPE_CHECKING:
    from kibo_client.target_file import PlainList

IDENTIFIERS = {"partNumber": "part_number", "upc": "upc", "sku": "sku"}


@dataclass(frozen=True, slots=True)
class Listing:
    """The file, and for a plain list what its lines are and where they are meant."""

    path: Path | None
    identifier: str | None
    locations: tuple[str, ...]

    def plain(self) -> PlainList | None:
        """How to read a list of bare identifiers; None where the file is not one.

        Raises:
            SettingsError: Only one half of it was given.
        """
        from kibo_client.errors import SettingsError  # noqa: PLC0415
        from kibo_client.target_file import PlainList  # noqa: PLC0415

        if self.identifier is None:
            if self.locations:
                raise SettingsError("--location", "goes with --identifier; other lists name the location of each row")
            return None
        if not self.locations:
            raise SettingsError("--identifier", "needs --location as well, once for each location that is meant")
        return PlainList(IDENTIFIERS[self.identifier], tuple(dict.fromkeys(self.locations)))


def listing_options(*, required: bool) -> Callable[[Command], Command]:
    """Give a command the flags of a list; it receives them as one `listing`."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_listing(
            *, targets_file: Path | None, identifier: str | None, locations: tuple[str, ...], **given: Any
        ) -> int:
            return command(listing=Listing(targets_file, identifier, locations), **given)

        decorated: Command = with_listing
        for option in reversed(
            (
                click.option(
                    "--export",
                    "--targets",
                    "targets_file",
                    required=required,
                    type=click.Path(path_type=Path, allow_dash=True),
                    help="The records: a Location Export (CSV, XML, or a zip of one), JSON lines, a plain list of "
                    "identifiers; - for standard input.",
                ),
                click.option(
                    "--identifier",
                    type=click.Choice(list(IDENTIFIERS)),
                    help="What the lines of a plain list, or a pattern, are.",
                ),
                click.option(
                    "--location",
                    "locations",
                    multiple=True,
                    metavar="CODE",
                    help="Where the lines of a plain list, or a pattern, are meant; repeatable.",
                ),
            )
        ):
            decorated = option(decorated)
        return decorated

    return decorate
