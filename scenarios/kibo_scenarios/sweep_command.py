"""The command ``kibo-scenarios sweep``: one scenario over a grid of settings; 0 when all kept, 1 when some did not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_OVER = (
    "A place in the file and its values, such as limits.rpm=20,50,100 or clients.tills.stages.0.rate=1,2; repeatable."
)


@click.command("sweep", short_help="Run one scenario over a grid of settings.")
@click.argument("scenario", metavar="NAME|FILE")
@click.option("--over", "over", multiple=True, required=True, metavar="PLACE=VALUE,VALUE...", help=_OVER)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@click.option(
    "--report", "folder", type=click.Path(path_type=Path), help="Write page, JSON, CSV and drawing to this folder."
)
@click.option("--html", type=_FILE, help="Write one self-contained page to this file.")
@click.option("--csv", "table", type=_FILE, help="Write a row for each run to this file.")
@click.option("--svg", type=_FILE, help="Write a drawing to this file.")
@click.option("--processes", type=click.IntRange(1, 256), help="How many runs at a time; as many as there are cores.")
def sweep_scenario(
    *,
    scenario: str,
    over: Sequence[str],
    as_json: bool,
    folder: Path | None,
    html: Path | None,
    table: Path | None,
    svg: Path | None,
    processes: int | None,
) -> int:
    """Run one scenario, in virtual time, with every combination of values: how long it takes, where it breaks.

    Short words: limits.rpm, limits.rph, stores, products, workers, job_base_s, batch_size, spacing_s. Ends with 0 when
    every run kept all that was promised, with 1 when at least one did not.
    """
    from kibo_scenarios.reports.sweep_view import Sweep  # noqa: PLC0415 - loaded when the command runs: --help is quick
    from kibo_scenarios.sweep_delivery import SweepDelivery  # noqa: PLC0415
    from kibo_scenarios.sweeps import cells, parse_axis, sweep  # noqa: PLC0415
    from kibo_scenarios.workloads.load_file import find_document  # noqa: PLC0415

    axes = tuple(parse_axis(text) for text in over)
    document = find_document(scenario)
    grid = list(cells(document, axes))
    delivery = SweepDelivery(as_json=as_json, folder=folder, html=html, table=table, svg=svg)
    outcomes = tuple(delivery.watched(sweep(grid, processes=processes), len(grid)))
    name, title = str(document.value["name"]), str(document.value["title"])
    return delivery.finish(Sweep(scenario=scenario, name=name, title=title, axes=axes, outcomes=outcomes))
