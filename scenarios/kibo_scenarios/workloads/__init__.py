"""Load scenarios: clients with wishes of their own, all in one world, and thresholds for what comes of them.

Names are loaded when they are asked for: what decides here is used where nothing else of a run may be loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kibo_scenarios.workloads.load_file import find_any, read_any
    from kibo_scenarios.workloads.load_run import LoadResult, run_load
    from kibo_scenarios.workloads.load_scenario import LoadScenario

__all__ = ["LoadResult", "LoadScenario", "find_any", "read_any", "run_load"]

_HOMES: Final = {
    "LoadResult": "load_run",
    "LoadScenario": "load_scenario",
    "find_any": "load_file",
    "read_any": "load_file",
    "run_load": "load_run",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
