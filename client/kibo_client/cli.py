"""The command line: `kibo-client delete --export FILE`.

Exit codes: 0 all done, 1 something undone or failed, 2 usage, configuration or a bad file, 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kibo_client.outlet import say

if TYPE_CHECKING:
    # Everything but click is imported when a command runs, so that --help and --version answer at once.
    from kibo_client.client import KiboClient
    from kibo_client.events import Scope
    from kibo_client.options import BulkDeleteOptions
    from kibo_client.progress import Display
    from kibo_client.report import BulkDeleteReport
    from kibo_client.settings import Settings
    from kibo_client.targets import Target

ALL_DONE, SOMETHING_UNDONE, USAGE, INTERRUPTED = 0, 1, 2, 130


class LimitType(click.ParamType[int | str]):
    """A number of requests, or "unknown" for a limit that is to be learnt."""

    name = "N|unknown"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Accept a positive integer or the word."""
        if value == "unknown" or (str(value).isascii() and str(value).isdecimal() and int(value) > 0):
            return "unknown" if value == "unknown" else int(value)
        raise click.BadParameter(f"{value!r} is not accepted; give a positive integer or unknown", ctx, param)


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 - slow to import, rarely wanted

        click.echo(f"kibo-client {version('kibo-simulator')}")
        ctx.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, callback=_print_version, expose_value=False, is_eager=True, help="Show the version."
)
def cli() -> None:
    """Bulk work against Kibo's inventory APIs, throttled, paced and accounted for.

    Settings come from flags, then from KIBO_API_HOST (a URL), KIBO_AUTH_HOST, KIBO_TENANT, KIBO_SITE,
    KIBO_CLIENT_ID and KIBO_SHARED_SECRET, then from a settings file (TOML, keys such as api_host). The secret
    is never a flag.
    """


