"""The command ``kibo-scenarios sweep``: one scenario over a grid of settings; 0 when all kept, 1 when some did not."""

from collections.abc import Sequence
from pathlib import Path

import click

from kibo_scenarios.outlet import console, say
from kibo_scenarios.result import ExitCode

_OVER = (
    "A place in the file and its values, such as limits.rpm=20,50,100 or clients.tills.stages.0.rate=1,2; repeatable."
)


@click.command("sweep", short_help="Run one scenario over a grid of settings.")
@click.argument("scenario", metavar="NAME|FILE")
@click.option("--over", "over", multiple=True, required=True, metavar="PLACE=VALUE,VALUE...", help=_OVER)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write a drawing to this file.")
@click.option("--processes", type=click.IntRange(1, 256), help="How many runs at a time; as many as there are cores.")
def sweep_scenario(
    *, scenario: str, over: Sequence[str], as_json: bool, svg: Path | None, processes: int | None
) -> int:
    """Run one scenario, in virtual time, with every combination of values: how long it takes, where it breaks.

    Short words: limits.rpm, limits.rph, stores, products, workers, job_base_s, batch_size, spacing_s. Ends with 0 when
    every run kept all that was promised, with 1 when at least one did not.
    """
    from kibo_scenarios.errors import UsageError  # noqa: PLC0415 - loaded when the command runs, so --help is quick
    from kibo_scenarios.reports.files import write_file  # noqa: PLC0415
    from kibo_scenarios.reports.sweep_view import frontier, sweep_json, sweep_svg, sweep_table  # noqa: PLC0415
    from kibo_scenarios.sweeps import cells, parse_axis, sweep  # noqa: PLC0415
    from kibo_scenarios.workloads.load_file import find_document  # noqa: PLC0415

    axes = [parse_axis(text) for text in over]
    document = find_document(scenario)
    grid = list(cells(document, axes))
    if svg is not None and not svg.absolute().parent.is_dir():
        raise UsageError(f"--svg {svg}: there is no folder {svg.parent}")
    outcomes = list(sweep(grid, processes=processes))
    name = str(document.value["name"])
    if as_json:
        say(sweep_json(name, axes, outcomes), nl=False)
    else:
        terminal = console()
        terminal.print(sweep_table(axes, outcomes))
        for line in frontier(axes, outcomes):
            terminal.print(line)
    if svg is not None:
        write_file("--svg", svg, sweep_svg(name, axes, outcomes).encode())
    concluded = {one.conclusion for one in outcomes}
    if "FAILED" in concluded:
        return ExitCode.FAILED
    return ExitCode.NOTHING_CONCLUDED if len(concluded) > 1 or concluded != {"PASSED"} else ExitCode.PASSED
