"""Tenants in hand: added, with limits of their own, stocked, forked from snapshots and removed (D-2, D-3, RL-1)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kibo_simulator import LimitsDocument, PoolLimit, SampleSettings, Settings
from kibo_simulator.off_peak import OffPeakHours
from kibo_simulator.settings import SettingsError, TenantSettings
from kibo_simulator.tenancy.tables import TENANT_TABLES

from .conftest import START, V1, V5, Bench, MakeBench, Reply
from .neighbours import dump

CONTROL = "/_simulator"
LIMITS = LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", 3, 200),))
SAMPLE = SampleSettings(locations=3, products=20)


async def add(bench: Bench, **wanted: Any) -> Reply:
    """Add a tenant."""
    return await bench.send("POST", f"{CONTROL}/tenants", wanted)


async def as_tenant(bench: Bench, credentials: dict[str, Any]) -> Bench:
    """The same simulator seen by a tenant that was just added."""
    other = Bench(bench.simulator, bench.http, bench.now)
    body = {"client_id": credentials["clientId"], "client_secret": credentials["sharedSecret"], "grant_type": "client"}
    login = await other.send("POST", "/api/platform/applications/authtickets/oauth", body)
    other.headers = {"Authorization": f"Bearer {login.body['access_token']}"}
    return other


def records(bench: Bench, tenant: int) -> list[tuple[Any, ...]]:
    """Every record of a tenant, numbers aside."""
    return [
        (row.location_code, row.part_number, row.on_hand, row.allocated, row.pending, row.variant)
        for row in bench.simulator.stock_records(tenant)
    ]


async def test_a_tenant_is_added_on_demand(bench: Bench) -> None:
    """D-3: next number, credentials told once and good, stock of its own, quiet hours of its region."""
    added = await add(bench, region="EU", name="Other", locations=2, products=5)
    listed = (await bench.send("GET", f"{CONTROL}/tenants")).body
    other = await as_tenant(bench, added.body)
    jobs = await other.delete_items([{"partNumber": "^"}])

    assert (added.status, added.body["tenant"], added.body["clientId"]) == (201, 1002, "tenant-1002.app")
    assert [(entry["tenant"], entry["region"], entry["offPeak"]) for entry in listed] == [
        (1001, "US", {"starts": "05:00", "ends": "11:00", "now": True}),
        (1002, "EU", {"starts": "22:00", "ends": "04:00", "now": False}),
    ]
    assert "sharedSecret" not in listed[1]
    assert (len(jobs.body["jobIDs"]), len(bench.dump()) > 50) == (2, True)


async def test_what_cannot_be_added_is_told_why(bench: Bench) -> None:
    """409 for what is taken, 400 with the place for what cannot be meant, and nothing is left behind."""
    replies = [
        await add(bench, tenant=1001),
        await add(bench, clientId="sample.app"),
        await add(bench, region="MARS"),
        await add(bench, limits={"scope": "environment"}),
        await add(bench, offPeak={"starts": "25:00", "ends": "01:00"}),
        await add(bench, locations=100_000, products=1_000_000),
        await add(bench, colour="red"),
    ]
    named = [reply.body["message"].partition(":")[0].partition(" ")[0] for reply in replies]

    assert [reply.status for reply in replies] == [409, 409, 400, 400, 400, 400, 400]
    assert named[:4] == ["$.tenant", "$.clientId", "$.region", "$.limits.scope"]
    assert len((await bench.send("GET", f"{CONTROL}/tenants")).body) == 1


async def test_a_tenant_has_limits_of_its_own(make_bench: MakeBench, tmp_path: Path) -> None:
    """RL-1: they hold for it alone, survive a restart (D-1), and can be dropped again."""
    data = tmp_path / "kibo.db"
    bench = await make_bench(Settings(limits=LIMITS, sample=SAMPLE), data=data)
    added = await add(bench, limits={"pools": [{"route": "/api/*", "rpm": 1}], "throttle_body": "json"})
    other = await as_tenant(bench, added.body)
    own = [(await other.send("GET", f"{V1}/queue")).status for _ in range(2)]
    shared = [(await bench.send("GET", f"{V1}/queue")).status for _ in range(4)]
    bench.simulator.close()
    again = await make_bench(Settings(limits=LIMITS, sample=SAMPLE), data=data)
    kept = await again.send("GET", f"{V1}/queue", headers=other.headers)
    told = [(await again.send("GET", f"{CONTROL}/limits{query}")).body["pools"] for query in ("", "?tenant=1002")]
    dropped = await again.send("DELETE", f"{CONTROL}/limits?tenant=1002")
    after = await again.send("GET", f"{V1}/queue", headers=other.headers)
    pools = [pool["pool"] for pool in (await again.send("GET", f"{CONTROL}/limits/status?tenant=1002")).body]

    assert (own, shared) == ([200, 429], [200, 200, 200, 429])
    assert (kept.status, kept.body["errorCode"]) == (429, "TOO_MANY_REQUESTS")
    assert [pool[0]["rpm"] for pool in told] == [3, 1]
    assert (dropped.body["pools"][0]["rpm"], after.status) == (3, 200)
    assert pools == ["1001 /api/commerce/inventory/*", "1002 /api/commerce/inventory/*"]


async def test_own_limits_are_put_and_refused(bench: Bench) -> None:
    """RL-1: ``PUT limits?tenant=`` starts that tenant's pools afresh; a scope beyond the tenant is refused."""
    put = await bench.send("PUT", f"{CONTROL}/limits?tenant=1001", {"pools": [{"route": "/api/*", "rpm": 1}]})
    refused = await bench.send("PUT", f"{CONTROL}/limits?tenant=1001", {"scope": "environment"})
    nobody = await bench.send("DELETE", f"{CONTROL}/limits")
    answers = [(await bench.send("GET", f"{V1}/queue")).status for _ in range(2)]

    assert (put.status, refused.status, nobody.status, answers) == (200, 400, 400, [200, 429])


