"""Faults of the items of batch jobs, seen by a client that looks at its job."""

from typing import Any

from kibo_simulator import SampleSettings, Settings
from kibo_simulator.batch_jobs.pace import BatchSettings
from kibo_simulator.rate_limits import UNLIMITED

from .conftest import Bench, MakeBench

JOBS = "/api/platform/data/batchJob"
ACTIONS = f"{JOBS}/actions"
PACE = BatchSettings(base_s=1, per_item_s=1, slice=3, retries=2, retry_delay_s=10)
SETTINGS = Settings(limits=UNLIMITED, sample=SampleSettings(locations=1, products=8), batch=PACE)


async def run(bench: Bench, fault: dict[str, Any]) -> tuple[list[tuple[str, str, int]], dict[str, Any]]:
    """Put a fault down, work a job of three products to its end; key, status and retries of each, and the fault."""
    assert 201 == (await bench.send("POST", "/_simulator/faults", fault)).status
    await bench.send("POST", JOBS, {"code": "job", "name": "Job", "domain": "Catalog"})
    for code in ("a1", "a2", "b1"):
        body = {"productCode": code, "content": {"productName": code}}
        path = "/api/commerce/catalog/admin/products?batchJobCode=job"
        assert 200 == (await bench.send("POST", path, body)).status
    await bench.send("POST", f"{ACTIONS}/job", {"action": "Start"})
    bench.wait(200)
    page = (await bench.send("POST", f"{ACTIONS}/job/items")).body
    told = (await bench.send("GET", "/_simulator/faults")).body["faults"][0]
    return [(item["itemKey"], item["processingStatus"], item["retryCount"]) for item in page["items"]], told


async def test_the_first_try_of_each_item_fails(make_bench: MakeBench) -> None:
    """Counted for each item by itself: the retry succeeds."""
    fault = {"match": {"per": "item", "times": 1}, "effect": {"kind": "item_fail"}}
    items, told = await run(await make_bench(SETTINGS), fault)

    assert [("a1", "Completed", 1), ("a2", "Completed", 1), ("b1", "Completed", 1)] == items
    assert (6, 3, True) == (told["seen"], told["uses"], told["consumed"])


async def test_only_the_items_that_are_meant_fail(make_bench: MakeBench) -> None:
    """By job, resource and key; a reason that is not final is tried until the retries are used up."""
    match = {"batch_job": "j?b", "resource": ["Products", "ProductProperty"], "item": "a*", "tenant": 1001}
    bench = await make_bench(SETTINGS)
    items, told = await run(
        bench, {"match": match, "effect": {"kind": "item_fail", "reason": "taken", "message": "no"}}
    )
    failed = (await bench.send("POST", f"{ACTIONS}/job/items?processingStatus=failed")).body["items"][0]

    assert [("a1", "Failed", 2), ("a2", "Failed", 2), ("b1", "Completed", 0)] == items
    assert (409, "ITEM_ALREADY_EXISTS", "no") == (
        failed["status"], failed["errors"][0]["code"], failed["errors"][0]["longMessage"],
    )  # fmt: skip
    assert 6 == told["uses"]


async def test_what_is_not_found_is_not_tried_again(make_bench: MakeBench) -> None:
    """One reason is final."""
    fault = {"match": {"nth": 2}, "effect": {"kind": "item_fail", "reason": "not found"}}
    items, _ = await run(await make_bench(SETTINGS), fault)

    assert [("a1", "Completed", 0), ("a2", "ValidationFailed", 0), ("b1", "Completed", 0)] == items
