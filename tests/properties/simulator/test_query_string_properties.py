"""Queries are read as the standard library reads them, whether or not anything in them is quoted."""

from urllib.parse import parse_qs, unquote

from hypothesis import given
from hypothesis import strategies as st

from kibo_simulator.journal.secrets import _NAME, masked_query
from kibo_simulator.web.query_string import parameters_of, quoted

RAW = st.text(alphabet="ab=&;%+2.,\u00e9 ", max_size=24)
NAMES = ("secret", "Token", "PASSWord", "credentials", "Authorization", "api_key", "api-key", "apiKey", "app-claims")


@given(RAW)
def test_parameters_are_what_the_library_makes_of_them(raw: str) -> None:
    """Empty values are kept, repeated ones are in order, and nothing without a name or a value is made up."""
    assert parse_qs(raw, keep_blank_values=True) == parameters_of(raw)
    assert quoted(raw) or unquote(raw) == raw


@given(st.text(alphabet="ab=&_", max_size=6), st.sampled_from(NAMES), st.text(alphabet="ab&=_", max_size=6))
def test_no_name_of_a_secret_is_overlooked(before: str, name: str, after: str) -> None:
    """However it is written: whatever the whole pattern finds is masked where it has a value."""
    raw = f"{before}&{name}=XYZZY&{after}"

    assert _NAME.search(raw)
    assert "XYZZY" not in masked_query(raw, raw)
