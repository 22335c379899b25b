"""Files from drop to stock and from stock to drop, over HTTP and the clock (J-12, T-3, FI-1)."""

import csv
import io
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kibo_simulator import SampleSettings, Settings
from kibo_simulator.drop_points.local_folder import LocalFolder
from kibo_simulator.files.file_log import DropEntry
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.settings import FileSettings

from .conftest import V1, Bench, MakeBench

FETCH = f"{V1}/config/fetchfile"
STAMP = "260301210000"
REFRESH = f"T_1001_REFRESH_{STAMP}.zip"
UPC = "800001000005"
OTHER = "WH-001"
CONFIG = {
    "active": True, "lockName": "stock", "postProcessAction": 1, "ftpServer": "sftp.example", "ftpUsername": "kibo",
    "ftpPassword": "hunter2-never-shown", "ftpRemotePath": "/in", "ftpRemotePathArchive": "/archive",
}  # fmt: skip
NIGHTLY = {
    "name": "nightly", "fileFormat": "CSV", "exportType": "LOCATION",
    "ftpInformation": [{"name": "main", "ftpServer": "sftp.example", "ftpPort": 22, "ftpDirectory": "/out"}],
}  # fmt: skip


@dataclass
class Exchange:
    """A simulator with a folder as its drop point."""

    bench: Bench
    drop: Path

    def put(
        self, text: str | bytes, name: str = f"T_1001_REFRESH_{STAMP}.zip", *, folder: str = "in", trigger: bool = True
    ) -> str:
        """Drop a data file, zipped where its name says so, then its trigger; returns the name."""
        path = self.drop / folder / name
        data = text.encode() if isinstance(text, str) else text
        if name.endswith(".zip") and not data.startswith(b"PK"):
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(name.replace(".zip", ".csv"), data)
        else:
            path.write_bytes(data)
        if trigger:
            path.with_name(f"{name}.done").touch()
        return name

    async def jobs(self, name: str | None = None) -> list[dict[str, Any]]:
        """The jobs of a file, or all, oldest first."""
        query = f"?originalFilename={name}" if name else ""
        jobs: list[dict[str, Any]] = (await self.bench.send("GET", f"{V1}/queue{query}")).body
        return jobs[::-1]

    async def later(self, minutes: float = 11) -> None:
        """Let time pass, and the simulator know."""
        self.bench.wait(minutes * 60)
        await self.bench.send("GET", f"{V1}/queue")

    async def log(self) -> list[tuple[str, str, str]]:
        """What the control plane tells of files."""
        events = (await self.bench.send("GET", "/_simulator/files")).body["events"]
        return [(event["what"], event["name"], event["message"]) for event in events]

    def lies(self, folder: str) -> list[str]:
        """The names in a folder of the drop point."""
        return sorted(path.name for path in (self.drop / folder).iterdir())

    def on_hand(self, upc: str = UPC, code: str = "ST-0001") -> int | None:
        """What a location holds of a product."""
        records = self.bench.simulator.stock_records(1001)
        return next((found.on_hand for found in records if (found.location_code, found.upc) == (code, upc)), None)


MakeExchange = Callable[..., Awaitable[Exchange]]


@pytest.fixture
def make_exchange(make_bench: MakeBench, tmp_path: Path) -> MakeExchange:
    """A function that starts a simulator with a drop point."""

    async def make(data: Path | None = None, **files: Any) -> Exchange:
        settings = Settings(
            limits=UNLIMITED,
            sample=SampleSettings(locations=4, products=48),
            files=FileSettings(drop=str(tmp_path / "drop"), **files),
        )
        return Exchange(await make_bench(settings, data=data), tmp_path / "drop")

    return make


def rows(*cells: tuple[str, str, object]) -> str:
    """A file of location, UPC and quantity."""
    return "LocationCode,UPC,Quantity\n" + "".join(f'"{code}","{upc}",{quantity}\n' for code, upc, quantity in cells)


