"""Single calls against the whole simulator in virtual time: paced, patient, never twice on a guess (C13, C14, RT-5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import pytest

from kibo_client import (
    BulkDeleteOptions,
    Exchange,
    ItemQuantity,
    JournalError,
    KiboClient,
    NoAnswerError,
    RefusedError,
    Settings,
    Target,
    UnknownOutcomeError,
    any_call,
)
from kibo_client.calls import ADJUST, GET_LOCATION, GET_LOCATIONS, LOOK_UP, PREVIEW_DELETE
from kibo_client.models import AdjustItem, AdjustRequest, DeletePreview, InventoryQuery
from kibo_client.run_journal import Header, open_journal
from kibo_scenarios.drivers import ClientReport, Task
from kibo_scenarios.result import RunResult
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario_file import read_scenario

ITEM = ItemQuantity(part_number="TNT-1001-BLK-S")
ONE_MORE = AdjustRequest(location_code="ST-0001", items=[AdjustItem(part_number="TNT-1001-BLK-S", quantity=1)])
SCENARIO = """
name: calls
title: Single calls
simulator:
  sample: {{tenant: 1001}}
  limits: {{pools: [{{route: /api/commerce/inventory/*, rpm: {rpm}, rph: 1000}}]}}
faults: {faults}
network: {{latency_ms: 20}}
time_limit: 5d
"""

Work = Callable[[KiboClient], Awaitable[Any]]


def live(
    folder: Path, work: Work, *, faults: str = "[]", rpm: int = 1000, told: bool = False
) -> tuple[Any, RunResult, list[Exchange]]:
    """Let somebody work with a client; gives what came of it, the run, and all exchanges."""
    file = folder / "calls.yaml"
    file.write_text(SCENARIO.format(faults=faults, rpm=rpm), encoding="utf-8")
    results: list[Any] = []
    exchanges: list[Exchange] = []

    async def drive(task: Task) -> ClientReport:
        settings = Settings(
            api_host=task.api_host,
            tenant=task.tenant,
            client_id=task.client_id,
            shared_secret=task.shared_secret,
            requests_per_minute=rpm if told else None,
            requests_per_hour=1000 if told else None,
        )
        async with KiboClient(
            settings, connector=task.connect(), now=task.now, random=task.random, on_exchange=exchanges.append
        ) as client:
            results.append(await work(client))
        return ClientReport()

    result = run_scenario(read_scenario(file), driver=drive, rules=())
    assert result.client_failure is None, result.client_failure
    return results[0], result, exchanges


def on_hand(result: RunResult) -> int:
    """By how much the item has changed at its location."""
    (key,) = (k for k in result.evidence.before if (k.location_code, k.part_number) == ("ST-0001", "TNT-1001-BLK-S"))
    return result.evidence.after[key].on_hand - result.evidence.before[key].on_hand


@pytest.mark.parametrize("told", [True, False])
def test_calls_keep_to_the_limits(tmp_path: Path, told: bool) -> None:  # noqa: FBT001 - a parameter
    """C13, TH-6: told the limit, no call is refused; not told, one is, and all the others wait with it."""

    async def work(client: KiboClient) -> int:
        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(client.look_up, ITEM)
        return 12

    _, result, exchanges = live(tmp_path, work, rpm=5, told=told)

    assert [e.status for e in exchanges].count(429) == (0 if told else 1)
    assert [entry.status for entry in result.evidence.journal if entry.operation == "queryInventory"].count(200) == 12
    assert result.span >= 2 * 60 * 1_000_000 - 60_000_000


def test_reads_are_repeated_and_given_up_in_the_end(tmp_path: Path) -> None:
    """C14, RT-3: a lost answer and a 503 are waited out; where there is never an answer, eight attempts are all."""

    async def work(client: KiboClient) -> tuple[int, str]:
        found = len(await client.look_up(ITEM, location_codes=["ST-0001"]))
        with pytest.raises(NoAnswerError) as caught:
            await client.call(GET_LOCATIONS)
        return found, str(caught.value)

    faults = (
        "[{match: {operation: queryInventory, nth: 1}, effect: {kind: lost_answer}},"
        " {match: {operation: queryInventory, nth: 2}, effect: {kind: status, status: 503}},"
        " {match: {operation: getLocations}, effect: {kind: status, status: 500}}]"
    )
    (found, said), _, exchanges = live(tmp_path, work, faults=faults)

    assert found == 1
    assert said.startswith("getLocations was given up after 8 attempts: ")
    assert [e.status for e in exchanges if e.path.endswith("/inventory")] == [0, 503, 200]
    assert [e.status for e in exchanges if e.path.endswith("/location")] == [500] * 8


@pytest.mark.parametrize(
    "effect", ["{kind: lost_answer}", "{kind: status, status: 500, processed: true}", "{kind: malformed}"]
)
def test_an_adjustment_is_never_repeated_on_a_guess(tmp_path: Path, effect: str) -> None:
    """RT-5: after an unknown outcome the caller is told, and the stock has moved once."""

    async def work(client: KiboClient) -> None:
        with pytest.raises(UnknownOutcomeError, match="whether adjust was carried out is not known"):
            await client.call(ADJUST, ONE_MORE)

    _, result, exchanges = live(tmp_path, work, faults=f"[{{match: {{operation: adjust}}, effect: {effect}}}]")

    assert sum(e.path.endswith("/adjust") for e in exchanges) == 1
    assert on_hand(result) == 1


def test_a_token_that_cannot_be_had_is_waited_for(tmp_path: Path) -> None:
    """RT-1, RT-2: each wait for it is longer than the last; an adjustment that was never sent is sent once."""
    faults = "[{match: {operation: authenticate, times: 3}, effect: {kind: status, status: 502}}]"
    _, result, _ = live(tmp_path, lambda client: client.call(ADJUST, ONE_MORE), faults=faults)
    journal = result.evidence.journal
    waits = [other.started_at - one.started_at for one, other in pairwise(journal[:4])]

    assert ["authenticate"] * 4 + ["adjust"] == [entry.operation for entry in journal]
    assert sorted(waits) == waits
    assert waits[0] >= 1_000_000


def test_a_token_that_is_never_to_be_had_ends_a_call(tmp_path: Path) -> None:
    """C15: attempts are bounded, and the error is one of ours."""

    async def work(client: KiboClient) -> str:
        with pytest.raises(NoAnswerError) as caught:
            await client.call(LOOK_UP, InventoryQuery(items=[ITEM]))
        return str(caught.value)

    faults = "[{match: {operation: authenticate}, effect: {kind: status, status: 502}}]"
    said, result, _ = live(tmp_path, work, faults=faults)

    assert "no token: 502" in said
    assert len(result.evidence.journal) <= 8


def test_a_refusal_says_why(tmp_path: Path) -> None:
    """RT-4: once, with the status and the server's words; a path variable cannot become another path."""

    async def work(client: KiboClient) -> tuple[int, str]:
        with pytest.raises(RefusedError) as caught:
            await client.call(GET_LOCATION, path={"code": "../queue"})
        odd = any_call("GET", "/api/commerce/inventory/v1/bin/{what}")
        bins = await client.call(odd, path={"what": "binTypes"})
        return caught.value.status, bins[0]["description"]

    (status, description), _, exchanges = live(tmp_path, work)

    assert (status, bool(description)) == (404, True)
    assert [e.path for e in exchanges][1] == "/api/commerce/inventory/v1/location/..%2Fqueue"


def test_pages_are_gone_through(tmp_path: Path) -> None:
    """Every record and every job once, whatever the size of a page; a job is waited for (C10)."""

    async def work(client: KiboClient) -> tuple[int, int, list[int], str]:
        small = [record async for record in client.inventory_at("ST-0001", page_size=40)]
        large = [record async for record in client.inventory_at("ST-0001", page_size=1000)]
        started = [await client.call(ADJUST, ONE_MORE) for _ in range(7)]
        last = await client.wait_for_job(started[-1].job_id)
        jobs = [job.job_id async for job in client.jobs(page_size=2, location_code="ST-0001")]
        return len(small), len(large), jobs, last.status

    (small, large, jobs, status), result, _ = live(tmp_path, work)
    polled = [e.started_at for e in result.evidence.journal if e.operation == "getJob"]

    assert small == large > 100
    assert jobs == sorted(jobs, reverse=True)
    assert (len(jobs), status) == (7, "SUCCESS")
    assert all(b - a >= 10_000_000 for a, b in pairwise(polled))


def test_calls_and_bulk_work_share_a_client(tmp_path: Path) -> None:
    """BA-4: calls made while a deletion runs take turns with it, and a cancelled one leaves the client usable."""

    async def work(client: KiboClient) -> tuple[str, int]:
        reports: list[Any] = []
        done: list[int] = []

        async def delete() -> None:
            targets = [Target("ST-0001", "TNT-1001-BLK-S"), Target("ST-0002", "TNT-1001-BLK-S")]
            options = BulkDeleteOptions(identifiers=frozenset({"part_number"}))
            reports.append(await client.bulk_delete(targets, options))

        async def look() -> None:
            for _ in range(20):
                with anyio.move_on_after(0.01):
                    await client.look_up(ITEM)
                done.append(len(await client.call(GET_LOCATIONS)))
                await anyio.sleep(0.3)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(delete)
            tasks.start_soon(look)
        return reports[0].outcome, len(done)

    (outcome, done), result, _ = live(tmp_path, work)
    entries = sorted(result.evidence.journal, key=lambda entry: entry.started_at)
    pooled = [entry for entry in entries if "/inventory/" in entry.path]

    assert (outcome, done) == ("deleted", 20)
    assert all(a.finished_at <= b.started_at for a, b in pairwise(pooled))


def test_a_preview_cannot_delete() -> None:
    """C1: it says that it is a dry run, whatever else it says, and cannot be told otherwise."""
    preview = DeletePreview(upc="1", all_locations=True)

    assert preview.to_json() == b'{"upc":"1","allLocations":true,"dryRun":true,"explicit":true}'
    assert PREVIEW_DELETE.sends is DeletePreview
    with pytest.raises(ValueError, match="a preview is a dry run"):
        DeletePreview(upc="1", dry_run=False)  # type: ignore[arg-type] # the point of this test
    assert LOOK_UP.sends is InventoryQuery


def test_one_process_at_a_time_writes_a_journal(tmp_path: Path) -> None:
    """C8: whoever comes second is told so, and changes nothing."""
    journal = tmp_path / "run.journal"
    header = Header(3, "digest", 1, "http://a.test")
    first, _ = open_journal(journal, header)
    before = journal.read_bytes()
    with pytest.raises(JournalError, match="is in use: another process is at this run"):
        open_journal(journal, header)
    first.close()
    again, events = open_journal(journal, header)
    again.close()

    assert (journal.read_bytes(), events) == (before, [])
