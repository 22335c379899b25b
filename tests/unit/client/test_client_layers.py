"""The deciding modules of the client decide without I/O (house rule 2)."""

import ast
from pathlib import Path

import kibo_client

FORBIDDEN = {"aiohttp", "anyio", "asyncio", "datetime", "logging", "os", "random", "socket", "threading", "time"}
DECIDING = frozenset(
    {
        *("account", "batching", "breaker", "budget", "bulk", "clock_offset", "events", "failures", "identifiers"),
        *("job_book", "learning", "operation", "optimum", "options", "outcomes", "polling", "reconcile"),
        *("refusals", "retry", "scope", "settlement", "targets", "turns", "units", "urgency", "work"),
        *("audit", "census", "lines", "lost_update", "plan", "update", "update_options", "update_outcomes"),
        *("update_report", "update_state", "windows"),
    }
)


def imported(module: str) -> set[str]:
    """The names of the packages that a module imports, and of our own modules in full."""
    tree = ast.parse((Path(kibo_client.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module)
    return {name if name.startswith("kibo_client") else name.partition(".")[0] for name in names}


def test_deciding_modules_import_no_io_and_no_clock() -> None:
    """Time is an argument there, and randomness too."""
    assert {module: imported(module) & FORBIDDEN for module in DECIDING} == {module: set() for module in DECIDING}


def test_deciding_modules_import_no_shell() -> None:
    """Shells know decisions, never the other way round; the report's values are shared by both."""
    allowed = {f"kibo_client.{module}" for module in (*DECIDING, "errors", "report")}
    ours = {name for module in DECIDING for name in imported(module) if name.startswith("kibo_client")}

    assert ours - allowed == set()
