"""A production-grade asynchronous client for bulk work against Kibo's inventory APIs.

The names below are imported when they are first used, so that `kibo-client --help` does not wait for the HTTP library.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kibo_client.audit import AuditRow
    from kibo_client.calls import Call, any_call
    from kibo_client.client import KiboClient
    from kibo_client.errors import (
        CredentialsRefusedError,
        ExportFileError,
        InventoryFileError,
        JournalError,
        KiboClientError,
        NoAnswerError,
        RefusedError,
        ReportError,
        SettingsError,
        TargetError,
        UnknownOutcomeError,
        UnreachableError,
    )
    from kibo_client.events import Event, Scope, Wait
    from kibo_client.exchange import Exchange
    from kibo_client.export_file import read_location_export
    from kibo_client.files.checking import CheckReport, Finding, check_file
    from kibo_client.files.items import FileItem
    from kibo_client.files.making import MadeFile, make_file
    from kibo_client.files.places import Place, open_place
    from kibo_client.files.uploading import Uploaded, upload
    from kibo_client.line_file import read_lines
    from kibo_client.lines import Line
    from kibo_client.models import InventoryQuery, InventoryRecord, ItemQuantity, Job, RequestLocation
    from kibo_client.options import BulkDeleteOptions
    from kibo_client.report import BulkDeleteReport, FailedJob, Progress, ThrottledRequest, UndoneTarget
    from kibo_client.settings import Settings, load_settings
    from kibo_client.target_file import PlainList, read_targets
    from kibo_client.targets import Target
    from kibo_client.update_options import UpdateKind, UpdateOptions
    from kibo_client.update_report import UndoneLine, UpdateReport
    from kibo_client.windows import DailyWindow, parse_window

__all__ = [
    "AuditRow",
    "BulkDeleteOptions",
    "BulkDeleteReport",
    "Call",
    "CheckReport",
    "CredentialsRefusedError",
    "DailyWindow",
    "Event",
    "Exchange",
    "ExportFileError",
    "FailedJob",
    "FileItem",
    "Finding",
    "InventoryFileError",
    "InventoryQuery",
    "InventoryRecord",
    "ItemQuantity",
    "Job",
    "JournalError",
    "KiboClient",
    "KiboClientError",
    "Line",
    "MadeFile",
    "NoAnswerError",
    "Place",
    "PlainList",
    "Progress",
    "RefusedError",
    "ReportError",
    "RequestLocation",
    "Scope",
    "Settings",
    "SettingsError",
    "Target",
    "TargetError",
    "ThrottledRequest",
    "UndoneLine",
    "UndoneTarget",
    "UnknownOutcomeError",
    "UnreachableError",
    "UpdateKind",
    "UpdateOptions",
    "UpdateReport",
    "Uploaded",
    "Wait",
    "any_call",
    "check_file",
    "load_settings",
    "make_file",
    "open_place",
    "parse_window",
    "read_lines",
    "read_location_export",
    "read_targets",
    "upload",
]

_MODULES = {
    "audit": ("AuditRow",),
    "calls": ("Call", "any_call"),
    "client": ("KiboClient",),
    "errors": (
        "CredentialsRefusedError",
        "ExportFileError",
        "InventoryFileError",
        "JournalError",
        "KiboClientError",
        "NoAnswerError",
        "RefusedError",
        "ReportError",
        "SettingsError",
        "TargetError",
        "UnknownOutcomeError",
        "UnreachableError",
    ),
    "events": ("Event", "Scope", "Wait"),
    "exchange": ("Exchange",),
    "export_file": ("read_location_export",),
    "files.checking": ("CheckReport", "Finding", "check_file"),
    "files.items": ("FileItem",),
    "files.making": ("MadeFile", "make_file"),
    "files.places": ("Place", "open_place"),
    "files.uploading": ("Uploaded", "upload"),
    "line_file": ("read_lines",),
    "lines": ("Line",),
    "models": ("InventoryQuery", "InventoryRecord", "ItemQuantity", "Job", "RequestLocation"),
    "options": ("BulkDeleteOptions",),
    "report": ("BulkDeleteReport", "FailedJob", "Progress", "ThrottledRequest", "UndoneTarget"),
    "settings": ("Settings", "load_settings"),
    "target_file": ("PlainList", "read_targets"),
    "targets": ("Target",),
    "update_options": ("UpdateKind", "UpdateOptions"),
    "update_report": ("UndoneLine", "UpdateReport"),
    "windows": ("DailyWindow", "parse_window"),
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
