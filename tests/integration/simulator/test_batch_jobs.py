"""Batch jobs over HTTP, as Kibo's batch import guide describes them: gathered, started, watched, reset."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kibo_simulator import SampleSettings, Settings
from kibo_simulator.batch_jobs.pace import BatchSettings
from kibo_simulator.rate_limits import UNLIMITED, LimitsDocument, PoolLimit

from .conftest import Bench, MakeBench
from .neighbours import dump, fault, other_tenant

JOBS = "/api/platform/data/batchJob"
ACTIONS = f"{JOBS}/actions"
CATALOG = "/api/commerce/catalog/admin"
PACE = BatchSettings(base_s=1, per_item_s=1, slice=2, retries=2, retry_delay_s=10)
SLOW = Settings(limits=UNLIMITED, sample=SampleSettings(locations=1, products=8), batch=PACE)


async def make(bench: Bench, code: str = "job", **more: Any) -> Any:
    """A job that is Ready."""
    reply = await bench.send("POST", JOBS, {"code": code, "name": f"Job {code}", "domain": "Catalog", **more})
    assert 200 == reply.status, reply.body
    return reply.body


async def gather(bench: Bench, *codes: str, job: str = "job", named: bool = True) -> list[str]:
    """Add products as items; the correlation ids of the calls."""
    content = {"productName": "x"} if named else {}
    replies = [
        await bench.send("POST", f"{CATALOG}/products?batchJobCode={job}", {"productCode": code, "content": content})
        for code in codes
    ]
    assert {200} == {reply.status for reply in replies}
    return [reply.headers["x-vol-correlation"] for reply in replies]


async def act(bench: Bench, action: str, job: str = "job") -> tuple[int, Any]:
    """Ask something of a job: status of the answer, and the job's."""
    reply = await bench.send("POST", f"{ACTIONS}/{job}", {"action": action})
    return reply.status, reply.body.get("status")


async def items(bench: Bench, query: str = "", job: str = "job") -> list[tuple[str, str, int]]:
    """Key, processing status and retries of each item."""
    page = (await bench.send("POST", f"{ACTIONS}/{job}/items{query}")).body
    return [(each["itemKey"], each["processingStatus"], each["retryCount"]) for each in page["items"]]


async def has(bench: Bench, code: str) -> bool:
    """Whether the catalog has a product."""
    return (await bench.send("GET", f"{CATALOG}/products/{code}")).status == 200


async def test_the_guides_sequence(bench: Bench) -> None:
    """The guide's own bodies: nothing is applied before the start, everything after it."""
    body = {"code": "batch_job_1", "jobName": "Example Job", "scheduledDate": None, "domain": "Catalog"}
    job = (await bench.send("POST", JOBS, body | {"status": "Ready"})).body
    await gather(bench, "TENT-1", job="batch_job_1")
    before = await has(bench, "TENT-1")
    started = await act(bench, "start", "batch_job_1")
    bench.wait(5)
    ended = (await bench.send("GET", f"{JOBS}/batch_job_1")).body

    assert ("Example Job", "Ready", None) == (job["name"], job["status"], job["dateStarted"])
    assert (False, (200, "Running")) == (before, started)
    assert ("Completed", "2026-03-02T05:00:00.000Z", True) == (
        ended["status"],
        ended["dateStarted"],
        await has(bench, "TENT-1"),
    )


async def test_items_run_slice_by_slice_and_are_told_as_they_stand(make_bench: MakeBench) -> None:
    """Two at a time: Waiting, then Running, then their end; a slice has its effect at its end."""
    bench = await make_bench(SLOW)
    await make(bench)
    await gather(bench, "a", "b", "c")
    await act(bench, "Start")
    bench.wait(1)
    first = await items(bench)
    there = await has(bench, "a")
    bench.wait(2)

    assert [("a", "Running", 0), ("b", "Running", 0), ("c", "Waiting", 0)] == first
    assert [("a", "Completed", 0), ("b", "Completed", 0), ("c", "Running", 0)] == await items(bench)
    assert (False, True) == (there, await has(bench, "a"))


