"""Looking up, refreshing and adjusting stock (I-1 to I-3, J-12)."""

from typing import Any

import pytest

from kibo_simulator import InventorySettings, SampleSettings, Settings
from kibo_simulator.files.location_export import InventoryRow
from kibo_simulator.rate_limits import UNLIMITED

from .conftest import V1, V5, Bench, MakeBench

NEW = {"partNumber": "NEW-1", "upc": "999999999999"}
PRICED = {"partNumber": "NEW-1", "quantity": 1, "retailPrice": 2.5}


async def work(bench: Bench, operation: str, location: str, *items: dict[str, Any]) -> list[Any]:
    """Send a refresh or adjust, let its job end, and return what the location then holds of NEW-1."""
    reply = await bench.send("POST", f"{V5}/{operation}", {"locationCode": location, "items": list(items)})
    assert reply.status == 200, reply.body
    bench.wait(60)
    job = (await bench.send("GET", f"{V1}/queue/{reply.body['jobID']}")).body
    assert (job["status"], job["itemCount"]) == ("SUCCESS", len(items))
    query = {"type": "ANY", "items": [NEW], "includeNegativeInventory": True}
    return [
        (row["locationCode"], row["onHand"], row["available"]) for row in (await bench.send("POST", V5, query)).body
    ]


async def test_refresh_sets_and_adjust_adds(bench: Bench) -> None:
    """I-2: refresh twice sets twice; adjust adds with its sign; a missing record is created."""
    steps = [
        await work(bench, "refresh", "ST-0001", NEW | {"quantity": 10}),
        await work(bench, "adjust", "ST-0001", NEW | {"quantity": 5}),
        await work(bench, "adjust", "ST-0001", NEW | {"quantity": -20}),
        await work(bench, "refresh", "ST-0001", NEW | {"quantity": 3}),
        await work(bench, "adjust", "WH-001", NEW | {"quantity": 7}),
    ]

    assert steps == [
        [("ST-0001", 10, 10)],
        [("ST-0001", 15, 15)],
        [("ST-0001", -5, -5)],
        [("ST-0001", 3, 3)],
        [("ST-0001", 3, 3), ("WH-001", 7, 7)],
    ]


async def test_safety_stock_is_withheld_unless_ignored(bench: Bench) -> None:
    """I-3: available is on hand less safety stock; a look-up may ignore it."""
    await work(bench, "refresh", "ST-0001", NEW | {"quantity": 10, "safetyStock": 4, "floor": 1, "LTD": 2.5})
    withheld = (await bench.send("POST", V5, {"type": "ANY", "items": [NEW]})).body[0]
    ignored = (await bench.send("POST", V5, {"type": "ANY", "items": [NEW], "ignoreSafetyStock": True})).body[0]

    assert (withheld["onHand"], withheld["available"], ignored["available"]) == (10, 6, 10)
    assert (withheld["safetyStock"], withheld["floor"], withheld["ltd"]) == (4, 1, 2.5)


async def test_negative_availability_is_hidden_unless_asked_for(bench: Bench) -> None:
    """I-3: available may be negative and then only shows on request."""
    await work(bench, "adjust", "ST-0001", NEW | {"quantity": -2})
    hidden = (await bench.send("POST", V5, {"type": "ANY", "items": [NEW]})).body
    query = f"{V5}?items=NEW-1&includeNegativeInventory=true"
    shown = (await bench.send("GET", query)).body

    assert (hidden, [row["available"] for row in shown]) == ([], [-2])


async def test_items_a_refresh_does_not_name_stay_unless_the_setting_says_zero(make_bench: MakeBench) -> None:
    """I-2: ``refresh_zero_missing`` decides what happens to the rest of the location."""
    left = {}
    for zero in (False, True):
        bench = await make_bench(
            Settings(
                limits=UNLIMITED,
                sample=SampleSettings(locations=2, products=20),
                inventory=InventorySettings(refresh_zero_missing=zero),
            )
        )
        await work(bench, "refresh", "WH-001", NEW | {"quantity": 1})
        records = [r for r in bench.simulator.stock_records(1001) if r.part_number != "NEW-1"]
        left[zero] = {
            code: sum(r.on_hand for r in records if r.location_code == code) > 0 for code in ("WH-001", "ST-0001")
        }

    assert left == {False: {"WH-001": True, "ST-0001": True}, True: {"WH-001": False, "ST-0001": True}}


