"""Bins of a location, as a client keeps, searches and loads them."""

from typing import Any

import pytest

from kibo_simulator import InventorySettings, SampleSettings, Settings
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.settings import BinSettings

from .conftest import V1, V5, Bench, MakeBench
from .neighbours import dump, fault, location, other_tenant

BIN = f"{V1}/bin"
TABLES = ("bins", "bin_stock", "products", "stock")
NEW = {"partNumber": "BIN-1"}


async def add(bench: Bench, name: str, code: str = "WH-001", **more: Any) -> int:
    """Create a bin and return its number."""
    reply = await bench.send("POST", BIN, {"name": name, "locationCode": code} | more)
    assert reply.status == 200, reply.body
    return int(reply.body["binID"])


async def names(bench: Bench, query: str) -> list[str]:
    """The names of a location's bins."""
    return [row["name"] for row in (await bench.send("GET", f"{BIN}?{query}")).body["bins"]]


async def load(bench: Bench, quantity: int, *, name: str = "A-01", **more: Any) -> Any:
    """Set what a bin of the warehouse holds of one product."""
    body = {"locationCode": "WH-001", "bins": [{"binName": name, "products": [NEW | {"quantity": quantity}]}]}
    reply = await bench.send("POST", f"{BIN}/loadInventory", body | more)
    assert reply.status == 200, reply.body
    return reply.body


async def on_hand(bench: Bench) -> list[int]:
    """What the tenant's locations hold of the test's product."""
    query = {"type": "ANY", "items": [NEW], "includeNegativeInventory": True}
    return [row["onHand"] for row in (await bench.send("POST", V5, query)).body]


# -- bins -------------------------------------------------------------------------------------------------------------


async def test_a_bin_is_read_back_changed_and_deleted(bench: Bench) -> None:
    """Facts, section 2: create answers with the number, the calls about one bin with the bin itself."""
    number = await add(bench, "A-01")
    second = await add(bench, "A-02", binTypeID=2, binStatusID=2)
    created = (await bench.send("GET", f"{BIN}/{number}")).body
    changed = (await bench.send("POST", f"{BIN}/{number}", {"binID": number, "binTypeID": 3})).body
    deleted = (await bench.send("DELETE", f"{BIN}/{number}?binName=A-01&locationCode=WH-001")).body
    gone = await bench.send("GET", f"{BIN}/{number}")
    left = (await bench.send("GET", f"{BIN}?locationCode=WH-001")).body

    base = {"success": True, "messages": [], "numResults": 1}
    expected = {"name": "A-01", "binID": number, "locationCode": "WH-001", "binTypeID": 1, "binStatusID": 1} | base
    assert created == expected
    assert changed == expected | {"binTypeID": 3}
    assert deleted == base
    assert fault(gone) == (404, "ITEM_NOT_FOUND", "bin_id")
    assert left == {
        "bins": [
            {
                "binID": second,
                "locationID": location(bench, "WH-001").id,
                "binTypeID": 2,
                "binStatusID": 2,
                "name": "A-02",
            }
        ],
        "resultCount": 1,
    }


async def test_bins_are_listed_by_location_term_and_page(bench: Bench) -> None:
    """A page holds ``perPage`` names in order; ``resultCount`` counts all pages; terms match in any case."""
    for name in ("B-02", "A-01", "B-01"):
        await add(bench, name)
    await add(bench, "B-99", "ST-0001")
    place = f"locationID={location(bench, 'WH-001').id}"
    second_page = (await bench.send("GET", f"{BIN}?{place}&perPage=2&page=2")).body

    assert await names(bench, place) == ["A-01", "B-01", "B-02"]
    assert await names(bench, f"{place}&searchTerm=b-") == ["B-01", "B-02"]
    assert ([row["name"] for row in second_page["bins"]], second_page["resultCount"]) == (["B-02"], 3)
    assert await names(bench, f"{place}&searchTerm=Z") == []


