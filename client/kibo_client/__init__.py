"""A production-grade asynchronous client for bulk work against Kibo's inventory APIs.

The names below are imported when they are first used, so that `kibo-client --help` does not wait for the HTTP library.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kibo_client.client import KiboClient
    from kibo_client.errors import (
        CredentialsRefusedError,
        ExportFileError,
        JournalError,
        KiboClientError,
        SettingsError,
        TargetError,
        UnreachableError,
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
    "UnreachableError",
    "Wait",
    "load_settings",
    "read_location_export",
]

_MODULES = {
    "client": ("KiboClient",),
    "errors": (
        "CredentialsRefusedError",
        "ExportFileError",
        "JournalError",
        "KiboClientError",
        "SettingsError",
        "TargetError",
        "UnreachableError",
    ),
    "events": ("Event", "Scope", "Wait"),
    "export_file": ("read_location_export",),
    "options": ("BulkDeleteOptions",),
    "report": ("BulkDeleteReport", "FailedJob", "Progress", "ThrottledRequest", "UndoneTarget"),
    "settings": ("Settings", "load_settings"),
    "targets": ("Target",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

# A type checker is to see the imports above, and nothing else that might have any name.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
