"""A retailer's days by file: refreshes, updates, exports, and bulk deletions from them (C2, C24, C25, T-1, T-3)."""

import asyncio
import json
import urllib.request
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.e2e.conftest import Serve

from kibo_client import KiboClient
from kibo_client import Settings as ClientSettings
from kibo_client.files.places import Folder
from kibo_client.files.uploading import upload
from kibo_client.target_file import read_targets
from kibo_scenarios.pace import VIRTUAL, Clock, run_at, stage
from kibo_simulator import SampleSettings, Settings, Simulator, StockRecord
from kibo_simulator.settings import FileSettings
from kibo_simulator.store.export_settings import ExportSettingsStore
from kibo_simulator.web import build_application

from .openssh import Sftp, needs_sftp
from .retailer import HOUR, TENANT, Key, Retailer

MINUTE = HOUR // 60
START = round(datetime(2026, 3, 5, tzinfo=UTC).timestamp()) * 1_000_000
"""A Thursday; the following Sunday Los Angeles changes to summer time."""
EXPORT = {
    "name": "nightly", "fileFormat": "XML", "exportType": "LOCATION",
    "ftpInformation": [{"name": "main", "ftpServer": "drop.example", "ftpPort": 22, "ftpDirectory": "/out"}],
}  # fmt: skip


def books(records: Iterable[StockRecord]) -> dict[Key, int]:
    """Stock as a retailer keeps it."""
    return {(record.location_code, record.upc or ""): record.on_hand for record in records}


class Week:
    """Seven days in virtual time, over the real client and server."""

    def __init__(self, simulator: Simulator, clock: Clock, folder: Path, client: KiboClient) -> None:
        self.simulator = simulator
        self.clock = clock
        self.folder = folder
        self.client = client
        self.retailer = Retailer(books(simulator.stock_records(TENANT)), seed=7)
        self.inbox = Folder(folder / "drop" / "in")
        self.midnights: list[bool] = []
        self.deleted = 0

    async def until(self, instant: int) -> None:
        """Let time pass."""
        await asyncio.sleep((instant - self.clock.wall_us()) / 1_000_000)

    async def day(self, begins: int) -> None:
        """One day; the books are compared at its end."""
        made = self.folder / "made"
        await self.until(begins + 5 * MINUTE)
        await upload([self.retailer.refresh(made, self.clock.wall_us()).data], self.inbox)
        for hour in range(1, 24):
            await self.until(begins + hour * HOUR + 2 * MINUTE)
            await upload([self.retailer.update(made, self.clock.wall_us()).data], self.inbox)
            if hour == 10:
                await self.delete(begins + hour * HOUR + 30 * MINUTE)
        await self.until(begins + 24 * HOUR)
        self.simulator.advance()
        self.midnights.append(books(self.simulator.stock_records(TENANT)) == self.retailer.stock)

    async def delete(self, at: int) -> None:
        """Take two products off the range by the newest export."""
        await self.until(at)
        exports = sorted((self.folder / "drop" / "out").glob("*.zip"))
        targets = self.retailer.discontinued(read_targets(exports[-1]), products=2)
        report = await self.client.bulk_delete(targets)
        assert report.ok, report
        self.deleted += len(targets)


