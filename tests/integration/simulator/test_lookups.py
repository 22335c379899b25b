"""Look-ups with all their filters: tags, granular fields, future stock, places and sums (I-1, I-3)."""

from typing import Any
from urllib.parse import quote

import pytest

from kibo_simulator import SampleSettings, Settings
from kibo_simulator.settings import BoundSettings
from kibo_simulator.stock.location_attributes import LocationAttributes

from .conftest import START, V1, V5, Bench, MakeBench

PRODUCT = {"partNumber": "NEW-1", "upc": "999999999999"}


async def put(bench: Bench, location: str, quantity: int, **more: Any) -> None:
    """Refresh NEW-1 at a location, at once."""
    body = {"locationCode": location, "items": [{**PRODUCT, "quantity": quantity, **more}]}
    reply = await bench.send("POST", f"{V5}/sync-refresh", body)
    assert reply.status == 200, reply.body


async def look(bench: Bench, **request: Any) -> list[dict[str, Any]]:
    """The rows of a look-up of NEW-1."""
    reply = await bench.send("POST", V5, {"type": "ANY", "items": [PRODUCT], **request})
    assert reply.status == 200, reply.body
    rows: list[dict[str, Any]] = reply.body
    return rows


def tag(bench: Bench, category: str, *values: str) -> None:
    """Give the tenant a tag category; the first value is the default."""
    from kibo_simulator.stock.tag_categories import Tag

    tags = bench.simulator.tags
    made = tags.add_category(1001, category, START)
    tags.put_tags(made.id, tuple(Tag(0, value, index == 0, None, START, START) for index, value in enumerate(values)))


async def test_records_with_other_tags_are_other_records(bench: Bench) -> None:
    """I-1: one row a product and location, counters of each tag below it; unnamed categories get the default."""
    tag(bench, "channel", "web", "store")
    await put(bench, "WH-001", 5)
    await put(bench, "WH-001", 7, tags={"channel": "store"})
    (row,) = await look(bench)
    (only,) = await look(bench, tags={"channel": "store"})
    (default,) = await look(bench, forceDefaultsForUnspecifiedTagCategories=True)

    assert (row["onHand"], only["onHand"], default["onHand"]) == (12, 7, 5)
    assert [(each["tags"], each["onHand"]) for each in row["taggedInventory"]] == [
        ({"channel": "web"}, 5),
        ({"channel": "store"}, 7),
    ]


@pytest.mark.parametrize("tags", [{"region": "north"}, {"channel": "fax"}])
async def test_tags_that_the_tenant_does_not_have_are_refused(bench: Bench, tags: dict[str, str]) -> None:
    """A category or value that does not exist is a 400 that names it, on both ways in."""
    tag(bench, "channel", "web", "store")
    path = f"$.items[0].tags.{next(iter(tags))}"
    item = {**PRODUCT, "quantity": 1, "tags": tags}
    replies = [
        await bench.send("POST", f"{V5}/refresh", {"locationCode": "WH-001", "items": [item]}),
        await bench.send("POST", V5, {"type": "ANY", "items": [item]}),
        await bench.send("POST", f"{V5}/deleteItems", {"items": [item]}),
    ]

    assert [(r.status, r.body["items"][0]["additionalErrorData"][0]["value"]) for r in replies] == [(400, path)] * 3


async def test_a_delete_with_tags_spares_the_other_records(bench: Bench) -> None:
    """I-1: item tags go before request tags; the dry run says what the live run does (J-3)."""
    tag(bench, "channel", "web", "store")
    await put(bench, "WH-001", 5, tags={"channel": "web"})
    await put(bench, "WH-001", 7, tags={"channel": "store"})
    dry = (await bench.delete_items([PRODUCT], tags={"channel": "web"}, dryRun=True, explicit=True)).body
    await bench.delete_items([PRODUCT], tags={"channel": "web"})
    bench.wait(60)
    (row,) = await look(bench)

    assert (dry["totalInventoryEntriesDeleted"], len(dry["itemsDeleted"][0]["inventoryIDs"])) == (1, 1)
    assert [(each["tags"]["channel"], each["onHand"]) for each in row["taggedInventory"]] == [("store", 7)]


async def test_granular_records_and_their_deletion(bench: Bench) -> None:
    """Granular fields make records of their own; ``deleteGranularRecord`` spares them."""
    await put(bench, "WH-001", 3)
    await put(bench, "WH-001", 4, lotCode="L7")
    await put(bench, "WH-001", 1, serialNumber="S-1")
    lot = await look(bench, items=[{**PRODUCT, "lotCode": "L7"}])
    total = (await look(bench))[0]["onHand"]
    counts = {}
    for name, more in (("all", {}), ("plain", {"deleteGranularRecord": True}), ("lot", {"lotCode": "L7"})):
        reply = await bench.delete_items([{**PRODUCT, **more}], dryRun=True)  # type: ignore[dict-item]
        counts[name] = reply.body["totalInventoryEntriesDeleted"]

    assert (total, [(row["onHand"], row["lotCode"]) for row in lot]) == (8, [(4, "L7")])
    assert counts == {"all": 3, "plain": 1, "lot": 1}


