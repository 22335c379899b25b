"""The journal by filters, as an archive and as it grows; events as they happen; both over real HTTP."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from kibo_simulator import LimitsDocument, PoolLimit, SampleSettings, Settings
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.settings import BoundSettings
from kibo_simulator.web.control.event_routes import MOST_WAITING
from kibo_simulator.web.control.streams import MOST_STREAMS

from .conftest import V1, V5, Bench, MakeBench
from .neighbours import fault

QUERY = {"type": "ANY", "items": [{"partNumber": "TNT-1001-BLK-S"}]}
ITEMS = [{"partNumber": "TNT-1001-BLK-S"}]
JOURNAL = "/_simulator/journal"


async def numbers(bench: Bench, query: str = "") -> list[int]:
    """The numbers of the journal's entries that a query leaves."""
    return [json.loads(line)["seq"] for line in (await bench.send("GET", f"{JOURNAL}{query}")).body.splitlines()]


async def some(make_bench: MakeBench, most: int = 100) -> Bench:
    """A bench with a login, three look-ups of which the last is refused, and a poll of nothing in its journal."""
    limits = LimitsDocument(pools=(PoolLimit(V5, rpm=2),))
    sample = SampleSettings(locations=2, products=10)
    bench = await make_bench(Settings(limits=limits, sample=sample, bounds=BoundSettings(journal_entries=most)))
    for _ in range(3):
        await bench.send("POST", V5, QUERY)
    await bench.send("GET", f"{V1}/queue/77")
    return bench


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("?since=2&limit=2", [3, 4]),
        ("?status=429", [4]),
        ("?status=2xx,404&since=1", [2, 3, 5]),
        ("?operation=queryInventory,authenticate", [1, 2, 3, 4]),
        ("?operation=queryInventory&limit=1", [2]),
        ("?tenant=1001", [2, 3, 4, 5]),
        ("?tenant=7", []),
        ("?method=get", [5]),
        ("?path=*/queue/*", [5]),
    ],
)
async def test_the_journal_is_filtered(make_bench: MakeBench, query: str, found: list[int]) -> None:
    """Each filter alone and some together; the limit counts what is left."""
    assert found == await numbers(await some(make_bench), query)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("operation=queryInventorys", "operation"),
        ("status=ok", "status"),
        ("format=xml", "format"),
        ("format=har&follow=true", "format"),
        ("follow=yes", "follow"),
        ("since=-1", "since"),
    ],
)
async def test_filters_that_cannot_be_meant_are_refused(bench: Bench, query: str, place: str) -> None:
    """400 that names the parameter."""
    assert (400, "VALIDATION_ERROR", place) == fault(await bench.send("GET", f"{JOURNAL}?{query}"))


async def test_what_was_dropped_is_said_everywhere(make_bench: MakeBench) -> None:
    """In the header, in the status, in an archive and to a follower; not for what nobody asked for."""
    bench = await some(make_bench, most=2)
    headers = [
        (await bench.send("GET", f"{JOURNAL}?{query}")).headers["X-Journal-Dropped"]
        for query in ("", "since=2", "since=3", "format=har")
    ]
    archive = (await bench.send("GET", f"{JOURNAL}?format=har")).body["log"]
    status = (await bench.send("GET", f"{JOURNAL}/status")).body
    followed = (await bench.send("GET", f"{JOURNAL}?follow=true&limit=1")).body.splitlines()
    cleared = (await bench.send("DELETE", JOURNAL)).body
    after = (await bench.send("GET", f"{JOURNAL}/status")).body

    assert ["3", "1", "0", "3"] == headers
    assert ([4, 5], True) == ([each["_kibo"]["seq"] for each in archive["entries"]], "3 older" in archive["comment"])
    assert status == {"entries": 2, "first": 4, "last": 5, "dropped": 3, "file": None, "unwritten": 0}
    assert [{"lost": 3}, 4] == [json.loads(followed[0]), json.loads(followed[1])["seq"]]
    assert {"cleared": 2} == cleared
    assert after == status | {"entries": 0, "first": None, "last": None, "dropped": 0}


async def test_the_journal_is_followed(bench: Bench) -> None:
    """What is there first, then entries as they are written, through the filters, until the limit is reached."""
    async with bench.http.get(f"{JOURNAL}?follow=true&operation=deleteItems,authenticate&limit=3") as stream:
        seen = [json.loads(await stream.content.readline())["seq"]]
        for _ in range(2):
            await bench.send("POST", V5, QUERY)
            await bench.delete_items(ITEMS, dryRun=True)
            seen.append(json.loads(await stream.content.readline())["seq"])
        rest = await stream.content.read()

    assert ([1, 3, 5], b"") == (seen, rest)


async def test_a_follower_of_another_history_goes_on(bench: Bench) -> None:
    """A restored snapshot turns numbers back (D-2): the follower sees what is written from there on."""
    async with bench.http.get(f"{JOURNAL}?follow=true&limit=2") as stream:
        first = json.loads(await stream.content.readline())["seq"]
        bench.simulator.journal.restart(0)
        await bench.send("POST", V5, QUERY)
        second = json.loads(await stream.content.readline())

    assert (1, 1, "queryInventory") == (first, second["seq"], second["operation"])


