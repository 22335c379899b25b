"""Fetch-file configurations, as a client keeps them."""

from typing import Any

import msgspec
import pytest

from kibo_simulator import InventorySettings, SampleSettings, Settings
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.store.fetch_files import FetchFileStore
from kibo_simulator.web.fetch_file_wire import FetchFileRequest

from .conftest import V1, Bench, MakeBench
from .neighbours import dump, fault, other_tenant

FETCH = f"{V1}/config/fetchfile"
TABLES = ("fetch_file_configs",)
SECRET = "hunter2-never-shown"
PLAIN = {"active": True, "lockName": "stock", "postProcessAction": 1}
FTP = {"ftpServer": "sftp.example", "ftpUsername": "kibo", "ftpRemotePath": "/in"}
SFTP: dict[str, Any] = PLAIN | FTP | {"ftpPassword": SECRET}
GCS: dict[str, Any] = PLAIN | {
    "refreshEnabled": True,
    "gcsBucket": "stock",
    "gcsPath": "in",
    "refreshFileDescription": "refreshinventory",
}
S3: dict[str, Any] = PLAIN | {"region": "us-east-1", "bucket": "stock"}
BASE = {"success": True, "messages": [], "numResults": 1}


async def items(bench: Bench) -> Any:
    """All configurations as GET tells them."""
    return (await bench.send("GET", FETCH)).body["items"]


def secret(bench: Bench, number: int) -> str | None:
    """The password that is stored for a configuration."""
    return FetchFileStore(bench.simulator.database.connection).secret(number)


async def test_a_configuration_is_read_back_without_its_password(bench: Bench) -> None:
    """Facts, section 7: saving answers with BaseResponse only; GET gives everything but the password."""
    more = {
        "emailList": "a@example.com",
        "ftpPort": 22,
        "useControlFile": True,
        "zeroOutNegatives": True,
        "fieldNameMap": ["LocationCode", "UPC", "Quantity"],
        "csvDelimiter": ";",
        "productMapping": "SWAP_PART_NUMBER_WITH_UPC",
        "testFTPConfigs": False,
    }
    saved = await bench.send("POST", FETCH, SFTP | more)
    (row,) = await items(bench)

    assert (saved.status, saved.body) == (200, BASE)
    assert row == PLAIN | FTP | more | {
        "fetchFileConfigID": 1,
        "tenantID": 1001,
        "lastModified": "2026-03-02T05:00:00.000Z",
        "exportAfterRefresh": False,
    }
    assert secret(bench, 1) == SECRET


async def test_both_readers_of_the_list_find_what_they_look_for(bench: Bench) -> None:
    """The specification has ``items``; the official SDK reads the fields of one configuration at the top."""
    empty = (await bench.send("GET", FETCH)).body
    for body in (GCS, S3):
        await bench.send("POST", FETCH, body)
    both = (await bench.send("GET", FETCH)).body
    rows = both.pop("items")

    assert empty == {"items": []}
    assert [row["fetchFileConfigID"] for row in rows] == [1, 2]
    assert both == rows[0]


async def test_saving_with_a_number_replaces_and_keeps_the_password(bench: Bench) -> None:
    """What is not told again falls away, except the password."""
    await bench.send("POST", FETCH, SFTP | {"emailList": "a@example.com"})
    bench.wait(60)
    changed = PLAIN | FTP | {"fetchFileConfigID": 1, "lockName": "other"}
    saved = (await bench.send("POST", FETCH, changed)).body
    (row,) = await items(bench)
    kept = secret(bench, 1)
    await bench.send("POST", FETCH, changed | {"ftpPassword": "another"})

    assert saved == BASE
    assert (row["lockName"], "emailList" in row, row["lastModified"]) == ("other", False, "2026-03-02T05:01:00.000Z")
    assert (kept, secret(bench, 1)) == (SECRET, "another")


async def test_a_deleted_configuration_is_gone(bench: Bench) -> None:
    """``deleted`` tells whether there was one; its number is not given out again."""
    await bench.send("POST", FETCH, GCS)
    first = (await bench.send("DELETE", f"{FETCH}/1")).body
    second = (await bench.send("DELETE", f"{FETCH}/1")).body
    await bench.send("POST", FETCH, GCS)

    assert (first, second) == ({"deleted": True}, {"deleted": False})
    assert [row["fetchFileConfigID"] for row in await items(bench)] == [2]


