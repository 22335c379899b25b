"""What orders and carts do to stock (I-4, I-5), future dates, redistribution and purges."""

from typing import Any

import pytest

from .conftest import START, V1, V5, Bench

PRODUCT = {"partNumber": "NEW-1", "upc": "999999999999"}
ORDER = {"orderID": 7, "orderItemID": 70, "shipmentID": 700, "locationCode": "WH-001"}


async def put(bench: Bench, quantity: int, location: str = "WH-001", **more: Any) -> None:
    """Refresh NEW-1, at once."""
    body = {"locationCode": location, "items": [{**PRODUCT, "quantity": quantity, **more}]}
    assert (await bench.send("POST", f"{V5}/sync-refresh", body)).status == 200


async def order(bench: Bench, what: str, quantity: int, *, flags: dict[str, Any] | None = None, **item: Any) -> Any:
    """Allocate, deallocate or fulfill for order item 70, at once; the job."""
    body = {"items": [{**PRODUCT, **ORDER, "quantity": quantity, **item}], "runSynchronous": True, **(flags or {})}
    reply = await bench.send("POST", f"{V5}/{what}", body)
    assert reply.status == 200, reply.body
    return reply.body


async def counters(bench: Bench, location: str = "WH-001") -> tuple[int, int, int, int]:
    """On hand, allocated, pending and available of NEW-1 at a location."""
    body = {"type": "ANY", "items": [PRODUCT], "includeNegativeInventory": True, "locationWhitelist": [location]}
    (row,) = (await bench.send("POST", V5, body)).body
    return row["onHand"], row["allocated"], row["pending"], row["available"]


async def test_allocate_then_fulfill(bench: Bench) -> None:
    """I-4: allocating lowers available at once and leaves on hand; fulfilling lowers on hand."""
    await put(bench, 10)
    allocated = await order(bench, "allocate", 4)
    after_allocate = await counters(bench)
    await order(bench, "fulfill", 3)

    assert (allocated["type"], allocated["status"]) == ("ALLOCATE", "SUCCESS")
    assert (after_allocate, await counters(bench)) == ((10, 4, 0, 6), (7, 1, 0, 6))


async def test_what_cannot_be_allocated_is_pending_until_stock_comes(bench: Bench) -> None:
    """I-4: over-allocation is pending; the sweep of the next half hour turns it into allocations."""
    await put(bench, 3)
    await order(bench, "allocate", 5)
    owed = await counters(bench)
    await put(bench, 20)
    bench.wait(1_799)
    before = await counters(bench)
    bench.wait(1)
    after = await counters(bench)

    assert (owed, before, after) == ((3, 3, 2, -2), (20, 3, 2, 15), (20, 5, 0, 15))


async def test_deallocate_gives_back(bench: Bench) -> None:
    """I-4: what is owed first, then what is there; with the flag the units leave the location."""
    await put(bench, 5)
    await order(bench, "allocate", 7)
    await order(bench, "deallocate", 3)
    kept = await counters(bench)
    await order(bench, "deallocate", 4, flags={"decrementOnHandOnDeallocate": True})

    assert (kept, await counters(bench)) == ((5, 4, 0, 1), (1, 0, 0, 1))


@pytest.mark.parametrize(("what", "quantity"), [("deallocate", 3), ("fulfill", 3), ("fulfill", 2)])
async def test_more_than_is_held_fails_and_changes_nothing(bench: Bench, what: str, quantity: int) -> None:
    """J-8: the job is FAILED, says how much is held, and the first item of the request is undone too."""
    await put(bench, 1)
    await order(bench, "allocate", 2)
    before = await counters(bench)
    body = {"items": [{**PRODUCT, **ORDER, "quantity": 1}, {**PRODUCT, **ORDER, "quantity": quantity}]}
    job = (await bench.send("POST", f"{V5}/{what}", {**body, "runSynchronous": True})).body

    assert (job["status"], job["success"], "of " in job["messages"][0]) == ("FAILED", False, True)
    assert await counters(bench) == before


async def test_orders_run_through_the_queue_by_default(bench: Bench) -> None:
    """J-5: without ``runSynchronous`` an allocation is a job like any other."""
    await put(bench, 5)
    body = {"items": [{**PRODUCT, **ORDER, "quantity": 1}]}
    job = (await bench.send("POST", f"{V5}/allocate", body)).body
    before = await counters(bench)
    bench.wait(60)
    done = (await bench.send("GET", f"{V1}/queue/{job['jobID']}")).body

    assert (job["status"], before, done["status"]) == ("WORKING", (5, 0, 0, 5), "SUCCESS")
    assert await counters(bench) == (5, 1, 0, 4)


