"""`kibo-client batch`: make a batch job, feed it, start it, watch it, and get its failures back as a feed (C28)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kibo_client.commands.connection import (
    ALL_DONE,
    INTERRUPTED,
    SOMETHING_UNDONE,
    USAGE,
    Connection,
    connection_options,
    refuse,
)
from kibo_client.outlet import say

if TYPE_CHECKING:
    from kibo_client.batch_jobs import BatchJobs, BatchReport, FeedItem, FeedReport
    from kibo_client.batch_jobs.feeding import FeedEvent, Feeding

_T = TypeVar("_T")
SERVICE = "/api/platform/data/batchJob"
WORTH_TELLING_S = 2.0
CODE = click.argument("code")
FEED = click.option(
    "--feed",
    required=True,
    type=click.Path(path_type=Path, allow_dash=True),
    help="The changes: CSV with the columns resource and action, or JSON lines; - for standard input.",
)


@click.group(short_help="Change the catalog by batch jobs.")
def batch() -> None:
    """Gather changes of the catalog in a batch job and have Kibo work them.

    The order is create, add, start, watch; then report, whose failures can be corrected and added to another job.
    """


@batch.command(short_help="Make a job.")
@CODE
@click.option("--name", help="For people.  [default: the code]")
@click.option("--scheduled", help="When Kibo is to begin, ISO 8601. The job has to be started all the same.")
@connection_options
def create(*, connection: Connection, code: str, name: str | None, scheduled: str | None) -> int:
    """Make a job that is Ready to be fed; its CODE is what everything else goes by."""
    job = _with_jobs(connection, lambda jobs, _: jobs.create(code, name or code, scheduled=scheduled))
    when = f", scheduled for {job.scheduled_date}" if job.scheduled_date else ""
    say(f"{job.code}: {job.status}{when}")
    return ALL_DONE


@batch.command(short_help="Add changes to a job.")
@CODE
@FEED
@click.option(
    "--run-journal",
    type=click.Path(path_type=Path),
    help="Record the feeding here; if the file holds an interrupted one of the same feed, that is resumed.",
)
@click.option(
    "--batch-size", type=click.IntRange(1, 5_000), default=1_000, show_default=True, help="Prices per request."
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
@connection_options
def add(
    *, connection: Connection, code: str, feed: Path, run_journal: Path | None, batch_size: int, quiet: bool
) -> int:
    """Add every change of a feed to a job, each once; nothing is applied before the job is started.

    When an answer is lost, the job's items are counted before anything is sent again.
    """
    items = _read(feed)

    async def work(jobs: BatchJobs, tenant: int) -> FeedReport:
        shown = 0

        def show(_: FeedEvent, feeding: Feeding) -> None:
            nonlocal shown
            # A line for each tenth of the way.
            if not quiet and feeding.added * 10 // len(items) > shown:
                shown = feeding.added * 10 // len(items)
                say(f"{feeding.added:,} of {len(items):,} added", err=True)

        return await jobs.add(code, items, batch_size=batch_size, journal=run_journal, tenant=tenant, on_event=show)

    try:
        report = _with_jobs(connection, work, quiet=quiet)
    except KeyboardInterrupt:
        way = f"the same command goes on from {run_journal}" if run_journal else "without --run-journal nobody can tell"
        say(f"kibo-client: interrupted; what was added stays in the job: {way}", err=True)
        return INTERRUPTED
    calls = f"{report.requests:,} request{'' if report.requests == 1 else 's'}"
    say(f"{report.added:,} of {report.items:,} added to {code} in {calls}")
    for left in report.left_out[:20]:
        say(f"  {feed}:{left.item.line}: {left.reason}")
    if len(report.left_out) > 20:
        say(f"  and {len(report.left_out) - 20:,} more were left out")
    return ALL_DONE if report.ok else SOMETHING_UNDONE


def _acting(action: str, short_help: str, words: str) -> click.Command:
    def act(*, connection: Connection, code: str) -> int:
        job = _with_jobs(connection, lambda jobs, _: jobs.act(code, action))
        say(f"{job.code}: {job.status}")
        return ALL_DONE

    act.__doc__ = words
    return batch.command(action.lower(), short_help=short_help)(CODE(connection_options(act)))


_acting(
    "Start",
    "Have a job worked.",
    """Say that a job has all its items: Kibo works it now, or when its date has come.""",
)
_acting("Cancel", "Cancel a job.", """Cancel a job: what is applied stays, what waits is cancelled.""")
_acting(
    "Reset",
    "Empty a job for another use.",
    """Drop all items of a job that is completed or canceled, so that it can be fed again.""",
)


@batch.command(short_help="Watch a job to its end.")
@CODE
@click.option("--quiet", is_flag=True, help="Show no progress.")
@connection_options
def watch(*, connection: Connection, code: str, quiet: bool) -> int:
    """Look at a started job, ever less often, until it is completed or canceled; say how it ended."""
    from kibo_client.batch_jobs.work import described  # noqa: PLC0415 - see kibo_client.commands.connection

    def show(summary: Any) -> None:
        # How it ended is told below, on standard output.
        if not quiet and summary.status in {"Pending", "Running"}:
            say(described(summary), err=True)

    try:
        summary = _with_jobs(connection, lambda jobs, _: jobs.watch(code, show), quiet=quiet)
    except KeyboardInterrupt:
        say(f"kibo-client: interrupted; {code} goes on by itself", err=True)
        return INTERRUPTED
    say(described(summary))
    if summary.status == "Ready":
        refuse(f"{code} is not started; kibo-client batch start {code} does that")
    done = summary.status == "Completed" and summary.counts.get("Completed", 0) == summary.items
    return ALL_DONE if done else SOMETHING_UNDONE


@batch.command(short_help="Tell what became of a job.")
@CODE
@click.option(
    "--feed", type=click.Path(path_type=Path), help="What was fed: failures are then told with their lines in it."
)
@click.option(
    "--failures",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the failures here, to be corrected and fed again: CSV if it ends in .csv, else JSON lines.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@connection_options
def report(*, connection: Connection, code: str, feed: Path | None, failures: Path | None, as_json: bool) -> int:
    """Tell how many items of a job are done and why others are not."""
    if failures is not None and feed is None:
        refuse("--failures: needs --feed, as Kibo does not tell what was fed")
    items = [] if feed is None else _read(feed)
    told = _with_jobs(connection, lambda jobs, _: jobs.report(code, items))
    if failures is not None:
        _write(failures, told)
    if as_json:
        import json  # noqa: PLC0415

        say(json.dumps(told.to_json_dict(), indent=2, ensure_ascii=False))
    else:
        _tell(told, feed)
    return ALL_DONE if told.ok else SOMETHING_UNDONE


def _tell(told: BatchReport, feed: Path | None) -> None:
    from kibo_client.batch_jobs.work import described  # noqa: PLC0415

    say(described(told.summary))
    for failure in told.failures[:50]:
        where = f"{feed}:{failure.fed.line}" if failure.fed is not None else f"{failure.item.resource_type}"
        say(f"  {where}: {failure.item.item_key}: {failure.item.processing_status}: {failure.reason}")
    if len(told.failures) > 50:
        say(f"  and {len(told.failures) - 50:,} more")


def _write(file: Path, told: BatchReport) -> None:
    from kibo_client.batch_jobs import write_failures  # noqa: PLC0415
    from kibo_client.errors import KiboClientError  # noqa: PLC0415

    known = [(failure.fed, failure.reason) for failure in told.failures if failure.fed is not None]
    try:
        written = write_failures(file, known)
    except KiboClientError as error:
        refuse(str(error))
    say(f"wrote {file}: {written:,} items", err=True)
    if lost := len(told.failures) - written:
        say(f"kibo-client: {lost:,} failures are not in the feed and not in {file}", err=True)


def _read(feed: Path) -> list[FeedItem]:
    from kibo_client.batch_jobs import read_feed  # noqa: PLC0415
    from kibo_client.errors import KiboClientError  # noqa: PLC0415

    try:
        return read_feed(feed)
    except KiboClientError as error:
        refuse(str(error))


def _with_jobs(connection: Connection, work: Callable[[BatchJobs, int], Awaitable[_T]], *, quiet: bool = False) -> _T:
    """Do something with the tenant's batch jobs; a mistake of the user, or a refusal, ends the command in one line."""
    import anyio  # noqa: PLC0415

    from kibo_client.batch_jobs import BatchJobs  # noqa: PLC0415
    from kibo_client.batch_jobs.items import CATALOG  # noqa: PLC0415
    from kibo_client.client import KiboClient  # noqa: PLC0415
    from kibo_client.errors import (  # noqa: PLC0415
        KiboClientError,
        NoAnswerError,
        RefusedError,
        UnknownOutcomeError,
        UnreachableError,
    )
    from kibo_client.transport import TransportError  # noqa: PLC0415

    async def main() -> _T:
        settings = connection.settings()
        async with KiboClient(settings) as client:
            # What the environment says of limits is about the inventory's pool.
            minute, hour = (_told_limit(connection, name) for name in ("requests_per_minute", "requests_per_hour"))
            for path in (CATALOG, SERVICE):
                client.limit(path, requests_per_minute=minute, requests_per_hour=hour)
            return await work(BatchJobs(client), settings.tenant)

    if not quiet:
        _tell_waits()
    try:
        return anyio.run(main)
    except (NoAnswerError, RefusedError, TransportError, UnknownOutcomeError, UnreachableError) as error:
        say(f"kibo-client: {error}", err=True)
        # What never got an answer and is not worth another try is for the settings to put right.
        mistaken = isinstance(error, RefusedError) and not error.status
        raise click.exceptions.Exit(USAGE if mistaken else SOMETHING_UNDONE) from error
    except KiboClientError as error:
        refuse(str(error))


def _told_limit(connection: Connection, name: str) -> int | None:
    value = connection.flags.get(name)
    return value if isinstance(value, int) else None


def _tell_waits() -> None:
    """Say on standard error what is waited for, where that takes long enough to wonder."""
    import logging  # noqa: PLC0415

    class Waits(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seconds = record.args[0] if isinstance(record.args, tuple) and record.args else None
            if isinstance(seconds, float) and seconds >= WORTH_TELLING_S and str(record.msg).startswith("waiting"):
                say(record.getMessage(), err=True)

    log = logging.getLogger("kibo_client")
    log.setLevel(logging.INFO)
    log.addHandler(Waits())
