"""A client that sends inventory files as Kibo's import guide asks, on the standard library alone.

Each feed of the task becomes a zipped CSV file, named by Pacific time, and then its empty trigger.
"""

import csv
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

COLUMNS = ("LocationCode", "PartNumber", "UPC", "SKU", "Quantity")
PACIFIC = ZoneInfo("America/Los_Angeles")


class Clock:
    """The simulated time: this process's own, unless its delays are divided and its clock is the machine's."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.divisor = told["divideDelaysBy"]
        self.started = datetime.fromisoformat(told["startedAt"])
        self.began = time.time()

    def now(self) -> datetime:
        """The present."""
        if self.divisor == 1:
            return datetime.now(UTC)
        return self.started + timedelta(seconds=(time.time() - self.began) * self.divisor)

    def sleep_until(self, moment: datetime) -> None:
        """Wait for a moment."""
        while (left := (moment - self.now()).total_seconds()) > 0:
            time.sleep(left / self.divisor)


def rows_of(feed: Path) -> Iterator[dict[str, Any]]:
    """The rows of a feed: CSV with a header, or JSON lines."""
    with feed.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream) if feed.suffix == ".csv" else map(json.loads, stream)


def as_csv(feed: Path, *, signed: bool) -> str:
    """An import file: everything quoted, changes with their sign."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in rows_of(feed):
        quantity = int(row["Quantity"])
        writer.writerow([*(row.get(name, "") for name in COLUMNS[:-1]), f"{quantity:+d}" if signed else quantity])
    return text.getvalue()


def send(feed: dict[str, str], drop: Path, tenant: str, now: datetime) -> str:
    """Make a file of a feed, put it in the folder whole, and then its trigger; returns its name."""
    kind = feed["kind"].upper()
    base = f"T_{tenant}_{kind}_{now.astimezone(PACIFIC):%y%m%d%H%M%S}"
    growing = drop / f".{base}.part"
    with zipfile.ZipFile(growing, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{base}.csv", as_csv(Path(feed["file"]), signed=kind == "UPDATE"))
    # Whoever looks into the folder sees the whole file or none.
    growing.replace(drop / f"{base}.zip")
    (drop / f"{base}.zip.done").touch()
    return f"{base}.zip"


def main() -> None:
    """Send each feed of the task when it is due."""
    task = json.loads(Path(os.environ["KIBO_TASK_FILE"]).read_text(encoding="utf-8"))
    clock = Clock(task["clock"])
    drop = Path(task["files"]["dropFolder"])
    sent = []
    for feed in task["files"]["feeds"]:
        clock.sleep_until(datetime.fromisoformat(feed["dueAt"]))
        sent.append(send(feed, drop, os.environ["KIBO_TENANT"], clock.now()))
    Path(task["reportFile"]).write_text(json.dumps({"files": sent}), encoding="utf-8")


if __name__ == "__main__":
    main()
