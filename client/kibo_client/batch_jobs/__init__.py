"""Batch jobs: changes of the catalog gathered, started, watched to their end, and their failures fed again (C28).

Imported when used, like the rest of the package.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kibo_client.batch_jobs.api import BatchJob
    from kibo_client.batch_jobs.feed_file import FeedFileError, read_feed, write_failures
    from kibo_client.batch_jobs.feeding import FeedReport
    from kibo_client.batch_jobs.items import FeedAction, FeedItem, Resource
    from kibo_client.batch_jobs.report import BatchReport, ItemFailure
    from kibo_client.batch_jobs.work import BatchJobs

__all__ = [
    "BatchJob",
    "BatchJobs",
    "BatchReport",
    "FeedAction",
    "FeedFileError",
    "FeedItem",
    "FeedReport",
    "ItemFailure",
    "Resource",
    "read_feed",
    "write_failures",
]

_MODULES = {
    "api": ("BatchJob",),
    "feed_file": ("FeedFileError", "read_feed", "write_failures"),
    "feeding": ("FeedReport",),
    "items": ("FeedAction", "FeedItem", "Resource"),
    "report": ("BatchReport", "ItemFailure"),
    "work": ("BatchJobs",),
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
