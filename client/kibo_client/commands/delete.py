"""`kibo-client delete`: delete what a list names, or what a pattern was found to match, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kibo_client.commands.conducting import Conduct, conduct_options, conduct_run
from kibo_client.commands.connection import Connection, NumberRange, connection_options
from kibo_client.commands.listing import IDENTIFIERS, Listing, listing_options

if TYPE_CHECKING:
    from kibo_client.client import KiboClient
    from kibo_client.commands.conducting import Work
    from kibo_client.report import BulkDeleteReport
    from kibo_client.runner import Confirm, OnEvent
    from kibo_client.settings import Settings
    from kibo_client.targets import Target


@click.command(short_help="Delete what a list names, and nothing else.")
@listing_options(required=False)
@click.option("--pattern", help="Delete what this pattern matches (`. * + ? ^ $ [ ]`), in place of a list.")
@click.option("--dry-run", is_flag=True, help="Find out what would be deleted, and stop.")
@click.option(
    "--expect-records", type=click.IntRange(min=0), metavar="N", help="Stop unless the dry runs find just N records."
)
@click.option("--max-records", type=click.IntRange(min=0), metavar="N", help="Stop if they find more than N records.")
@click.option(
    "--off-peak", metavar="US|EU|HH:MM-HH:MM", help="Submit in these hours only; hours of one's own are in UTC."
)
@click.option(
    "--recheck-after",
    "recheck_after_h",
    type=NumberRange(1, 720),
    default=24.0,
    show_default=True,
    metavar="HOURS",
    help="Age at which a dry run is made again before its batch is submitted.",
)
@click.option(
    "--batch-size", type=click.IntRange(1, 1000), default=500, show_default=True, help="Products per request."
)
@click.option(
    "--spacing",
    "spacing_s",
    type=NumberRange(5, 3600),
    default=5.0,
    show_default=True,
    help="Seconds between the answer to one submission and the next.",
)
@click.option("--max-attempts", type=click.IntRange(1, 100), default=8, show_default=True, help="Attempts per request.")
@click.option(
    "--max-resubmissions",
    type=click.IntRange(0, 100),
    default=2,
    show_default=True,
    help="How often the scope of failed jobs is submitted again.",
)
@conduct_options
@connection_options
def delete(
    *,
    connection: Connection,
    conduct: Conduct,
    listing: Listing,
    pattern: str | None,
    dry_run: bool,
    expect_records: int | None,
    off_peak: str | None,
    recheck_after_h: float,
    **numbers: Any,
) -> int:
    """Delete the inventory records that a list names, and no others.

    First every batch is dry-run and compared with the list; then the scope is shown and has to be confirmed; then the
    batches are submitted one by one and their jobs watched to the end.
    """

    def prepare(_settings: Settings) -> Work:
        from kibo_client.options import BulkDeleteOptions  # noqa: PLC0415
        from kibo_client.windows import parse_window  # noqa: PLC0415

        options = BulkDeleteOptions(
            dry_run_only=dry_run,
            expected_records=expect_records,
            recheck_after_s=recheck_after_h * 3600,
            off_peak=None if off_peak is None else parse_window(off_peak),
            **numbers,
        )
        if pattern is not None:
            return _pattern(pattern, listing, options, conduct.journal)
        return _list(listing, options, conduct.journal)

    return conduct_run(connection, conduct, prepare, what="delete", dry=dry_run)


def _list(listing: Listing, options: Any, journal: Path | None) -> Work:
    from dataclasses import replace  # noqa: PLC0415

    from kibo_client.errors import ExportFileError, SettingsError  # noqa: PLC0415
    from kibo_client.target_file import identifiers_told, read_targets  # noqa: PLC0415

    if listing.path is None:
        raise SettingsError("--export", "is missing; give a file, - for standard input, or a --pattern")
    plain = listing.plain()
    targets = list(read_targets(listing.path, plain))
    if not targets:
        raise ExportFileError(listing.path, 0, "lists no records; nothing to do")
    told = replace(options, identifiers=identifiers_told(listing.path, targets, plain))

    async def work(client: KiboClient, on_event: OnEvent, confirm: Confirm) -> BulkDeleteReport:
        return await client.bulk_delete(
            targets, told, on_event=on_event, confirm=confirm, journal=journal, source=str(listing.path)
        )

    return work


def _pattern(pattern: str, listing: Listing, options: Any, journal: Path | None) -> Work:
    from dataclasses import replace  # noqa: PLC0415

    from kibo_client.errors import SettingsError  # noqa: PLC0415

    if listing.path is not None:
        raise SettingsError("--pattern", "takes the place of --export; give one of the two")
    if listing.identifier is None:
        raise SettingsError("--identifier", "is missing: say whether the pattern is of a partNumber, a upc or a sku")
    kind = IDENTIFIERS[listing.identifier]
    chosen = replace(options, identifiers=frozenset((kind,)), pattern=pattern)

    async def work(client: KiboClient, on_event: OnEvent, confirm: Confirm) -> BulkDeleteReport:
        targets: list[Target] = await client.find_by_pattern(kind, pattern, listing.locations)
        return await client.bulk_delete(
            targets, chosen, on_event=on_event, confirm=confirm, journal=journal, source=f"{kind} {pattern}"
        )

    return work
