"""The levels and figures that the rules hold a client to; each figure has its source beside it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from kibo_scenarios.moments import SECOND


class Level(StrEnum):
    """How much a failed rule weighs."""

    MUST = "M"
    SHOULD = "S"
    EFFICIENCY = "E"
    INFORMATION = "I"


#: How people write a level, in profiles and in the documentation.
LEVEL_NAMES: Final = {
    Level.MUST: "must",
    Level.SHOULD: "should",
    Level.EFFICIENCY: "efficiency",
    Level.INFORMATION: "information",
}

#: First and last hour, UTC, of the time that the guide calls quiet (C17).
OFF_PEAK_HOURS_UTC: Final = {"us": (5, 11), "eu": (22, 4)}

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Hour = Annotated[int, Meta(ge=0, le=23)]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One set of levels and thresholds; `GUIDE` says what Kibo's guides say. Spans are in microseconds.

    Attributes:
        name: What reports call it.
        levels: Levels other than the catalogue's own, by rule id.
        delete_items_maximum: Items per deleteItems call that the server accepts (C5).
        delete_items_recommended: Items per deleteItems call that stay clear of time-outs (C4).
        adjust_items_maximum: Items per adjust call that the server accepts (the inventory API description).
        refresh_items_maximum: Items per refresh call that the server accepts (likewise).
        refresh_items_recommended: Items per refresh call that are recommended (likewise).
        submission_spacing: Least time between two deletion batches (C7, lower end of 5-10 s).
        poll_spacing: Least time between two polls of one job (C10, lower end of 10-30 s).
        poll_spacing_grown: Where the interval between polls may stop growing (C10, upper end).
        retry_after_default: Least wait after a 429 that names no usable time (C13, the smallest documented value).
        retry_wait: Least wait before a failed request is sent again (C14; the figure is ours).
        attempts_maximum: Attempts for one request that still count as bounded (C15; the figure is ours).
        token_lifetime: How long an access token serves (A-1).
        budget_share: Share of the admissible budget that must be used while work waits (C16; the figure is ours).
        batch_overhead: Calls used divided by calls needed, at most (C4; the figure is ours).
        off_peak_hours_utc: First and last hour of the region's quiet time (C17), None when no region is named.
    """

    name: str = "guide"
    levels: Mapping[str, Level] = MappingProxyType({})
    delete_items_maximum: Count = 1_000
    delete_items_recommended: Count = 500
    adjust_items_maximum: Count = 1_000
    refresh_items_maximum: Count = 12_000
    refresh_items_recommended: Count = 3_000
    submission_spacing: int = 5 * SECOND
    poll_spacing: int = 10 * SECOND
    poll_spacing_grown: int = 30 * SECOND
    retry_after_default: int = 60 * SECOND
    retry_wait: int = SECOND // 2
    attempts_maximum: Count = 20
    token_lifetime: int = 3600 * SECOND
    budget_share: float = 0.90
    batch_overhead: float = 1.05
    off_peak_hours_utc: tuple[int, int] | None = None


GUIDE: Final = Profile()
