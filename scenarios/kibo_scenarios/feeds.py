"""What a run gives a client to feed to a batch job, as JSON lines, and the job's own dates."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kibo_scenarios.moments import parse_span
from kibo_scenarios.scenario import BatchFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTask:
    """A feed, as a client is asked to work it.

    Attributes:
        file: JSON lines, each with ``resource``, ``action`` and ``body``.
        code: The code of the job that it is to make.
        items: How many lines there are.
        scheduled_at: The date that it is to give the job, microseconds since the epoch; None for none.
        cancel_after: How long after the start it is to cancel the job, microseconds; None for not at all.
    """

    file: Path
    code: str
    items: int
    scheduled_at: int | None
    cancel_after: int | None


def write_feed(feed: BatchFeed, name: str, folder: Path, now: int) -> FeedTask:
    """Write the feed of a scenario and return what the client is told of it."""
    rows = list(_rows(feed))
    file = folder / "feed.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return FeedTask(
        file=file,
        code=name,
        items=len(rows),
        scheduled_at=None if feed.scheduled is None else now + parse_span(feed.scheduled),
        cancel_after=None if feed.cancel_after is None else parse_span(feed.cancel_after),
    )


def _rows(feed: BatchFeed) -> Iterator[dict[str, Any]]:
    for number in range(feed.products):
        code = f"FEED-{number:05d}"
        content = {"localeCode": "en-US", "productName": f"Product {number}"}
        colour = {"attributeFQN": "tenant~batch", "values": [{"value": number}]}
        yield _row("add", {"productCode": code, "content": content, "properties": [colour]})
    for number in range(feed.nameless):
        yield _row("add", {"productCode": f"NAMELESS-{number:05d}"})
    for number in range(feed.absent):
        yield _row("delete", {"productCode": f"ABSENT-{number:05d}"})


def _row(action: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"resource": "Products", "action": action, "body": body}
