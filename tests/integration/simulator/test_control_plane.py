"""The control plane: clock, limits, journal and dumps, outside of limits and closed to strangers."""

import json
from pathlib import Path

import pytest

from kibo_simulator import LimitsDocument, PoolLimit, SampleSettings, Settings
from kibo_simulator.jobs import JobSettings
from kibo_simulator.settings import FileSettings

from .conftest import V1, V5, Bench, MakeBench

QUERY = {"type": "ANY", "items": [{"partNumber": "TNT-1001-BLK-S"}]}


async def test_the_clock_is_advanced_by_hand(bench: Bench) -> None:
    """T-2, T-3: a mode change keeps the instant; jobs end when the clock is moved past them."""
    frozen = await bench.send("PUT", "/_simulator/clock", {"mode": "manual"})
    bench.wait(1_000)
    await bench.delete_items([{"partNumber": "^"}])
    before = (await bench.send("GET", f"{V1}/queue/1")).body["status"]
    step = await bench.send("POST", "/_simulator/clock/advance", {"toNextEvent": True})
    after = (await bench.send("GET", f"{V1}/queue/1")).body["status"]
    idle = await bench.send("POST", "/_simulator/clock/advance", {"untilIdle": True})

    assert (frozen.body["now"], frozen.body["speed"]) == ("2026-03-02T05:00:00.000000Z", 0.0)
    assert (before, after) == ("WORKING", "SUCCESS")
    assert step.body["now"] > frozen.body["now"]
    assert idle.body["nextEventAt"] is None
    assert bench.dump() == []


async def test_the_clock_stops_where_time_alone_brings_no_job_on(make_bench: MakeBench, tmp_path: Path) -> None:
    """T-3: one job that a fault holds would wait for years of scheduled looks at a folder; only the other one ends."""
    files = FileSettings(drop=str(tmp_path))
    bench = await make_bench(
        Settings(sample=SampleSettings(locations=2, products=4), files=files, jobs=JobSettings(workers=2))
    )
    await bench.send("PUT", "/_simulator/clock", {"mode": "manual"})
    await bench.send("POST", "/_simulator/faults", {"match": {"nth": 1}, "effect": {"kind": "job_stall"}})
    await bench.delete_items([{"partNumber": "^"}])
    idle = await bench.send("POST", "/_simulator/clock/advance", {"untilIdle": True})
    jobs = await bench.send("GET", "/_simulator/jobs")

    assert idle.body["now"] < "2026-03-02T05:01"
    assert sorted(job["status"] for job in jobs.body) == ["SUCCESS", "WORKING"]


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("clock", {"now": "yesterday"}, "$.now"),
        ("clock", {"now": "2020-01-01T00:00:00Z"}, "$.now"),
        ("clock", {"speed": -1}, "$.speed"),
        ("clock", {"speed": 5e-324}, "$.speed"),
        ("clock", {"mode": "real", "speed": 4}, "$.speed"),
        ("clock", {"now": "2030-01-01T00:00:00Z", "mode": "real", "speed": 5}, "$.speed"),
        ("clock", {"mood": "manual"}, "$"),
        ("limits", {"pools": [{"route": "/a", "rpm": -1}]}, "$.pools[0].rpm"),
        ("limits", {"scope": "planet"}, "$.scope"),
    ],
)
async def test_orders_that_cannot_be_followed_are_refused(bench: Bench, path: str, body: object, place: str) -> None:
    """The control plane validates what it is told and says where the fault is."""
    before = bench.simulator.clock.now()
    reply = await bench.send("PUT", f"/_simulator/{path}", body)

    assert bench.simulator.clock.now() == before
    assert (reply.status, reply.body["items"][0]["additionalErrorData"][0]["value"]) == (400, place)


async def test_an_order_for_the_clock_is_followed_whole_or_not_at_all(bench: Bench) -> None:
    """T-2: stopped at an instant it stands at that very instant; what cannot be followed leaves the mode as it was."""
    await bench.send("PUT", "/_simulator/clock", {"speed": 60})
    refused = await bench.send("PUT", "/_simulator/clock", {"mode": "manual", "now": "2020-01-01T00:00:00Z"})
    still = (await bench.send("GET", "/_simulator/clock")).body
    ticking = iter(range(bench.now[0], bench.now[0] + 10**6))
    bench.simulator.clock._source = lambda: next(ticking)
    stopped = await bench.send("PUT", "/_simulator/clock", {"mode": "manual", "now": "2026-03-02T08:00:00Z"})

    assert (400, "scaled", 60.0) == (refused.status, still["mode"], still["speed"])
    assert ("manual", "2026-03-02T08:00:00.000000Z") == (stopped.body["mode"], stopped.body["now"])


