"""How spans of time are written on the command line."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator.ctl.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", "90"),
        ("90s", "90"),
        ("0", "0"),
        ("1.5", "1.5"),
        ("15m", "900"),
        ("1h30m", "5400"),
        ("2d", "172800"),
        ("1w1d", "691200"),
        ("250ms", "0.25"),
        ("1s1ms", "1.001"),
        ("PT15M", "900"),
        ("P1DT2H", "93600"),
        ("P1W", "604800"),
        ("PT0.5S", "0.5"),
    ],
)
def test_durations_mean_seconds(text: str, seconds: str) -> None:
    """Plain seconds, units one after the other, and ISO 8601."""
    assert Decimal(seconds) == parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "m", "15x", "-5", "1m1h", "P", "PT", "P1M", "1e3", "١٥m", "15 m", "5" * 13, "nan"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Nothing is guessed: a month has no length, and the order of units is fixed."""
    with pytest.raises(ValueError, match="is no duration such as 90, 15m"):
        parse_duration(text)


@settings(deadline=None, max_examples=50)
@given(st.timedeltas(timedelta(0), timedelta(days=9_999)))
def test_every_duration_can_be_written_in_units(wanted: timedelta) -> None:
    """Days, hours, minutes, seconds and fractions add up to exactly what was meant, written either way."""
    minutes, seconds = divmod(wanted.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    exact = f"{seconds}.{wanted.microseconds:06d}"
    expected = Decimal(wanted // timedelta(microseconds=1)) / 1_000_000

    assert expected == parse_duration(f"{wanted.days}d{hours}h{minutes}m{exact}s")
    assert expected == parse_duration(f"P{wanted.days}DT{hours}H{minutes}M{exact}S")
