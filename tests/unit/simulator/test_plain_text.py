"""Names and codes without anything that a terminal, a log or a table would obey."""

from unicodedata import category

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator.plain_text import control_in, printable


@given(st.text())
@settings(deadline=None)
def test_the_first_control_character_is_named(text: str) -> None:
    """Every character of category Cc is one, and no other; the first is told by its number."""
    first = next((each for each in text if category(each) == "Cc"), None)

    assert control_in(text) == (None if first is None else f"has the control character U+{ord(first):04X} in it")


@given(st.text())
@settings(deadline=None)
def test_what_is_printable_obeys_nothing(text: str) -> None:
    """Whatever is shown has no control character, no line end and no change of direction in it."""
    assert [category(each) for each in printable(text) if category(each) in {"Cc", "Cf", "Zl", "Zp", "Cs"}] == []
