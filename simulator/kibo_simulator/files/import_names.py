"""The names of import files and their triggers: ``T_<tenant>_REFRESH|UPDATE_YYMMDDhhmmss`` in Pacific time (FI-2).

The guide's times are those of the wall clock in Los Angeles, summer time included. An hour that the clock skips names
no instant; an hour that it repeats names two, of which the earlier is taken.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

PACIFIC: Final = "America/Los_Angeles"
TRIGGER_ENDING: Final = ".done"
_NAME: Final = re.compile(
    r"T_(?P<tenant>[0-9]{1,10})_(?P<kind>REFRESH|UPDATE)_(?P<stamp>[0-9]{12})(?P<form>\.(csv|xml))?(?P<zip>\.zip)?",
    re.IGNORECASE | re.ASCII,
)
_UNDER_WAY: Final = (".part", ".filepart", ".tmp", ".swp", ".crdownload")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP: Final = "%y%m%d%H%M%S"


class FileNameError(ValueError):
    """A name that is not one of an import file, and why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name[:120]!r} {reason}")
        self.name = name
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ImportName:
    """What the name of a data file says.

    Attributes:
        name: the name itself.
        base: the name without its endings, by which file and trigger belong together.
        tenant_id: whose stock it is.
        kind: a Refresh sets, an Update adds.
        stamp: the twelve digits.
        created: the instant that they name, microseconds since the epoch.
        zipped: whether it is packed, as the guide wants it.
    """

    name: str
    base: str
    tenant_id: int
    kind: Literal["REFRESH", "UPDATE"]
    stamp: str
    created: int
    zipped: bool


@lru_cache(maxsize=8)
def _zone(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)


def stamp_of(instant: int, zone: str = PACIFIC) -> str:
    """The twelve digits for an instant (microseconds since the epoch)."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(_zone(zone)).strftime(_STAMP)


def instant_of(stamp: str, zone: str = PACIFIC) -> int:
    """The instant that twelve digits name.

    Raises:
        FileNameError: there is no such moment, as on the 31st of February or in the hour that summer time skips.
    """
    try:
        local = datetime.strptime(stamp, _STAMP).replace(tzinfo=_zone(zone))
    except ValueError:
        raise FileNameError(stamp, "is not a time written YYMMDDhhmmss") from None
    instant = (local - _EPOCH) // timedelta(microseconds=1)
    if stamp_of(instant, zone) != stamp:
        raise FileNameError(stamp, f"names a moment that the clocks of {zone} skip")
    return instant


def is_trigger(name: str) -> bool:
    """Whether a file of this name is a trigger."""
    return name.lower().endswith(TRIGGER_ENDING)


def is_under_way(name: str) -> bool:
    """Whether a name is one that programs give to what they are still uploading, or hidden."""
    return name.startswith(".") or name.lower().endswith(_UNDER_WAY)


def base_of(name: str) -> str:
    """What a data file and its trigger have in common: the name without ``.done``, ``.zip``, ``.csv`` and ``.xml``."""
    base = name.lower()
    for ending in (TRIGGER_ENDING, ".zip", ".csv", ".xml"):
        base = base.removesuffix(ending)
    return base.upper()


def parse_name(name: str, zone: str = PACIFIC) -> ImportName:
    """What the name of a data file says.

    Raises:
        FileNameError: it says nothing that is understood.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise FileNameError(name, "is not named T_<tenant>_REFRESH_YYMMDDhhmmss or T_<tenant>_UPDATE_YYMMDDhhmmss")
    if not found["form"] and not found["zip"]:
        raise FileNameError(name, "has none of the endings .csv, .xml and .zip")
    kind: Literal["REFRESH", "UPDATE"] = "REFRESH" if found["kind"].upper() == "REFRESH" else "UPDATE"
    try:
        created = instant_of(found["stamp"], zone)
    except FileNameError as error:
        raise FileNameError(name, f"holds {error.args[0]}") from None
    return ImportName(name, base_of(name), int(found["tenant"]), kind, found["stamp"], created, bool(found["zip"]))
