"""What of a query and a path the journal shows (A-1): never the value of a secret."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kibo_simulator.journal.secrets import masked_path, masked_query

TICKETS = "/api/platform/applications/authtickets"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("", ""),
        ("pageSize=10&filter=a%20b", "pageSize=10&filter=a b"),
        ("client_id=a&client_secret=b&grant_type=c", "client_id=a&client_secret=********&grant_type=c"),
        ("Shared%53ecret=b%26c&x=1", "SharedSecret=********&x=1"),
        ("access_token=a=b", "access_token=********"),
        ("a=1;client_secret=b", "a=********"),
        ("CLIENT_SECRET=b", "CLIENT_SECRET=********"),
        ("client_\u017fecret=b", "client_\u017fecret=********"),
        ("api-key=b&apple=c", "api-key=********&apple=c"),
        ("responseFields=items(token)", "responseFields=items(token)"),
    ],
)
def test_values_that_are_called_like_a_secret_are_masked(raw: str, shown: str) -> None:
    """However the name is written, and whatever the value has in it; other parameters stay as they are."""
    assert shown == masked_query(unquote(raw), raw)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"{TICKETS}/oauth", f"{TICKETS}/oauth"),
        (f"{TICKETS}/", f"{TICKETS}/"),
        (f"{TICKETS}/refresh-ticket/abc/d", f"{TICKETS}/refresh-ticket/********"),
        (f"{TICKETS}/abc", f"{TICKETS}/********"),
        ("/api/commerce/inventory/v1/queue/1", "/api/commerce/inventory/v1/queue/1"),
    ],
)
def test_what_follows_the_endpoints_of_tokens_is_masked(path: str, shown: str) -> None:
    """A token in a path that no operation has is a token nevertheless."""
    assert shown == masked_path(path)


@given(st.text(), st.text(alphabet="abc&;=%", max_size=20), st.text())
def test_no_value_of_a_secret_is_shown(before: str, value: str, after: str) -> None:
    """Whatever stands around it, and whatever it has in it."""
    secret = f"XYZZY{value}XYZZY".replace("&", "%26").replace("%", "%25")
    raw = f"x={before.replace('&', '')}&client_secret={secret}&y={after.replace('&', '')}"
    shown = masked_query(unquote(raw), raw)

    assert "XYZZY" in before + after or "XYZZY" not in shown
