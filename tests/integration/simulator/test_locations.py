"""Locations, what they offer, and the groups they form, as a client keeps them."""

from typing import Any

import pytest

from .conftest import V1, V5, Bench
from .neighbours import dump, fault, location, other_tenant

GROUPS = "/api/commerce/admin/locationGroups"
NEW = {
    "tenantID": 1001,
    "locationCode": "POP-9",
    "locationName": "Pop-up 9",
    "active": True,
    "directShip": False,
    "pickup": True,
}
TABLES = ("locations", "location_attributes", "location_groups", "location_group_members")


async def test_a_saved_location_is_read_back_with_everything_it_was_given(bench: Bench) -> None:
    """Facts, section 2: POST location answers with an array of one, which the list then holds among the others."""
    more = {
        "express": True,
        "includeInLocationExport": False,
        "includeInAggregate": False,
        "transferEnabled": False,
        "wmsEnabled": True,
        "postalCode": "78701",
        "countryCode": "US",
        "latitude": 30.27,
        "longitude": -97.74,
    }
    saved = await bench.send("POST", f"{V1}/location", NEW | more)
    (row,) = saved.body
    one = (await bench.send("GET", f"{V1}/location/POP-9")).body
    listed = (await bench.send("GET", f"{V1}/location")).body

    expected = (
        NEW
        | more
        | {"locationID": location(bench, "POP-9").id, "deliveryEnabled": False}
        | {"success": True, "messages": [], "numResults": 1}
    )
    assert (saved.status, row) == (200, expected)
    assert one == [row]
    assert [place["locationCode"] for place in listed] == ["POP-9", "ST-0001", "ST-0002", "ST-0003", "WH-001"]
    assert row in listed


async def test_a_location_of_which_nothing_was_said_takes_part_in_everything(bench: Bench) -> None:
    """Defaults: what lets a location take part is on, special processes are off, address and position unknown."""
    (row,) = (await bench.send("GET", f"{V1}/location/WH-001")).body

    assert {name: row.get(name) for name in ("directShip", "pickup", "transferEnabled", "includeInLocationExport")} == {
        "directShip": True,
        "pickup": True,
        "transferEnabled": True,
        "includeInLocationExport": True,
    }
    assert (row["express"], row["wmsEnabled"], row["deliveryEnabled"]) == (False, False, False)
    assert row.keys().isdisjoint({"postalCode", "countryCode", "latitude", "longitude"})


async def test_saving_again_changes_what_is_told_and_keeps_the_rest(bench: Bench) -> None:
    """An existing location keeps its number, its stock and what the second call does not speak of."""
    before = location(bench, "WH-001")
    stock = bench.dump()
    change = NEW | {"locationCode": "WH-001", "locationName": "Depot", "postalCode": "10115"}
    await bench.send("POST", f"{V1}/location", change)
    (row,) = (await bench.send("POST", f"{V1}/location", change | {"pickup": False, "active": False})).body

    assert (row["locationID"], row["locationName"], row["postalCode"]) == (before.id, "Depot", "10115")
    assert (row["pickup"], row["active"], row["directShip"]) == (False, False, False)
    assert bench.dump() == stock


async def test_a_location_that_was_switched_off_takes_no_more_stock(bench: Bench) -> None:
    """The ``active`` of POST location is the one that refresh goes by."""
    await bench.send("POST", f"{V1}/location", NEW | {"locationCode": "WH-001", "active": False})
    reply = await bench.send(
        "POST",
        "/api/commerce/inventory/v5/inventory/refresh",
        {"locationCode": "WH-001", "items": [{"upc": "1", "quantity": 1}]},
    )

    assert fault(reply) == (400, "LOCATION_NOT_FOUND", "$.locationCode")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"tenantID": 7}, "$.tenantID"),
        ({"locationCode": ""}, "$.locationCode"),
        ({"locationName": None}, "$.locationName"),
        ({"pickup": "yes"}, "$.pickup"),
        ({"latitude": 91, "longitude": 0}, "$.latitude"),
        ({"longitude": -180.5, "latitude": 0}, "$.longitude"),
        ({"latitude": 1.0}, "$.longitude"),
        ({"longitude": 1.0}, "$.latitude"),
        ({"countryCode": "United States"}, "$.countryCode"),
    ],
)
async def test_a_wrong_location_names_the_place_and_is_not_stored(
    bench: Bench, change: dict[str, Any], path: str
) -> None:
    """A refused location leaves no trace."""
    before = dump(bench, *TABLES)
    reply = await bench.send("POST", f"{V1}/location", NEW | change)

    assert fault(reply) == (400, "VALIDATION_ERROR", path)
    assert dump(bench, *TABLES) == before


