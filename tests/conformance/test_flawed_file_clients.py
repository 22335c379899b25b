"""Clients that send inventory files, with one seeded defect each, in packaged scenarios: FI-1 and FI-2 catch them.

They are written without the project's own client, and put their files into a real folder.
"""

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from kibo_scenarios.drivers import ClientReport, Driver, Task
from kibo_scenarios.library import find
from kibo_scenarios.result import Conclusion
from kibo_scenarios.rules import Verdict
from kibo_scenarios.runner import run_scenario

PACIFIC = ZoneInfo("America/Los_Angeles")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADER = ("LocationCode", "PartNumber", "UPC", "SKU", "Quantity")


@dataclass(frozen=True, slots=True)
class Sending:
    """How a client sends its files; the defaults are good, a defect is one of them changed.

    Attributes:
        trigger: When it puts the trigger: after the data, before it, or when half of it is written.
        upload_s: Seconds that its uploads take.
        trigger_of: What it calls the trigger of a data file.
        name: What it calls a file, made of tenant, kind and time stamp.
        stamp: How it writes the time.
        zone: Where it believes the time to be asked for.
        zipped: Whether it packs the file, as the guide asks.
        signed: Whether the changes of an Update keep their signs.
    """

    trigger: Literal["after", "before", "halfway"] = "after"
    upload_s: float = 20.0
    trigger_of: str = "{data}.done"
    name: str = "T_{tenant}_{kind}_{stamp}"
    stamp: str = "%y%m%d%H%M%S"
    zone: tzinfo = PACIFIC
    zipped: bool = True
    signed: bool = True


def rows_of(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a feed."""
    with file.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream) if file.suffix == ".csv" else map(json.loads, stream)


def content(rows: Iterator[dict[str, Any]], base: str, sending: Sending) -> bytes:
    """An import file of these rows."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    for row in rows:
        quantity = str(row["Quantity"]) if sending.signed else str(row["Quantity"]).lstrip("-")
        writer.writerow([*(row.get(name, "") for name in HEADER[:-1]), quantity])
    if not sending.zipped:
        return text.getvalue().encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{base}.csv", text.getvalue())
    return packed.getvalue()


def driver(sending: Sending) -> Driver:
    """Return a client that sends its feeds like this."""

    async def drive(task: Task) -> ClientReport:
        assert task.files is not None
        drop = task.files.drop
        for feed in task.files.feeds:
            await asyncio.sleep(max(0, feed.due - task.now()) / 1_000_000)
            local = (EPOCH + timedelta(microseconds=task.now())).astimezone(sending.zone)
            base = sending.name.format(tenant=task.tenant, kind=feed.kind.upper(), stamp=local.strftime(sending.stamp))
            data = f"{base}.zip" if sending.zipped else f"{base}.csv"
            whole = content(rows_of(feed.file), base, sending)
            trigger = sending.trigger_of.format(data=data, base=base)
            if sending.trigger == "before":
                drop.write(trigger, b"")
            await asyncio.sleep(sending.upload_s / 2)
            drop.write(data, whole[: len(whole) // 2])
            if sending.trigger == "halfway":
                drop.write(trigger, b"")
            await asyncio.sleep(sending.upload_s / 2)
            drop.write(data, whole)
            if sending.trigger == "after":
                drop.write(trigger, b"")
        return ClientReport()

    return drive


#: A packaged scenario, how the client sends its files there, and exactly the rules that it breaks.
FLAWED: dict[str, tuple[str, Sending, set[str]]] = {
    "puts the trigger before the data": ("nightly-file", Sending(trigger="before"), {"FI-1"}),
    "puts the trigger while data is written": ("hourly-updates", Sending(trigger="halfway"), {"FI-1"}),
    "puts the trigger a look too early": ("nightly-file", Sending(trigger="halfway", upload_s=1_500), {"FI-1"}),
    "names the trigger otherwise": ("nightly-file", Sending(trigger_of="T_1001_REFRESH.done"), {"FI-1"}),
    "stamps its files in UTC": ("nightly-file", Sending(zone=UTC), {"FI-2"}),
    "stamps its files where it lives, in New York": (
        "nightly-file",
        Sending(zone=ZoneInfo("America/New_York")),
        {"FI-2"},
    ),
    "does not know that summer time ends": ("hourly-updates", Sending(zone=timezone(timedelta(hours=-7))), {"FI-2"}),
    "names its files as it likes": ("nightly-file", Sending(name="stock_{kind}_{stamp}"), {"FI-2"}),
    "stamps its files by year, day and month": ("hourly-updates", Sending(stamp="%y%d%m%H%M%S"), {"FI-2"}),
    "writes years with four digits": ("nightly-file", Sending(stamp="%Y%m%d%H%M%S"), {"FI-2"}),
}
GOOD: dict[str, tuple[str, Sending]] = {
    "in the night": ("nightly-file", Sending()),
    "hourly, while summer time ends": ("hourly-updates", Sending()),
    "slowly, over a look": ("nightly-file", Sending(upload_s=1_500)),
    "without packing": ("hourly-updates", Sending(zipped=False)),
    "with the short name of a trigger": ("nightly-file", Sending(trigger_of="{base}.done")),
}


def verdicts(scenario: str, sending: Sending) -> tuple[dict[str, Verdict], Conclusion]:
    """Let a client loose on a packaged scenario."""
    result = run_scenario(find(scenario), driver=driver(sending))
    assert result.client_failure is None
    return {grade.rule.id: grade.verdict for grade in result.grades}, result.conclusion(strict=True)


@pytest.mark.parametrize(("scenario", "sending", "declared"), FLAWED.values(), ids=FLAWED)
def test_exactly_the_declared_rules_fail(scenario: str, sending: Sending, declared: set[str]) -> None:
    """FI-1, FI-2: each defect is caught by its rule and by no other."""
    judged, conclusion = verdicts(scenario, sending)

    assert declared == {rule for rule, verdict in judged.items() if verdict is Verdict.FAIL}
    assert Conclusion.FAILED == conclusion


@pytest.mark.parametrize(("scenario", "sending"), GOOD.values(), ids=GOOD)
def test_another_good_client_passes(scenario: str, sending: Sending) -> None:
    """FI-1, FI-2: whoever keeps to the guide passes, expectations about the stock included."""
    judged, conclusion = verdicts(scenario, sending)

    assert {"FI-1": Verdict.PASS, "FI-2": Verdict.PASS} == {rule: judged[rule] for rule in ("FI-1", "FI-2")}
    assert Conclusion.PASSED == conclusion


def test_right_names_with_wrong_quantities_do_not_pass() -> None:
    """The rules speak of names and order alone; that a client loses its minus signs is seen in the stock."""
    result = run_scenario(find("hourly-updates"), driver=driver(Sending(signed=False)))

    assert [] == [grade.rule.id for grade in result.grades if grade.verdict is Verdict.FAIL]
    assert ["off_target == 0"] == [failure.id for failure in result.failures()]
    assert 20 < result.figures.off_target < result.figures.targets
