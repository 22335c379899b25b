"""How clients of load scenarios behave: what is decided after an answer, and when a token is renewed."""

import pytest

from kibo_scenarios.moments import DAY, SECOND
from kibo_scenarios.workloads.conduct import renewal_due


@pytest.mark.parametrize(
    ("lifetime_s", "after_s"),
    [
        (3600, 3540),
        (120, 60),
        (90, 45),
        (1, 0.5),
        (0, 31 * 86_400 - 60),
        (-5, 31 * 86_400 - 60),
        (1e300, 31 * 86_400 - 60),
    ],
)
def test_a_token_is_renewed_a_minute_early_or_halfway(lifetime_s: float, after_s: float) -> None:
    """A lifetime that is none is taken for the longest."""
    assert DAY + round(after_s * SECOND) == renewal_due(DAY, lifetime_s)


def test_a_lifetime_that_is_no_number_is_none() -> None:
    """An answer may say anything."""
    assert renewal_due(0, 0.0) == renewal_due(0, float("nan"))