async def test_failures_are_tried_again_and_missing_things_are_not(make_bench: MakeBench) -> None:
    """Failed after the retries, ValidationFailed at once; each says what was wrong."""
    bench = await make_bench(SLOW)
    await make(bench)
    await gather(bench, "nameless", named=False)
    await bench.send("DELETE", f"{CATALOG}/products/nothing?batchJobCode=job")
    await act(bench, "Start")
    bench.wait(3)
    early = await items(bench)
    bench.wait(60)
    failed = (await bench.send("POST", f"{ACTIONS}/job/items?processingStatus=failed")).body["items"][0]

    assert [("nameless", "Waiting", 1), ("nothing", "ValidationFailed", 0)] == early
    assert [("nameless", "Failed", 2), ("nothing", "ValidationFailed", 0)] == await items(bench)
    assert (400, "MISSING_OR_INVALID_PARAMETER", "content.productName") == (
        failed["status"],
        failed["errors"][0]["code"],
        failed["errors"][0]["field"],
    )


async def test_a_retry_succeeds_when_what_was_in_the_way_is_gone(make_bench: MakeBench) -> None:
    """Why Kibo tries again: the same item may be fine a little later."""
    bench = await make_bench(SLOW)
    await bench.send("POST", f"{CATALOG}/products", {"productCode": "a", "content": {"productName": "old"}})
    await make(bench)
    await gather(bench, "a")
    await act(bench, "Start")
    bench.wait(3)
    in_the_way = await items(bench)
    await bench.send("DELETE", f"{CATALOG}/products/a")
    bench.wait(20)

    assert ([("a", "Waiting", 1)], [("a", "Completed", 1)]) == (in_the_way, await items(bench))


async def test_a_scheduled_job_starts_by_itself_after_midnight(bench: Bench) -> None:
    """T-3: Pending until its date, then Running without anybody asking, then Completed."""
    await make(bench, scheduledDate="2026-03-03T00:30:00Z")
    await gather(bench, "a")
    bench.wait(60)
    pending = await act(bench, "Start")
    bench.wait(19 * 3600 + 29 * 60 - 1)
    login = {"client_id": "sample.app", "client_secret": "sample-secret", "grant_type": "client_credentials"}
    token = (await bench.send("POST", "/api/platform/applications/authtickets/oauth", login)).body["access_token"]
    bench.headers = {"Authorization": f"Bearer {token}"}
    waiting = (await bench.send("GET", f"{JOBS}/job")).body
    bench.wait(10)
    ended = (await bench.send("GET", f"{JOBS}/job")).body

    assert ((200, "Pending"), "Pending", None) == (pending, waiting["status"], waiting["dateStarted"])
    assert ("Completed", "2026-03-03T00:30:00.000Z") == (ended["status"], ended["dateStarted"])


async def test_a_cancellation_reaches_the_items(make_bench: MakeBench) -> None:
    """What was done stays, what was waiting or running is Cancelled and never done; a reset empties the job."""
    bench = await make_bench(SLOW)
    await make(bench)
    await gather(bench, "a", "b", "c", "d", "e")
    await act(bench, "start")
    bench.wait(3.5)
    cancelled = await act(bench, "cancel")
    bench.wait(100)
    left = await items(bench)
    spelled = (await items(bench, "?processingStatus=Canceled"), await items(bench, "?processingStatus=Cancelled"))
    there = [code for code in "abcde" if await has(bench, code)]
    again = await act(bench, "reset")

    assert ((200, "Canceled"), ["a", "b"]) == (cancelled, there)
    assert ["Completed"] * 2 + ["Cancelled"] * 3 == [status for _, status, _ in left]
    assert (left[2:], left[2:]) == spelled
    assert ((200, "Ready"), []) == (again, await items(bench))


