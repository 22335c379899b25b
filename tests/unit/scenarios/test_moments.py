"""Moments and spans survive being written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kibo_scenarios.moments import DAY, HOUR, MINUTE, SECOND, clock_time, format_span, format_utc, parse_span, parse_utc


@given(st.integers(min_value=0, max_value=4_102_444_800_000_000))
def test_a_moment_survives(at: int) -> None:
    """T-1: microseconds are kept exactly in the journal's form."""
    assert at == parse_utc(format_utc(at))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
    ],
)
def test_offsets_are_heeded(text: str, at: int) -> None:
    """A moment may name any offset."""
    assert at == parse_utc(text)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z", "2026-03-02T05:00:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """Nonsense and moments without an offset are refused with an example."""
    with pytest.raises(ValueError, match="expected a moment"):
        parse_utc(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [("90s", 90 * SECOND), ("250ms", 250_000), ("1h30m", HOUR + 30 * MINUTE), ("2d", 2 * DAY), ("0.5s", 500_000)],
)
def test_spans_are_read(text: str, span: int) -> None:
    """A span is a sequence of numbers with units."""
    assert span == parse_span(text)


@pytest.mark.parametrize("text", ["", "5", "s", "1h 30m", "-5s", "5 s", "1y"])
def test_what_is_no_span_is_refused(text: str) -> None:
    """A number without a unit, or anything else, is refused with an example."""
    with pytest.raises(ValueError, match="expected a span"):
        parse_span(text)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (0, "0 s"),
        (250_000, "0.25 s"),
        (60 * SECOND, "1 m"),
        (65 * SECOND, "1 m 5 s"),
        (2 * HOUR + 3 * MINUTE, "2 h 3 m"),
        (DAY + HOUR, "1 d 1 h"),
        (-5 * SECOND, "-5 s"),
    ],
)
def test_spans_are_told_to_the_precision_that_matters(span: int, text: str) -> None:
    """People read milliseconds below a minute and no more than three units above."""
    assert text == format_span(span)


def test_the_time_of_day_has_milliseconds() -> None:
    """A table of refusals shows date and time of day."""
    assert "03-02 05:01:00.250" == clock_time(parse_utc("2026-03-02T05:01:00.250Z"))
