"""`kibo-client resume`, `status` and `report`: what looks after runs, by their journals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kibo_client.commands.conducting import Conduct, conduct_run, tell, write_report
from kibo_client.commands.connection import ALL_DONE, SOMETHING_UNDONE, Connection, connection_options, refuse
from kibo_client.outlet import say

if TYPE_CHECKING:
    from kibo_client.client import KiboClient
    from kibo_client.commands.conducting import Report, Work
    from kibo_client.runner import Confirm, OnEvent
    from kibo_client.settings import Settings

JOURNAL = click.argument("journal", type=click.Path(path_type=Path))


@click.command(short_help="Go on with an interrupted run.")
@JOURNAL
@click.option("--yes", is_flag=True, help="Do not ask, where the run had not been confirmed yet.")
@click.option(
    "--progress",
    type=click.Choice(["auto", "lines", "json", "none"]),
    default="auto",
    help="As for the other commands.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--report",
    "report_directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the audit report here when the run has ended.",
)
@connection_options
def resume(*, connection: Connection, journal: Path, **shown: Any) -> int:
    """Go on with the run that a journal records, from where it stands, with the records and options it began with.

    Tenant and host have to be the same. A run that has ended says how.
    """

    def prepare(settings: Settings) -> Work:
        from kibo_client.errors import JournalError  # noqa: PLC0415
        from kibo_client.lines import Line  # noqa: PLC0415
        from kibo_client.run_journal import read_items, read_journal  # noqa: PLC0415
        from kibo_client.targets import Target  # noqa: PLC0415

        header, _ = read_journal(journal)
        if (settings.tenant, settings.api_host) != (header.tenant, header.api_host):
            there = f"tenant {header.tenant} at {header.api_host}"
            raise JournalError(journal, 1, f"is of a run on {there}; this is {settings.tenant} at {settings.api_host}")
        update, deletion = header.update, header.deletion
        if update is not None:
            lines = list(read_items(journal, Line))

            async def send(client: KiboClient, on_event: OnEvent, confirm: Confirm) -> Report:
                return await client.bulk_update(lines, update, on_event=on_event, confirm=confirm, journal=journal)

            return send
        if deletion is None:
            raise JournalError(journal, 1, "does not say what kind of run it is of")
        targets = list(read_items(journal, Target))

        async def delete(client: KiboClient, on_event: OnEvent, confirm: Confirm) -> Report:
            return await client.bulk_delete(targets, deletion, on_event=on_event, confirm=confirm, journal=journal)

        return delete

    return conduct_run(connection, Conduct(journal=journal, **shown), prepare, what="go on")


@click.command(short_help="Tell where a run stands.")
@JOURNAL
@click.option("--json", "as_json", is_flag=True, help="Print the report as it stands, as JSON.")
def status(*, journal: Path, as_json: bool) -> int:
    """Tell where the run that a journal records stands. Sends nothing; the run may be going on."""
    from kibo_client.past_run import past_run  # noqa: PLC0415

    run = _past(journal, past_run)
    tell(run.report, as_json=as_json)
    if not as_json:
        say(f"{'run':<12} {run.where}")
    return ALL_DONE if run.report.ok else SOMETHING_UNDONE


@click.command(short_help="Write the audit report of a run.")
@JOURNAL
@click.option(
    "--format",
    "formats",
    type=click.Choice(["json", "csv", "html"]),
    multiple=True,
    help="One of the three forms, repeatable; by default all.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The directory for report.json, report.csv and report.html; by default this one.",
)
def report(*, journal: Path, formats: tuple[str, ...], out: Path) -> int:
    """Write what became of every record: what was asked, found, done and undone, when, and by which job."""
    from kibo_client.errors import ReportError  # noqa: PLC0415
    from kibo_client.past_run import past_run  # noqa: PLC0415

    run = _past(journal, past_run)
    try:
        write_report(run.audit, run.report, out, tenant=run.tenant, api_host=run.api_host, formats=formats)
    except ReportError as error:
        refuse(str(error))
    return ALL_DONE if run.report.ok else SOMETHING_UNDONE


def _past(journal: Path, past_run: Any) -> Any:
    from kibo_client.errors import KiboClientError  # noqa: PLC0415

    try:
        run = past_run(journal)
    except KiboClientError as error:
        refuse(str(error))
    return run if run.ended else replace(run, report=replace(run.report, outcome="interrupted"))
