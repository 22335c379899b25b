"""Export settings and their deliveries, as a client keeps them."""

from typing import Any

import msgspec
import pytest

from kibo_simulator import SampleSettings, Settings
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.settings import ExportSettings
from kibo_simulator.store.export_settings import ExportSettingsStore
from kibo_simulator.web.export_settings_wire import CreateExportRequest

from .conftest import V1, Bench, MakeBench
from .neighbours import TENANT, dump, fault, other_tenant

EXPORT = f"{V1}/export"
TABLES = ("export_settings", "export_deliveries")
SECRET = "hunter2-never-shown"
FTP = {"name": "main", "ftpServer": "sftp.example", "ftpPort": 22, "ftpDirectory": "/in", "ftpUser": "kibo"}
S3 = {"name": "cold", "region": "us-east-1", "bucket": "stock"}
GCS = {"name": "lake", "gcsBucket": "stock"}
NIGHTLY = {"name": "nightly", "fileFormat": "CSV", "exportType": "LOCATION"}
OBJECTS = {"ftp": "exportSettingsFTP", "s3": "exportSettingsS3", "gcs": "exportSettingsGcs"}
SAMPLES: dict[str, dict[str, Any]] = {"ftp": FTP, "s3": S3, "gcs": GCS}


async def create(bench: Bench, **more: Any) -> Any:
    """Create the nightly settings with one SFTP delivery, unless told otherwise."""
    settings = NIGHTLY | ({"ftpInformation": [FTP | {"ftpPassword": SECRET}]} | more)
    reply = await bench.send("POST", f"{EXPORT}/create", {"exportSettings": settings})
    assert reply.status == 200, reply.body
    return reply.body


async def read(bench: Bench, name: str = "nightly") -> Any:
    """The settings with this name as GET tells them."""
    (row,) = (await bench.send("GET", f"{EXPORT}?exportSettingsName={name}")).body
    return row["exportSettings"]


def secrets(bench: Bench) -> list[Any]:
    """The passwords that are stored, delivery by delivery."""
    store = ExportSettingsStore(bench.simulator.database.connection)
    settings = [found.id for found in store.every(TENANT)]
    return [store.secret(delivery.id) for number in settings for delivery in store.deliveries(number)]


# -- settings ---------------------------------------------------------------------------------------------------------


async def test_settings_are_read_back_without_their_secrets(bench: Bench) -> None:
    """Facts, section 2: create answers with the names; GET gives everything but the password."""
    more = {
        "s3Information": [S3],
        "gcsInformation": [GCS],
        "onlySendAvailable": True,
        "safetyStock": "SAFETY_STOCK_MAX",
        "floor": "FLOOR_SUM",
        "ltd": "LTD_AVG",
        "locationGroupIDs": [4],
        "siteIDs": [1],
        "productMapping": "SWAP_SKU_WITH_UPC",
        "tags": {"channel": "Web"},
        "zipFiles": False,
    }
    created = await create(bench, **more)
    told = await read(bench)
    every = (await bench.send("GET", EXPORT)).body
    numbers = [
        (delivery.pop("exportSettingsID"), delivery.pop(number))
        for kind, number in (
            ("ftpInformation", "exportSettingsFTPID"),
            ("s3Information", "exportSettingsS3ID"),
            ("gcsInformation", "exportSettingsGcsID"),
        )
        for delivery in told[kind]
    ]

    assert created == {
        "exportSettingsName": "nightly",
        "exportSettingsFTPName": "main",
        "exportSettingsS3Name": "cold",
        "exportSettingsGcsName": "lake",
    }
    assert told == NIGHTLY | more | {"ftpInformation": [FTP]}
    assert numbers == [(1, 1), (1, 2), (1, 3)]
    assert len(every) == 1
    assert secrets(bench) == [SECRET, None, None]


async def test_a_bucket_alone_is_enough(bench: Bench) -> None:
    """Facts, section 2: the specification always wants ftpInformation, the guide's GCS example has none."""
    created = await create(bench, ftpInformation=None, gcsInformation=[{"name": "lake", "gcs_bucket": "stock"}])
    (delivery,) = (await read(bench))["gcsInformation"]

    assert created == {"exportSettingsName": "nightly", "exportSettingsGcsName": "lake"}
    assert delivery["gcsBucket"] == "stock"


