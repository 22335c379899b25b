"""HTTP on top of the simulator: routes, the gate before them, error envelopes and the control plane."""

from kibo_simulator.web.application import OPERATIONS, build_application

__all__ = ["OPERATIONS", "build_application"]