async def test_a_refresh_file_becomes_a_job_for_each_location(make_exchange: MakeExchange) -> None:
    """J-12: jobs carry the name of the file and no data of their own; stock is set; the file is archived."""
    exchange = await make_exchange()
    name = exchange.put(rows(("ST-0001", UPC, 7), (OTHER, UPC, 8), ("ST-0001", "new-upc", 9)))
    await exchange.later()
    jobs = await exchange.jobs(name)
    listed = [(job["locationCode"], job["type"], job["status"], job["itemCount"], job["hasData"]) for job in jobs]

    assert listed == [("ST-0001", "REFRESH", "SUCCESS", 2, False), (OTHER, "REFRESH", "SUCCESS", 1, False)]
    assert {job["originalFilename"] for job in jobs} == {name}
    assert [job["added"] for job in jobs] == ["2026-03-02T05:10:00.000Z"] * 2
    assert [exchange.on_hand(), exchange.on_hand("new-upc"), exchange.on_hand(code=OTHER)] == [
        7,
        9,
        8,
    ]
    assert (exchange.lies("in"), exchange.lies("archive")) == ([], [name, f"{name}.done"])


async def test_an_update_adds_with_its_sign(make_exchange: MakeExchange) -> None:
    """I-2: an Update adds; XML and CSV alike, in order of the times in their names."""
    exchange = await make_exchange()
    xml = f"<a><LocationCode>ST-0001</LocationCode><b><UPC>{UPC}</UPC><Quantity>+2</Quantity></b></a>"
    exchange.put(xml, "T_1001_UPDATE_260301220000.xml")
    exchange.put(rows(("ST-0001", UPC, "-4")), "T_1001_UPDATE_260301230000.csv")
    exchange.put(rows(("ST-0001", UPC, "10")))
    await exchange.later()

    assert [job["type"] for job in await exchange.jobs()] == ["REFRESH", "ADJUST", "ADJUST"]
    assert exchange.on_hand() == 8


@pytest.mark.parametrize(
    ("fate", "statuses", "held"),
    [
        ("skip", ["SUCCESS", "SUCCESS", "FAILED"], [7, 8]),
        ("location", ["FAILED", "SUCCESS", "FAILED"], [14, 8]),
        ("file", ["FAILED", "FAILED", "FAILED"], [14, 736]),
    ],
)
async def test_the_fate_of_good_rows_is_a_setting(
    make_exchange: MakeExchange, fate: str, statuses: list[str], held: list[int]
) -> None:
    """Errors are collected per row with file and line, in the job of their location (J-8)."""
    exchange = await make_exchange(bad_rows=fate)
    text = rows(("ST-0001", UPC, 7), ("ST-0001", UPC, "x"), (OTHER, UPC, 8), ("", UPC, 1))
    name = exchange.put(text)
    await exchange.later()
    jobs = await exchange.jobs(name)

    assert [job["status"] for job in jobs] == statuses
    assert f"{name}:3: Quantity is 'x', not a whole number" in jobs[0]["messages"]
    assert (jobs[2].get("locationCode"), jobs[2]["messages"]) == (None, [f"{name}:5: has no LocationCode"])
    assert [exchange.on_hand(), exchange.on_hand(code=OTHER)] == held


async def test_a_file_that_is_refused_imports_nothing_and_says_why(make_exchange: MakeExchange) -> None:
    """A half uploaded zip, a bomb and a broken file leave a failed job and the stock as it was."""
    exchange = await make_exchange()
    before = exchange.bench.dump()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("f.csv", rows(("ST-0001", UPC, 7)))
    half = exchange.put(b"PK" + whole.getvalue()[2:90], f"T_1001_REFRESH_{STAMP}.zip")
    broken = exchange.put(rows(("ST-0001", UPC, 7)) + '"ST-0001,', "T_1001_REFRESH_260301210001.csv")
    tricky = exchange.put('<!DOCTYPE a [<!ENTITY b "c">]><a/>', "T_1001_UPDATE_260301210002.xml")
    await exchange.later()
    jobs = [(job["originalFilename"], job["status"], job["messages"]) for job in await exchange.jobs()]

    assert jobs == [
        (half, "FAILED", [f"{half}: is not a sound zip file (half uploaded?)"]),
        (broken, "FAILED", [f"{broken}:3: has a quote that is never closed"]),
        (tricky, "FAILED", [f"{tricky}:1: declares a document type; that is not accepted"]),
    ]
    assert exchange.bench.dump() == before
    assert exchange.lies("archive") == []


