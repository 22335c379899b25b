"""Journal entries as people are shown them."""

import pytest

from kibo_simulator.ctl.entries import told
from kibo_simulator.journal import JournalEntry

from .journal_entries import deletion, entry, poll


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (deletion(7, 4), "#7     03-02 05:00:04.000  1001  200  deleteItems  items=500"),
        (
            deletion(1, 0, status=429, retry_after=60, tenant=None),
            "#1     03-02 05:00:00.000  429  deleteItems  items=500  Retry-After: 60",
        ),
        (
            deletion(123, 0.5, job_ids=tuple(range(1, 251))),
            "#123   03-02 05:00:00.500  1001  200  deleteItems  items=500  jobs 1, 2, 3, 4, 5, 6, 7, 8, … 250",
        ),
        (
            entry(2, 0, status=0, fault="cut", response_lost=True, summary={"itemHashes": ["ab"], "locationCodes": []}),
            "#2     03-02 05:00:00.000  1001  ---  deleteItems  fault cut  the answer was lost",
        ),
        (poll(3, 1, 9), "#3     03-02 05:00:01.000  1001  200  getJob  jobId=9  jobStatus=SUCCESS"),
        (
            entry(4, 0, operation=None, method="GET", path="/a\x1b[2J", status=404),
            "#4     03-02 05:00:00.000  1001  404  GET /a\\x1b[2J",
        ),
    ],
)
def test_an_entry_is_one_line(seen: JournalEntry, line: str) -> None:
    """What matters and nothing else; what a terminal would obey is spelled out."""
    assert line == told(seen.to_wire())