async def test_an_update_replaces_settings_and_keeps_what_it_does_not_speak_of(bench: Bench) -> None:
    """Lists that are given replace those stored; a password that is not told again stays."""
    await create(bench, onlySendAvailable=True, s3Information=[S3])
    (before,) = (await read(bench))["ftpInformation"]
    change = NIGHTLY | {"fileFormat": "XML", "ftpInformation": [FTP | {"ftpPort": 2222}, FTP | {"name": "spare"}]}
    updated = (await bench.send("POST", f"{EXPORT}/update", {"exportSettings": change})).body
    after = await read(bench)

    assert updated == {"tenantID": 1001, "name": "nightly", "success": True, "messages": [], "numResults": 1}
    assert (after["fileFormat"], "onlySendAvailable" in after) == ("XML", False)
    assert [(row["name"], row["ftpPort"]) for row in after["ftpInformation"]] == [("main", 2222), ("spare", 22)]
    assert after["ftpInformation"][0]["exportSettingsFTPID"] == before["exportSettingsFTPID"]
    assert [row["name"] for row in after["s3Information"]] == ["cold"]
    assert secrets(bench) == [SECRET, None, None]


async def test_settings_are_renamed_by_their_number(bench: Bench) -> None:
    """The undeclared ``exportSettingsID`` is how settings are told apart from their name."""
    await create(bench)
    body = {"exportSettingsID": 1, "exportSettings": NIGHTLY | {"name": "daily", "ftpInformation": []}}
    reply = await bench.send("POST", f"{EXPORT}/update", body)
    names = [row["exportSettings"]["name"] for row in (await bench.send("GET", EXPORT)).body]

    assert (reply.body["name"], names) == ("daily", ["daily"])
    assert (await read(bench, "daily"))["ftpInformation"] == []


async def test_deleted_settings_are_gone_with_their_deliveries(bench: Bench) -> None:
    """DELETE answers with a count; a second one finds nothing."""
    await create(bench, s3Information=[S3])
    first = await bench.send("DELETE", f"{EXPORT}/nightly")
    second = await bench.send("DELETE", f"{EXPORT}/nightly")

    assert first.body == {"deleted": 1}
    assert fault(second) == (400, "ITEM_NOT_FOUND", "exportSettingsName")
    assert dump(bench, *TABLES) == {"export_settings": [], "export_deliveries": []}


@pytest.mark.parametrize(("choice", "status"), [("conflict", 409), ("bad_request", 400)])
async def test_a_name_that_is_taken_is_refused(make_bench: MakeBench, choice: Any, status: int) -> None:
    """Facts, section 6: JOB_ALREADY_EXISTS; ``exports.name_taken`` chooses between the two statuses."""
    bench = await make_bench(
        Settings(limits=UNLIMITED, sample=SampleSettings(locations=1), exports=ExportSettings(name_taken=choice))
    )
    await create(bench)
    before = dump(bench, *TABLES)
    again = await bench.send("POST", f"{EXPORT}/create", {"exportSettings": NIGHTLY | {"ftpInformation": [FTP]}})
    delivery = await bench.send(
        "POST", f"{EXPORT}/ftp/create", {"exportSettingsName": "nightly", "exportSettingsFTP": FTP}
    )

    assert fault(again) == (status, "JOB_ALREADY_EXISTS", "$.exportSettings.name")
    assert fault(delivery) == (status, "JOB_ALREADY_EXISTS", "$.exportSettingsFTP.name")
    assert dump(bench, *TABLES) == before


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": ""}, "$.exportSettings.name"),
        ({"fileFormat": "TSV"}, "$.exportSettings.fileFormat"),
        ({"exportType": None}, "$.exportSettings.exportType"),
        ({"floor": "FLOOR_MODE"}, "$.exportSettings.floor"),
        ({"locationGroupIDs": ["4"]}, "$.exportSettings.locationGroupIDs[0]"),
        ({"ftpInformation": [FTP | {"ftpPort": 70_000}]}, "$.exportSettings.ftpInformation[0].ftpPort"),
        ({"ftpInformation": [{"name": "main"}]}, "$.exportSettings.ftpInformation[0]"),
        ({"ftpInformation": [FTP, FTP]}, "$.exportSettings.ftpInformation[1].name"),
        ({"ftpInformation": []}, "$.exportSettings.ftpInformation"),
        ({"s3Information": [{"name": "a", "region": "b"}]}, "$.exportSettings.s3Information[0]"),
        ({"gcsInformation": [{"name": "a"}]}, "$.exportSettings.gcsInformation[0].gcsBucket"),
        ({"ftpInformation": [FTP | {"ftpPassword": 12345}]}, "$.exportSettings.ftpInformation[0].ftpPassword"),
    ],
)
async def test_wrong_settings_name_the_place_and_are_not_stored(
    bench: Bench, change: dict[str, Any], path: str
) -> None:
    """Refused settings leave no trace, and no password in the message."""
    reply = await bench.send(
        "POST", f"{EXPORT}/create", {"exportSettings": NIGHTLY | {"ftpInformation": [FTP]} | change}
    )

    assert fault(reply) == (400, "VALIDATION_ERROR", path)
    assert "12345" not in str(reply.body)
    assert dump(bench, *TABLES) == {"export_settings": [], "export_deliveries": []}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"exportSettings": NIGHTLY | {"name": "x"}}, (404, "ITEM_NOT_FOUND", "$.exportSettings.name")),
        ({"exportSettings": NIGHTLY, "exportSettingsID": 9}, (404, "ITEM_NOT_FOUND", "$.exportSettingsID")),
        (
            {"exportSettings": NIGHTLY | {"name": "weekly"}, "exportSettingsID": 1},
            (409, "JOB_ALREADY_EXISTS", "$.exportSettings.name"),
        ),
        ({"exportSettingsID": 1}, (400, "VALIDATION_ERROR", "$")),
    ],
)
async def test_a_wrong_update_changes_nothing(bench: Bench, body: Any, expected: tuple[int, str, str]) -> None:
    """An update of settings that are not there is 404; a name that others have is refused."""
    await create(bench)
    await create(bench, name="weekly")
    before = dump(bench, *TABLES)
    reply = await bench.send("POST", f"{EXPORT}/update", body)

    assert fault(reply) == expected
    assert dump(bench, *TABLES) == before