async def events(stream: Any, count: int) -> list[tuple[str, Any]]:
    """The next events of a stream."""
    found: list[tuple[str, Any]] = []
    while len(found) < count:
        name, data = b"", b""
        while (text := await stream.content.readline()).strip():
            field, _, value = text.strip().partition(b": ")
            name, data = (value, data) if field == b"event" else (name, value) if field == b"data" else (name, data)
        if name:
            found.append((name.decode(), json.loads(data)))
    return found


async def test_events_tell_what_happens(make_bench: MakeBench) -> None:
    """Requests, changes of jobs, moves of the clock and restrictions, in the order in which they came to be."""
    bench = await make_bench(limits=LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", rpm=1),)))
    async with bench.http.get("/_simulator/events") as stream:
        await stream.content.readline()
        await bench.delete_items(ITEMS, locationCodes=["WH-001"])
        await bench.send("POST", V5, QUERY)
        await bench.send("POST", V5, QUERY)
        await bench.send("POST", "/_simulator/clock/advance", {"seconds": 60})
        found = await events(stream, 8)
        kind = stream.content_type

    assert "text/event-stream" == kind
    assert [name for name, _ in found] == ["job", "job", "journal", "limit", "journal", "journal", "job", "clock"]
    assert ["PENDING", "WORKING", "SUCCESS"] == [data["status"] for name, data in found if name == "job"]
    assert ("Throttled", "2026-03-02T05:01:00.000000Z") == (found[3][1]["state"], found[3][1]["restrictedUntil"])
    assert "2026-03-02T05:01:00.000000Z" == found[7][1]["now"]


async def test_events_are_chosen_by_kind(bench: Bench) -> None:
    """Only what was asked for; a kind that there is not is refused."""
    async with bench.http.get("/_simulator/events?kinds=clock,limit") as stream:
        await stream.content.readline()
        await bench.send("POST", V5, QUERY)
        await bench.send("PUT", "/_simulator/clock", {"mode": "manual"})
        await bench.send("POST", "/_simulator/reset")
        (name, data), (again, reset) = await events(stream, 2)
    refused = await bench.send("GET", "/_simulator/events?kinds=clocks")

    assert ("clock", "manual", "clock", "real") == (name, data["mode"], again, reset["mode"])
    assert (400, "VALIDATION_ERROR", "kinds") == fault(refused)


def add_and_undo(bench: Bench) -> None:
    """Enqueue a job in a transaction that fails in the end."""
    with bench.simulator.database.transaction():
        bench.simulator.jobs.add(1001, [(1, "WH-001")], job_type="DELETE", added=0, item_count=None, payload_id=None)
        raise ZeroDivisionError


async def test_a_slow_reader_of_events_is_told_what_it_lost(bench: Bench) -> None:
    """Nobody waits for a reader: the oldest events go, and their number comes first."""
    async with bench.http.get("/_simulator/events") as stream:
        await stream.content.readline()
        for number in range(MOST_WAITING + 5):
            bench.simulator.announcer.tell("clock", number)
        found = await events(stream, 2)

    assert [("lost", {"lost": 5}), ("clock", 5)] == found


async def test_what_was_undone_is_no_event(make_bench: MakeBench) -> None:
    """A request that is refused in the end announces no jobs (J-9): its transaction never was."""
    sample = SampleSettings(locations=2, products=10)
    bench = await make_bench(Settings(limits=UNLIMITED, sample=sample))
    async with bench.http.get("/_simulator/events?kinds=job,clock") as stream:
        await stream.content.readline()
        with pytest.raises(ZeroDivisionError):
            add_and_undo(bench)
        await bench.send("PUT", "/_simulator/clock", {})
        ((name, _),) = await events(stream, 1)

    assert "clock" == name


async def test_followers_are_bounded_and_go(bench: Bench) -> None:
    """The number of readers has an end; when the application stops, all of them end at once and nothing is left."""
    streams = [await bench.http.get(f"{JOURNAL}?follow=true&since=1") for _ in range(MOST_STREAMS)]
    refused = await bench.send("GET", "/_simulator/events")
    await bench.http.server.app.shutdown()
    rest = await asyncio.gather(*(stream.content.read() for stream in streams))
    accepted = await bench.http.get("/_simulator/events")
    accepted.close()

    assert (503, "TOO_MANY_READERS") == (refused.status, refused.body["errorCode"])
    assert ({b""}, 200) == (set(rest), accepted.status)


async def test_every_entry_is_in_the_file_before_its_answer_leaves(make_bench: MakeBench, tmp_path: Path) -> None:
    """Whatever the bounds of the journal in memory; clearing it takes nothing from the file."""
    bench = await make_bench(Settings(limits=UNLIMITED, sample=SampleSettings(locations=2, products=10)))
    path = tmp_path / "journal.ndjson"
    bench.simulator.keep_journal(path)
    lines: list[int] = []
    for _ in range(3):
        await bench.send("POST", V5, QUERY)
        lines.append(len(path.read_text().splitlines()))
    held = (await bench.send("GET", JOURNAL)).body
    await bench.send("DELETE", JOURNAL)
    status = (await bench.send("GET", f"{JOURNAL}/status")).body

    assert [1, 2, 3] == lines
    assert held == path.read_text()
    assert (0, str(path), 0) == (status["entries"], status["file"], status["unwritten"])
