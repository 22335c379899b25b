"""Worlds for other people's tests: a simulator in virtual time or in a process of its own, and verdicts on traffic."""

from kibo_scenarios.trials.served_simulator import ServedSimulator, own_tenant, serving, tenant_request
from kibo_scenarios.trials.simulator_settings import checked_settings
from kibo_scenarios.trials.verdicts import GradeRequest, Trial, complaint, grade_request
from kibo_scenarios.trials.virtual_world import VirtualWorld

__all__ = [
    "GradeRequest",
    "ServedSimulator",
    "Trial",
    "VirtualWorld",
    "checked_settings",
    "complaint",
    "grade_request",
    "own_tenant",
    "serving",
    "tenant_request",
]