async def test_a_cart_becomes_an_order(bench: Bench) -> None:
    """Transition: the hold changes hands, counters stay, and the order can be fulfilled."""
    await put(bench, 5)
    cart: dict[str, Any] = {
        "cartID": "c-1",
        "cartItemID": "i-1",
        "orderItemID": None,
        "orderID": None,
        "shipmentID": None,
    }
    await order(bench, "allocate", 2, **cart)
    before = await counters(bench)
    items = [{"orderItemID": 70, "cartItemID": "i-1", "shipmentID": 700}]
    moved = await bench.send("POST", f"{V5}/transitionCart", {"cartID": "c-1", "orderID": 7, "items": items})
    again = await bench.send("POST", f"{V5}/transitionCart", {"cartID": "c-1", "orderID": 7, "items": items})
    unchanged = await counters(bench)
    await order(bench, "fulfill", 2)

    assert (moved.body, again.status) == ({"success": True, "messages": [], "numResults": 1}, 404)
    assert (before, unchanged, await counters(bench)) == ((5, 2, 0, 3), (5, 2, 0, 3), (3, 0, 0, 3))


async def test_what_became_of_an_order(bench: Bench) -> None:
    """Order item information: the record's counters, counts of events, and the events in order."""
    await put(bench, 5)
    await order(bench, "allocate", 3)
    bench.wait(60)
    await order(bench, "deallocate", 1)
    await order(bench, "fulfill", 2)
    (item,) = (await bench.send("POST", f"{V5}/getOrderItemInformation", {"orderID": 7})).body
    other = (await bench.send("POST", f"{V5}/getOrderItemInformation", {"orderID": 8})).body

    assert (item["orderItemID"], item["locationCode"], item["onHand"], item["allocated"]) == (70, "WH-001", 3, 0)
    assert (item["allocates"], item["deallocates"], item["fulfills"], other) == (1, 1, 1, [])
    assert [(event["eventType"], event["quantity"], event["date"]) for event in item["events"]] == [
        ("ALLOCATED", 3, "2026-03-02T05:00:00.000Z"),
        ("DEALLOCATED", 1, "2026-03-02T05:01:00.000Z"),
        ("FULFILLED", 2, "2026-03-02T05:01:00.000Z"),
    ]


async def test_order_items_tell_the_store_priority_as_a_text(bench: Bench) -> None:
    """The specification types LTD as text in this one body; 0 where nobody set it."""
    await put(bench, 5)
    await order(bench, "allocate", 1)
    (unset,) = (await bench.send("POST", f"{V5}/getOrderItemInformation", {"orderID": 7})).body
    await put(bench, 5, LTD=1.5)
    (item,) = (await bench.send("POST", f"{V5}/getOrderItemInformation", {"orderID": 7})).body

    assert ("0", "1.5") == (unset["ltd"], item["ltd"])


async def test_what_a_shipment_holds_now_and_of_the_future(bench: Bench) -> None:
    """Shipment allocations: present and expected stock apart, pending ones marked."""
    await put(bench, 1)
    await put(bench, 9, deliveryDate="2026-04-01T00:00:00Z", externalID="PO-1")
    await order(bench, "allocate", 1)
    await order(bench, "allocate", 4, futureDate="2026-04-02T00:00:00Z")
    body = {"shipmentIDs": [700, 701]}
    shipments = (await bench.send("POST", f"{V5}/shipmentInventoryAllocations", body)).body["shipments"]

    assert shipments["701"] == {"currentAllocations": [], "futureAllocations": []}
    assert [(each["quantity"], each["state"]) for each in shipments["700"]["currentAllocations"]] == [(1, "ALLOCATED")]
    assert [(each["quantity"], each["externalId"]) for each in shipments["700"]["futureAllocations"]] == [(4, "PO-1")]


async def test_a_delivery_is_moved_and_then_cancelled(bench: Bench) -> None:
    """Future dates: adjustFutureDate moves, deleteFutureInventory reports dry and deletes live."""
    await put(bench, 9, deliveryDate="2026-04-01T00:00:00Z", externalID="PO-1")
    body = {"type": "ANY", "items": [PRODUCT], "includeFutureInventory": True}
    (row,) = (await bench.send("POST", V5, body)).body
    number = row["futureInventory"][0]["futureInventoryID"]
    moved = await bench.send("PUT", f"/adjustFutureDate/{number}", {"futureDate": "2026-05-01T00:00:00Z"})
    missing = await bench.send("PUT", "/api/adjustFutureDate/999", {"futureDate": "2026-05-01T00:00:00Z"})
    span = {**PRODUCT, "upc": None, "futureStartDate": "2026-04-15T00:00:00Z", "futureEndDate": "2026-06-01T00:00:00Z"}
    dry = (await bench.send("POST", f"{V5}/deleteFutureInventory", {**span, "dryRun": True, "explicit": True})).body
    live = (await bench.send("POST", f"{V5}/deleteFutureInventory", span)).body
    (after,) = (await bench.send("POST", V5, body)).body

    assert (moved.body["status"], missing.status) == ("SUCCESS", 404)
    assert (dry["totalInventoryEntriesDeleted"], dry["totalexternalIDsAffected"], dry["jobIDs"]) == (1, 1, [])
    assert dry["itemsDeleted"][0]["locationCodes"] == ["WH-001"]
    assert (len(live["jobIDs"]), "futureInventory" in after) == (1, False)