@pytest.mark.slow
def test_a_week_of_a_retailer_keeps_the_books_straight(tmp_path: Path) -> None:
    """At every midnight the simulator's stock is what the retailer believes, over the change to summer time."""
    (tmp_path / "made").mkdir()

    async def main(clock: Clock) -> tuple[Week, Simulator]:
        settings = Settings(
            sample=SampleSettings(locations=3, products=40), files=FileSettings(drop=str(tmp_path / "drop"))
        )
        simulator = Simulator(settings, wall=clock.wall_us)
        exports = ExportSettingsStore(simulator.database.connection)
        number = exports.add(TENANT, "nightly", json.dumps(EXPORT | {"ftpInformation": None}))
        exports.add_delivery(number, "ftp", name="main", document=json.dumps(EXPORT["ftpInformation"][0]), secret=None)
        async with stage(VIRTUAL, build_application(simulator), latency=20_000) as where:
            account = ClientSettings(
                api_host=where.api_host, tenant=TENANT, client_id="sample.app", shared_secret="sample-secret",
                requests_per_minute=50, requests_per_hour=200,
            )  # fmt: skip
            async with KiboClient(account, connector=where.connect(), now=clock.wall_us, random=Random(1)) as client:
                week = Week(simulator, clock, tmp_path, client)
                for number in range(7):
                    await week.day(START + number * 24 * HOUR)
        return week, simulator

    week, simulator = run_at(VIRTUAL, main, start=START, seed=1)
    jobs = simulator.jobs.newest(TENANT, location_code=None, types=(), limit=100_000, offset=0)
    kinds = Counter(job.type for job in jobs)
    outcomes = Counter(file.outcome for file in simulator.file_log.files() if file.name.endswith(".zip"))
    exports = sorted(path.name for path in (tmp_path / "drop" / "out").glob("*.zip"))
    simulator.close()

    assert week.midnights == [True] * 7
    assert {job.status for job in jobs} == {"SUCCESS"}
    assert (kinds["REFRESH"], kinds[""]) == (7 * 3, 7)
    assert outcomes["archived"] == 7 * 24
    # At nine in the morning, UTC: one o'clock in Los Angeles, from Monday on two.
    assert exports == [
        f"nightly_{stamp}0000.zip"
        for stamp in ("26030501", "26030601", "26030701", "26030801", "26030902", "26031002", "26031102")
    ]
    assert week.deleted > 14


class Api:
    """The API and control plane of a served simulator, by plain HTTP."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        """One request; the answer's JSON, or its text."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}{path}", data=data, method=method)  # our own
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read().decode()
        return json.loads(text) if text[:1] in {"{", "["} and "\n" not in text.strip() else text

    def advance(self, instant: int, now: int) -> int:
        """Move the clock to an instant."""
        self("POST", "/_simulator/clock/advance", {"seconds": (instant - now) / 1_000_000})
        return instant

    def books(self) -> dict[Key, int]:
        """Stock as a retailer keeps it."""
        lines = self("GET", "/_simulator/inventory?format=jsonl").splitlines()
        return {(row["locationCode"], row["upc"]): row["onHand"] for row in map(json.loads, lines)}


@needs_sftp
@pytest.mark.slow
def test_the_same_day_over_sftp_in_real_time(serve: Serve, tmp_path: Path) -> None:
    """One such day with a served simulator and OpenSSH's client: data, trigger, export and deletion."""
    (tmp_path / "made").mkdir()
    served = serve(
        "--drop", str(tmp_path / "drop"), "--sftp-port", "0", "--clock", "manual", "--start", "2026-03-05T00:00:00Z",
        "--limits", "off", "--auth", "off", "--sample", "3", "40",
    )  # fmt: skip
    api = Api(served.url)
    api("POST", "/api/commerce/inventory/v1/export/create", {"exportSettings": EXPORT})
    sftp = Sftp(served.ready["sftp"], tmp_path)
    retailer = Retailer(api.books(), seed=7)

    def send(now: int, *, refresh: bool = False) -> None:
        made = (retailer.refresh if refresh else retailer.update)(tmp_path / "made", now)
        done = sftp.run("cd in", f"put {made.data}", f"put {made.trigger}")
        assert done.returncode == 0, done.stderr

    now = api.advance(START + 5 * MINUTE, START)
    send(now, refresh=True)
    for hour in range(1, 24):
        now = api.advance(START + hour * HOUR + 2 * MINUTE, now)
        send(now)
        if hour == 10:
            now = api.advance(now + 28 * MINUTE, now)
            assert sftp.run("get out/nightly_260305010000.zip export.zip").returncode == 0
            targets = retailer.discontinued(read_targets(tmp_path / "export.zip"), products=2)
            items = [{"upc": upc} for upc in sorted({target.upc for target in targets if target.upc})]
            deleted = api(
                "POST", "/api/commerce/inventory/v5/inventory/deleteItems", {"items": items, "allLocations": True}
            )
            assert len(deleted["jobIDs"]) > 0
    api.advance(START + 24 * HOUR, now)
    jobs = api("GET", "/_simulator/jobs")
    files = api("GET", "/_simulator/files")["files"]

    assert api.books() == retailer.stock
    assert {job["status"] for job in jobs} == {"SUCCESS"}
    assert Counter(file["outcome"] for file in files if file["folder"] == "in") == {"archived": 48}
    assert all(file["exact"] for file in files if file["folder"] == "in")