async def test_a_removed_tenant_leaves_nothing(bench: Bench) -> None:
    """D-3: its rows are gone from every table, its token is unknown; the number can be given again, empty."""
    before = dump(bench, *(table.name for table in TENANT_TABLES))
    added = await add(bench, locations=3, products=30, limits={"pools": []})
    other = await as_tenant(bench, added.body)
    await other.delete_items([{"partNumber": "^J"}])
    await other.send("POST", f"{V1}/tagCategory", {"name": "c", "tags": [{"tagValue": "a", "isDefault": True}]})
    removed = await bench.send("DELETE", f"{CONTROL}/tenants/1002")
    after = dump(bench, *(table.name for table in TENANT_TABLES))
    gone = [
        (await other.send("GET", f"{V1}/queue")).status,
        (await bench.send("DELETE", f"{CONTROL}/tenants/1002")).status,
        (await bench.send("GET", f"{CONTROL}/jobs?tenant=1002")).status,
    ]
    bench.wait(100)
    again = await add(bench)

    assert (removed.status, removed.body["tenant"], gone) == (200, 1002, [401, 404, 400])
    assert after == before
    assert (again.body["tenant"], records(bench, 1002), bench.simulator.idle) == (1002, [], True)


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_fork_has_what_the_other_had(make_bench: MakeBench, *, elsewhere: bool) -> None:
    """D-2: stock, tags, bins, groups, jobs under way and limits used, all under new numbers; nothing is shared."""
    bench = await make_bench(Settings(limits=LIMITS, sample=SAMPLE))
    await bench.send("PUT", f"{CONTROL}/limits?tenant=1001", {"pools": [{"route": "/api/*", "rpm": 9}]})
    await bench.send("POST", f"{V1}/tagCategory", {"name": "c", "tags": [{"tagValue": "a", "isDefault": True}]})
    product = {"partNumber": "NEW-1", "quantity": 2}
    place = {"locationCode": "WH-001", "bins": [{"binName": "A", "products": [product]}]}
    await bench.send("POST", f"{V1}/bin/loadInventory", place)
    tagged = {"locationCode": "WH-001", "items": [{"partNumber": "TAG", "quantity": 3, "tags": {"c": "a"}}]}
    await bench.send("POST", f"{V5}/refresh", tagged)
    bench.wait(9)
    jobs = (await bench.delete_items([{"partNumber": "^J"}])).body["jobIDs"]
    await bench.send("POST", f"{CONTROL}/snapshots", {"name": "one"})
    saved = records(bench, 1001)
    target = bench
    if elsewhere:
        image = await (await bench.http.get(f"{CONTROL}/snapshots/one/file")).read()
        target = await make_bench(Settings(sample=SampleSettings(locations=1, products=1)))
        target.now[0] = bench.now[0]
        await target.http.put(f"{CONTROL}/snapshots/one/file", data=image)
    forked = await target.send("POST", f"{CONTROL}/snapshots/one/fork", {"tenant": 1001, "as": 7})
    copied = records(target, 7)
    other = await as_tenant(target, forked.body)
    pool = (await target.send("GET", f"{CONTROL}/limits/status?tenant=7")).body[0]
    categories = (await other.send("GET", f"{V1}/tagCategory")).body
    bins = (await other.send("GET", f"{V1}/bin?locationCode=WH-001")).body
    target.wait(100)
    listed = (await target.send("GET", f"{CONTROL}/jobs?tenant=7")).body

    assert (forked.status, forked.body["tenant"], forked.body["name"]) == (201, 7, SAMPLE.name)
    assert copied == saved
    assert (pool["pool"], pool["rpm"], pool["minuteUsed"]) == ("7 /api/*", 9, 4)
    assert [category["name"] for category in categories] == ["c"]
    assert "A" in str(bins)
    assert len(listed) >= len(jobs)
    assert {job["status"] for job in listed} == {"SUCCESS"}
    assert [row for row in records(target, 7) if row[1].startswith("J")] == []
    assert (elsewhere, len(records(target, 7)) < len(saved)) in {(False, True), (True, True)}


