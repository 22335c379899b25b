"""The selections of ``responseFields``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kibo_simulator.web.response_fields import Selection, SelectionError, parse_selection, select

JOB = {"jobID": 1, "status": "PENDING", "items": [{"a": 1, "b": {"c": 2, "d": 3}}, {"a": 4}]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jobID", {"jobID": 1}),
        (" jobID , status", {"jobID": 1, "status": "PENDING"}),
        ("items(a)", {"items": [{"a": 1}, {"a": 4}]}),
        ("items(b(d)),jobID", {"items": [{"b": {"d": 3}}, {}], "jobID": 1}),
        ("nothing", {}),
        ("jobID(x)", {"jobID": 1}),
    ],
)
def test_what_is_selected_is_what_is_left(text: str, expected: object) -> None:
    """Names at the top and below; lists element by element; unknown names are no error."""
    assert select(JOB, parse_selection(text)) == expected


@pytest.mark.parametrize("text", ["a,", ",a", "a(b", "a)", "(a)", "a()", "a(b)c", "a((b))", "a(" * 40, "a" * 5_000])
def test_what_is_no_selection(text: str) -> None:
    """Unbalanced, empty or endless selections are refused."""
    with pytest.raises(SelectionError):
        parse_selection(text)


selections = st.recursive(
    st.none(), lambda below: st.dictionaries(st.text("abc", min_size=1, max_size=2), below, min_size=1), max_leaves=8
).filter(lambda selection: selection is not None)


def written(selection: Selection) -> str:
    """A selection as text."""
    return ",".join(name if below is None else f"{name}({written(below)})" for name, below in selection.items())


@given(selections)
def test_a_selection_reads_back_as_it_was_written(selection: Selection) -> None:
    """The grammar has one meaning."""
    assert parse_selection(written(selection)) == selection
