"""An offline stand-in for Kibo's inventory, job and batch APIs, with exact limits and its own clock.

Unofficial; not affiliated with Kibo.
"""

from kibo_simulator.clock import Clock, ClockError
from kibo_simulator.faults import FaultError, PlannedFault, read_faults
from kibo_simulator.off_peak import OffPeakHours
from kibo_simulator.rate_limits import LimitsDocument, LimitsError, PoolLimit, PoolStatus
from kibo_simulator.settings import (
    AccessSettings,
    FileSettings,
    InventorySettings,
    SampleSettings,
    Settings,
    SettingsError,
    TenantSettings,
)
from kibo_simulator.simulator import Simulator
from kibo_simulator.snapshots import ShelfError, Snapshot
from kibo_simulator.stock.records import StockRecord
from kibo_simulator.store.database import DatabaseError
from kibo_simulator.store.images import ImageError
from kibo_simulator.version import __version__

__all__ = [
    "AccessSettings",
    "Clock",
    "ClockError",
    "DatabaseError",
    "FaultError",
    "FileSettings",
    "ImageError",
    "InventorySettings",
    "LimitsDocument",
    "LimitsError",
    "OffPeakHours",
    "PlannedFault",
    "PoolLimit",
    "PoolStatus",
    "SampleSettings",
    "Settings",
    "SettingsError",
    "ShelfError",
    "Simulator",
    "Snapshot",
    "StockRecord",
    "TenantSettings",
    "__version__",
    "read_faults",
]
