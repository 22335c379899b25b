"""Conducts a run from the command line: shows it, has it confirmed, stops it on Ctrl-C, and tells how it ended."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from kibo_client.commands.connection import (
    ALL_DONE,
    INTERRUPTED,
    SOMETHING_UNDONE,
    USAGE,
    Command,
    Connection,
    can_ask,
    refuse,
)
from kibo_client.outlet import say

if TYPE_CHECKING:
    from kibo_client.audit import AuditRow
    from kibo_client.client import KiboClient
    from kibo_client.errors import ReportError
    from kibo_client.events import Scope
    from kibo_client.progress import Display
    from kibo_client.report import BulkDeleteReport
    from kibo_client.runner import Confirm, OnEvent
    from kibo_client.settings import Settings
    from kibo_client.update_report import UpdateReport

    Report: TypeAlias = BulkDeleteReport | UpdateReport
    Work: TypeAlias = Callable[[KiboClient, OnEvent, Confirm], Awaitable[Report]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a run is shown, confirmed and recorded."""

    yes: bool
    journal: Path | None
    progress: str
    as_json: bool
    report_directory: Path | None


def conduct_options(command: Command) -> Command:
    """Give a command the flags of a run; it receives them as one `conduct`."""
    import functools  # noqa: PLC0415

    @functools.wraps(command)
    def with_conduct(
        *,
        yes: bool,
        run_journal: Path | None,
        progress: str,
        quiet: bool,
        as_json: bool,
        report_directory: Path | None,
        **given: Any,
    ) -> int:
        conduct = Conduct(
            yes=yes,
            journal=run_journal,
            progress="none" if quiet else progress,
            as_json=as_json,
            report_directory=report_directory,
        )
        return command(conduct=conduct, **given)

    decorated: Command = with_conduct
    for option in reversed(
        (
            click.option("--yes", is_flag=True, help="Do not ask before anything is changed."),
            click.option(
                "--run-journal",
                type=click.Path(path_type=Path),
                help="Record the run here; if the file holds an interrupted run, that is resumed.",
            ),
            click.option(
                "--progress",
                type=click.Choice(["auto", "lines", "json", "none"]),
                default="auto",
                show_default=True,
                help="How progress is shown, on standard error: a panel at a terminal, else lines; or JSON lines.",
            ),
            click.option("--quiet", is_flag=True, help="The same as --progress none."),
            click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
            click.option(
                "--report",
                "report_directory",
                type=click.Path(path_type=Path, file_okay=False),
                help="Write the audit report here: report.json, report.csv and report.html.",
            ),
        )
    ):
        decorated = option(decorated)
    return decorated


def conduct_run(
    connection: Connection, conduct: Conduct, prepare: Callable[[Settings], Work], *, what: str, dry: bool = False
) -> int:
    """Run to the end and tell how it ended; returns the exit code.

    Args:
        connection: Where and who.
        conduct: How it is shown, confirmed and recorded.
        prepare: Reads whatever the work needs, before anything is sent; gives the work itself.
        what: What is going to be done, in one word.
        dry: Nothing will be changed, so that nothing has to be confirmed.
    """
    from kibo_client.errors import KiboClientError, UnreachableError  # noqa: PLC0415

    try:
        settings = connection.settings()
        way_out = " (or use --dry-run)" if what == "delete" else ""
        if not (dry or conduct.yes or can_ask()):
            refuse(f"--yes: is needed to {what} when there is no terminal to confirm on{way_out}")
        if conduct.report_directory is not None:
            from kibo_client.audit_files import check_directory  # noqa: PLC0415

            check_directory(conduct.report_directory)
        work = prepare(settings)
        report, trouble = _run(settings, work, conduct)
    except UnreachableError as error:
        say(f"kibo-client: {error}", err=True)
        # Where nothing helps but to change a setting, that is what was wrong.
        return USAGE if error.permanent else SOMETHING_UNDONE
    except KiboClientError as error:
        refuse(str(error))
    if report is None:
        raise KeyboardInterrupt
    tell(report, as_json=conduct.as_json)
    if trouble is not None:
        way_out = f"; kibo-client report {conduct.journal} writes it elsewhere" if conduct.journal else ""
        say(f"kibo-client: {trouble}{way_out}", err=True)
    if report.outcome == "interrupted":
        from kibo_client.summary import interruption  # noqa: PLC0415

        say(interruption(report, conduct.journal), err=True)
        return INTERRUPTED
    return ALL_DONE if report.ok and trouble is None else SOMETHING_UNDONE