async def test_many_bins_are_changed_together_or_not_at_all(bench: Bench) -> None:
    """The answer tells how many bins were touched; one wrong element undoes all."""
    numbers = [await add(bench, name) for name in ("A-01", "A-02")]
    good = [{"binID": number, "binStatusID": 2, "locationCode": "WH-001"} for number in numbers]
    changed = (await bench.send("POST", f"{BIN}/updateBins", {"bins": good})).body
    before = dump(bench, *TABLES)
    refused = await bench.send(
        "POST", f"{BIN}/updateBins", {"bins": [{"binID": numbers[0], "binTypeID": 4}, {"binID": 999}]}
    )

    assert changed == {"numberAffected": 2, "success": True, "messages": [], "numResults": 2}
    assert fault(refused) == (400, "ITEM_NOT_FOUND", "$.bins[1].binID")
    assert dump(bench, *TABLES) == before
    assert [row[4] for row in before["bins"]] == [2, 2]


async def test_types_and_statuses_are_numbered_and_can_be_set(make_bench: MakeBench) -> None:
    """Kibo publishes neither list; ``bins.types`` and ``bins.statuses`` are ours."""
    bench = await make_bench(Settings(limits=UNLIMITED, bins=BinSettings(types=("Shelf",), statuses=("On", "Off"))))
    types = (await bench.send("GET", f"{BIN}/binTypes")).body
    statuses = (await bench.send("GET", f"{BIN}/binStatuses")).body
    refused = await bench.send("POST", BIN, {"name": "A", "locationCode": "WH-001", "binTypeID": 2})

    assert types == [{"binTypeID": 1, "description": "Shelf"}]
    assert statuses == [{"binStatusID": 1, "description": "On"}, {"binStatusID": 2, "description": "Off"}]
    assert fault(refused) == (400, "VALIDATION_ERROR", "$.binTypeID")


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "", {"name": "A-02"}, (400, "VALIDATION_ERROR", "$")),
        ("POST", "", {"name": "A-02", "locationCode": "X"}, (400, "LOCATION_NOT_FOUND", "$.locationCode")),
        ("POST", "", {"name": "A-01", "locationCode": "WH-001"}, (400, "VALIDATION_ERROR", "$.name")),
        ("POST", "", {"name": 7, "locationCode": "WH-001"}, (400, "VALIDATION_ERROR", "$.name")),
        ("POST", "", {"name": "B", "locationCode": "WH-001", "binTypeID": 5}, (400, "VALIDATION_ERROR", "$.binTypeID")),
        (
            "POST",
            "",
            {"name": "B", "locationCode": "WH-001", "binStatusID": 0},
            (400, "VALIDATION_ERROR", "$.binStatusID"),
        ),
        ("POST", "/1", {"binID": 2}, (400, "VALIDATION_ERROR", "$.binID")),
        ("POST", "/1", {"locationCode": "ST-0001"}, (400, "VALIDATION_ERROR", "$.locationCode")),
        ("POST", "/1", {"binTypeID": 9}, (400, "VALIDATION_ERROR", "$.binTypeID")),
        ("POST", "/2", {"binTypeID": 1}, (400, "ITEM_NOT_FOUND", "bin_id")),
        ("POST", "/x", {"binTypeID": 1}, (400, "VALIDATION_ERROR", "bin_id")),
        ("POST", "/updateBins", {"bins": [{"binTypeID": 1}]}, (400, "VALIDATION_ERROR", "$.bins[0].binID")),
        ("POST", "/updateBins", {"bins": [{"binID": "1"}]}, (400, "VALIDATION_ERROR", "$.bins[0].binID")),
        ("GET", "/2", None, (404, "ITEM_NOT_FOUND", "bin_id")),
        ("GET", "", None, (400, "VALIDATION_ERROR", "locationID")),
        ("GET", "?locationID=99", None, (404, "LOCATION_NOT_FOUND", "locationID")),
        ("GET", "?locationCode=X", None, (404, "LOCATION_NOT_FOUND", "locationCode")),
        ("GET", "?locationCode=WH-001&perPage=0", None, (400, "VALIDATION_ERROR", "perPage")),
        ("DELETE", "/2", None, (404, "ITEM_NOT_FOUND", "bin_id")),
        ("DELETE", "/1?binName=B", None, (400, "VALIDATION_ERROR", "binName")),
        ("DELETE", "/1?locationCode=B", None, (400, "VALIDATION_ERROR", "locationCode")),
        (
            "POST",
            "/searchInventory",
            {"locationCode": "X"},
            (400, "LOCATION_NOT_FOUND", "$.locationCode"),
        ),
        ("POST", "/searchInventory", {"product": {}}, (400, "VALIDATION_ERROR", "$.product")),
        ("POST", "/searchInventory", {"tags": {"channel": "Web"}}, (400, "VALIDATION_ERROR", "$.tags.channel")),
    ],
)
async def test_a_wrong_bin_call_names_the_place_and_changes_nothing(
    bench: Bench, method: str, path: str, body: Any, expected: tuple[int, str, str]
) -> None:
    """A refused call leaves bins and stock as they were."""
    assert await add(bench, "A-01") == 1
    before = dump(bench, *TABLES)
    reply = await bench.send(method, BIN + path, body)

    assert fault(reply) == expected
    assert dump(bench, *TABLES) == before


