"""Ways to make a client do a scenario's work: a coroutine in this process, any command in another, or by watching."""

from kibo_scenarios.drivers.black_box import BlackBox
from kibo_scenarios.drivers.child import ChildClient
from kibo_scenarios.drivers.reference import reference_client
from kibo_scenarios.drivers.task import ClientReport, Driver, Task

__all__ = ["BlackBox", "ChildClient", "ClientReport", "Driver", "Task", "reference_client"]
