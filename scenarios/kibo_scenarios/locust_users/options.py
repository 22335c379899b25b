"""The options of a run by Locust's own commands: what is added to them, and what the environment may say instead."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from kibo_scenarios.report_options import Wishes

SCENARIO_VARIABLE: Final = "KIBO_SCENARIO"


class RunOptions(Struct, frozen=True):
    """What a master is told.

    Attributes:
        seed: Instead of the scenario's own; None for that.
        speed: Simulated seconds per second for a simulator whose clock stands still; None when nothing was said.
        bare: Whether no control plane is to be used.
        wishes: Which reports to write.
    """

    seed: int | None
    speed: float | None
    bare: bool
    wishes: Wishes


def add_options(parser: Any) -> None:
    """Add our options to Locust's own."""
    for flag, told in OPTIONS.items():
        # The page in the browser could only show what was fixed when Locust was started.
        parser.add_argument(flag, include_in_web_ui=False, **told)


def options_of(parsed: Any) -> RunOptions:
    """Return what was said to Locust; paths are texts there, as it sends all options to its workers."""

    def path(text: str | None) -> Path | None:
        return Path(text) if text else None

    wishes = Wishes(
        as_json=parsed.kibo_json,
        folder=path(parsed.kibo_report),
        junit=path(parsed.kibo_junit),
        html=path(parsed.kibo_html),
    )
    return RunOptions(parsed.kibo_seed, parsed.kibo_speed, parsed.kibo_bare, wishes)


def scenario_named(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """Return the scenario that a command line or the environment names: users are needed before Locust reads either."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--kibo-scenario")
    try:
        found, _ = parser.parse_known_args(arguments)
    except argparse.ArgumentError:
        return None
    return found.kibo_scenario or environment.get(SCENARIO_VARIABLE) or None


def _speed(text: str) -> float:
    from kibo_scenarios.pace import FASTEST  # noqa: PLC0415 - it brings an event loop, which a worker has no use for

    try:
        speed = float(text.removeprefix("x"))
    except ValueError:
        speed = 0.0
    if not 1 <= speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"expected 1 to {FASTEST:.0f}, got {text[:40]!r}")
    return speed


OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "--kibo-scenario": {
        "metavar": "NAME|FILE",
        "default": os.environ.get(SCENARIO_VARIABLE),
        "help": f"The load scenario; or the variable {SCENARIO_VARIABLE}.",
    },
    "--kibo-speed": {
        "metavar": "N",
        "type": _speed,
        "help": "Start a simulator's clock that stands still, N times as fast as real time.",
    },
    "--kibo-seed": {"metavar": "N", "type": int, "help": "Instead of the scenario's own seed."},
    "--kibo-bare": {"action": "store_true", "help": "Use no control plane, even if the target has one."},
    "--kibo-report": {"metavar": "DIR", "help": "Write all reports to this folder."},
    "--kibo-json": {"action": "store_true", "help": "Print the report as JSON."},
    "--kibo-junit": {"metavar": "FILE", "help": "Write JUnit XML to this file."},
    "--kibo-html": {"metavar": "FILE", "help": "Write one self-contained page to this file."},
}
