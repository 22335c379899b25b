"""The commands for inventory files: `kibo-client file make|check|upload` and `kibo-client export read`.

Exit codes as everywhere: 0 all well, 1 something is wrong with what was checked, 2 usage or a bad file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kibo_client.commands.connection import ALL_DONE, USAGE
from kibo_client.outlet import say

if TYPE_CHECKING:
    # Everything but click is imported when a command runs, so that --help answers at once.
    from kibo_client.files.checking import CheckReport
    from kibo_client.targets import Target

SOMETHING_WRONG = 1

_tag = click.option("--tag", "tags", multiple=True, help="A tag category that may be a column. Repeatable.")


@click.group(name="file", short_help="Make, check and upload inventory files.")
def file_group() -> None:
    """Inventory files as Kibo picks them up from a drop point: made, checked and uploaded."""


@click.group(name="export", short_help="Read what Kibo exports.")
def export_group() -> None:
    """The files that Kibo delivers."""


def _refuse(message: str) -> NoReturn:
    say(f"kibo-client: {message}", err=True)
    raise click.exceptions.Exit(USAGE)


def _now(at: str | None) -> int:
    """The instant that is meant, in microseconds since the epoch."""
    from datetime import UTC, datetime  # noqa: PLC0415 - see the head of the module

    if at is None:
        moment = datetime.now(UTC)
    else:
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            _refuse(f"--at: {at!r} is not an instant such as 2026-03-02T05:00:00Z")
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)


@file_group.command(short_help="Make an import file and its trigger from CSV or JSON lines.")
@click.argument("source", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--kind", required=True, type=click.Choice(["refresh", "update"]), help="Totals, or signed changes.")
@click.option("--tenant", required=True, type=click.IntRange(1), envvar="KIBO_TENANT", help="Tenant id.")
@click.option("--format", "form", type=click.Choice(["csv", "xml"]), default="csv", show_default=True, help="Format.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="Folder for the two files.  [default: here]",
)
@click.option("--at", help="Instant for the name, ISO 8601.  [default: now]")
@_tag
def make(source: Path, kind: str, tenant: int, form: str, folder: Path, at: str | None, tags: tuple[str, ...]) -> int:
    """Make a correct import file from SOURCE: CSV with a header, or JSON lines; - reads standard input.

    The file is zipped and named in Pacific time; its empty trigger is made last. Columns are the guide's:
    LocationCode, UPC and Quantity are needed.
    """
    from kibo_client.errors import KiboClientError  # noqa: PLC0415
    from kibo_client.files.making import make_file  # noqa: PLC0415
    from kibo_client.files.sources import read_items  # noqa: PLC0415

    try:
        made = make_file(
            read_items(source, tags),
            source="standard input" if str(source) == "-" else str(source),
            tenant=tenant,
            kind="REFRESH" if kind == "refresh" else "UPDATE",
            form="xml" if form == "xml" else "csv",
            folder=folder,
            now=_now(at),
            tags=tags,
        )
    except KiboClientError as error:
        _refuse(str(error))
    say(f"{made.data}: {_count(made.rows, 'row')} at {_count(made.locations, 'location')}")
    say(f"{made.trigger}: its trigger")
    return ALL_DONE


@file_group.command(short_help="Say what is wrong with import files, and where.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--tenant", type=click.IntRange(1), envvar="KIBO_TENANT", help="Tenant that the names should have.")
@click.option("--kind", type=click.Choice(["refresh", "update"]), help="What a file is whose name does not say so.")
@click.option("--at", help="The present, to judge names by, ISO 8601.  [default: now]")
@click.option("--delimiter", default=",", show_default=True, help="What separates the fields of CSV files.")
@click.option("--strict", is_flag=True, help="Let warnings count as errors.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a file.")
@_tag
def check(
    files: tuple[Path, ...],
    tenant: int | None,
    kind: str | None,
    at: str | None,
    delimiter: str,
    strict: bool,  # noqa: FBT001 - click passes options by name
    as_json: bool,  # noqa: FBT001 - click passes options by name
    tags: tuple[str, ...],
) -> int:
    """Check FILES, zipped or not, against the import file guide: name, time, trigger, package, columns, every row.

    Each finding is a line with file, line and reason. Exit code 1 when there is an error.
    """
    from kibo_client.errors import KiboClientError  # noqa: PLC0415
    from kibo_client.files.checking import check_file  # noqa: PLC0415

    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        _refuse(f"--delimiter: {delimiter!r} cannot separate fields; one character such as ; is accepted")
    wrong = False
    for path in files:
        try:
            report = check_file(
                path,
                now=_now(at),
                tenant=tenant,
                kind=None if kind is None else "REFRESH" if kind == "refresh" else "UPDATE",
                tags=tags,
                delimiter=delimiter,
            )
        except KiboClientError as error:
            _refuse(str(error))
        wrong |= bool(report.errors or (strict and report.warnings))
        _print_check(report, as_json=as_json)
    return SOMETHING_WRONG if wrong else ALL_DONE


def _print_check(report: CheckReport, *, as_json: bool) -> None:
    if as_json:
        import json  # noqa: PLC0415
        from dataclasses import asdict  # noqa: PLC0415

        body = {
            "file": report.file,
            "kind": report.kind,
            "rows": report.rows,
            "locations": len(report.locations),
            "errors": report.errors,
            "warnings": report.warnings,
            "findings": [asdict(finding) for finding in report.findings],
        }
        say(json.dumps(body, ensure_ascii=False))
        return
    for finding in report.findings:
        say(str(finding))
    more = report.errors + report.warnings - len(report.findings)
    if more:
        say(f"{report.file}: … and {more:,} more")
    verdict = f"{_count(report.errors, 'error')}, {_count(report.warnings, 'warning')}"
    say(f"{report.file}: {_count(report.rows, 'row')} at {_count(len(report.locations), 'location')}; {verdict}")


@file_group.command(name="upload", short_help="Upload data files, each followed by its trigger.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--to",
    "place",
    required=True,
    metavar="PLACE",
    help="A folder, sftp://USER@HOST:PORT/PATH, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX.",
)
@click.option("--replace", is_flag=True, help="Overwrite files of the same names.")
@click.option("--known-hosts", type=click.Path(path_type=Path), help="Known SFTP hosts.  [default: ~/.ssh/known_hosts]")
@click.option("--any-host-key", is_flag=True, help="Trust any SFTP server; for simulators only.")
@click.option("--endpoint", help="URL of an S3-compatible service.")
def upload_files(
    files: tuple[Path, ...],
    place: str,
    replace: bool,  # noqa: FBT001 - click passes options by name
    known_hosts: Path | None,
    any_host_key: bool,  # noqa: FBT001 - click passes options by name
    endpoint: str | None,
) -> int:
    """Upload FILES to a drop point: the data whole, its size compared, then its empty trigger.

    The SFTP password is taken from KIBO_SFTP_PASSWORD, else keys and agents are used as ssh does; buckets take the
    credentials of the environment.
    """
    import anyio  # noqa: PLC0415

    from kibo_client.errors import KiboClientError  # noqa: PLC0415
    from kibo_client.files.places import open_place  # noqa: PLC0415
    from kibo_client.files.uploading import upload  # noqa: PLC0415

    async def run() -> list[Any]:
        opened = await open_place(place, known_hosts=known_hosts, any_host_key=any_host_key, endpoint=endpoint)
        try:
            return await upload(files, opened, replace=replace)
        finally:
            await opened.close()

    try:
        done = anyio.run(run)
    except KiboClientError as error:
        _refuse(str(error))
    for one in done:
        say(f"{one.name}: {one.size:,} bytes, then {one.trigger}")
    return ALL_DONE


@export_group.command(name="read", short_help="Turn a Location Export into a list of targets.")
@click.argument("export", type=click.Path(path_type=Path))
@click.option("--location", "locations", multiple=True, help="Only records of this location. Repeatable.")
@click.option(
    "--prefix", "prefixes", multiple=True, help="Only products with an identifier that begins so. Repeatable."
)
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True, help="Format.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here.  [default: standard output]"
)
def read_export(
    export: Path, locations: tuple[str, ...], prefixes: tuple[str, ...], form: str, output: Path | None
) -> int:
    """List the records of EXPORT, one a line, as `kibo-client delete --export` takes them.

    EXPORT is a Location Export as Kibo delivers it: CSV or XML, or a zip of it.
    """
    from kibo_client.errors import KiboClientError  # noqa: PLC0415
    from kibo_client.files.target_lists import write_targets  # noqa: PLC0415
    from kibo_client.target_file import read_targets  # noqa: PLC0415

    def wanted(target: Target) -> bool:
        named = (target.part_number, target.upc, target.sku)
        return (not locations or target.location_code in locations) and (
            not prefixes or any(text is not None and text.startswith(prefixes) for text in named)
        )

    try:
        targets = filter(wanted, read_targets(export))
        count, places = write_targets(targets, "jsonl" if form == "jsonl" else "csv", output, sys.stdout)
    except KiboClientError as error:
        _refuse(str(error))
    say(f"{_count(count, 'record')} at {_count(places, 'location')}", err=True)
    return ALL_DONE


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
