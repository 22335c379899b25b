"""Off-peak hours: when large deletions may be submitted, as daily windows in UTC (C17; Kibo's bulk deletion guide)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kibo_client.errors import SettingsError
from kibo_client.units import HOUR, MINUTE

DAY = 24 * HOUR
_MINUTES_A_DAY = 24 * 60
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class DailyWindow:
    """The minutes from `begins` up to `ends`, counted from midnight UTC; it may lie across midnight."""

    begins: int
    ends: int

    def __str__(self) -> str:
        return f"{self.begins // 60:02}:{self.begins % 60:02}-{self.ends // 60:02}:{self.ends % 60:02} UTC"

    @property
    def length(self) -> int:
        """How long it is open, in microseconds."""
        return ((self.ends - self.begins) % _MINUTES_A_DAY) * MINUTE

    def opens_at(self, moment: int) -> int:
        """The moment itself where the window is open, else the next opening."""
        since = (moment - self.begins * MINUTE) % DAY
        return moment if since < self.length else moment - since + DAY

    def closes_at(self, moment: int) -> int:
        """When the window that is open at this moment, or the next one, closes."""
        opening = self.opens_at(moment)
        return opening - (opening - self.begins * MINUTE) % DAY + self.length


REGIONS = {"US": DailyWindow(5 * 60, 11 * 60), "EU": DailyWindow(22 * 60, 4 * 60)}


def parse_window(text: str) -> DailyWindow:
    """Read a region's name or a span of hours in UTC.

    Raises:
        SettingsError: It is neither.
    """
    if text.upper() in REGIONS:
        return REGIONS[text.upper()]
    span = _SPAN.fullmatch(text)
    if span is None or (begins := _minutes(span[1], span[2])) == (ends := _minutes(span[3], span[4])):
        raise SettingsError(
            "off_peak", f"{text!r} is not accepted; give {', '.join(REGIONS)} or hours in UTC such as 22:00-04:00"
        )
    return DailyWindow(begins, ends)


def _minutes(hours: str, minutes: str) -> int:
    return int(hours) * 60 + int(minutes)