async def test_the_four_query_types(bench: Bench) -> None:
    """Facts of Get Inventory: ALL, PARTIAL, ANY and ALL_STORES over two locations and two products."""
    bench.simulator.load_inventory(
        1001,
        [InventoryRow("ST-0001", "A-1", None, None, 5), InventoryRow("ST-0001", "B-1", None, None, 1),
         InventoryRow("WH-001", "A-1", None, None, 5), InventoryRow("WH-001", "B-1", None, None, 5)],
    )  # fmt: skip
    items = [{"partNumber": "A-1", "quantity": 3}, {"partNumber": "B-1", "quantity": 3}]
    found = {}
    for name in ("ALL", "PARTIAL", "ANY"):
        rows = (await bench.send("POST", V5, {"type": name, "items": items})).body
        found[name] = [f"{row['locationCode']} {row['partNumber']}" for row in rows]
    stores = (await bench.send("POST", V5, {"type": "ALL_STORES", "items": items[:1]})).body
    refused = await bench.send("POST", V5, {"type": "ALL_STORES", "items": items})

    assert found == {
        "ALL": ["WH-001 A-1", "WH-001 B-1"],
        "PARTIAL": ["ST-0001 A-1", "WH-001 A-1", "WH-001 B-1"],
        "ANY": ["ST-0001 A-1", "ST-0001 B-1", "WH-001 A-1", "WH-001 B-1"],
    }
    assert [row["locationCode"] for row in stores] == ["ST-0001", "WH-001"]
    assert refused.status == 400


async def test_white_and_blacklists_and_limits(bench: Bench) -> None:
    """A look-up may be held to some locations and to a number of rows."""
    items = [{"partNumber": "TNT-1001-BLK-S"}]
    everywhere = [row["locationCode"] for row in (await bench.send("POST", V5, {"type": "ANY", "items": items})).body]
    white = (await bench.send("POST", V5, {"type": "ANY", "items": items, "locationWhitelist": ["WH-001"]})).body
    black = (await bench.send("POST", V5, {"type": "ANY", "items": items, "locationBlacklist": ["WH-001"]})).body
    first = (await bench.send("POST", V5, {"type": "ANY", "items": items, "limit": 1})).body

    assert [row["locationCode"] for row in white] == ["WH-001"]
    assert [row["locationCode"] for row in black] == [code for code in everywhere if code != "WH-001"]
    assert [row["locationCode"] for row in first] == everywhere[:1]


async def test_a_location_is_paged_through_without_items(bench: Bench) -> None:
    """Facts, section 11: with ``requestLocation.locationCode`` the items may be missing; pages have no gap."""
    seen: list[str] = []
    for page in range(1, 20):
        body = {"type": "ANY", "requestLocation": {"locationCode": "WH-001"}, "pageSize": 10, "pageNum": page}
        rows = (await bench.send("POST", V5, body)).body
        seen += [row["upc"] for row in rows]
        if not rows:
            break
    expected = [r.upc for r in bench.simulator.stock_records(1001) if r.location_code == "WH-001" and r.available >= 0]

    assert seen == expected


@pytest.mark.parametrize(
    ("operation", "body", "path"),
    [
        ("refresh", {"locationCode": "NOWHERE", "items": [NEW | {"quantity": 1}]}, "$.locationCode"),
        ("refresh", {"locationCode": "WH-001", "items": []}, "$.items"),
        ("refresh", {"locationCode": "WH-001", "items": [NEW]}, "$.items[0]"),
        ("refresh", {"locationCode": "WH-001", "items": [NEW | {"quantity": -1}]}, "$.items[0].quantity"),
        ("refresh", {"locationCode": "WH-001", "items": [{"quantity": 1}]}, "$.items[0]"),
        ("refresh", {"locationCode": "WH-001", "items": [PRICED]}, "$.items[0].currencyID"),
        ("adjust", {"locationCode": "WH-001", "items": [NEW | {"quantity": "1"}]}, "$.items[0].quantity"),
        ("adjust", {"locationCode": "WH-001", "items": [NEW | {"quantity": 2**40}]}, "$.items[0].quantity"),
        ("adjust", {"locationCode": "WH-001", "items": [NEW | {"quantity": 1}] * 1_001}, "$.items"),
        ("refresh", {"locationCode": "WH-001", "items": [NEW | {"quantity": 1}] * 12_001}, "$.items"),
    ],
)  # fmt: skip
async def test_wrong_quantities_name_the_place_and_change_nothing(
    bench: Bench, operation: str, body: Any, path: str
) -> None:
    """A refused refresh or adjust enqueues no job."""
    reply = await bench.send("POST", f"{V5}/{operation}", body)

    assert (reply.status, reply.body["items"][0]["additionalErrorData"][0]["value"]) == (400, path)
    assert bench.simulator.runner.idle


async def test_a_refresh_job_finds_its_location_and_says_what_it_is(bench: Bench) -> None:
    """J-12: one job for the location, of type REFRESH."""
    reply = await bench.send("POST", f"{V5}/refresh", {"locationCode": "WH-001", "items": [NEW | {"quantity": 1}]})
    job = (await bench.send("GET", f"{V1}/queue/{reply.body['jobID']}")).body

    assert (job["type"], job["locationCode"], job["hasData"]) == ("REFRESH", "WH-001", True)
