"""The names of import files: `T_<tenant>_REFRESH|UPDATE_YYMMDDhhmmss`, in Pacific time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["REFRESH", "UPDATE"]

PACIFIC = ZoneInfo("America/Los_Angeles")
TRIGGER = ".done"
_STAMP = "%y%m%d%H%M%S"
_NAME = re.compile(
    r"T_(?P<tenant>[0-9]{1,10})_(?P<kind>REFRESH|UPDATE)_(?P<stamp>[0-9]{12})(?P<ending>\.csv|\.xml|\.csv\.zip|\.xml\.zip|\.zip)",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FileName:
    """What a name says; ``created`` in microseconds since the epoch."""

    tenant: int
    kind: Kind
    stamp: str
    created: int


def stamp_at(now: int) -> str:
    """The twelve digits for an instant (microseconds since the epoch)."""
    return (_EPOCH + timedelta(microseconds=now)).astimezone(PACIFIC).strftime(_STAMP)


def base_name(tenant: int, kind: Kind, now: int) -> str:
    """The name of a file made at this instant, without its ending."""
    return f"T_{tenant}_{kind}_{stamp_at(now)}"


def trigger_of(name: str) -> str:
    """The name of the trigger that belongs to a data file."""
    return name + TRIGGER


def read_name(name: str) -> FileName | str:
    """What a name says, or what is wrong with it."""
    found = _NAME.fullmatch(name)
    if found is None:
        return "is not named T_<tenant>_REFRESH_YYMMDDhhmmss or T_<tenant>_UPDATE_YYMMDDhhmmss with .zip, .csv or .xml"
    stamp = found["stamp"]
    try:
        local = datetime.strptime(stamp, _STAMP).replace(tzinfo=PACIFIC)
    except ValueError:
        return f"holds {stamp}, which is no time written YYMMDDhhmmss"
    created = (local - _EPOCH) // timedelta(microseconds=1)
    if stamp_at(created) != stamp:
        return f"holds {stamp}, an hour that Pacific summer time skips"
    kind: Kind = "REFRESH" if found["kind"] == "REFRESH" else "UPDATE"
    return FileName(int(found["tenant"]), kind, stamp, created)