async def test_a_serial_number_stands_for_one_unit(bench: Bench) -> None:
    """Facts of granular fields: with a serial number the quantity is one."""
    body = {"locationCode": "WH-001", "items": [{**PRODUCT, "quantity": 2, "serialNumber": "S-1"}]}
    reply = await bench.send("POST", f"{V5}/adjust", body)

    assert (reply.status, reply.body["items"][0]["additionalErrorData"][0]["value"]) == (400, "$.items[0].quantity")


async def test_future_stock_is_apart_from_what_is_there(bench: Bench) -> None:
    """A delivery date makes a future record: set by refresh, added to by adjust, shown when asked for."""
    await put(bench, "WH-001", 5)
    await put(bench, "WH-001", 40, deliveryDate="2026-04-01T00:00:00+0000", externalID="PO-1")
    body = {"locationCode": "WH-001", "items": [{**PRODUCT, "quantity": 2, "deliveryDate": "2026-05-01T00:00:00Z"}]}
    await bench.send("POST", f"{V5}/sync-adjust", body)
    await bench.send("POST", f"{V5}/sync-adjust", body)
    plain = (await look(bench))[0]
    shown = (await look(bench, includeFutureInventory=True))[0]
    april = (await look(bench, includeFutureInventory=True, deliveryDateBefore="2026-04-01T00:00:00Z"))[0]

    assert (plain["onHand"], "futureInventory" in plain) == (5, False)
    assert [(each["onhand"], each["type"], each["deliveryDate"][:10]) for each in shown["futureInventory"]] == [
        (40, "REFRESH", "2026-04-01"),
        (4, "ADJUST", "2026-05-01"),
    ]
    assert len(april["futureInventory"]) == 1


async def test_sums_over_locations(bench: Bench) -> None:
    """Aggregate: one row a product; future stock with it or alone; locations can be left out of it."""
    await put(bench, "WH-001", 5, floor=1)
    await put(bench, "ST-0001", 7, floor=2)
    await put(bench, "ST-0001", 30, deliveryDate="2026-04-01T00:00:00Z")
    path = f"{V5}/aggregate"
    current = (await bench.send("POST", path, {"items": [PRODUCT]})).body
    both = (await bench.send("POST", path, {"items": [PRODUCT], "includeFutureInventory": "futureAndCurrent"})).body
    future = (await bench.send("POST", path, {"items": [PRODUCT], "includeFutureInventory": "FUTURE_ONLY"})).body
    location = bench.simulator.stock.location(1001, "ST-0001")
    assert location is not None
    apart = LocationAttributes(include_in_aggregate=False)
    bench.simulator.places.put_location(location.id, name="x", active=True, attributes=apart)
    without = (await bench.send("POST", path, {"items": [PRODUCT]})).body

    assert [(row["onHand"], row["available"], row["floor"]) for row in current] == [(12, 12, 3)]
    assert (both[0]["onHand"], future[0]["onHand"], without[0]["onHand"]) == (42, 30, 5)


CITIES = {"WH-001": (30.27, -97.74), "ST-0001": (39.10, -94.58), "ST-0002": (41.88, -87.63)}


async def near(bench: Bench) -> None:
    """NEW-1 in Austin, Kansas City and Chicago, and once where nobody knows."""
    for code, (latitude, longitude) in CITIES.items():
        location = bench.simulator.stock.location(1001, code)
        assert location is not None
        where = LocationAttributes(latitude=latitude, longitude=longitude, pickup=code != "ST-0002")
        bench.simulator.places.put_location(location.id, name=code, active=True, attributes=where)
        await put(bench, code, 5)
    await put(bench, "ST-0003", 5)


async def test_nearest_first_and_only_within_the_radius(bench: Bench) -> None:
    """Great-circle distance from coordinates or a postal code, in miles unless told otherwise."""
    await near(bench)
    by_point = await look(bench, requestLocation={"latitude": 39.0, "longitude": -94.6})
    by_code = await look(bench, requestLocation={"postalCode": "60601", "radius": 500})
    in_km = await look(bench, requestLocation={"postalCode": "60601", "radius": 500, "unit": "KM"})

    assert [row["locationCode"] for row in by_point] == ["ST-0001", "ST-0002", "WH-001", "ST-0003"]
    assert [(row["locationCode"], round(row["distance"])) for row in by_code] == [("ST-0002", 0), ("ST-0001", 412)]
    assert [row["locationCode"] for row in in_km] == ["ST-0002"]


