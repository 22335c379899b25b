"""The units of deciding code: integer microseconds, since the Unix epoch (UTC) for moments."""

from __future__ import annotations

SECOND = 1_000_000
MINUTE = 60 * SECOND
QUARTER = 15 * MINUTE
HOUR = 60 * MINUTE


def seconds(value: float) -> int:
    """Turn seconds into microseconds, rounding to the nearest."""
    return round(value * SECOND)