async def test_limits_are_changed_and_start_afresh(make_bench: MakeBench) -> None:
    """Contract: the limits document comes back as it was put, and all pools start anew."""
    bench = await make_bench(limits=LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", 1, 5),)))
    statuses = [(await bench.send("POST", V5, QUERY)).status for _ in range(2)]
    shown = (await bench.send("GET", "/_simulator/limits/status")).body[0]
    document = (await bench.send("GET", "/_simulator/limits")).body
    changed = await bench.send("PUT", "/_simulator/limits", document | {"pools": [{"route": "/api/*", "rpm": 2}]})
    again = [(await bench.send("POST", V5, QUERY)).status for _ in range(3)]

    assert statuses == [200, 429]
    assert (shown["state"], shown["restrictedUntil"]) == ("Throttled", "2026-03-02T05:01:00.000000Z")
    assert (shown["minuteUsed"], shown["hourUsed"], shown["buckets"]) == (1, 1, [1, 0, 0, 0])
    assert (changed.status, again) == (200, [200, 200, 429])


async def test_the_journal_is_complete_and_the_control_plane_is_not_in_it(bench: Bench) -> None:
    """Journal contract: one entry a request with the names of the contract; control calls leave no trace."""
    await bench.send("GET", "/_simulator/health")
    await bench.delete_items([{"partNumber": "TNT-1001-BLK-S"}], locationCodes=["WH-001"], dryRun=True)
    lines = (await bench.send("GET", "/_simulator/journal?since=1")).body
    entry = json.loads(lines)

    assert lines.count("\n") == 1
    assert list(entry) == [
        "seq", "at", "realAt", "tenant", "client", "method", "path", "query", "operation", "pool", "requestHash",
        "summary", "status", "retryAfter", "jobIds", "bytesIn", "bytesOut", "startedAt", "finishedAt", "fault",
        "responseLost",
    ]  # fmt: skip
    assert (entry["seq"], entry["operation"], entry["tenant"], entry["client"]) == (
        2,
        "deleteItems",
        1001,
        "sample.app",
    )
    assert entry["summary"] == {
        "items": 1,
        "dryRun": True,
        "explicit": False,
        "allLocations": False,
        "locationCodes": ["WH-001"],
        "records": 1,
        "itemHashes": entry["summary"]["itemHashes"],
    }
    assert len(entry["summary"]["itemHashes"][0]) == 12


async def test_the_journal_tells_some_records_from_their_product(bench: Bench) -> None:
    """WF-1: an item that means some records only has a hash of its own, and beside it that of the whole product."""
    whole = {"partNumber": "TNT-1001-BLK-S"}
    for item in (whole, whole | {"lotCode": "A"}, whole | {"lotCode": "B"}):
        await bench.delete_items([item], locationCodes=["WH-001"], dryRun=True)
    lines = (await bench.send("GET", "/_simulator/journal")).body.splitlines()
    product, first, second = [json.loads(line)["summary"] for line in lines[-3:]]

    assert "productHashes" not in product
    assert first["productHashes"] == second["productHashes"] == product["itemHashes"]
    assert len({*product["itemHashes"], *first["itemHashes"], *second["itemHashes"]}) == 3


async def test_the_dump_is_a_location_export(bench: Bench) -> None:
    """``GET inventory?format=csv`` is what a client is handed for a bulk delete."""
    csv_text = (await bench.send("GET", "/_simulator/inventory?format=csv")).body
    json_text = (await bench.send("GET", "/_simulator/inventory")).body

    assert csv_text.splitlines()[0].startswith('"LocationCode","PartNumber","UPC","SKU","OnHand"')
    assert len(csv_text.splitlines()) - 1 == len(json_text.splitlines()) == len(bench.dump())


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
async def test_a_page_in_a_browser_is_kept_out(bench: Bench, headers: dict[str, str]) -> None:
    """Security: a web page on this machine can reach loopback, but not the control plane."""
    reply = await bench.send("GET", "/_simulator/clock", headers=headers)

    assert (reply.status, reply.body["errorCode"]) == (403, "FORBIDDEN")


async def test_with_a_token_only_its_holder_gets_in(make_bench: MakeBench) -> None:
    """Contract: loopback or token only."""
    bench = await make_bench(control_token="open sesame")  # a test's token
    without = await bench.send("GET", "/_simulator/clock")
    with_it = await bench.send("GET", "/_simulator/clock", headers={"Authorization": "Bearer open sesame"})

    assert (without.status, with_it.status) == (401, 200)


async def test_what_is_neither_api_nor_control_plane_is_404_as_json(bench: Bench) -> None:
    """Every error body is JSON, also where nothing is."""
    replies = [await bench.send("GET", path) for path in ("/index.html", "/favicon.ico", "/_simulator/nothing")]

    assert [(reply.status, reply.body["errorCode"]) for reply in replies] == [(404, "NOT_FOUND")] * 3


async def test_a_tenant_gets_further_applications(bench: Bench) -> None:
    """The journal tells them apart; a secret may be told anew, another tenant's application is not taken over (D-3)."""
    place = "/_simulator/tenants/1001/applications"
    made = await bench.send("PUT", f"{place}/tills", {})
    told = await bench.send("PUT", f"{place}/tills", {"sharedSecret": "a test's"})
    login = {"client_id": "tills", "client_secret": "a test's", "grant_type": "client_credentials"}
    token = await bench.send("POST", "/api/platform/applications/authtickets/oauth", login)
    headers = {"Authorization": f"Bearer {token.body['access_token']}"}
    asked = await bench.send("GET", "/api/commerce/inventory/v1/queue", headers=headers)
    await bench.send("POST", "/_simulator/tenants", {"tenant": 1002, "clientId": "theirs"})
    refused = await bench.send("PUT", f"{place}/theirs", {})
    nobody = await bench.send("PUT", "/_simulator/tenants/77/applications/x", {})

    assert [200, 200, 200, 200] == [made.status, told.status, token.status, asked.status]
    assert {"tenant": 1001, "clientId": "tills", "sharedSecret": "a test's"} == told.body
    assert "tills" == list(bench.simulator.journal.held())[-1].client
    assert (409, "clientId: the application theirs is the tenant 1002's") == (refused.status, refused.body["message"])
    assert 404 == nobody.status
