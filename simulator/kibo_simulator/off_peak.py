"""Regions and their quiet hours, in which Kibo asks for large deletions to be run (Kibo's bulk deletion guide)."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from kibo_simulator.timestamps import DAY, MINUTE

TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM, UTC")]


class OffPeakHours(Struct, frozen=True, forbid_unknown_fields=True):
    """Quiet hours of every day, UTC the whole year round; they may go past midnight. The end is not part of them."""

    starts: TimeOfDay
    ends: TimeOfDay

    def cover(self, now: int) -> bool:
        """Whether an instant lies in them."""
        minute = now % DAY // MINUTE
        starts, ends = _minutes(self.starts), _minutes(self.ends)
        return starts <= minute < ends if starts <= ends else minute >= starts or minute < ends


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


OFF_PEAK: Final = {"US": OffPeakHours("05:00", "11:00"), "EU": OffPeakHours("22:00", "04:00")}
"""The quiet hours that the guide names, by region."""
