"""What a run gives a client to send as inventory files: feeds of quantities, and what must come of them (I-2).

A Refresh gives totals, zeros among them; an Update gives signed changes, none of which takes more than there is.
"""

import csv
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from kibo_scenarios.drop_folder import DropFolder
from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.moments import parse_span
from kibo_scenarios.scenario import FileFeed, Targets
from kibo_scenarios.world import Stock, choose_targets

FIELDS: Final = ("LocationCode", "PartNumber", "UPC", "SKU", "Quantity")
_MOST_ON_HAND: Final = 400
#: One total in so many is a zero: what is sold out is in a Refresh as well.
_SOLD_OUT: Final = 12
_MOST_SOLD: Final = 9
_MOST_RECEIVED: Final = 24

Row = tuple[RecordKey, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFeed:
    """A feed, as a client is asked to send it.

    Attributes:
        kind: ``refresh`` for totals, ``update`` for changes.
        file: CSV with a header, or JSON lines with fields of the same names.
        due: When it is to be sent, microseconds since the epoch; not before.
        rows: How many there are.
    """

    kind: str
    file: Path
    due: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTask:
    """The sending of files, as a client is asked to do it.

    Attributes:
        drop: Where the simulator picks files up.
        feeds: What is to be sent, in order.
        sftp_url: The same place over SFTP, where that is served.
        expected: What each of the records must have on hand in the end.
    """

    drop: DropFolder
    feeds: tuple[DueFeed, ...]
    expected: Mapping[RecordKey, int] = field(repr=False)
    sftp_url: str | None = None


def write_feeds(
    feeds: Sequence[FileFeed], stock: Stock, folder: Path, drop: DropFolder, seed: int, now: int
) -> FileTask:
    """Draw what is to be sent, write it down, and return what the client is told of it.

    Raises:
        UsageError: A location is not one of the tenant's, or a feed is about nothing.
    """
    on_hand = {key: quantities.on_hand for key, quantities in stock.records.items()}
    expected: dict[RecordKey, int] = {}
    due = []
    for index, feed in enumerate(feeds):
        share = Targets(products=feed.products, locations=feed.locations)
        # The import guide has a UPC in every row; each feed is about other products.
        upcs = Stock({key: held for key, held in stock.records.items() if key.upc})
        keys = choose_targets(share, upcs, seed + index, f"work.files[{index}]")
        rows = _drawn(feed.kind, keys, on_hand, Random(f"{seed}:{index}"))  # noqa: S311 - a repeatable run is the point
        for key, quantity in rows:
            on_hand[key] = quantity if feed.kind == "refresh" else on_hand[key] + quantity
            expected[key] = on_hand[key]
        file = folder / f"feed-{index + 1:02d}.{feed.format}"
        (_write_csv if feed.format == "csv" else _write_json_lines)(file, rows)
        due.append(DueFeed(kind=feed.kind, file=file, due=now + parse_span(feed.at), rows=len(rows)))
    return FileTask(drop=drop, feeds=tuple(due), expected=expected)


def _drawn(kind: str, keys: Collection[RecordKey], on_hand: Mapping[RecordKey, int], random: Random) -> list[Row]:
    rows = []
    for key in sorted(keys, key=lambda key: tuple(part or "" for part in key)):
        if kind == "refresh":
            rows.append((key, random.randrange(_MOST_ON_HAND) if random.randrange(_SOLD_OUT) else 0))
        else:
            change = random.randint(-_MOST_SOLD, _MOST_RECEIVED)
            rows.append((key, max(change, -on_hand[key]) or 1))
    return rows


def _write_csv(file: Path, rows: Sequence[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows((*(part or "" for part in key), quantity) for key, quantity in rows)


def _write_json_lines(file: Path, rows: Sequence[Row]) -> None:
    with file.open("w", encoding="utf-8") as stream:
        for key, quantity in rows:
            told = zip(FIELDS, (*key, quantity), strict=True)
            stream.write(json.dumps({name: value for name, value in told if value is not None}) + "\n")