# -- deliveries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ftp", "s3", "gcs"])
async def test_a_delivery_is_added_changed_and_deleted(bench: Bench, kind: str) -> None:
    """The three kinds behave alike: by name or number, one or all of the kind, the settings stay."""
    await create(bench, ftpInformation=[], s3Information=[S3 | {"name": "z"}], gcsInformation=[GCS | {"name": "z"}])
    listed = f"{kind}Information"
    before = len((await read(bench))[listed])
    body = {"exportSettingsName": "nightly", OBJECTS[kind]: SAMPLES[kind]}
    created = (await bench.send("POST", f"{EXPORT}/{kind}/create", body)).body
    stored = (await read(bench))[listed][-1]
    number = stored[f"{OBJECTS[kind]}ID"]
    renamed = SAMPLES[kind] | {"name": "other", f"{OBJECTS[kind]}ID": number, "active": False}
    updated = (await bench.send("POST", f"{EXPORT}/{kind}/update", body | {OBJECTS[kind]: renamed})).body
    after = (await read(bench))[listed][-1]
    one = (await bench.send("DELETE", f"{EXPORT}/{kind}/nightly/other")).body
    rest = (await bench.send("DELETE", f"{EXPORT}/{kind}/nightly/")).body
    left = await read(bench)

    assert created == {"exportSettingsName": "nightly", f"{OBJECTS[kind]}Name": SAMPLES[kind]["name"]}
    assert stored == SAMPLES[kind] | {"exportSettingsID": 1, f"{OBJECTS[kind]}ID": number}
    assert updated == {
        "tenantID": 1001,
        "exportSettingsID": 1,
        "exportSettingsName": "nightly",
        f"{OBJECTS[kind]}ID": number,
        f"{OBJECTS[kind]}Name": "other",
        "success": True,
        "messages": [],
        "numResults": 1,
    }
    assert after == renamed | {"exportSettingsID": 1}
    assert (one, rest) == ({"deleted": 1}, {"deleted": before})
    assert (left["name"], left[listed]) == ("nightly", [])


async def test_a_password_is_kept_until_another_is_told(bench: Bench) -> None:
    """An update without a password leaves it; one with another replaces it; neither is ever told."""
    await create(bench)
    body = {"exportSettingsName": "nightly", "exportSettingsFTP": FTP | {"ftpPort": 23}}
    await bench.send("POST", f"{EXPORT}/ftp/update", body)
    kept = secrets(bench)
    body["exportSettingsFTP"] = FTP | {"ftpPassword": "another"}
    await bench.send("POST", f"{EXPORT}/ftp/update", body)

    assert (kept, secrets(bench)) == ([SECRET], ["another"])
    assert "another" not in str(await read(bench))