async def test_priorities_come_first_and_are_exempt_from_the_limit(bench: Bench) -> None:
    """Named locations lead the answer, whatever the limit says of the others."""
    await near(bench)
    rows = await look(bench, locationPriorityList=["ST-0003", "ST-0002"], limit=1)

    assert [row["locationCode"] for row in rows] == ["ST-0003", "ST-0002", "ST-0001"]


async def test_locations_by_what_they_offer(bench: Bench) -> None:
    """Attributes filter both ways."""
    await near(bench)
    without = [row["locationCode"] for row in await look(bench, pickup=False)]
    with_it = [row["locationCode"] for row in await look(bench, pickup=True)]

    assert (without, with_it) == (["ST-0002"], ["ST-0001", "ST-0003", "WH-001"])


@pytest.mark.parametrize(
    ("query", "attributes"),
    [
        ("pickup=true", {"pickup": False}),
        ("shippingLocation=true", {"direct_ship": False}),
        ("transferEnabled=true", {"transfer_enabled": False}),
        ("includeInAggregate=true", {"include_in_aggregate": False}),
        ("locationBlacklist=ST-0001", {}),
        ("locationWhitelist=WH-001,ST-0002", {}),
    ],
)
async def test_each_parameter_of_a_query_leaves_locations_out_by_itself(
    bench: Bench, query: str, attributes: dict[str, Any]
) -> None:
    """Of three places with the product, the one that a parameter excludes is missing."""
    for code in ("WH-001", "ST-0001", "ST-0002"):
        await put(bench, code, 5)
    location = bench.simulator.stock.location(1001, "ST-0001")
    assert location is not None
    there = LocationAttributes(**attributes)
    bench.simulator.places.put_location(location.id, name="ST-0001", active=True, attributes=there)
    every = (await bench.send("GET", f"{V5}?items=NEW-1&type=ANY")).body
    some = (await bench.send("GET", f"{V5}?items=NEW-1&type=ANY&{query}")).body

    assert ["ST-0001", "ST-0002", "WH-001"] == sorted(row["locationCode"] for row in every)
    assert ["ST-0002", "WH-001"] == sorted(row["locationCode"] for row in some)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ({"radius": 5}, "$.requestLocation.radius"),
        ({"radius": 5, "postalCode": "00000"}, "$.requestLocation.postalCode"),
        ({"latitude": 91, "longitude": 0}, "$.requestLocation.latitude"),
        ({"locationCode": "NOWHERE"}, "$.requestLocation.locationCode"),
    ],
)
async def test_places_that_cannot_be_found(bench: Bench, place: dict[str, Any], path: str) -> None:
    """A place that is not known is a 400 that says what to give instead."""
    reply = await bench.send("POST", V5, {"type": "ANY", "items": [PRODUCT], "requestLocation": place})

    assert (reply.status, reply.body["items"][0]["additionalErrorData"][0]["value"]) == (400, path)


async def test_a_location_sorted_by_its_stock(bench: Bench) -> None:
    """Location queries sort by counters or names, either way round."""
    body = {
        "type": "ANY",
        "requestLocation": {"locationCode": "WH-001"},
        "sortByEnum": "ON_HAND",
        "sortDescending": True,
        "pageSize": 5,
    }
    rows = (await bench.send("POST", V5, body)).body
    most = sorted((r.on_hand for r in bench.simulator.stock_records(1001) if r.location_code == "WH-001"), reverse=True)

    assert [row["onHand"] for row in rows] == most[:5]


async def test_rows_tell_what_their_location_offers(bench: Bench) -> None:
    """Direct shipping, transfer, pick-up and country come with every row; an unknown country is left out."""
    await put(bench, "WH-001", 5)
    await put(bench, "ST-0001", 5)
    place = bench.simulator.stock.location(1001, "WH-001")
    assert place is not None
    attributes = LocationAttributes(direct_ship=True, transfer_enabled=True, pickup=False, country_code="CA")
    bench.simulator.places.put_location(place.id, name=place.name, active=True, attributes=attributes)
    everywhere = await look(bench)
    (there,) = await look(bench, requestLocation={"locationCode": "WH-001"})

    names = ("locationCode", "directShip", "transferEnabled", "pickup", "countryCode")
    assert [("ST-0001", True, True, True, None), ("WH-001", True, True, False, "CA")] == [
        tuple(row.get(name) for name in names) for row in everywhere
    ]
    assert (True, True, False, "CA") == tuple(there[name] for name in names[1:])
    assert "countryCode" not in everywhere[0]


