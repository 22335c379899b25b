"""Load scenarios: clients with wishes of their own, all in one world, and thresholds for what comes of them."""

from kibo_scenarios.workloads.load_file import find_any, read_any
from kibo_scenarios.workloads.load_run import LoadResult, run_load
from kibo_scenarios.workloads.load_scenario import LoadScenario

__all__ = ["LoadResult", "LoadScenario", "find_any", "read_any", "run_load"]