async def test_a_refused_file_is_tried_again_once_it_has_changed(make_exchange: MakeExchange) -> None:
    """FI-1 broken: the trigger came before the data was whole; when the upload is done, the file is read."""
    exchange = await make_exchange()
    exchange.put(b"PK half", trigger=True)
    await exchange.later(25)
    refused = len(await exchange.jobs())
    (exchange.drop / "in" / f"T_1001_REFRESH_{STAMP}.zip").unlink()
    exchange.put(rows(("ST-0001", UPC, 7)))
    await exchange.later()

    assert (refused, [job["status"] for job in await exchange.jobs()]) == (1, ["FAILED", "SUCCESS"])
    assert exchange.on_hand() == 7


async def test_what_is_odd_is_said_once(make_exchange: MakeExchange) -> None:
    """Wrong names and triggers without data are reported, once, and stop nothing."""
    exchange = await make_exchange()
    exchange.put("x", "stock.csv")
    (exchange.drop / "in" / "T_1001_REFRESH_260301210009.done").touch()
    exchange.put(rows(("ST-0001", UPC, 7)))
    await exchange.later(35)
    skipped = [entry for entry in await exchange.log() if entry[0] == "skipped"]

    assert skipped == [
        ("skipped", "stock.csv", "is not named T_<tenant>_REFRESH_YYMMDDhhmmss or T_<tenant>_UPDATE_YYMMDDhhmmss"),
        ("skipped", "T_1001_REFRESH_260301210009.done", "is a trigger without data of the same name"),
    ]
    assert exchange.on_hand() == 7


@pytest.mark.parametrize(("action", "left", "archived"), [(0, 2, 0), (1, 0, 2), (2, 0, 0)])
async def test_what_becomes_of_a_file_that_was_read(
    make_exchange: MakeExchange, action: int, left: int, archived: int
) -> None:
    """Nothing, archiving or deleting, by the configuration; in no case is it imported twice."""
    exchange = await make_exchange()
    await exchange.bench.send("POST", FETCH, CONFIG | {"postProcessAction": action})
    exchange.put(rows(("ST-0001", UPC, "+1")), "T_1001_UPDATE_260301210000.zip")
    await exchange.later(45)

    assert exchange.on_hand() == 15
    assert (len(exchange.lies("in")), len(exchange.lies("archive"))) == (left, archived)


async def test_a_configuration_says_how_files_are_read(make_exchange: MakeExchange) -> None:
    """Delimiter, blank quantities and clamped results come from the configuration, also without trigger."""
    exchange = await make_exchange()
    reading = {"csvDelimiter": ";", "blankQuantityIsZero": True, "zeroOutNegatives": True, "useControlFile": False}
    await exchange.bench.send("POST", FETCH, CONFIG | reading)
    text = f"LocationCode;UPC;Quantity\nST-0001;{UPC};-500\nST-0001;other;\n"
    exchange.put(text, "T_1001_UPDATE_260301210000.csv", trigger=False)
    await exchange.later(11)
    settling = len(await exchange.jobs())
    await exchange.later(11)

    assert (settling, [job["status"] for job in await exchange.jobs()]) == (0, ["SUCCESS"])
    assert [exchange.on_hand(), exchange.on_hand("other")] == [0, 0]


async def test_test_connection_lists_what_lies_there(make_exchange: MakeExchange) -> None:
    """The folder and its archive, for each channel; credentials are never told."""
    exchange = await make_exchange()
    await exchange.bench.send("POST", FETCH, CONFIG | {"bucket": "stock", "region": "us-east-1", "s3Path": "in"})
    (exchange.drop / "stock" / "in").mkdir(parents=True)
    exchange.put("x", "a.csv", folder="stock/in", trigger=False)
    exchange.put("x", "b.csv", trigger=False)
    exchange.put("x", "c.csv", folder="archive", trigger=False)
    listed = await exchange.bench.send("GET", f"{FETCH}/testConnection/1")
    files = await exchange.bench.send("GET", "/_simulator/files")

    assert listed.body == {
        "ftpFiles": ["b.csv"], "ftpArchiveFiles": ["c.csv"], "gcsFiles": [], "gcsArchiveFiles": [],
        "s3Files": ["a.csv"], "s3ArchiveFiles": [],
    }  # fmt: skip
    assert "hunter2" not in str(listed.body) + str(files.body)