async def test_an_empty_list_can_be_not_found(make_bench: MakeBench) -> None:
    """``empty_lists: not_found`` answers as the specification has it."""
    bench = await make_bench(
        Settings(
            limits=UNLIMITED, sample=SampleSettings(locations=1), inventory=InventorySettings(empty_lists="not_found")
        )
    )

    assert (await bench.send("GET", f"{BIN}?locationCode=WH-001")).status == 404


# -- what lies in them ------------------------------------------------------------------------------------------------


async def test_a_load_sets_what_a_bin_holds_and_moves_the_location_by_the_difference(bench: Bench) -> None:
    """Units added and removed are those of the stock as well; missing bins and products are created once."""
    first = await load(bench, 10)
    second = await load(bench, 4)
    third = await load(bench, 6, name="A-02")
    product = first["binQuantities"][0]["products"][0]
    number, inventory = product["binID"], product["inventoryID"]

    assert first == {
        "unitsAdded": 10,
        "unitsRemoved": 0,
        "binsCreated": ["A-01"],
        "productsCreated": [NEW],
        "binQuantities": [
            {
                "binName": "A-01",
                "products": [
                    NEW
                    | {
                        "quantity": 10,
                        "binID": number,
                        "locationID": location(bench, "WH-001").id,
                        "binTypeID": 1,
                        "binStatusID": 1,
                        "inventoryID": inventory,
                        "onHand": 10,
                        "available": 10,
                        "allocated": 0,
                        "pending": 0,
                        "ltd": 0,
                        "floor": 0,
                        "safetystock": 0,
                    }
                ],
            }
        ],
        "success": True,
        "messages": [],
        "numResults": 1,
    }
    assert (second["unitsAdded"], second["unitsRemoved"], second["binsCreated"]) == (0, 6, [])
    assert (third["unitsAdded"], third["binsCreated"], third["productsCreated"]) == (6, ["A-02"], [])
    assert await on_hand(bench) == [10]


async def test_a_dry_run_tells_the_same_and_leaves_nothing(bench: Bench) -> None:
    """What a dry run reports is what the live run then does, but for numbers that do not exist yet."""
    before = dump(bench, *TABLES)
    dry = await load(bench, 10, dryRun=True)
    after = dump(bench, *TABLES)
    live = await load(bench, 10)
    product = live["binQuantities"][0]["products"][0]
    del product["binID"], product["inventoryID"]

    assert dry == live
    assert after == before


