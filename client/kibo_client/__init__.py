"""A production-grade asynchronous client for bulk work against Kibo's inventory APIs."""

from kibo_client.client import KiboClient
from kibo_client.errors import (
    CredentialsRefusedError,
    ExportFileError,
    JournalError,
    KiboClientError,
    SettingsError,
    TargetError,
)
from kibo_client.events import Event, Scope, Wait
from kibo_client.export_file import read_location_export
from kibo_client.options import BulkDeleteOptions
from kibo_client.report import BulkDeleteReport, FailedJob, Progress, ThrottledRequest, UndoneTarget
from kibo_client.settings import Settings, load_settings
from kibo_client.targets import Target

__all__ = [
    "BulkDeleteOptions",
    "BulkDeleteReport",
    "CredentialsRefusedError",
    "Event",
    "ExportFileError",
    "FailedJob",
    "JournalError",
    "KiboClient",
    "KiboClientError",
    "Progress",
    "Scope",
    "Settings",
    "SettingsError",
    "Target",
    "TargetError",
    "ThrottledRequest",
    "UndoneTarget",
    "Wait",
    "load_settings",
    "read_location_export",
]
