"""Feeds of inventory files: what is written down, played on the stock in order, is what must come of it (I-2)."""

import csv
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.drop_folder import DropFolder
from kibo_scenarios.evidence import Quantities, RecordKey
from kibo_scenarios.file_feeds import FileTask, write_feeds
from kibo_scenarios.moments import MINUTE
from kibo_scenarios.scenario import FileFeed
from kibo_scenarios.world import Stock

#: One of the products has no UPC, which the import guide wants in every row.
PRODUCTS = [*((f"P-{number}", f"80{number}", None) for number in range(6)), ("N-1", None, None)]
KEYS = [RecordKey(location, *product) for location in ("L1", "L2") for product in PRODUCTS]
FEEDS = st.builds(
    FileFeed,
    kind=st.sampled_from(["refresh", "update"]),
    at=st.integers(0, 90).map("{}m".format),
    locations=st.sampled_from(["all", ("L1",), ("L2", "L1")]),
    format=st.sampled_from(["csv", "jsonl"]),
)


def rows_of(task: FileTask) -> Iterator[tuple[str, RecordKey, int]]:
    """The rows of all feeds, with the kinds of their feeds."""
    for feed in task.feeds:
        with feed.file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream) if feed.file.suffix == ".csv" else map(json.loads, stream):
                named = (row.get(name) or None for name in ("PartNumber", "UPC", "SKU"))
                yield feed.kind, RecordKey(row["LocationCode"], *named), int(row["Quantity"])


@given(st.lists(FEEDS, min_size=1, max_size=5), st.integers(0, 2**32 - 1), st.integers(0, 30))
@settings(deadline=None, max_examples=60)
def test_what_is_written_makes_what_is_expected(feeds: list[FileFeed], seed: int, on_hand: int) -> None:
    """Totals replace, changes add, nothing falls below zero, and every row has a UPC; the same seed, the same feeds."""
    stock = Stock({key: Quantities(on_hand, on_hand, 0, 0, 0, 0) for key in KEYS})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drop = DropFolder(folder / "in")
        task = write_feeds(feeds, stock, folder, drop, seed, 0)
        rows = list(rows_of(task))
        again = list(rows_of(write_feeds(feeds, stock, folder, drop, seed, 0)))
    played = dict.fromkeys(KEYS, on_hand)
    for kind, key, quantity in rows:
        played[key] = quantity if kind == "refresh" else played[key] + quantity
        assert played[key] >= 0
        assert key.upc is not None

    assert {key: played[key] for _, key, _ in rows} == task.expected
    assert [MINUTE * int(feed.at[:-1]) for feed in feeds] == [feed.due for feed in task.feeds]
    assert [len(rows)] == [sum(feed.rows for feed in task.feeds)]
    assert rows == again