async def test_a_load_names_locations_by_product_where_the_request_does_not(bench: Bench) -> None:
    """ProductQuantity has a ``locationID`` of its own."""
    place = location(bench, "ST-0002")
    body = {"bins": [{"binName": "S", "products": [NEW | {"quantity": 3, "locationID": place.id, "binTypeID": 2}]}]}
    reply = await bench.send("POST", f"{BIN}/loadInventory", body)

    assert reply.status == 200
    assert await names(bench, f"locationID={place.id}") == ["S"]


async def test_bins_are_found_by_name_and_by_product(bench: Bench) -> None:
    """A search tells of each product its quantity in the bin and its counters at the location."""
    await load(bench, 10)
    await load(bench, 5, name="B-01")
    await add(bench, "A-02")
    every = (await bench.send("POST", f"{BIN}/searchInventory", {})).body
    named = (await bench.send("POST", f"{BIN}/searchInventory", {"binName": "a-"})).body
    held = (await bench.send("POST", f"{BIN}/searchInventory", {"product": NEW, "sortAscending": False})).body
    other = (await bench.send("POST", f"{BIN}/searchInventory", {"product": {"upc": "none"}})).body
    page = (await bench.send("POST", f"{BIN}/searchInventory", {"pageSize": 1, "pageNum": 2})).body

    assert [(row["binName"], [p["quantity"] for p in row["products"]]) for row in every["binQuantities"]] == [
        ("A-01", [10]),
        ("A-02", []),
        ("B-01", [5]),
    ]
    assert [row["binName"] for row in named["binQuantities"]] == ["A-01", "A-02"]
    assert [row["binName"] for row in held["binQuantities"]] == ["B-01", "A-01"]
    product = held["binQuantities"][1]["products"][0]
    assert {name: product[name] for name in ("partNumber", "quantity", "onHand", "available", "locationCode")} == {
        "partNumber": "BIN-1",
        "quantity": 10,
        "onHand": 15,
        "available": 15,
        "locationCode": "WH-001",
    }
    assert (other["binQuantities"], other["numResults"], other["success"]) == ([], 0, True)
    assert ([row["binName"] for row in page["binQuantities"]], page["numResults"]) == (["A-02"], 3)


async def test_what_cannot_be_promised_shows_only_on_request(bench: Bench) -> None:
    """I-3: ``showNegativeInventory`` shows products whose availability is below nothing."""
    await load(bench, 10)
    await bench.send("POST", f"{V5}/sync-adjust", {"locationCode": "WH-001", "items": [NEW | {"quantity": -11}]})
    shown = {}
    for negative in (False, True):
        reply = await bench.send("POST", f"{BIN}/searchInventory", {"showNegativeInventory": negative})
        shown[negative] = [p["available"] for row in reply.body["binQuantities"] for p in row["products"]]

    assert shown == {False: [], True: [-1]}


async def test_tagged_stock_lies_apart(bench: Bench) -> None:
    """I-1: the records of one product under two tags are two things in a bin; no tag means the default one."""
    tags = [{"tagValue": "Web"}, {"tagValue": "Store"}]
    await bench.send("POST", f"{V1}/tagCategory", {"name": "channel", "tags": tags})
    products = [NEW | {"quantity": 2}, NEW | {"quantity": 3, "tags": {"channel": "Store"}}]
    body = {"locationCode": "WH-001", "bins": [{"binName": "A", "products": products}]}
    await bench.send("POST", f"{BIN}/loadInventory", body)
    found = {}
    for asked in ({}, {"channel": "Store"}):
        reply = await bench.send("POST", f"{BIN}/searchInventory", {"tags": asked})
        rows = reply.body["binQuantities"][0]["products"]
        found[len(asked)] = [(row["tags"][0]["tags"], row["tags"][0]["onHand"], row["quantity"]) for row in rows]

    assert found == {0: [({"channel": "Web"}, 2, 2), ({"channel": "Store"}, 3, 3)], 1: [({"channel": "Store"}, 3, 3)]}


