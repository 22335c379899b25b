"""The command line: parses, calls, prints, and turns every outcome into its exit code; decides nothing itself."""

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kibo_scenarios.check_command import check_files, show_schema
from kibo_scenarios.errors import HarnessError, UsageError
from kibo_scenarios.grade_command import grade_client
from kibo_scenarios.locust_command import run_with_locust
from kibo_scenarios.outlet import console, say
from kibo_scenarios.replay_command import replay_journal
from kibo_scenarios.report_options import Wishes, report_options
from kibo_scenarios.result import ExitCode
from kibo_scenarios.sweep_command import sweep_scenario

if TYPE_CHECKING:
    from kibo_scenarios.scenario import Scenario
    from kibo_scenarios.workloads import LoadScenario

_CODES = """\b
Exit codes:
  0    all passed
  1    a rule or an expectation failed
  2    wrong usage or an unusable scenario file
  3    nothing could be concluded: a promised opportunity did not come
  4    the harness itself failed, which says nothing about the client
  130  interrupted
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_CODES)
@click.version_option(package_name="kibo-simulator", prog_name="kibo-scenarios")
def commands() -> None:
    """Run scenarios against the Kibo simulator and grade how a client behaves."""


@commands.command("list")
def list_scenarios() -> None:
    """List the scenarios that come with the package."""
    from rich.table import Table  # noqa: PLC0415 - rich and the rest are loaded when a command runs, so --help is quick

    from kibo_scenarios.library import packaged  # noqa: PLC0415
    from kibo_scenarios.workloads import read_any  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name, file in packaged().items():
        table.add_row(name, read_any(file).title)
    console().print(table)


@commands.command("show", short_help="Print a scenario's file.")
@click.argument("name")
def show_scenario(name: str) -> None:
    """Print a scenario's file, after checking it: the start for one of your own."""
    from kibo_scenarios.workloads import find_any  # noqa: PLC0415

    scenario = find_any(name)
    say(Path(scenario.file).read_text(encoding="utf-8"), nl=False)


@commands.command("run", short_help="Run scenarios, graded or under load.")
@click.argument("scenarios", nargs=-1, required=True, metavar="NAME|FILE...")
@click.option(
    "--time",
    "time_mode",
    default="virtual",
    metavar="virtual|xN|real",
    help="How time passes: simulated and at once (default), or over real sockets N times as fast as the clock.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Instead of the scenario's own seed.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PLACE=VALUE",
    help="Another value at a place in the file, such as limits.rpm=20; repeatable, with the places of sweep.",
)
@report_options
def run_scenarios(
    *, scenarios: Sequence[str], time_mode: str, seed: int | None, settings: Sequence[str], wishes: Wishes
) -> int:
    """Run scenarios: with the reference client, which is graded, or load scenarios, which have thresholds."""
    import msgspec  # noqa: PLC0415

    from kibo_scenarios.delivery import deliver  # noqa: PLC0415
    from kibo_scenarios.load_delivery import LoadDelivery  # noqa: PLC0415
    from kibo_scenarios.pace import parse_pace  # noqa: PLC0415
    from kibo_scenarios.runner import run_scenario  # noqa: PLC0415
    from kibo_scenarios.workloads import LoadScenario, run_load  # noqa: PLC0415

    pace = parse_pace(time_mode)
    # All files are read before anything runs: a mistake in the last one must not cost the runs before it.
    chosen = [_chosen(name, settings) for name in scenarios]
    names = [scenario.name for scenario in chosen]
    if wishes.keeps_runs_apart_by_name and len(set(names)) < len(names):
        raise UsageError("--report: two of these scenarios have the same name, and their reports the same place")
    if seed is not None:
        chosen = [msgspec.structs.replace(scenario, seed=seed) for scenario in chosen]
    loads = [scenario for scenario in chosen if isinstance(scenario, LoadScenario)]
    if loads and len(loads) < len(chosen):
        raise UsageError(f"{loads[0].name}: is a load scenario; run it apart from those that grade a client")
    delivery = deliver(wishes)
    if loads:
        load_delivery = LoadDelivery(wishes)
        for load in loads:
            load_delivery.add(run_load(load, pace=pace, rules=delivery.rules, profile=delivery.profile))
        return load_delivery.finish()
    for scenario in chosen:
        assert not isinstance(scenario, LoadScenario)
        delivery.add(run_scenario(scenario, pace=pace, rules=delivery.rules, profile=delivery.profile))
    return delivery.finish()


def _chosen(name: str, settings: Sequence[str]) -> "Scenario | LoadScenario":
    """Return a scenario as the command line wants it."""
    from kibo_scenarios.workloads.load_file import checked_any, find_document  # noqa: PLC0415

    document = find_document(name)
    if settings:
        from kibo_scenarios.sweeps import parse_setting, with_settings  # noqa: PLC0415

        document = with_settings(document, [parse_setting(text) for text in settings])
    return checked_any(document)


@commands.command("rules")
@click.option("--format", "form", type=click.Choice(["table", "md", "json"]), default="table", show_default=True)
@click.option(
    "--profile",
    default="guide",
    metavar="guide|strict|FILE",
    help="With the levels of this profile.",
    show_default=True,
)
def show_rules(form: str, profile: str) -> None:
    """Print the catalogue of rules."""
    from kibo_scenarios.profiles import find_profile  # noqa: PLC0415
    from kibo_scenarios.reports.catalogue_listing import (  # noqa: PLC0415
        catalogue_json,
        catalogue_markdown,
        catalogue_table,
    )
    from kibo_scenarios.rules import RULES, with_levels  # noqa: PLC0415

    rules = with_levels(RULES, find_profile(profile).levels)
    if form == "table":
        console().print(catalogue_table(rules))
    else:
        say(catalogue_markdown(rules) if form == "md" else catalogue_json(rules), nl=False)


commands.add_command(check_files)
commands.add_command(grade_client)
commands.add_command(replay_journal)
commands.add_command(run_with_locust)
commands.add_command(show_schema)
commands.add_command(sweep_scenario)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with a code of the contract; never with a traceback for a user's mistake."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    stdout = sys.stdout
    try:
        code = commands.main(args=arguments, prog_name="kibo-scenarios", standalone_mode=False)
    except SystemExit as error:
        if sys.stdout is not stdout:
            # Click replaces the stream, and ends with 1, when a reader goes away while it prints help itself.
            return ExitCode.PASSED
        code = error.code
    except click.ClickException as error:
        if "\n" in error.format_message():
            error.show()
        else:
            _complain(error.format_message())
        return ExitCode.USAGE
    except UsageError as error:
        _complain(str(error))
        return ExitCode.USAGE
    except HarnessError as error:
        _complain(f"the harness failed: {error}")
        return ExitCode.HARNESS_FAILED
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted; nothing was concluded")
        return ExitCode.INTERRUPTED
    except Exception:  # noqa: BLE001 - the last line of defence: a defect of ours must not look like a failed client
        traceback.print_exc()
        _complain("the harness failed: this is a defect of kibo-scenarios, please report it with the lines above")
        return ExitCode.HARNESS_FAILED
    return code if isinstance(code, int) else ExitCode.PASSED


def _complain(message: str) -> None:
    say(f"kibo-scenarios: {message}", err=True)


if __name__ == "__main__":
    main()
