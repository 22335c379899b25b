"""Figures beside their peers: ratios, bounds and tables."""

import pytest
from benchmarks.outcome import Figure, Table, at_least, at_most, figures_table, missed_figures, number


def test_a_ratio_is_value_over_peer() -> None:
    """A figure is divided by its peer's."""
    figure = Figure(what="requests", value=300, unit="/s", peer="floor", peer_value=400, target=at_least(0.7))

    assert (0.75, True) == (figure.ratio, figure.met)


def test_an_inverse_ratio_is_peer_over_value() -> None:
    """Of costs the smaller is better, and the ratio says so."""
    figure = Figure(what="cost", value=200, unit="µs", peer="floor", peer_value=100, target=at_least(0.7), inverse=True)

    assert (0.5, False) == (figure.ratio, figure.met)


def test_without_a_peer_the_value_is_bound() -> None:
    """A bound on a figure without a peer speaks of the figure itself."""
    assert [True, False, None] == [
        Figure(what="world", value=5, unit="ms", target=at_most(5)).met,
        Figure(what="world", value=5.1, unit="ms", target=at_most(5)).met,
        Figure(what="world", value=5.1, unit="ms").met,
    ]


def test_missed_bounds_are_said_with_their_figures() -> None:
    """Only what breaks its bound is named."""
    kept = Figure(what="kept", value=1, unit="ms", target=at_most(5))
    broken = Figure(what="broken", value=50, unit="/s", peer="floor", peer_value=100, target=at_least(0.7))

    assert ["broken: 0.5, and ≥ 0.7 was wanted"] == missed_figures([kept, broken])


@pytest.mark.parametrize(
    ("value", "text"), [(0.1234, "0.123"), (42.19, "42.2"), (999.4, "999"), (1000.6, "1,001"), (1234567, "1,234,567")]
)
def test_numbers_have_three_digits_or_all(value: float, text: str) -> None:
    """Small numbers are rounded to what means something, large ones are whole."""
    assert text == number(value)


def test_markdown_keeps_cells_apart() -> None:
    """A bar inside a cell does not end it, figures stand to the right, the note follows."""
    table = Table(title="T", columns=("a", "b"), rows=[("x|y", "1")], note="N.")

    assert "**T**\n\n| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n\nN." == table.to_markdown()


def test_a_figure_becomes_a_row() -> None:
    """A row names figure, peer, ratio, bound and whether it is kept."""
    figure = Figure(what="GET", value=100, unit="µs", peer="bare", peer_value=80, target=at_least(0.7), inverse=True)

    assert [("GET", "100 µs", "bare", "80 µs", "0.80", "≥ 0.7", "yes")] == figures_table("T", [figure]).rows