@pytest.mark.parametrize("name", ["locationCode", "locationName", "active", "directShip", "pickup"])
async def test_what_a_location_cannot_do_without_is_asked_for(bench: Bench, name: str) -> None:
    """Each required field that is missing is named in the message."""
    reply = await bench.send("POST", f"{V1}/location", {key: value for key, value in NEW.items() if key != name})

    assert reply.status == 400
    assert f"`{name}`" in reply.body["message"]


async def test_the_tenant_need_not_be_repeated(bench: Bench) -> None:
    """Facts, section 11: ``tenantID`` is required by the specification and unknown to the SDK, so it is optional."""
    reply = await bench.send("POST", f"{V1}/location", {key: NEW[key] for key in NEW if key != "tenantID"})

    assert (reply.status, reply.body[0]["tenantID"]) == (200, 1001)


async def test_groups_are_kept_by_the_location_service_and_read_by_the_inventory_api(bench: Bench) -> None:
    """A group is added, listed, changed and deleted; its locations stay."""
    group = {"locationGroupCode": "west", "name": "West", "siteIds": [1], "locationCodes": ["ST-0002", "ST-0001"]}
    added = (await bench.send("POST", GROUPS, group)).body
    seen = (await bench.send("GET", f"{V1}/locationGroup")).body
    changed = (await bench.send("PUT", f"{GROUPS}/west", {"locationCodes": ["WH-001"]})).body
    page = (await bench.send("GET", f"{GROUPS}?pageSize=1")).body
    one = (await bench.send("GET", f"{GROUPS}/west")).body
    gone = await bench.send("DELETE", f"{GROUPS}/west")
    after = (await bench.send("GET", f"{V1}/locationGroup")).body
    places = len((await bench.send("GET", f"{V1}/location")).body)

    assert seen == [
        {
            "locationGroupID": added["locationGroupId"],
            "tenantID": 1001,
            "locationGroupCode": "west",
            "created": "2026-03-02T05:00:00.000Z",
            "adminLocationGroupID": added["locationGroupId"],
            "sites": [1],
            "locationCodes": ["ST-0001", "ST-0002"],
            "success": True,
            "messages": [],
            "numResults": 1,
        }
    ]
    assert (changed["locationCodes"], changed["siteIds"], changed["locationGroupId"]) == (
        ["WH-001"],
        [],
        added["locationGroupId"],
    )
    assert (page["totalCount"], page["items"], one) == (1, [changed], changed)
    assert (gone.status, after, places) == (200, [], 4)