async def test_a_connection_is_tested_for_a_configuration_that_exists(bench: Bench) -> None:
    """Nothing lies at any drop point yet, so every list is empty."""
    await bench.send("POST", FETCH, GCS)
    tested = (await bench.send("GET", f"{FETCH}/testConnection/1")).body
    unknown = await bench.send("GET", f"{FETCH}/testConnection/2")
    wrong = await bench.send("GET", f"{FETCH}/testConnection/x")

    assert tested == {
        "ftpFiles": [],
        "ftpArchiveFiles": [],
        "gcsFiles": [],
        "gcsArchiveFiles": [],
        "s3Files": [],
        "s3ArchiveFiles": [],
    }
    assert fault(unknown) == (400, "ITEM_NOT_FOUND", "fetchFileConfigID")
    assert fault(wrong) == (400, "VALIDATION_ERROR", "fetchFileConfigID")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({name: value for name, value in SFTP.items() if name != "active"}, "$"),
        ({name: value for name, value in SFTP.items() if name != "lockName"}, "$"),
        ({name: value for name, value in SFTP.items() if name != "postProcessAction"}, "$"),
        (SFTP | {"lockName": ""}, "$.lockName"),
        (SFTP | {"postProcessAction": 3}, "$.postProcessAction"),
        (SFTP | {"postProcessAction": "archive"}, "$.postProcessAction"),
        (SFTP | {"ftpPort": 0}, "$.ftpPort"),
        (SFTP | {"csvDelimiter": "||"}, "$.csvDelimiter"),
        (SFTP | {"productMapping": "SWAP"}, "$.productMapping"),
        (SFTP | {"fieldNameMap": [1]}, "$.fieldNameMap[0]"),
        (SFTP | {"fetchFileConfigID": 9}, "$.fetchFileConfigID"),
        (SFTP | {"ftpServer": ""}, "$.ftpServer"),
        (SFTP | {"ftpUsername": None}, "$.ftpUsername"),
        (SFTP | {"ftpPassword": None}, "$.ftpPassword"),
        (SFTP | {"ftpRemotePath": None}, "$.ftpRemotePath"),
        (S3 | {"region": None}, "$.region"),
        (S3 | {"bucket": None, "archiveBucket": "old"}, "$.bucket"),
        (GCS | {"gcsBucket": None}, "$.gcsBucket"),
        (GCS | {"ftpPort": 22}, "$.ftpServer"),
        (PLAIN, "$.ftpServer"),
    ],
)
async def test_a_wrong_configuration_names_the_place_and_is_not_stored(
    bench: Bench, body: dict[str, Any], path: str
) -> None:
    """Each channel asks for its own fields only; a refused configuration leaves no trace."""
    reply = await bench.send("POST", FETCH, body)

    assert (reply.status, fault(reply)[2]) == (400, path)
    assert SECRET not in str(reply.body)
    assert dump(bench, *TABLES) == {"fetch_file_configs": []}


async def test_an_empty_list_can_be_not_found(make_bench: MakeBench) -> None:
    """``empty_lists: not_found`` answers as the specification has it."""
    bench = await make_bench(
        Settings(
            limits=UNLIMITED, sample=SampleSettings(locations=1), inventory=InventorySettings(empty_lists="not_found")
        )
    )

    assert (await bench.send("GET", FETCH)).status == 404


async def test_tenants_do_not_see_each_others_configurations(bench: Bench) -> None:
    """D-3: another tenant neither lists, changes, tests nor deletes one."""
    await bench.send("POST", FETCH, GCS)
    other = await other_tenant(bench)
    changed = await other.send("POST", FETCH, GCS | {"fetchFileConfigID": 1})
    deleted = (await other.send("DELETE", f"{FETCH}/1")).body
    tested = (await other.send("GET", f"{FETCH}/testConnection/1")).status

    assert (await items(other), changed.status, deleted, tested) == ([], 400, {"deleted": False}, 400)
    assert len(await items(bench)) == 1


async def test_no_password_in_journal_or_repr(bench: Bench) -> None:
    """Secrets stay out of the journal and of what a traceback would print."""
    await bench.send("POST", FETCH, SFTP)
    journal = await (await bench.http.get("/_simulator/journal")).text()

    assert SECRET not in journal
    assert SECRET not in repr(msgspec.convert(SFTP, FetchFileRequest))
