"""Virtual time: an event loop without a file descriptor that jumps from timer to timer."""

from kibo_scenarios.virtual_time.errors import (
    Deadlock,
    EscapedVirtualTime,
    Livelock,
    LoopIncident,
    UnhandledInLoop,
    VirtualTimeError,
    WaitingTask,
)
from kibo_scenarios.virtual_time.loop import VirtualTimeLoop
from kibo_scenarios.virtual_time.running import loop_factory, run_virtual
from kibo_scenarios.virtual_time.timers import Appointment

__all__ = [
    "Appointment",
    "Deadlock",
    "EscapedVirtualTime",
    "Livelock",
    "LoopIncident",
    "UnhandledInLoop",
    "VirtualTimeError",
    "VirtualTimeLoop",
    "WaitingTask",
    "loop_factory",
    "run_virtual",
]
