"""`kibo-client refresh` and `kibo-client adjust`: set quantities, or add to them, location by location."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kibo_client.commands.conducting import Conduct, conduct_options, conduct_run
from kibo_client.commands.connection import Connection, NumberRange, connection_options

if TYPE_CHECKING:
    from kibo_client.client import KiboClient
    from kibo_client.commands.conducting import Work
    from kibo_client.runner import Confirm, OnEvent
    from kibo_client.settings import Settings
    from kibo_client.update_report import UpdateReport


def _command(name: str, short_help: str, words: str) -> click.Command:
    def update(
        *, connection: Connection, conduct: Conduct, lines: Path, expect_records: int | None, **rest: Any
    ) -> int:
        def prepare(_settings: Settings) -> Work:
            from kibo_client.errors import SettingsError  # noqa: PLC0415
            from kibo_client.line_file import read_lines  # noqa: PLC0415
            from kibo_client.update_options import UpdateKind, UpdateOptions  # noqa: PLC0415

            kind = UpdateKind(name)
            if kind is UpdateKind.ADJUST and conduct.journal is None:
                raise SettingsError(
                    "--run-journal", "is needed: no adjustment may be sent twice, and the journal knows what was sent"
                )
            options = UpdateOptions(kind=kind, expected_records=expect_records, **rest)
            read = read_lines(lines, kind)

            async def work(client: KiboClient, on_event: OnEvent, confirm: Confirm) -> UpdateReport:
                return await client.bulk_update(
                    read, options, on_event=on_event, confirm=confirm, journal=conduct.journal, source=str(lines)
                )

            return work

        return conduct_run(connection, conduct, prepare, what=name)

    update.__doc__ = words
    decorated = conduct_options(connection_options(update))
    for option in reversed(
        (
            click.option(
                "--lines",
                required=True,
                type=click.Path(path_type=Path, allow_dash=True),
                help="The quantities: CSV with the columns LocationCode, Quantity and PartNumber, UPC or SKU, "
                "or JSON lines; - for standard input.",
            ),
            click.option(
                "--expect-records",
                type=click.IntRange(min=0),
                metavar="N",
                help="Send nothing unless there are just N records.",
            ),
            click.option(
                "--max-records", type=click.IntRange(min=0), metavar="N", help="Send nothing if there are more than N."
            ),
            click.option(
                "--batch-size",
                type=click.IntRange(1, 12_000 if name == "refresh" else 1000),
                help="Lines per request; by default "
                + ("3,000." if name == "refresh" else "1,000, the most that Kibo takes."),
            ),
            click.option(
                "--spacing",
                "spacing_s",
                type=NumberRange(0, 3600),
                default=1.0,
                show_default=True,
                help="Seconds between the answer to one submission and the next.",
            ),
            click.option(
                "--max-attempts",
                type=click.IntRange(1, 100),
                default=8,
                show_default=True,
                help="Attempts per request.",
            ),
            click.option(
                "--max-resubmissions",
                type=click.IntRange(0, 100),
                default=2,
                show_default=True,
                help="How often the lines of a failed job are sent again.",
            ),
        )
    ):
        decorated = option(decorated)
    return click.command(name, short_help=short_help)(decorated)


refresh = _command(
    "refresh",
    "Set quantities.",
    """Set quantities: what a list says is what there will be. Records it does not name stay as they are.

    Two rows that set one record to different quantities are refused before anything is sent.
    """,
)
adjust = _command(
    "adjust",
    "Add to quantities, each once.",
    """Add to quantities: each row is a difference, with a sign where it is negative.

    Carried out twice it would corrupt stock. So a request whose answer is lost is looked up in the queue and sent again
    only if it made no job; where that cannot be told, its rows are reported as uncertain.
    """,
)
