"""Faults that are injected on purpose: documents, decisions and counts, without I/O."""

from kibo_simulator.faults.document import MOST_FAULTS, FaultError, Match, PlannedFault
from kibo_simulator.faults.effects import Effect, Place
from kibo_simulator.faults.plan import FaultPlan, ItemFacts, JobFacts, LoadedFault, RequestFacts, Use
from kibo_simulator.faults.reading import check_operations, read_faults

__all__ = [
    "MOST_FAULTS",
    "Effect",
    "FaultError",
    "FaultPlan",
    "ItemFacts",
    "JobFacts",
    "LoadedFault",
    "Match",
    "Place",
    "PlannedFault",
    "RequestFacts",
    "Use",
    "check_operations",
    "read_faults",
]