@pytest.mark.parametrize(
    ("before", "action", "message"),
    [
        ((), "reset", "a job that is Ready cannot reset; it can Start and Cancel"),
        (("start",), "start", "a job that is Running cannot start; it can Cancel"),
        (("start",), "reset", "a job that is Running cannot reset; it can Cancel"),
        (("cancel",), "start", "a job that is Canceled cannot start; it can Reset"),
        (("cancel",), "cancel", "a job that is Canceled cannot cancel; it can Reset"),
    ],
)
async def test_an_action_out_of_turn_is_refused(
    bench: Bench, before: tuple[str, ...], action: str, message: str
) -> None:
    """BJ-1: 409 that says what the status allows, and nothing has changed."""
    await make(bench)
    for earlier in before:
        await act(bench, earlier)
    was = dump(bench, "batch_jobs")
    reply = await bench.send("POST", f"{ACTIONS}/job", {"action": action})

    assert (409, message, was) == (reply.status, reply.body["message"], dump(bench, "batch_jobs"))


async def test_kibos_other_spellings_can_be_had(make_bench: MakeBench) -> None:
    """``illegal_action`` and ``cancelled_item``: 400 instead of 409, and the guide's Canceled."""
    batch = BatchSettings(illegal_action="bad_request", cancelled_item="Canceled")
    bench = await make_bench(Settings(limits=UNLIMITED, batch=batch))
    await make(bench)
    await gather(bench, "a")
    refused = await act(bench, "reset")
    await act(bench, "cancel")
    summary = (await bench.send("GET", f"{ACTIONS}/job/summary")).body["resources"][0]["counts"]

    assert (400, [("a", "Canceled", 0)]) == (refused[0], await items(bench))
    assert [{"status": "Canceled", "count": 1}] == summary


async def test_a_job_goes_on_from_a_snapshot(make_bench: MakeBench) -> None:
    """D-2: taken in the middle of a slice and restored elsewhere, the job ends the same, at the same instants."""
    first, second = await make_bench(SLOW), await make_bench(SLOW)
    await make(first)
    await gather(first, "a", "b", "c", named=False)
    await act(first, "start")
    first.wait(2)
    taken = await first.send("POST", "/_simulator/snapshots", {"name": "half"})
    async with first.http.get("/_simulator/snapshots/half/file") as answer:
        image = await answer.read()
    await second.send(
        "PUT", "/_simulator/snapshots/half/file", image, headers={"Content-Type": "application/octet-stream"}
    )
    second.now[0] = first.now[0]
    restored = await second.send("POST", "/_simulator/snapshots/half/restore", {})
    second.headers = first.headers
    pages = []
    for bench in (first, second):
        bench.wait(60)
        pages.append((await bench.send("POST", f"{ACTIONS}/job/items")).body["items"])

    assert (201, 200) == (taken.status, restored.status), (taken.body, restored.body)
    assert pages[0] == pages[1]
    assert ["Failed"] * 3 == [item["processingStatus"] for item in pages[0]]


async def test_items_are_added_only_while_the_job_is_ready(bench: Bench) -> None:
    """A started job takes no items, and a job that is not there none at all."""
    await make(bench)
    await act(bench, "start")
    late = await bench.send("DELETE", f"{CATALOG}/products/a?batchJobCode=job")
    nowhere = await bench.send("DELETE", f"{CATALOG}/products/a?batchJobCode=none")

    assert (409, "batch job 'job' is Running; items are added while it is Ready") == (late.status, late.body["message"])
    assert (404, "ITEM_NOT_FOUND", "batchJobCode") == fault(nowhere)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"code": None}, "$.code"),
        ({"code": "a/b"}, "$.code"),
        ({"code": "summaries"}, "$.code"),
        ({"name": None}, "$.name"),
        ({"domain": "Orders"}, "$.domain"),
        ({"status": "Running"}, "$.status"),
        ({"scheduledDate": "tomorrow"}, "$.scheduledDate"),
        ({"code": 7}, "$.code"),
    ],
)
async def test_a_job_that_cannot_be_meant_is_refused(bench: Bench, change: dict[str, Any], path: str) -> None:
    """400 with the JSON path."""
    reply = await bench.send("POST", JOBS, {"code": "a", "name": "A", "domain": "Catalog"} | change)

    assert (400, "VALIDATION_ERROR", path) == fault(reply)