async def test_paths_that_point_outside_are_refused(make_exchange: MakeExchange, tmp_path: Path) -> None:
    """A configuration or delivery reaches nothing outside the drop point."""
    exchange = await make_exchange()
    (tmp_path / "outside.csv").write_text("x")
    await exchange.bench.send("POST", FETCH, CONFIG | {"ftpRemotePath": "../"})
    listed = await exchange.bench.send("GET", f"{FETCH}/testConnection/1")
    away = {"name": "main", "ftpServer": "x", "ftpPort": 22, "ftpDirectory": "../.."}
    await exchange.bench.send("POST", f"{V1}/export/create", {"exportSettings": NIGHTLY | {"ftpInformation": [away]}})
    await exchange.bench.send("POST", f"{V1}/export", {"exportSettingsName": "nightly"})
    await exchange.later()
    (job,) = await exchange.jobs()

    assert (listed.status, "points outside the drop point" in listed.body["message"]) == (500, True)
    assert (job["status"], job["messages"]) == ("FAILED", ["delivery main: ../..: points outside the drop point"])
    assert exchange.lies("..") == ["drop", "outside.csv"]


# -- exports ----------------------------------------------------------------------------------------------------------


def unpacked(path: Path) -> list[dict[str, str]]:
    """The rows of a zipped CSV export."""
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        return table(archive.read(name).decode())


def table(text: str) -> list[dict[str, str]]:
    """The rows of a CSV export."""
    return list(csv.DictReader(io.StringIO(text)))


async def test_an_export_on_demand_is_a_job_and_a_file(make_exchange: MakeExchange) -> None:
    """POST export answers with the job; at its end the file lies at the drop point, its trigger after it."""
    exchange = await make_exchange()
    await exchange.bench.send("POST", f"{V1}/export/create", {"exportSettings": NIGHTLY})
    answer = (await exchange.bench.send("POST", f"{V1}/export", {"exportSettingsName": "nightly"})).body
    await exchange.later(1)
    (job,) = await exchange.jobs()
    name = "nightly_260301210000.zip"
    found = unpacked(exchange.drop / "out" / name)

    assert answer == {"exportInventoryJobResponses": [{"exportSettingsID": 1, "jobID": job["jobID"]}]}
    assert (job["status"], job["messages"]) == ("SUCCESS", [f"delivered {name} to /out (main)"])
    assert exchange.lies("out") == [name, f"{name}.done"]
    assert [f"{row['LocationCode']} {row['PartNumber']} {row['OnHand']}" for row in found] == exchange.bench.dump()


async def test_exports_run_by_themselves_every_morning(make_exchange: MakeExchange) -> None:
    """T-3: the schedule is on the simulator's clock; an export shows the stock of its moment."""
    exchange = await make_exchange(export_cron="0 9 * * *")
    await exchange.bench.send("POST", f"{V1}/export/create", {"exportSettings": NIGHTLY})
    await exchange.later(3 * 24 * 60)

    assert [name for name in exchange.lies("out") if name.endswith(".zip")] == [
        "nightly_260302010000.zip",
        "nightly_260303010000.zip",
        "nightly_260304010000.zip",
    ]


async def test_settings_choose_what_is_exported(make_exchange: MakeExchange) -> None:
    """Aggregate sums over locations; flags leave out locations and what is not available."""
    exchange = await make_exchange()
    aggregate = NIGHTLY | {"name": "sum", "exportType": "AGGREGATE", "zipFiles": False, "shortenFilename": True}
    only = {"name": "some", "onlySendAvailable": True, "onlySendActiveLocations": True, "zipFiles": False}
    closed = {"tenantID": 1001, "locationCode": "ST-0001", "locationName": "x", "directShip": True, "pickup": True}
    await exchange.bench.send("POST", f"{V1}/location", closed | {"active": False})
    for settings in (aggregate, NIGHTLY | only | {"shortenFilename": True}):
        await exchange.bench.send("POST", f"{V1}/export/create", {"exportSettings": settings})
        await exchange.bench.send("POST", f"{V1}/export", {"exportSettingsName": settings["name"]})
    await exchange.later(1)
    total, some = (table((exchange.drop / "out" / name).read_text()) for name in ("sum.csv", "some.csv"))
    records = list(exchange.bench.simulator.stock_records(1001))

    assert "LocationCode" not in total[0]
    assert sum(int(row["OnHand"]) for row in total) == sum(record.on_hand for record in records)
    assert len(total) == len({record.upc for record in records})
    assert "ST-0001" not in {row["LocationCode"] for row in some}
    assert all(int(row["Available"]) > 0 for row in some)


