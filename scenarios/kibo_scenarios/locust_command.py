"""The command ``kibo-scenarios locust``: a load scenario run by Locust's master and workers on this machine."""

import tempfile
from pathlib import Path
from typing import Final

import click

from kibo_scenarios.outlet import say
from kibo_scenarios.result import ExitCode

_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.command("locust", short_help="Run a load scenario with Locust.")
@click.argument("scenario", metavar="[NAME|FILE]", required=False)
@click.option("--url", help="The server to put under load; a simulator with the file's world when absent.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="How many processes send.")
@click.option(
    "--speed", type=click.FloatRange(1, 1000), help="Start the simulator's clock so many times as fast as real."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Instead of the scenario's own seed.")
@click.option("--bare", is_flag=True, help="Use no control plane, even if the server has one.")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON report instead.")
@click.option("--report", "folder", type=click.Path(path_type=Path), help="Write all reports and the journal here.")
@click.option("--junit", type=_FILE, help="Write JUnit XML to this file.")
@click.option("--html", type=_FILE, help="Write one self-contained page to this file.")
@click.option("--show-locust", is_flag=True, help="Show Locust's own log and tables, too.")
@click.option("--locustfile", "where", is_flag=True, help="Print the path of the locustfile for locust -f, and end.")
@click.option("--world", type=_FILE, help="Write the configuration of the file's simulator to this file, and end.")
def run_with_locust(
    *,
    scenario: str | None,
    url: str | None,
    workers: int,
    speed: float | None,
    seed: int | None,
    bare: bool,
    as_json: bool,
    folder: Path | None,
    junit: Path | None,
    html: Path | None,
    show_locust: bool,
    where: bool,
    world: Path | None,
) -> int:
    """Run a load scenario with Locust's own master and workers, all on this machine, over sockets.

    For more machines: locust -f "$(kibo-scenarios locust --locustfile)" with Locust's --master and --worker.
    """
    from kibo_scenarios.locust_users.extra import LOCUSTFILE, require_locust  # noqa: PLC0415 - so that --help is quick

    require_locust()
    if where:
        say(str(LOCUSTFILE))
        return ExitCode.PASSED

    import msgspec  # noqa: PLC0415

    from kibo_scenarios.errors import UsageError  # noqa: PLC0415
    from kibo_scenarios.load_delivery import LoadDelivery  # noqa: PLC0415
    from kibo_scenarios.locust_users.control_plane import checked_url  # noqa: PLC0415
    from kibo_scenarios.locust_users.starting import Order, run_locust, simulator_configuration  # noqa: PLC0415
    from kibo_scenarios.report_options import Wishes  # noqa: PLC0415
    from kibo_scenarios.reports.files import write_file  # noqa: PLC0415
    from kibo_scenarios.workloads import LoadScenario, find_any  # noqa: PLC0415

    if scenario is None:
        raise click.UsageError("Missing argument '[NAME|FILE]'.")
    found = find_any(scenario)
    if not isinstance(found, LoadScenario):
        raise UsageError(f"{scenario}: grades one client; Locust runs load scenarios, which have $.clients")
    if seed is not None:
        found = msgspec.structs.replace(found, seed=seed)
    if world is not None:
        # JSON is YAML.
        content = msgspec.json.format(msgspec.json.encode(simulator_configuration(found)), indent=2)
        write_file("--world", world, content + b"\n")
        return ExitCode.PASSED
    if bare and url is None:
        raise UsageError("--bare: is about a server of your own; say --url, too")
    if url is not None:
        checked_url(url)
    # What is wrong with the places of reports is said before anything is started.
    LoadDelivery(Wishes(as_json=as_json, folder=folder, junit=junit, html=html))
    told = {"--kibo-report": folder, "--kibo-junit": junit, "--kibo-html": html}
    flags = [word for flag, file in told.items() if file is not None for word in (flag, str(file))]
    flags += [flag for flag, said in {"--kibo-json": as_json, "--kibo-bare": bare}.items() if said]
    with tempfile.TemporaryDirectory(prefix="kibo-scenarios-") as own:
        order = Order(
            scenario=scenario, url=url, workers=workers, speed=speed, seed=seed, flags=flags, shown=show_locust
        )
        return run_locust(found, order, Path(own))
