"""What if: one scenario over a grid of settings, and where it breaks."""

from kibo_scenarios.sweeps.grid import (
    MOST_CELLS,
    Axis,
    Cell,
    SweepError,
    Value,
    as_written,
    cells,
    parse_axis,
    parse_setting,
    with_settings,
)
from kibo_scenarios.sweeps.outcome import Check, Outcome
from kibo_scenarios.sweeps.sweep import sweep

__all__ = [
    "MOST_CELLS", "Axis", "Cell", "Check", "Outcome", "SweepError", "Value", "as_written", "cells", "parse_axis",
    "parse_setting", "sweep", "with_settings",
]  # fmt: skip