@cli.command(short_help="Delete what a Location Export lists, and nothing else.")
@click.option(
    "--export",
    required=True,
    type=click.Path(path_type=Path),
    help="Location Export that lists the records to delete: a CSV file, or a zip that holds one.",
)
@click.option("--dry-run", is_flag=True, help="Find out what would be deleted, and stop.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option(
    "--batch-size", type=click.IntRange(1, 1000), default=500, show_default=True, help="Products per request."
)
@click.option(
    "--spacing",
    type=click.FloatRange(5, 3600),
    default=5.0,
    show_default=True,
    help="Seconds between the answer to one submission and the next.",
)
@click.option(
    "--rpm",
    type=LimitType(),
    metavar="N|unknown",
    help="Requests per minute the tenant may send (Dev Center > API > Limits).",
)
@click.option(
    "--rph",
    type=LimitType(),
    metavar="N|unknown",
    help="Requests per hour, likewise. Unknown limits are learnt from refusals.",
)
@click.option("--api-host", help="URL of the tenant's API.")
@click.option("--auth-host", help="URL of the authentication host, if it is another one.")
@click.option("--tenant", type=int, help="Tenant id.")
@click.option("--site", type=int, help="Site id.")
@click.option("--client-id", help="Application key.")
@click.option("--settings", "settings_file", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option(
    "--run-journal",
    type=click.Path(path_type=Path),
    help="Record the run here; if the file holds an interrupted run, that is resumed.",
)
@click.option("--max-attempts", type=click.IntRange(1, 100), default=8, show_default=True, help="Attempts per request.")
@click.option(
    "--max-resubmissions",
    type=click.IntRange(0, 100),
    default=2,
    show_default=True,
    help="How often the scope of failed jobs is submitted again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def delete(
    export: Path,
    dry_run: bool,  # noqa: FBT001 - click passes options by name
    yes: bool,  # noqa: FBT001 - click passes options by name
    batch_size: int,
    spacing: float,
    rpm: int | str | None,
    rph: int | str | None,
    api_host: str | None,
    auth_host: str | None,
    tenant: int | None,
    site: int | None,
    client_id: str | None,
    settings_file: Path | None,
    run_journal: Path | None,
    max_attempts: int,
    max_resubmissions: int,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    quiet: bool,  # noqa: FBT001 - click passes options by name
) -> int:
    """Delete the inventory records that a Location Export lists, and no others.

    First every batch is dry-run and compared with the list; then the scope is shown and has to be confirmed; then the
    batches are submitted one by one and their jobs watched to the end.
    """
    from kibo_client.errors import KiboClientError, UnreachableError  # noqa: PLC0415 - see the head of the module

    try:
        flags = {
            "api_host": api_host,
            "auth_host": auth_host,
            "tenant": tenant,
            "site": site,
            "client_id": client_id,
            "requests_per_minute": rpm,
            "requests_per_hour": rph,
        }
        settings = _settings(flags, settings_file)
        if not (dry_run or yes or _can_ask()):
            _refuse("--yes: is needed to delete when there is no terminal to confirm on (or use --dry-run)")
        targets, identifiers = _targets(export)
        from kibo_client.options import BulkDeleteOptions  # noqa: PLC0415

        options = BulkDeleteOptions(
            batch_size=batch_size,
            spacing_s=spacing,
            dry_run_only=dry_run,
            identifiers=identifiers,
            max_attempts=max_attempts,
            max_resubmissions=max_resubmissions,
        )
        report, interrupted = _run(settings, targets, options, ask=not yes, journal=run_journal, quiet=quiet)
    except UnreachableError as error:
        say(f"kibo-client: {error}", err=True)
        return SOMETHING_UNDONE
    except KiboClientError as error:
        _refuse(str(error))
    if report is not None:
        _print_report(report, as_json=as_json)
    if interrupted:
        from kibo_client.summary import interruption  # noqa: PLC0415

        say(interruption(report, run_journal), err=True)
        return INTERRUPTED
    return ALL_DONE if report is not None and report.ok else SOMETHING_UNDONE


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _refuse(message: str) -> NoReturn:
    say(f"kibo-client: {message}", err=True)
    raise click.exceptions.Exit(USAGE)


def _settings(flags: dict[str, Any], file: Path | None) -> Settings:
    import os  # noqa: PLC0415

    from kibo_client.errors import SettingsError  # noqa: PLC0415
    from kibo_client.settings import load_settings  # noqa: PLC0415

    try:
        return load_settings(flags, file=file)
    except SettingsError as error:
        if error.name != "shared_secret" or not _can_ask():
            raise
    secret = click.prompt("shared secret", hide_input=True, err=True)
    return load_settings(flags, file=file, environment={**os.environ, "KIBO_SHARED_SECRET": secret})


def _targets(export: Path) -> tuple[list[Target], frozenset[str]]:
    from kibo_client.errors import ExportFileError  # noqa: PLC0415
    from kibo_client.export_file import identifiers_in, read_location_export  # noqa: PLC0415

    targets = list(read_location_export(export))
    if not targets:
        raise ExportFileError(export, 0, "lists no records; nothing to do")
    return targets, identifiers_in(export)


def _run(
    settings: Settings,
    targets: list[Target],
    options: BulkDeleteOptions,
    *,
    ask: bool,
    journal: Path | None,
    quiet: bool,
) -> tuple[BulkDeleteReport | None, bool]:
    """Run to the end; returns the report and whether the run was interrupted."""
    from dataclasses import replace  # noqa: PLC0415

    import anyio  # noqa: PLC0415

    from kibo_client.client import KiboClient  # noqa: PLC0415
    from kibo_client.summary import question  # noqa: PLC0415

    client: KiboClient | None = None

    async def main() -> BulkDeleteReport:
        nonlocal client
        async with KiboClient(settings) as client:
            with _display(client, quiet=quiet) as display:

                async def confirm(scope: Scope) -> bool:
                    if not ask:
                        return True
                    display.pause()
                    say(question(settings, scope), nl=False, err=True)
                    # A terminal is readable once a line is complete; until then Ctrl-C still gets through.
                    await anyio.wait_readable(sys.stdin)
                    answer = sys.stdin.readline().strip()
                    display.go_on()
                    return answer == str(settings.tenant)

                return await client.bulk_delete(
                    targets, options, on_event=display.show, confirm=confirm, journal=journal
                )

    try:
        return anyio.run(main), False
    except KeyboardInterrupt:
        report = client.report if client is not None else None
        return (None if report is None else replace(report, outcome="interrupted")), True


def _display(client: KiboClient, *, quiet: bool) -> Display:
    from kibo_client.clock import steady_wall_clock  # noqa: PLC0415
    from kibo_client.progress import Lines, Panel, Silence  # noqa: PLC0415

    if quiet:
        return Silence()

    def progress() -> Any:
        return client.progress

    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415

        return Panel(Console(stderr=True), progress, steady_wall_clock())

    def write(line: str) -> None:
        say(line, err=True)

    return Lines(write, progress, steady_wall_clock())


def _print_report(report: BulkDeleteReport, *, as_json: bool) -> None:
    if as_json:
        import json  # noqa: PLC0415

        say(json.dumps(report.to_json_dict(), indent=2, ensure_ascii=False))
        return
    from kibo_client.summary import summary  # noqa: PLC0415

    say("\n".join(summary(report)))


def main(arguments: list[str] | None = None) -> None:
    """Entry point: every outcome as its exit code, every mistake of a user on one line."""
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: list[str] | None) -> int:
    try:
        code = cli.main(args=arguments, prog_name="kibo-client", standalone_mode=False)
    except SystemExit:
        # No command ends so: it is click's answer to a reader who went away while help was printed.
        return ALL_DONE
    except click.ClickException as error:
        if "\n" in error.format_message():
            error.show()
        else:
            say(f"kibo-client: {error.format_message()}", err=True)
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        say("interrupted before anything was sent", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else ALL_DONE


if __name__ == "__main__":
    main()
