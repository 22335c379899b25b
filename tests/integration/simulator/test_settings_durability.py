"""What settings-like calls wrote is there after a restart, numbers go on, and failures leave nothing (D-1)."""

from pathlib import Path

from .conftest import V1, Bench, MakeBench
from .neighbours import dump

READS = (
    "/location",
    "/locationGroup",
    "/tagCategory",
    "/bin?locationCode=L1",
    "/export",
    "/config/fetchfile",
)
TABLES = (
    "location_attributes",
    "location_groups",
    "location_group_members",
    "tag_categories",
    "tags",
    "bins",
    "bin_stock",
    "export_settings",
    "export_deliveries",
    "fetch_file_configs",
    "silo_configs",
)
FTP = {"name": "f", "ftpServer": "s", "ftpPort": 22, "ftpDirectory": "/", "ftpPassword": "p"}


async def write(bench: Bench) -> None:
    """Write something of every kind."""
    place = {"locationCode": "L1", "locationName": "L1", "active": True, "directShip": False, "pickup": True}
    exported = {"name": "n", "fileFormat": "CSV", "exportType": "LOCATION", "ftpInformation": [FTP]}
    calls = (
        (f"{V1}/location", place),
        ("/api/commerce/admin/locationGroups", {"locationGroupCode": "g", "locationCodes": ["L1"]}),
        (f"{V1}/bin/loadInventory", {"locationCode": "L1", "bins": [{"binName": "A", "products": []}]}),
        (
            f"{V1}/bin/loadInventory",
            {"locationCode": "L1", "bins": [{"binName": "B", "products": [{"upc": "1", "quantity": 2}]}]},
        ),
        (f"{V1}/tagCategory", {"name": "c", "tags": [{"tagValue": "a"}, {"tagValue": "b", "isDefault": True}]}),
        (f"{V1}/export/create", {"exportSettings": exported}),
        (f"{V1}/config/fetchfile", {"active": True, "lockName": "l", "postProcessAction": 1, "gcsBucket": "b"}),
        (f"{V1}/silo/siloConfig", {"batchWorkers": 3}),
    )
    statuses = [(await bench.send("POST", path, body)).status for path, body in calls]
    assert statuses == [200] * len(calls)


async def test_everything_is_there_after_a_restart(make_bench: MakeBench, tmp_path: Path) -> None:
    """D-1: the same reads give the same bytes, and every table its rows."""
    data = tmp_path / "data.db"
    bench = await make_bench(data=data)
    await write(bench)
    before = [(await bench.send("GET", V1 + path)).body for path in READS]
    rows = dump(bench, *TABLES)
    bench.simulator.close()
    again = await make_bench(data=data)

    assert all(rows.values())
    assert dump(again, *TABLES) == rows
    assert [(await again.send("GET", V1 + path)).body for path in READS] == before


async def test_numbers_of_what_was_deleted_are_not_given_out_again(bench: Bench) -> None:
    """A client that kept the number of something deleted must not meet another thing under it."""
    await write(bench)
    for path in ("/bin/2", "/tagCategory/c", "/export/n", "/config/fetchfile/1"):
        assert (await bench.send("DELETE", V1 + path)).status == 200
    await bench.send("POST", f"{V1}/bin", {"locationCode": "L1", "name": "B"})
    await bench.send("POST", f"{V1}/tagCategory", {"name": "c", "tags": [{"tagValue": "a"}]})
    exported = {"name": "n", "fileFormat": "CSV", "exportType": "LOCATION", "ftpInformation": [FTP]}
    await bench.send("POST", f"{V1}/export/create", {"exportSettings": exported})
    body = {"active": True, "lockName": "l", "postProcessAction": 1, "gcsBucket": "b"}
    await bench.send("POST", f"{V1}/config/fetchfile", body)
    rows = dump(bench, "bins", "tag_categories", "tags", "export_settings", "export_deliveries", "fetch_file_configs")

    assert {table: [row[0] for row in found] for table, found in rows.items()} == {
        "bins": [1, 3],
        "tag_categories": [2],
        "tags": [3],
        "export_settings": [2],
        "export_deliveries": [2],
        "fetch_file_configs": [2],
    }