async def test_a_fork_that_cannot_be_is_refused(bench: Bench) -> None:
    """404 without the snapshot, 400 without the tenant in it, 409 when the number is taken; nothing has changed."""
    await bench.send("POST", f"{CONTROL}/snapshots", {"name": "one"})
    before = dump(bench, *(table.name for table in TENANT_TABLES))
    replies = [
        (await bench.send("POST", f"{CONTROL}/snapshots/none/fork", {"tenant": 1001})).status,
        (await bench.send("POST", f"{CONTROL}/snapshots/one/fork", {"tenant": 5})).status,
        (await bench.send("POST", f"{CONTROL}/snapshots/one/fork", {"tenant": 1001, "as": 1001})).status,
        (await bench.send("POST", f"{CONTROL}/snapshots/one/fork", {})).status,
    ]

    assert replies == [404, 400, 409, 400]
    assert dump(bench, *(table.name for table in TENANT_TABLES)) == before


@pytest.mark.parametrize("how", ["removed", "restored"])
async def test_a_request_outlives_its_tenant_without_effect(bench: Bench, how: str) -> None:
    """D-3: a tenant that goes while a request's body is on its way takes the request with it."""
    await bench.send("POST", f"{CONTROL}/snapshots", {"name": "before"})
    other = await as_tenant(bench, (await add(bench)).body)
    before = dump(bench, *(table.name for table in TENANT_TABLES))
    begun, gone = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"locationCode": "L1", '
        begun.set()
        await gone.wait()
        yield b'"items": [{"partNumber": "A", "quantity": 1}]}'

    sent = asyncio.ensure_future(bench.http.post(f"{V5}/refresh", data=body(), headers=other.headers))
    await begun.wait()
    if how == "removed":
        await bench.send("DELETE", f"{CONTROL}/tenants/1002")
    else:
        await bench.send("POST", f"{CONTROL}/snapshots/before/restore")
    gone.set()
    reply = await sent
    after = dump(bench, "locations", "products", "jobs", "stock")

    assert reply.status == 401
    assert after == {name: before[name] for name in after}


CSV = "LocationCode,PartNumber,UPC,SKU,OnHand\nNEW,A-1,,,5\nWH-001,A-1,,,6\n"
LINES = (
    '{"locationCode": "NEW", "partNumber": "A-1", "onHand": 5}\n{"locationCode": "WH-001", "upc": "4", "onHand": 6}\n'
)


