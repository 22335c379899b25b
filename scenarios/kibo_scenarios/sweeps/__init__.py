"""What if: one scenario over a grid of settings, and where it breaks."""

from kibo_scenarios.sweeps.grid import MOST_CELLS, Axis, Cell, SweepError, cells, parse_axis
from kibo_scenarios.sweeps.sweep import Outcome, sweep

__all__ = ["MOST_CELLS", "Axis", "Cell", "Outcome", "SweepError", "cells", "parse_axis", "sweep"]
