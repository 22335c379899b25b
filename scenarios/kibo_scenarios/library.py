"""Finds scenarios: the ones that come with the package, by name, and anybody's own, by file."""

from importlib import resources
from pathlib import Path

from kibo_scenarios.errors import HarnessError, UsageError
from kibo_scenarios.scenario import Scenario
from kibo_scenarios.scenario_file import read_scenario


def library_folder() -> Path:
    """Return where the packaged scenarios are: inside the installed package, or beside it in a source tree.

    Raises:
        HarnessError: They are in neither place: the installation is broken.
    """
    installed = Path(str(resources.files("kibo_scenarios") / "library"))
    source_tree = Path(__file__).parents[1] / "library"
    for folder in (installed, source_tree):
        if folder.is_dir():
            return folder
    raise HarnessError(f"the packaged scenarios are neither in {installed} nor in {source_tree}; install again")


def packaged() -> dict[str, Path]:
    """Return the files of the packaged scenarios by name."""
    return {file.stem: file for file in sorted(library_folder().glob("*.yaml"))}


def find(name_or_file: str) -> Scenario:
    """Return a packaged scenario by its name, or the one in a file.

    Raises:
        UsageError: There is neither; the message lists the names.
        ScenarioFileError: The file is no scenario.
    """
    known = packaged()
    if name_or_file in known:
        return read_scenario(known[name_or_file])
    looks_like_file = name_or_file.endswith((".yaml", ".yml")) or "/" in name_or_file or Path(name_or_file).is_file()
    if looks_like_file:
        return read_scenario(Path(name_or_file), name_or_file)
    raise UsageError(f"no scenario is called {name_or_file!r}: expected a file, or one of {', '.join(known)}")