async def test_blocked_products_can_be_left_out(bench: Bench) -> None:
    """Block assignment: a flag on the records of a location that look-ups show and can exclude."""
    await put(bench, 5)
    body = {"locationCode": "WH-001", "items": [{**PRODUCT, "blockAssignment": True}]}
    done = (await bench.send("POST", f"{V5}/blockAssignment", body)).body
    query = {"type": "ANY", "items": [PRODUCT]}
    shown = (await bench.send("POST", V5, query)).body
    left_out = (await bench.send("POST", V5, {**query, "excludeBlockedAssignment": True})).body

    assert (done["numResults"], shown[0]["blockAssignment"], left_out) == (1, True, [])


async def test_redistribution_follows_the_percentages(bench: Bench) -> None:
    """Redistribute: what is on hand is spread over the tags; what rounding leaves goes to the first."""
    from kibo_simulator.stock.tag_categories import Tag

    tags = bench.simulator.tags
    made = tags.add_category(1001, "channel", START)
    spread = tuple(
        Tag(0, value, index == 0, percent, START, START)
        for index, (value, percent) in enumerate([("web", 70), ("shop", 30)])
    )
    tags.put_tags(made.id, spread)
    await put(bench, 11)
    jobs = (await bench.send("POST", f"{V5}/redistribute")).body
    bench.wait(600)
    body = {"type": "ANY", "items": [PRODUCT]}
    (row,) = (await bench.send("POST", V5, body)).body

    assert {job["locationCode"] for job in jobs} >= {"WH-001"}
    assert {each["tags"]["channel"]: each["onHand"] for each in row["taggedInventory"]} == {"web": 8, "shop": 3}


async def test_old_records_are_purged(bench: Bench) -> None:
    """deleteOldInventory: records nobody has written for so many months go, others stay."""
    bench.wait(100 * 86_400)
    login = {"client_id": "sample.app", "client_secret": "sample-secret"}
    token = (await bench.send("POST", "/api/platform/applications/authtickets/oauth", login)).body["access_token"]
    bench.headers = {"Authorization": f"Bearer {token}"}
    await put(bench, 5)
    refused = await bench.send("DELETE", f"{V1}/deleteOldInventory/0")
    reply = await bench.send("DELETE", f"{V1}/deleteOldInventory/3")
    silos = await bench.send("DELETE", f"{V1}/deleteOldInventory/allSilo/3")
    bench.wait(600)
    await bench.send("GET", f"{V1}/queue/{reply.body['jobID']}")

    assert (refused.status, [list(each) for each in silos.body]) == (400, [["jobID"]])
    assert bench.dump() == ["WH-001 NEW-1 5"]


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({"quantity": 0}, "$.items[0].quantity"),
        ({"quantity": 1, "locationCode": "NOWHERE"}, "$.items[0].locationCode"),
        ({"quantity": 1, "locationCode": None}, "$.items[0].locationCode"),
        ({"quantity": 1, "orderItemID": None}, "$.items[0]"),
        ({"quantity": 1, "futureDate": "soon"}, "$.items[0].futureDate"),
        ({"quantity": 1, "partNumber": None, "upc": None}, "$.items[0]"),
    ],
)
async def test_orders_that_cannot_be_meant(bench: Bench, item: dict[str, Any], path: str) -> None:
    """A wrong order is a 400 with its JSON path; no job, no change."""
    reply = await bench.send("POST", f"{V5}/allocate", {"items": [{**PRODUCT, **ORDER, **item}]})

    assert (reply.status, reply.body["items"][0]["additionalErrorData"][0]["value"]) == (400, path)
    assert bench.simulator.runner.idle


async def test_a_product_that_nobody_knows(bench: Bench) -> None:
    """An allocation of an unknown product fails and says ITEM_NOT_FOUND."""
    job = await order(bench, "allocate", 1, partNumber="NOBODY", upc=None)

    assert (job["status"], job["messages"][0][:14]) == ("FAILED", "ITEM_NOT_FOUND")


async def test_deleting_a_record_lets_its_holds_go(bench: Bench) -> None:
    """I-5: nothing is left that holds stock which no longer exists."""
    await put(bench, 5)
    await order(bench, "allocate", 2)
    await bench.delete_items([PRODUCT])
    bench.wait(60)
    job = await order(bench, "fulfill", 2)

    assert job["status"] == "FAILED"
    assert bench.simulator.holds.of_order(1001, 7) == []
