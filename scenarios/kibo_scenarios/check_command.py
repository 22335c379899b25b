"""``kibo-scenarios check`` and ``schema``: what an editor or a commit hook wants to know of scenario files."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from kibo_scenarios.errors import ScenarioFileError
from kibo_scenarios.outlet import say
from kibo_scenarios.result import ExitCode


@click.command("check", short_help="Check scenario files without running them.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each file that is wrong.")
def check_files(*, files: Sequence[Path], as_json: bool) -> int:
    """Check scenario files without running them; each that is wrong is a line with its place. Ends with 2 then."""
    from kibo_scenarios.workloads import read_any  # noqa: PLC0415 - so that --help is quick

    wrong = 0
    for file in files:
        try:
            read_any(file)
        except ScenarioFileError as error:
            wrong += 1
            if as_json:
                place = {"file": error.file, "line": error.line, "column": error.column, "path": error.path}
                say(json.dumps({**place, "message": str(error)}))
            else:
                say(str(error), err=True)
    if not wrong and not as_json:
        say(f"{len(files)} {'file is' if len(files) == 1 else 'files are'} right")
    return ExitCode.USAGE if wrong else ExitCode.PASSED


@click.command("schema")
def show_schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from kibo_scenarios.scenario_schema import scenario_schema  # noqa: PLC0415 - so that --help is quick

    say(json.dumps(scenario_schema(), indent=2))
