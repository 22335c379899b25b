"""The command ``kibo-scenarios grade NAME|FILE -- COMMAND``: lets any client do a scenario's work, and judges it."""

import asyncio
import os
import time
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kibo_scenarios.errors import UsageError
from kibo_scenarios.outlet import say
from kibo_scenarios.report_options import Wishes, report_options

if TYPE_CHECKING:
    # Loaded when the command runs, so that --help is quick.
    from kibo_scenarios.drivers import Driver, Task
    from kibo_scenarios.pace import Pace
    from kibo_scenarios.result import RunResult

LINES_SHOWN = 20


class SpanType(click.ParamType[int]):
    """A span of time such as 90s or 1h30m, in microseconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Accept what scenario files accept, but not nothing."""
        from kibo_scenarios.moments import parse_span  # noqa: PLC0415

        if isinstance(value, int):
            return value
        try:
            span = parse_span(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from None
        if not span:
            raise click.BadParameter("expected a span greater than nothing", ctx, param)
        return span


@click.command("grade", short_help="Let any client do a scenario's work, and judge it.")
@click.argument("scenario", metavar="NAME|FILE")
@click.argument("command", nargs=-1, metavar="-- COMMAND...")
@click.option(
    "--driver",
    type=click.Choice(["child", "black-box"]),
    default="child",
    show_default=True,
    help="Run COMMAND, or only watch a client that is run by somebody else.",
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 240),
    default=1.0,
    show_default=True,
    help="Times as fast as the clock: for COMMAND by means of faketime.",
)
@click.option("--compressed", is_flag=True, help="Let a minute take 2 s, for a client whose delays can be set.")
@click.option(
    "--client",
    "--client-profile",
    "declaration",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What the client says of itself (YAML): name, does, knows_limits, options.",
)
@click.option("--time-limit", type=SpanType(), metavar="SPAN", help="Instead of the scenario's own, such as 20m.")
@click.option("--for", "for_us", type=SpanType(), metavar="SPAN", help="End watching after this time.")
@click.option("--idle", "idle_us", type=SpanType(), metavar="SPAN", help="End watching after so long without requests.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Instead of the scenario's own seed.")
@report_options
def grade_client(
    *,
    scenario: str,
    command: tuple[str, ...],
    driver: str,
    speed: float,
    compressed: bool,
    declaration: Path | None,
    time_limit: int | None,
    for_us: int | None,
    idle_us: int | None,
    seed: int | None,
    wishes: Wishes,
) -> int:
    """Let a client do a scenario's work, and judge it by the rules.

    COMMAND gets KIBO_API_HOST, KIBO_AUTH_HOST, KIBO_TENANT, KIBO_SITE, KIBO_CLIENT_ID, KIBO_SHARED_SECRET and
    KIBO_TASK_FILE (JSON: what to do). Spans are simulated time. The expectations of the scenario are those of the
    reference client, and only those about the stock are looked at.
    """
    import msgspec  # noqa: PLC0415

    from kibo_scenarios.declaration import UNNAMED, does_the_work, read_declaration  # noqa: PLC0415
    from kibo_scenarios.delivery import deliver  # noqa: PLC0415
    from kibo_scenarios.drivers import BlackBox, ChildClient  # noqa: PLC0415
    from kibo_scenarios.drivers.executables import find_program  # noqa: PLC0415
    from kibo_scenarios.drivers.faketime import check_reach  # noqa: PLC0415
    from kibo_scenarios.figures import OF_THE_STOCK  # noqa: PLC0415
    from kibo_scenarios.library import find  # noqa: PLC0415
    from kibo_scenarios.result import ExitCode  # noqa: PLC0415
    from kibo_scenarios.runner import run_scenario  # noqa: PLC0415

    black_box = driver == "black-box"
    _refuse_contradictions(
        command, black_box=black_box, speed=speed, compressed=compressed, watching=bool(for_us or idle_us)
    )
    chosen = find(scenario)
    of_the_stock = tuple(one for one in chosen.expectations if one.figure in OF_THE_STOCK)
    chosen = msgspec.structs.replace(chosen, expectations=of_the_stock)
    pace = _pace(speed, compressed=compressed)
    if seed is not None:
        chosen = msgspec.structs.replace(chosen, seed=seed)
    if time_limit is not None:
        chosen = msgspec.structs.replace(chosen, time_limit=time_limit)
    if speed == 1 and not compressed:
        # The client looks at the machine's clock, and the server's must agree with it.
        chosen = msgspec.structs.replace(chosen, start=time.time_ns() // 1000)
    name = "black box" if black_box else _name_of(command)
    if declaration is None:
        client = does_the_work(chosen.work.kind, name)
    else:
        client = read_declaration(declaration)
        if client.name == UNNAMED:
            client = msgspec.structs.replace(client, name=name)
    if not black_box and chosen.work.kind not in client.does:
        say(f"{chosen.name}: not applicable to {client.name}, which declares to do no {chosen.work.kind}", err=True)
        return ExitCode.NOTHING_CONCLUDED
    delivery = deliver(wishes)
    use: Driver
    if black_box:
        use = BlackBox(announce=_announce, for_us=for_us, idle_us=idle_us)
    else:
        find_program(command[0])
        if speed > 1:
            check_reach(command, speed)
        use = ChildClient(command, os.environ)
    try:
        result = run_scenario(
            chosen, driver=use, pace=pace, rules=delivery.rules, profile=delivery.profile, client=client
        )
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    if not black_box and speed > 1:
        _refuse_real_time(result, speed)
    delivery.add(result)
    _keep_output(result, wishes.folder)
    if result.client_failure:
        _show_output(result)
    return delivery.finish()


def _refuse_contradictions(
    command: tuple[str, ...], *, black_box: bool, speed: float, compressed: bool, watching: bool
) -> None:
    if black_box and command:
        raise UsageError("--driver black-box: only watches; leave COMMAND out, or the option")
    if not black_box and not command:
        raise UsageError("COMMAND: the client is missing; give it after --, or watch one with --driver black-box")
    if not black_box and watching:
        raise UsageError("--for and --idle: only mean something with --driver black-box; see --time-limit")
    # A range lets nan through: it is neither below nor above.
    if isnan(speed):
        raise UsageError("--speed nan: expected a number from 1 to 240")
    if compressed and speed != 1:
        raise UsageError("--compressed: has a speed of its own; leave --speed out")


def _pace(speed: float, *, compressed: bool) -> "Pace":
    from kibo_scenarios.pace import COMPRESSED, REAL, Pace  # noqa: PLC0415

    if compressed:
        return COMPRESSED
    return REAL if speed == 1 else Pace(f"x{speed:g}", speed)


def _name_of(command: tuple[str, ...]) -> str:
    """Return what a command is called when nobody says: its script, or the program."""
    words = [word for word in command if not word.startswith("-")]
    files = [Path(word) for word in words[1:] if Path(word).is_file()]
    return (files[0] if files else Path(words[0] if words else command[0])).name[:64]


def _announce(task: "Task") -> None:
    say(
        f"""\
API and authentication  {task.api_host}
tenant, site            {task.tenant}, {task.site}
client id, secret       {task.client_id}, {task.shared_secret}
{_to_do(task)}
time                    {task.pace.name}
Watching; Ctrl-C ends it and judges.""",
        err=True,
    )


def _to_do(task: "Task") -> str:
    from kibo_scenarios.moments import format_utc  # noqa: PLC0415

    if task.files is None:
        return f"to do                   {task.work} of the {len(task.targets):,} records in {task.export_file}"
    feeds = (
        f"to do                   {feed.kind} of {feed.rows:,} rows in {feed.file}, at {format_utc(feed.due)[:19]}Z"
        for feed in task.files.feeds
    )
    places = [f"drop folder             {task.files.drop.name}"]
    places += [f"the same by SFTP        {task.files.sftp_url}"] if task.files.sftp_url else []
    return "\n".join((*places, *feeds))


def _refuse_real_time(result: "RunResult", speed: float) -> None:
    from kibo_scenarios.drivers.pace_check import lived_in_real_time  # noqa: PLC0415

    if lived_in_real_time(result.evidence.journal, speed):
        raise UsageError(
            f"--speed {speed:g}: the client waited {speed:g} times as long as it was asked to, so its clock is the "
            "machine's; use --speed 1, or --compressed if its delays can be set"
        )


def _keep_output(result: "RunResult", folder: Path | None) -> None:
    if folder is None:
        return
    for stream, text in result.output.items():
        try:
            (folder / result.scenario.name / f"client-{stream}.txt").write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--report {folder}: {error.strerror or error}") from None


def _show_output(result: "RunResult") -> None:
    for stream, text in result.output.items():
        lines = text.rstrip().splitlines()
        if lines:
            last = f"the last {LINES_SHOWN} lines of " if len(lines) > LINES_SHOWN else ""
            say(f"{last}{result.client}, {stream}:", err=True)
            for line in lines[-LINES_SHOWN:]:
                say(f"  {line}", err=True)