@pytest.mark.parametrize("kind", ["ftp", "s3", "gcs"])
async def test_a_wrong_delivery_call_names_the_place_and_changes_nothing(bench: Bench, kind: str) -> None:
    """Unknown settings are 400 on creating and deleting and 404 on updating, as the specification lists them."""
    await create(bench, **{f"{kind}Information": [SAMPLES[kind]]})
    before = dump(bench, *TABLES)
    spelled = OBJECTS[kind]
    good = {"exportSettingsName": "nightly", spelled: SAMPLES[kind] | {"name": "b"}}
    sent = [
        await bench.send("POST", f"{EXPORT}/{kind}/create", good | {"exportSettingsName": "x"}),
        await bench.send("POST", f"{EXPORT}/{kind}/update", good | {"exportSettingsName": "x"}),
        await bench.send("POST", f"{EXPORT}/{kind}/update", good),
        await bench.send("POST", f"{EXPORT}/{kind}/update", good | {spelled: SAMPLES[kind] | {f"{spelled}ID": 99}}),
        await bench.send("POST", f"{EXPORT}/{kind}/create", good | {spelled: SAMPLES[kind] | {"name": ""}}),
        await bench.send("POST", f"{EXPORT}/{kind}/create", {"exportSettingsName": "nightly"}),
        await bench.send("DELETE", f"{EXPORT}/{kind}/x"),
        await bench.send("DELETE", f"{EXPORT}/{kind}/nightly/b"),
    ]

    assert [fault(reply) for reply in sent] == [
        (400, "ITEM_NOT_FOUND", "$.exportSettingsName"),
        (404, "ITEM_NOT_FOUND", "$.exportSettingsName"),
        (404, "ITEM_NOT_FOUND", f"$.{spelled}.name"),
        (404, "ITEM_NOT_FOUND", f"$.{spelled}.{spelled}ID"),
        (400, "VALIDATION_ERROR", f"$.{spelled}.name"),
        (400, "VALIDATION_ERROR", "$"),
        (400, "ITEM_NOT_FOUND", "exportSettingsName"),
        (400, "ITEM_NOT_FOUND", f"{spelled}Name"),
    ]
    assert dump(bench, *TABLES) == before


async def test_a_delivery_cannot_take_the_name_of_another(bench: Bench) -> None:
    """Names are unique among the deliveries of one kind."""
    await create(bench, ftpInformation=[FTP, FTP | {"name": "spare"}])
    body = {"exportSettingsName": "nightly", "exportSettingsFTP": FTP | {"exportSettingsFTPID": 2}}
    reply = await bench.send("POST", f"{EXPORT}/ftp/update", body)

    assert fault(reply) == (409, "JOB_ALREADY_EXISTS", "$.exportSettingsFTP.name")


# -- running, and whose they are --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$.exportSettingsName"),
        ({"exportSettingsName": "x"}, "$.exportSettingsName"),
        ({"exportSettingsId": 9}, "$.exportSettingsId"),
        ({"exportSettingsName": "nightly", "exportSettingsId": 9}, "$.exportSettingsId"),
        ({"exportSettingsName": "nightly", "exportSettingsFTPName": "x"}, "$.exportSettingsFTPName"),
        ({"exportSettingsName": "nightly", "exportSettingsS3Name": "main"}, "$.exportSettingsS3Name"),
        ({"exportSettingsName": "nightly", "exportSettingsGcsName": "main"}, "$.exportSettingsGcsName"),
        ({"exportSettingsName": "nightly", "exportSettingsFtpId": 9}, "$.exportSettingsFtpId"),
    ],
)
async def test_what_is_to_be_run_must_be_there(bench: Bench, body: Any, path: str) -> None:
    """POST export checks settings and deliveries before anything else."""
    await create(bench)
    reply = await bench.send("POST", EXPORT, body)

    assert (reply.status, fault(reply)[2]) == (400, path)


async def test_exports_on_demand_can_be_switched_off(make_bench: MakeBench) -> None:
    """Facts, section 11: one guide knows only scheduled exports; ``exports.on_demand`` follows it."""
    bench = await make_bench(
        Settings(limits=UNLIMITED, sample=SampleSettings(locations=1), exports=ExportSettings(on_demand=False))
    )
    await create(bench)
    reply = await bench.send("POST", EXPORT, {"exportSettingsName": "nightly"})

    assert (reply.status, reply.body["errorCode"]) == (400, "VALIDATION_ERROR")


async def test_tenants_do_not_see_each_others_exports(bench: Bench) -> None:
    """D-3: the same name may be used by two tenants, and each sees its own."""
    await create(bench)
    other = await other_tenant(bench)
    before = (await other.send("GET", EXPORT)).body
    run = (await other.send("POST", EXPORT, {"exportSettingsId": 1})).status
    await create(other, fileFormat="XML")
    await other.send("DELETE", f"{EXPORT}/nightly")

    assert (before, run) == ([], 400)
    assert (await read(bench))["fileFormat"] == "CSV"


async def test_no_password_in_journal_or_repr(bench: Bench) -> None:
    """Secrets stay out of the journal and of what a traceback would print."""
    await create(bench)
    journal = (await bench.http.get("/_simulator/journal")).text()
    body = {"exportSettings": NIGHTLY | {"ftpInformation": [FTP | {"ftpPassword": SECRET}]}}
    request = msgspec.convert(body, CreateExportRequest)

    assert SECRET not in await journal
    assert SECRET not in repr(request)