def _run(settings: Settings, work: Work, conduct: Conduct) -> tuple[Report | None, ReportError | None]:
    """Run to the end, or until Ctrl-C: the report, None if nothing had begun by then, and why it cannot be written."""
    from dataclasses import replace  # noqa: PLC0415

    import anyio  # noqa: PLC0415

    from kibo_client.client import KiboClient  # noqa: PLC0415
    from kibo_client.errors import KiboClientError, ReportError  # noqa: PLC0415

    async def main() -> tuple[Report | None, ReportError | None]:
        report: Report | None = None
        trouble: ReportError | None = None
        failure: KiboClientError | None = None
        async with KiboClient(settings) as client, anyio.create_task_group() as tasks:
            with _display(client, conduct.progress) as display:
                tasks.start_soon(_stop_on_signal, client, tasks.cancel_scope)
                try:
                    report = await work(client, display.show, _asker(settings, display, ask=not conduct.yes))
                except KiboClientError as error:
                    # Task groups wrap what is raised in them.
                    failure = error
            tasks.cancel_scope.cancel()
            if report is not None and conduct.report_directory is not None:
                tenant, api_host, directory = settings.tenant, settings.api_host, conduct.report_directory
                try:
                    write_report(client.audit(), report, directory, tenant=tenant, api_host=api_host)
                except ReportError as error:
                    # How a run of hours has ended is told all the same.
                    trouble = error
        if failure is not None:
            raise failure
        if report is None and client.report is not None:
            report = replace(client.report, outcome="interrupted")
        return report, trouble

    return anyio.run(main)


async def _stop_on_signal(client: KiboClient, everything: Any) -> None:
    """The first Ctrl-C lets the answer under way come in, the second does not."""
    import signal  # noqa: PLC0415

    import anyio  # noqa: PLC0415

    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        stopping = False
        async for _ in signals:
            waiting = None if stopping else client.stop()
            if waiting is None:
                everything.cancel()
            elif waiting:
                say("stopping once the answer under way is there; Ctrl-C again does not wait for it", err=True)
            stopping = True


def _asker(settings: Settings, display: Display, *, ask: bool) -> Confirm:
    async def confirm(scope: Scope) -> bool:
        import anyio  # noqa: PLC0415

        from kibo_client.summary import agreement, question  # noqa: PLC0415

        if not ask:
            return True
        display.pause()
        say(question(settings, scope), nl=False, err=True)
        # A terminal is readable once a line is complete; until then Ctrl-C still gets through.
        await anyio.wait_readable(sys.stdin)
        answer = sys.stdin.readline().strip()
        display.go_on()
        return answer == agreement(settings, scope)

    return confirm


def _display(client: KiboClient, how: str) -> Display:
    from kibo_client.clock import steady_wall_clock  # noqa: PLC0415
    from kibo_client.progress import JsonEvents, Lines, Panel, Silence  # noqa: PLC0415

    if how == "none":
        return Silence()

    def progress() -> Any:
        return client.progress

    if how == "auto" and sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415

        return Panel(Console(stderr=True), progress, steady_wall_clock())

    def write(line: str) -> None:
        say(line, err=True)

    return (JsonEvents if how == "json" else Lines)(write, progress, steady_wall_clock())


def tell(report: Report, *, as_json: bool) -> None:
    """Print a report."""
    if as_json:
        import json  # noqa: PLC0415

        say(json.dumps(report.to_json_dict(), indent=2, ensure_ascii=False))
        return
    from kibo_client.summary import summary  # noqa: PLC0415

    say("\n".join(summary(report)))


def write_report(
    audit: Iterable[AuditRow],
    report: Report,
    directory: Path,
    *,
    tenant: int,
    api_host: str,
    formats: tuple[str, ...] = (),
) -> None:
    """Write the audit report, in all its forms if none is chosen."""
    from kibo_client.audit_files import FORMATS, Where, write_audit  # noqa: PLC0415

    for path in write_audit(audit, report, directory, where=Where(tenant, api_host), formats=formats or FORMATS):
        say(f"wrote {path}", err=True)
