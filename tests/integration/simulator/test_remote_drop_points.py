"""Real drop points: the simulator connects to SFTP servers and buckets as the configurations say (T-3)."""

import asyncio
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import asyncssh
import pytest
from moto.server import ThreadedMotoServer

from kibo_client.errors import InventoryFileError
from kibo_client.files.places import open_place
from kibo_client.files.uploading import upload
from kibo_simulator import SampleSettings, Settings
from kibo_simulator.drop_points.bucket_point import BucketPoint
from kibo_simulator.drop_points.point import DropPoint, DropPointError
from kibo_simulator.drop_points.sftp_point import SftpPoint
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.settings import FileSettings

from .conftest import V1, Bench, MakeBench

NAME = "T_1001_REFRESH_260301210000.csv"
UPC = "800001000005"
ROWS = f'"LocationCode","UPC","Quantity"\n"ST-0001","{UPC}","7"\n'
PASSWORD = "hunter2-never-shown"


class _Door(asyncssh.SSHServer):
    """Lets one user in."""

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("kibo", PASSWORD)


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Somebody else's SFTP server in a thread of its own: its port and its folder."""
    folder = tmp_path / "remote"
    for inside in ("in", "archive"):
        (folder / inside).mkdir(parents=True)
    started = threading.Event()
    port: list[int] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=_Door,
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            sftp_factory=lambda chan: asyncssh.SFTPServer(chan, chroot=os.fsencode(folder)),
        )
        port.append(server.get_port())
        started.set()
        await stop.wait()
        server.close()
        await server.wait_closed()

    thread = threading.Thread(target=lambda: (loop.run_until_complete(serve()), loop.close()))
    thread.start()
    assert started.wait(10)
    yield port[0], folder
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 service with a bucket called ``stock``: its URL."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", PASSWORD),
        ("AWS_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    for method, path in (("POST", "/moto-api/reset"), ("PUT", "/stock")):
        urllib.request.urlopen(urllib.request.Request(url + path, method=method), timeout=10).close()
    yield url
    server.stop()


def exercise(point: DropPoint, inbox: str, archive: str, folder: Path) -> None:
    """What every drop point can do, whatever it is made of."""
    source = folder / "source.csv"
    source.write_text(ROWS)

    assert point.listing(f"{inbox}/nowhere") == []
    assert [point.deliver(inbox, NAME, source), point.deliver(inbox, NAME, None)] == [NAME, f"1-{NAME}"]
    assert [(entry.name, entry.size) for entry in point.listing(inbox)] == [(f"1-{NAME}", 0), (NAME, len(ROWS))]
    assert point.fetch(inbox, NAME, folder).read_text() == ROWS
    point.delete(inbox, [f"1-{NAME}", "gone"])
    point.archive(inbox, [NAME, "gone"], archive)
    point.deliver(inbox, NAME, source)
    point.archive(inbox, [NAME], archive)

    assert point.listing(inbox) == []
    assert [entry.name for entry in point.listing(archive)] == [f"1-{NAME}", NAME]
    with pytest.raises(DropPointError):
        point.fetch(inbox, "gone", folder)
    with pytest.raises(DropPointError, match="is not a file name"):
        point.fetch(inbox, "../x", folder)


def test_an_sftp_server_does_what_a_drop_point_does(sftp: tuple[int, Path], tmp_path: Path) -> None:
    """The same checker for each kind; a wrong password and a dead port are one line without secrets."""
    port, _ = sftp
    point = SftpPoint(host="127.0.0.1", port=port, user="kibo", password=PASSWORD, known_hosts="any")
    exercise(point, "in", "archive/2026", tmp_path)
    strangers = tmp_path / "known_hosts"
    strangers.touch()
    for wrong in (
        SftpPoint(host="127.0.0.1", port=port, user="kibo", password="nope", known_hosts="any"),
        SftpPoint(host="127.0.0.1", port=1, user="kibo", password=PASSWORD, known_hosts="any"),
        SftpPoint(
            host="127.0.0.1", port=port, user="kibo", password=PASSWORD, known_hosts=str(tmp_path / "source.csv")
        ),
    ):
        with pytest.raises(DropPointError) as error:
            wrong.listing("in")
        assert (PASSWORD in str(error.value) + repr(wrong), "\n" in str(error.value)) == (False, False)


def test_a_bucket_does_what_a_drop_point_does(bucket: str, tmp_path: Path) -> None:
    """Likewise against an S3 service."""
    exercise(BucketPoint(cloud="s3", endpoint=bucket), "stock/in", "stock/archive", tmp_path)
    point = BucketPoint(cloud="s3", endpoint=bucket)
    urllib.request.urlopen(urllib.request.Request(f"{bucket}/other", method="PUT"), timeout=10).close()
    point.archive("stock/archive", [NAME], "other/deep/down")
    assert point.fetch("other/deep/down", NAME, tmp_path).read_text() == ROWS
    with pytest.raises(DropPointError) as error:
        BucketPoint(cloud="s3", endpoint=bucket, timeout_s=2).deliver("no-such-bucket/in", "x", None)
    assert PASSWORD not in str(error.value)


async def settled(bench: Bench, done: Callable[[], bool]) -> None:
    """Let the courier do his rounds: each of his answers wakes the schedules."""
    limit = time.monotonic() + 5
    while not done():
        assert time.monotonic() < limit, list(bench.simulator.file_log.since())
        await bench.send("GET", f"{V1}/queue")


def remote(**more: Any) -> Settings:
    """A simulator that connects to what the configurations name."""
    return Settings(
        limits=UNLIMITED,
        sample=SampleSettings(locations=2, products=8),
        files=FileSettings(remote=True, sftp_known_hosts="any", **more),
    )


async def round_trip(
    bench: Bench, fetch: dict[str, Any], delivery: dict[str, Any], point: DropPoint, inbox: str, source: Path
) -> list[dict[str, Any]]:
    """Import a file from there and export to it; returns the jobs, the export's first."""
    await asyncio.to_thread(source.write_text, ROWS)
    await asyncio.to_thread(point.deliver, inbox, NAME, source)
    await asyncio.to_thread(point.deliver, inbox, f"{NAME}.done", None)
    config = {"active": True, "lockName": "x", "postProcessAction": 1} | fetch
    await bench.send("POST", f"{V1}/config/fetchfile", config)
    listed = await bench.send("GET", f"{V1}/config/fetchfile/testConnection/1")
    bench.wait(601)
    await settled(bench, lambda: any(file.outcome == "archived" for file in bench.simulator.file_log.files()))
    export = {"name": "all", "fileFormat": "CSV", "exportType": "LOCATION", "shortenFilename": True} | delivery
    created = await bench.send("POST", f"{V1}/export/create", {"exportSettings": export})
    await bench.send("POST", f"{V1}/export", {"exportSettingsName": "all"})
    bench.wait(5)
    await settled(bench, lambda: bench.simulator.runner.idle)
    jobs: list[dict[str, Any]] = (await bench.send("GET", f"{V1}/queue")).body
    held = {(record.location_code, record.upc): record.on_hand for record in bench.simulator.stock_records(1001)}

    assert (created.status, NAME in listed.body["ftpFiles"] + listed.body["s3Files"]) == (200, True), listed.body
    assert held["ST-0001", UPC] == 7
    return jobs


@pytest.mark.slow
async def test_files_go_to_and_from_an_sftp_server(
    make_bench: MakeBench, sftp: tuple[int, Path], tmp_path: Path
) -> None:
    """Fetched, archived and exported by the stored credentials; nothing waits under anybody's turn."""
    port, folder = sftp
    bench = await make_bench(remote())
    account = {"ftpServer": "127.0.0.1", "ftpPort": port, "ftpPassword": PASSWORD}
    point = SftpPoint(host="127.0.0.1", port=port, user="kibo", password=PASSWORD, known_hosts="any")
    fetch = account | {"ftpUsername": "kibo", "ftpRemotePath": "in", "ftpRemotePathArchive": "archive"}
    delivery = {"ftpInformation": [account | {"name": "main", "ftpUser": "kibo", "ftpDirectory": "out"}]}
    jobs = await round_trip(bench, fetch, delivery, point, "in", tmp_path / "source.csv")
    told = (
        str((await bench.send("GET", "/_simulator/files")).body)
        + await (await bench.http.get("/_simulator/journal")).text()
    )

    assert [(job["status"], job["messages"]) for job in jobs] == [
        ("SUCCESS", ["delivered all.zip to out (main)"]),
        ("SUCCESS", []),
    ]
    assert names(folder / "archive") == [NAME, f"{NAME}.done"]
    assert names(folder / "out") == ["all.zip", "all.zip.done"]
    assert PASSWORD not in told


@pytest.mark.slow
async def test_files_go_to_and_from_a_bucket(make_bench: MakeBench, bucket: str, tmp_path: Path) -> None:
    """The same with S3: the first part of a path is the bucket."""
    bench = await make_bench(remote(object_endpoint=bucket))
    fetch = {"bucket": "stock", "region": "us-east-1", "s3Path": "in", "s3ArchivePath": "old"}
    delivery = {"s3Information": [{"name": "main", "region": "us-east-1", "bucket": "stock"}]}
    point = BucketPoint(cloud="s3", endpoint=bucket)
    jobs = await round_trip(bench, fetch, delivery, point, "stock/in", tmp_path / "source.csv")
    lying = {folder: await asyncio.to_thread(point.listing, f"stock/{folder}") for folder in ("in", "old", "")}

    assert jobs[0]["messages"] == ["delivered all.zip to stock (main)"]
    assert {folder: [entry.name for entry in entries] for folder, entries in lying.items()} == {
        "in": [],
        "old": [NAME, f"{NAME}.done"],
        "": ["all.zip", "all.zip.done"],
    }


@pytest.mark.slow
async def test_a_drop_point_that_is_gone_fails_the_export_and_warns_of_the_look(make_bench: MakeBench) -> None:
    """J-8: the job says why; the look is tried again at the next time; the API answers meanwhile."""
    bench = await make_bench(remote())
    account = {"ftpServer": "127.0.0.1", "ftpPort": 1, "ftpPassword": PASSWORD}
    fetch = account | {"ftpUsername": "kibo", "ftpRemotePath": "in", "active": True, "lockName": "x"}
    await bench.send("POST", f"{V1}/config/fetchfile", fetch | {"postProcessAction": 1})
    export: dict[str, Any] = {"name": "all", "fileFormat": "CSV", "exportType": "LOCATION"}
    export |= {"ftpInformation": [account | {"name": "main", "ftpUser": "kibo", "ftpDirectory": "out"}]}
    await bench.send("POST", f"{V1}/export/create", {"exportSettings": export})
    await bench.send("POST", f"{V1}/export", {"exportSettingsName": "all"})
    tested = await bench.send("GET", f"{V1}/config/fetchfile/testConnection/1")
    bench.wait(601)
    await settled(bench, lambda: bench.simulator.runner.idle and bool(list(bench.simulator.file_log.since())))
    (job,) = (await bench.send("GET", f"{V1}/queue")).body
    (event,) = bench.simulator.file_log.since()

    assert (tested.status, job["status"], event.what) == (500, "FAILED", "warned")
    assert job["messages"][0].startswith("delivery main: sftp://127.0.0.1:1: ")
    assert PASSWORD not in str(job) + event.message + str(tested.body)


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_the_client_uploads_to_a_bucket(bucket: str, tmp_path: Path) -> None:
    """C25: ``kibo-client file upload --to s3://…``: the data whole, then its trigger."""
    data = tmp_path / NAME
    data.write_text(ROWS)

    async def send() -> list[str]:
        place = await open_place("s3://stock/in", endpoint=bucket)
        return [one.trigger for one in await upload([data], place)]

    sent = anyio.run(send)
    lying = BucketPoint(cloud="s3", endpoint=bucket).listing("stock/in")

    assert sent == [f"{NAME}.done"]
    assert [(entry.name, entry.size) for entry in lying] == [(NAME, len(ROWS)), (f"{NAME}.done", 0)]
    with pytest.raises(InventoryFileError, match=r"has a file .* already"):
        anyio.run(send)