async def test_an_unknown_location_in_the_query_is_not_found(bench: Bench) -> None:
    """The specification has a 404 where the location is part of the address, not of a body."""
    reply = await bench.send("GET", f"{V5}?requestLocation=NOWHERE")

    assert (404, "LOCATION_NOT_FOUND") == (reply.status, reply.body["errorCode"])


async def test_the_real_time_service_says_that_locations_are_active(bench: Bench) -> None:
    """The alias shares look-up and pool and adds one field."""
    await put(bench, "WH-001", 5)
    path = "/api/commerce/realtime-inventory/v5/inventory"
    rows = (await bench.send("POST", path, {"type": "ANY", "items": [PRODUCT]})).body

    assert [(row["onHand"], row["active"]) for row in rows] == [(5, True)]


async def test_smart_calls_say_how_they_were_carried_out(bench: Bench) -> None:
    """Few items at once, many by a job."""
    few = {"locationCode": "WH-001", "items": [{**PRODUCT, "quantity": 1}]}
    many = {"locationCode": "WH-001", "items": [{"upc": f"{number:012d}", "quantity": 1} for number in range(26)]}
    small = (await bench.send("POST", f"{V5}/smart-adjust/", few)).body
    large = (await bench.send("POST", f"{V5}/smart-refresh/", many)).body
    job = (await bench.send("GET", f"{V1}/queue/{large['jobID']}")).body

    assert (small, (await look(bench))[0]["onHand"]) == ({"method": "sync", "jobID": None}, 1)
    assert (large["method"], job["type"], job["itemCount"]) == ("async", "REFRESH", 26)


async def test_granular_dates_are_dates(bench: Bench) -> None:
    """Facts of granular fields: MM/DD/YYYY (ISO 8601 is taken too), told as Kibo writes them; nonsense is a 400."""
    await put(bench, "WH-001", 1, date="12/31/2026")
    await put(bench, "WH-001", 2, date="2026-12-31T00:00:00Z")
    rows = await look(bench, items=[{**PRODUCT, "date": "12/31/2026"}])
    item = {**PRODUCT, "quantity": 1, "date": "13/45/2026"}
    wrong = await bench.send("POST", f"{V5}/refresh", {"locationCode": "WH-001", "items": [item]})

    assert [(row["onHand"], row["date"]) for row in rows] == [(2, "12/31/2026")]
    assert (wrong.status, wrong.body["items"][0]["additionalErrorData"][0]["value"]) == (400, "$.items[0].date")


async def test_an_answer_of_several_megabytes_arrives_whole(make_bench: MakeBench) -> None:
    """I-1: every record of a large look-up is in the answer, once, and the answer says its length."""
    settings = Settings(sample=SampleSettings(locations=8, products=1_400), bounds=BoundSettings(journal_bytes=0))
    bench = await make_bench(settings)
    names = sorted({str(record.part_number) for record in bench.simulator.stock_records(1001)})
    items = [{"partNumber": name} for name in names]
    reply = await bench.send("POST", V5, {"type": "ANY", "items": items, "includeNegativeInventory": True})

    assert reply.status == 200
    assert int(reply.headers["Content-Length"]) > 2 << 20
    assert sorted(f"{row['locationCode']} {row['partNumber']} {row['onHand']}" for row in reply.body) == sorted(
        bench.dump()
    )


async def test_a_refresh_of_thousands_at_once_answers_with_each_record_once(bench: Bench) -> None:
    """I-2: items that name the same product, pieces of the request apart, are one record with the last quantity."""
    items = [{"partNumber": f"N-{number % 1_100}", "quantity": number} for number in range(1_200)]
    reply = await bench.send("POST", f"{V5}/sync-refresh", {"locationCode": "WH-001", "items": items})

    expected = {f"N-{number % 1_100}": number for number in range(1_200)}
    assert len(reply.body) == 1_100
    assert {row["partNumber"]: row["onHand"] for row in reply.body} == expected


@pytest.mark.parametrize("name", ["50%25 OFF", "A&B=C", "a%2Cb", "Größe+1", "#1;2"])
async def test_a_query_is_decoded_once(bench: Bench, name: str) -> None:
    """I-6: a part number arrives as it is, also where it looks like something encoded."""
    body = {"locationCode": "WH-001", "items": [{"partNumber": name, "quantity": 3}]}
    assert (await bench.send("POST", f"{V5}/sync-refresh", body)).status == 200
    found = await bench.send("GET", f"{V5}?requestLocation=WH-001&items={quote(name, safe='')}")

    assert [row["partNumber"] for row in found.body] == [name]
