"""An offline stand-in for Kibo's inventory, job and batch APIs, with exact limits and its own clock.

Unofficial; not affiliated with Kibo.
"""

from kibo_simulator.clock import Clock, ClockError
from kibo_simulator.faults import FaultError, PlannedFault, read_faults
from kibo_simulator.rate_limits import LimitsDocument, LimitsError, PoolLimit, PoolStatus
from kibo_simulator.settings import AccessSettings, InventorySettings, SampleSettings, Settings
from kibo_simulator.simulator import Simulator
from kibo_simulator.stock.records import StockRecord
from kibo_simulator.store.database import DatabaseError
from kibo_simulator.version import __version__

__all__ = [
    "AccessSettings",
    "Clock",
    "ClockError",
    "DatabaseError",
    "FaultError",
    "InventorySettings",
    "LimitsDocument",
    "LimitsError",
    "PlannedFault",
    "PoolLimit",
    "PoolStatus",
    "SampleSettings",
    "Settings",
    "Simulator",
    "StockRecord",
    "__version__",
    "read_faults",
]