@pytest.mark.parametrize("text", [CSV, LINES, "\ufeff" + CSV])
@pytest.mark.parametrize("mode", ["merge", "replace"])
async def test_stock_is_set_from_a_file(bench: Bench, text: str, mode: str) -> None:
    """I-1: records are set, places and products made; others stay, or go with ``mode=replace``."""
    before = len(bench.dump())
    reply = await bench.http.post(f"{CONTROL}/inventory?mode={mode}", data=text.encode())
    body = await reply.json()
    rows = await bench.send("POST", f"{V5}", {"type": "ANY", "items": [{"partNumber": "A-1"}]})

    assert (reply.status, body) == (200, {"records": 2})
    assert len(bench.dump()) == (2 if mode == "replace" else before + 2)
    assert ("NEW", 5) in [(row["locationCode"], row["onHand"]) for row in rows.body]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (CSV + "L1,B,,,many\n", "$:4: "),
        (LINES + '{"locationCode": "L1", "onHand": 1}\n', "$:3: "),
        ("Colour\nred\n", "$:1: "),
        (b"LocationCode,PartNumber,OnHand\nL1,\xff,1\n", "$:2: "),
    ],
)
async def test_a_bad_line_is_named_and_nothing_is_set(bench: Bench, text: str | bytes, place: str) -> None:
    """D-2: all or none, also with ``mode=replace``; the error says the line."""
    before = dump(bench, *(table.name for table in TENANT_TABLES))
    data = text if isinstance(text, bytes) else text.encode()
    reply = await bench.http.post(f"{CONTROL}/inventory?mode=replace", data=data)

    assert (reply.status, (await reply.json())["message"].startswith(place)) == (400, True)
    assert dump(bench, *(table.name for table in TENANT_TABLES)) == before


async def test_several_tenants_are_configured(make_bench: MakeBench, tmp_path: Path) -> None:
    """``tenants:`` adds them at the start; one that a data file lacks is added later, one that was changed stays."""
    one = TenantSettings(
        tenant=5, client_id="five", shared_secret="s", region="EU", limits=LIMITS, locations=1, products=3
    )
    two = TenantSettings(tenant=6, client_id="six", shared_secret="s", off_peak=OffPeakHours("01:00", "02:00"))
    data = tmp_path / "kibo.db"
    first = await make_bench(Settings(sample=SAMPLE, tenants=(one,)), data=data)
    await first.send("DELETE", f"{CONTROL}/limits?tenant=5")
    first.simulator.close()
    again = await make_bench(Settings(sample=SAMPLE, tenants=(one, two)), data=data)
    listed = (await again.send("GET", f"{CONTROL}/tenants")).body

    assert [(entry["tenant"], entry["clientIds"], entry["limits"]) for entry in listed] == [
        (5, ["five"], None),
        (6, ["six"], None),
        (1001, ["sample.app"], None),
    ]
    assert (len(records(again, 5)), listed[1]["offPeak"]["starts"]) == (3, "01:00")


@pytest.mark.parametrize(
    ("tenants", "place"),
    [
        ((TenantSettings(tenant=1001, client_id="a", shared_secret="s"),), "$.tenants[0].tenant"),
        ((TenantSettings(tenant=5, client_id="sample.app", shared_secret="s"),), "$.tenants[0].client_id"),
        ((TenantSettings(tenant=5, client_id="a", shared_secret="s", region="X"),), "$.tenants[0].region"),
    ],
)
async def test_tenants_that_cannot_be_together_are_refused(
    make_bench: MakeBench, tenants: tuple[TenantSettings, ...], place: str
) -> None:
    """The place of the fault is named."""
    with pytest.raises(SettingsError, match=r"^\$\.tenants\[0\]") as caught:
        await make_bench(Settings(tenants=tenants))

    assert caught.value.path == place


async def test_a_grant_type_that_is_not_known_is_400(bench: Bench) -> None:
    """A-1: the spellings of Kibo, OAuth 2.0 and their libraries are accepted, others are told which are."""
    path = "/api/platform/applications/authtickets/oauth"
    known = {"client_id": "sample.app", "client_secret": "sample-secret"}
    statuses = [
        (await bench.send("POST", path, {**known, **grant})).status
        for grant in ({}, {"grant_type": "client"}, {"grant_type": "client_credentials"}, {"grant_type": "password"})
    ]

    assert statuses == [200, 200, 200, 400]


def test_quiet_hours_may_pass_midnight() -> None:
    """Kibo's bulk deletion guide: EU 22:00 to 04:00 UTC; the end is not part of them."""
    hour, day = 3_600_000_000, START - START % 86_400_000_000
    covered = [at for at in range(24) if OffPeakHours("22:00", "04:00").cover(day + at * hour)]
    plain = [at for at in range(24) if OffPeakHours("05:00", "11:00").cover(day + at * hour)]

    assert (covered, plain) == ([0, 1, 2, 3, 22, 23], [5, 6, 7, 8, 9, 10])