async def test_without_a_drop_point_an_export_fails_and_says_so(bench: Bench) -> None:
    """Nothing pretends to have been delivered."""
    await bench.send("POST", f"{V1}/export/create", {"exportSettings": NIGHTLY})
    await bench.send("POST", f"{V1}/export", {"exportSettingsName": "nightly"})
    bench.wait(60)
    (job,) = (await bench.send("GET", f"{V1}/queue")).body

    assert (job["status"], job["messages"]) == (
        "FAILED",
        ["there is no drop point; start the simulator with --drop DIR"],
    )


# -- the rest ---------------------------------------------------------------------------------------------------------


async def test_piles_and_low_room_are_warned_of(make_exchange: MakeExchange) -> None:
    """The guide: files must not pile up, and disk space is to be watched; each warning comes once."""
    exchange = await make_exchange(pile_up=2, disk_low_bytes=1 << 60)
    for number in range(3):
        exchange.put("x", f"T_1001_UPDATE_26030121000{number}.csv", trigger=False)
    await exchange.later(35)
    warnings = [message for what, _, message in await exchange.log() if what == "warned"]

    assert warnings == [
        "more than 2 files lie in in; clean it up",
        f"less than {1 << 60:,} bytes are free at the drop point",
    ]


async def test_files_can_be_fetched_now(make_exchange: MakeExchange) -> None:
    """The control plane looks at once; without a drop point it says so."""
    exchange = await make_exchange(fetch_cron="")
    exchange.put(rows(("ST-0001", UPC, 7)))
    told = (await exchange.bench.send("POST", "/_simulator/files/fetch")).body
    data = next(file for file in told["files"] if file["name"].endswith(".zip"))

    assert (data["outcome"], data["takenAt"]) == ("archived", "2026-03-02T05:00:00.000000Z")
    assert [job["type"] for job in await exchange.jobs()] == ["REFRESH"]


async def test_jobs_of_files_survive_a_restart(make_exchange: MakeExchange, tmp_path: Path) -> None:
    """D-1: rows that wait for their job are state like any other."""
    data = tmp_path / "data.db"
    exchange = await make_exchange(data)
    exchange.put(rows(("ST-0001", UPC, 7)))
    exchange.bench.wait(600)
    await exchange.bench.send("GET", f"{V1}/queue")
    exchange.bench.simulator.close()
    again = await make_exchange(data)
    again.bench.wait(660)
    (job,) = await again.jobs()

    assert (job["status"], again.on_hand()) == ("SUCCESS", 7)


async def test_a_file_without_a_good_row_takes_nothing_from_the_next(make_exchange: MakeExchange) -> None:
    """Rows that wait belong to one job only, also beside a job that has none."""
    exchange = await make_exchange()
    exchange.put(rows(("ST-0001", UPC, "x")))
    exchange.put(rows((OTHER, UPC, 8)), "T_1001_REFRESH_260301210001.zip")
    await exchange.later()

    assert [job["status"] for job in await exchange.jobs()] == ["FAILED", "SUCCESS"]
    assert exchange.on_hand(code=OTHER) == 8


async def test_a_year_beside_a_file_that_nobody_wants_is_soon_over(make_exchange: MakeExchange) -> None:
    """T-3: looks that would find what the last one found are left out; the next file is taken all the same."""
    exchange = await make_exchange(export_cron="")
    exchange.put("x", "stock.csv")
    looks = 0
    listing = LocalFolder.listing

    def counted(self: LocalFolder, folder: str) -> list[DropEntry]:
        nonlocal looks
        looks += folder == "in"
        return listing(self, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalFolder, "listing", counted)
        await exchange.later(365 * 24 * 60)
    exchange.put(rows(("ST-0001", UPC, 7)))
    await exchange.later()

    assert looks < 5
    assert exchange.on_hand() == 7


async def test_a_delimiter_that_cannot_separate_is_refused(make_exchange: MakeExchange) -> None:
    """400 with the place, before anything could be read with it."""
    exchange = await make_exchange()
    refused = [
        (await exchange.bench.send("POST", FETCH, CONFIG | {"csvDelimiter": text})).status for text in ('"', "\n", "")
    ]

    assert refused == [400, 400, 400]