async def test_deleted_stock_does_not_come_back_into_a_bin(bench: Bench) -> None:
    """What a bin held of a deleted record is forgotten: a new load starts from nothing."""
    await load(bench, 10)
    await bench.delete_items([NEW])
    bench.wait(60)
    empty = (await bench.send("POST", f"{BIN}/searchInventory", {})).body["binQuantities"]
    again = await load(bench, 10)

    assert empty == [{"binName": "A-01", "products": []}]
    assert (again["unitsAdded"], await on_hand(bench)) == (10, [10])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "VALIDATION_ERROR", "$")),
        ({"bins": []}, (400, "VALIDATION_ERROR", "$.bins")),
        ({"bins": [{"products": []}]}, (400, "VALIDATION_ERROR", "$.bins[0]")),
        ({"bins": [{"binName": "A", "products": []}]}, (400, "VALIDATION_ERROR", "$.locationCode")),
        (
            {"bins": [{"binName": "A", "products": [NEW | {"quantity": 1, "locationID": 99}]}]},
            (400, "LOCATION_NOT_FOUND", "$.bins[0].products[0].locationID"),
        ),
        (
            {
                "locationCode": "WH-001",
                "bins": [{"binName": "A", "products": [NEW | {"quantity": 1, "locationID": 99}]}],
            },
            (400, "VALIDATION_ERROR", "$.bins[0].products[0].locationID"),
        ),
        (
            {"locationCode": "X", "bins": [{"binName": "A", "products": []}]},
            (400, "LOCATION_NOT_FOUND", "$.locationCode"),
        ),
        (
            {
                "locationCode": "WH-001",
                "bins": [{"binName": "A", "products": [NEW | {"quantity": 1}, {"quantity": 1}]}],
            },
            (400, "VALIDATION_ERROR", "$.bins[0].products[1]"),
        ),
        (
            {"locationCode": "WH-001", "bins": [{"binName": "A", "products": [NEW | {"quantity": -1}]}]},
            (400, "VALIDATION_ERROR", "$.bins[0].products[0].quantity"),
        ),
        (
            {"locationCode": "WH-001", "bins": [{"binName": "A", "products": [NEW | {"quantity": 1, "binTypeID": 9}]}]},
            (400, "VALIDATION_ERROR", "$.bins[0].products[0].binTypeID"),
        ),
        (
            {"locationCode": "WH-001", "bins": [{"binName": "A", "products": [NEW | {"quantity": 1}] * 1_001}]},
            (400, "VALIDATION_ERROR", "$.bins"),
        ),
    ],
)
async def test_a_wrong_load_names_the_place_and_changes_nothing(
    bench: Bench, body: Any, expected: tuple[int, str, str]
) -> None:
    """One wrong product undoes the whole load, in a dry run as in a live one."""
    before = dump(bench, *TABLES)
    replies = [await bench.send("POST", f"{BIN}/loadInventory", body | {"dryRun": dry}) for dry in (True, False)]

    assert [fault(reply) for reply in replies] == [expected] * 2
    assert dump(bench, *TABLES) == before


async def test_tenants_do_not_see_each_others_bins(bench: Bench) -> None:
    """D-3: another tenant neither lists, reads, changes nor deletes a bin."""
    number = await add(bench, "A-01")
    other = await other_tenant(bench)
    statuses = [
        (await other.send("GET", f"{BIN}?locationID={location(bench, 'WH-001').id}")).status,
        (await other.send("GET", f"{BIN}/{number}")).status,
        (await other.send("POST", f"{BIN}/{number}", {"binTypeID": 2})).status,
        (await other.send("DELETE", f"{BIN}/{number}")).status,
    ]
    found = (await other.send("POST", f"{BIN}/searchInventory", {})).body["binQuantities"]

    assert (statuses, found) == ([404, 404, 400, 404], [])
    assert (await bench.send("GET", f"{BIN}/{number}")).body["binTypeID"] == 1