async def test_one_path_reads_locations_first_and_groups_second(bench: Bench) -> None:
    """Facts, section 2: location codes and group codes collide in one path."""
    for code in ("west", "WH-001"):
        await bench.send("POST", GROUPS, {"locationGroupCode": code, "locationCodes": ["ST-0001"]})
    (as_group,) = (await bench.send("GET", f"{V1}/location/west")).body
    (as_location,) = (await bench.send("GET", f"{V1}/location/WH-001")).body
    missing = await bench.send("GET", f"{V1}/location/nowhere")

    assert (as_group["locationGroupCode"], as_group["locationCodes"]) == ("west", ["ST-0001"])
    assert as_location["locationCode"] == "WH-001"
    assert fault(missing) == (404, "LOCATION_NOT_FOUND", "locationCode")


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", GROUPS, {"name": "x"}, (400, "VALIDATION_ERROR", "$.locationGroupCode")),
        ("POST", GROUPS, {"locationGroupCode": "west"}, (400, "VALIDATION_ERROR", "$.locationGroupCode")),
        (
            "POST",
            GROUPS,
            {"locationGroupCode": "e", "locationCodes": ["WH-001", "X"]},
            (400, "LOCATION_NOT_FOUND", "$.locationCodes[1]"),
        ),
        ("PUT", f"{GROUPS}/east", {"name": "x"}, (404, "LOCATION_NOT_FOUND", "locationGroupCode")),
        (
            "PUT",
            f"{GROUPS}/west",
            {"locationGroupCode": "east"},
            (400, "VALIDATION_ERROR", "$.locationGroupCode"),
        ),
        ("GET", f"{GROUPS}/east", None, (404, "LOCATION_NOT_FOUND", "locationGroupCode")),
        ("DELETE", f"{GROUPS}/east", None, (404, "LOCATION_NOT_FOUND", "locationGroupCode")),
    ],
)
async def test_a_wrong_group_names_the_place_and_changes_nothing(
    bench: Bench, method: str, path: str, body: Any, expected: tuple[int, str, str]
) -> None:
    """A refused group call leaves the groups as they were."""
    await bench.send("POST", GROUPS, {"locationGroupCode": "west", "locationCodes": ["ST-0001"]})
    before = dump(bench, *TABLES)
    reply = await bench.send(method, path, body)

    assert fault(reply) == expected
    assert dump(bench, *TABLES) == before


async def test_tenants_do_not_see_each_others_places(bench: Bench) -> None:
    """D-3: neither locations nor groups of one tenant are visible to another."""
    await bench.send("POST", GROUPS, {"locationGroupCode": "west", "locationCodes": ["ST-0001"]})
    other = await other_tenant(bench)
    places = (await other.send("GET", f"{V1}/location")).body
    groups = (await other.send("GET", f"{V1}/locationGroup")).body
    reads = [(await other.send("GET", f"{V1}/location/{code}")).status for code in ("WH-001", "west")]

    assert (places, groups, reads) == ([], [], [404, 404])


async def test_members_of_groups_are_found_by_number_for_exports(bench: Bench) -> None:
    """The store tells which locations belong to any of some groups, of this tenant only."""
    west = (await bench.send("POST", GROUPS, {"locationGroupCode": "w", "locationCodes": ["ST-0001"]})).body
    east = (await bench.send("POST", GROUPS, {"locationGroupCode": "e", "locationCodes": ["ST-0001", "WH-001"]})).body
    numbers = [west["locationGroupId"], east["locationGroupId"]]
    places = bench.simulator.places

    assert places.members(1001, numbers) == {location(bench, "ST-0001").id, location(bench, "WH-001").id}
    assert places.members(1001, numbers[:1]) == {location(bench, "ST-0001").id}
    assert places.members(2002, numbers) == set()


async def test_what_is_remembered_of_a_location_is_forgotten_when_it_changes(bench: Bench) -> None:
    """Attributes, name and state are those of the last change, however often they were looked at before."""
    query = f"{V5}?requestLocation=WH-001"
    seen = []
    for change in ({"directShip": True}, {"directShip": False, "locationName": "Moved"}, {"active": False}):
        await bench.send("POST", f"{V1}/location", NEW | {"locationCode": "WH-001"} | change)
        for _ in range(2):
            found = await bench.send("GET", query)
            seen.append(
                (found.status, *(found.body[0][name] for name in ("directShip", "locationName")))
                if found.status == 200
                else (found.status,)
            )

    assert seen == [
        (200, True, NEW["locationName"]),
        (200, True, NEW["locationName"]),
        (200, False, "Moved"),
        (200, False, "Moved"),
        (404,),
        (404,),
    ]