async def test_jobs_are_listed_renamed_and_deleted(bench: Bench) -> None:
    """Newest first, by status and domain, page by page; only the name can be changed."""
    for code in ("a", "b", "c"):
        await make(bench, code)
    await act(bench, "cancel", "b")
    page = (await bench.send("GET", f"{JOBS}?pageSize=2&startIndex=1&includeCount=true")).body
    ready = (await bench.send("GET", f"{JOBS}?status=ready&domain=catalog&includeCount=false")).body
    renamed = (await bench.send("PUT", f"{JOBS}/a", {"name": "New", "status": "Completed"})).body
    deleted = await bench.send("DELETE", f"{JOBS}/c")
    summaries = (await bench.send("GET", f"{ACTIONS}/summaries")).body

    assert (["b", "a"], 3, 2) == ([job["code"] for job in page["items"]], page["totalCount"], page["pageCount"])
    assert (["c", "a"], False) == ([job["code"] for job in ready["items"]], "totalCount" in ready)
    assert (("New", "Ready"), 200) == ((renamed["name"], renamed["status"]), deleted.status)
    assert [("b", "Canceled"), ("a", "Ready")] == [(job["code"], job["status"]) for job in summaries["items"]]


async def test_a_bulk_call_makes_one_item_for_each_entry(bench: Bench) -> None:
    """Items of one call share its correlation id and are counted by resource and status; filters narrow both."""
    await bench.send("POST", f"{CATALOG}/pricelists", {"priceListCode": "L", "name": "L"})
    await make(bench)
    (single,) = await gather(bench, "a")
    entries = [
        {"priceListCode": "L", "productCode": code, "currencyCode": "USD", "priceEntries": [{"listPrice": 1}]}
        for code in ("a", "nothing")
    ]
    headers = {"x-vol-site": "7", "x-vol-catalog": "2", "x-vol-locale": "en-US"}
    bulk = await bench.send("POST", f"{CATALOG}/pricelists/bulkaddentries?batchJobCode=job", entries, headers=headers)
    await act(bench, "start")
    bench.wait(2)
    summary = (await bench.send("GET", f"{ACTIONS}/job/summary")).body
    of_call = (await bench.send("GET", f"{ACTIONS}/job/items/{bulk.headers['x-vol-correlation']}")).body
    of_single = (await bench.send("POST", f"{ACTIONS}/job/items/{single}")).body

    assert {"successCount": 2, "failureCount": 0, "failureDetails": []} == bulk.body
    assert ("Completed", ["Pricelistentries", "Products"]) == (
        summary["status"],
        [each["resourceType"] for each in summary["resources"]],
    )
    assert [{"status": "ValidationFailed", "count": 1}, {"status": "Completed", "count": 1}] == summary["resources"][0][
        "counts"
    ]
    assert (["L/a/USD", "L/nothing/USD"], 7, 2, "en-US") == (
        [each["itemKey"] for each in of_call["items"]],
        *(of_call["items"][0][name] for name in ("siteId", "catalogId", "localeCode")),
    )
    assert ["a"] == [each["itemKey"] for each in of_single["items"]]
    assert [("a", "Completed", 0)] == await items(bench, "?resourceType=products")
    assert [("L/nothing/USD", "ValidationFailed", 0)] == await items(bench, "?processingStatus=ValidationFailed")


async def test_jobs_belong_to_their_tenant(bench: Bench) -> None:
    """D-3: another tenant neither sees a job nor adds to it, and may use the same code."""
    await make(bench)
    other = await other_tenant(bench)
    unseen = await other.send("GET", f"{JOBS}/job")
    unadded = await other.send("DELETE", f"{CATALOG}/products/a?batchJobCode=job")
    await make(other)

    assert (404, 404) == (unseen.status, unadded.status)
    assert [] == await items(bench)


async def test_a_job_goes_on_after_a_restart(make_bench: MakeBench, tmp_path: Path) -> None:
    """D-1: in the middle of a slice the simulator is closed; opened again, the job ends as if nothing had been."""
    data = tmp_path / "kibo.db"
    first = await make_bench(SLOW, data=data)
    await make(first)
    await gather(first, "a", "b", "c")
    await act(first, "start")
    first.wait(2)
    before = await items(first)
    first.simulator.close()
    second = await make_bench(SLOW, data=data)
    resumed = await items(second)
    second.wait(10)

    assert ["Running", "Running", "Waiting"] == [status for _, status, _ in before] == [s for _, s, _ in resumed]
    assert ["Completed"] * 3 == [status for _, status, _ in await items(second)]


