"""Ways to make a client do a scenario's work: here, a coroutine in the same process and in virtual time."""

from kibo_scenarios.drivers.reference import reference_client
from kibo_scenarios.drivers.task import ClientReport, Driver, Task

__all__ = ["ClientReport", "Driver", "Task", "reference_client"]