async def test_catalog_and_platform_have_pools_of_their_own(make_bench: MakeBench) -> None:
    """RL-1, RL-11: each is throttled by itself; the tenant look-up is in no pool whatever its path."""
    pools = (PoolLimit("/api/commerce/catalog/*", rpm=1), PoolLimit("/api/platform/*", rpm=2))
    bench = await make_bench(limits=LimitsDocument(pools=pools))
    catalog = [(await bench.send("GET", f"{CATALOG}/products")).status for _ in range(2)]
    tenant = [(await bench.send("GET", "/api/platform/tenants/1001")).status for _ in range(3)]
    platform = [(await bench.send("GET", JOBS)).status for _ in range(3)]

    assert ([200, 429], [200] * 3, [200, 200, 429]) == (catalog, tenant, platform)


async def test_the_journal_tells_what_rules_need(bench: Bench) -> None:
    """BJ-1: the code, the action, the status found and how many items were added."""
    await make(bench)
    await gather(bench, "a")
    await act(bench, "start")
    bench.wait(2)
    await bench.send("GET", f"{ACTIONS}/job/summary")
    entries = [entry.to_wire() for entry in bench.simulator.journal.since()][-4:]

    assert [
        ("createBatchJob", {"batchJobCode": "job", "batchJobStatus": "Ready"}),
        (
            "addProduct",
            {
                "productCode": "a",
                "batchJobCode": "job",
                "batchJobStatus": "Ready",
                "resourceType": "Products",
                "items": 1,
            },
        ),
        ("performBatchAction", {"batchJobCode": "job", "action": "Start", "batchJobStatus": "Running"}),
        ("getBatchSummaryJob", {"batchJobCode": "job", "batchJobStatus": "Completed", "counts": {"Completed": 1}}),
    ] == [(entry["operation"], entry["summary"]) for entry in entries]


BIG = """
import resource, sys
from pathlib import Path
from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.batch_runner import encode_change
from kibo_simulator.catalog.changes import UpdateProduct
from kibo_simulator.store.batch_jobs import NewItem
now = [1_772_427_600_000_000]
settings = Settings(sample=SampleSettings(locations=0, products=1))
simulator = Simulator(settings, wall=lambda: now[0], data=Path(sys.argv[1]))
code = simulator.catalog.products(1001, start=0, limit=1)[1][0].document["productCode"]
change = UpdateProduct(code, {"content": {"productName": "x" * 500}})
item = NewItem(change.resource_type, change.key, change.method, encode_change(change))
store = simulator.batch_jobs
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, count in (("small", 2_000), ("large", int(sys.argv[2]))):
    job = store.add_job(1001, code=name, name=name, domain="Catalog", scheduled=None, now=now[0])
    with simulator.database.transaction():
        origin = store.add_origin(job.id, correlation="0", uri="/", query="", context="{}")
        for first in range(1, count, 500):
            store.add_items(job.id, [item] * 500, origin=origin, first=first, now=now[0])
        for _ in simulator.batches.act(job, "Start", now[0]):
            pass
    now[0] += 3_600_000_000
    pauses = sum(1 for _ in simulator.advancing())
    print(store.counts(job.id)[-1][2], pauses, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_a_large_job_passes_in_bounded_memory(tmp_path: Path) -> None:
    """Ten times as many items need no more memory, and the processor is offered to others all the time."""
    done = subprocess.run(
        [sys.executable, "-c", BIG, str(tmp_path / "kibo.db"), "20000"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    (_, _, before), (completed, pauses, after) = (map(int, line.split()) for line in done.stdout.splitlines())
    kilobytes = 1 if sys.platform != "darwin" else 1024

    assert 20_000 == completed
    assert pauses >= 20_000 / 32 / 8
    assert after - before < 8_000 * kilobytes
