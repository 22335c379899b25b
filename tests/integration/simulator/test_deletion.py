"""Bulk deletion and its jobs, as a client sees them (J-1 to J-11, I-6)."""

from typing import Any

import pytest

from kibo_simulator import SampleSettings, Settings
from kibo_simulator.jobs import JobSettings
from kibo_simulator.rate_limits import UNLIMITED

from .conftest import V1, V5, Bench, MakeBench

TENT = {"partNumber": "TNT-1001-BLK-S"}
SAMPLE = SampleSettings(locations=4, products=48)


def settings(**jobs: Any) -> Settings:
    """A small tenant without limits, with job settings of the test's choice."""
    return Settings(limits=UNLIMITED, sample=SAMPLE, jobs=JobSettings(**jobs))


async def test_a_live_delete_answers_with_one_job_per_location_that_holds_a_match(bench: Bench) -> None:
    """J-1, J-2, J-11: ids grow, one for each affected location, and the stock is still there."""
    held = [line for line in bench.dump() if " TNT-1001-BLK-S " in line]
    reply = await bench.delete_items([TENT])

    assert reply.body["jobIDs"] == list(range(1, len(held) + 1))
    assert reply.body["totalLocationsAffected"] == len(held)
    assert [line for line in bench.dump() if " TNT-1001-BLK-S " in line] == held


async def test_jobs_run_to_success_and_only_then_is_the_stock_gone(bench: Bench) -> None:
    """J-4 to J-6: PENDING, WORKING, SUCCESS; the effect is atomic at the end."""
    others = [line for line in bench.dump() if " TNT-1001-BLK-S " not in line]
    ids = (await bench.delete_items([TENT])).body["jobIDs"]
    at_once = [(await bench.send("GET", f"{V1}/queue/{job}")).body for job in ids]
    bench.wait(60)
    later = [(await bench.send("GET", f"{V1}/queue/{job}")).body for job in ids]

    assert [job["status"] for job in at_once] == ["WORKING"] + ["PENDING"] * (len(ids) - 1)
    assert [(job["status"], job["success"]) for job in later] == [("SUCCESS", True)] * len(ids)
    assert [job["success"] for job in at_once] == [False] * len(ids)
    assert bench.dump() == others
    finished = [job["finished"] for job in later]
    assert finished == sorted(finished)


async def test_a_dry_run_reports_what_the_live_run_then_deletes(bench: Bench) -> None:
    """J-3: same totals, same identifiers, nothing changed, no job."""
    before = bench.dump()
    items = [{"partNumber": "^JKT-"}, {"upc": "800001000012"}]
    dry = (await bench.delete_items(items, dryRun=True, explicit=True)).body
    untouched = bench.dump()
    live = (await bench.delete_items(items)).body
    bench.wait(600)
    await bench.send("GET", f"{V1}/queue/1")
    gone = set(before) - set(bench.dump())
    named = {
        f"{code} {item['itemIdentifier']['partNumber']}"
        for item in dry["itemsDeleted"]
        for code in item["locationCodes"]
    }

    assert (dry["jobIDs"], untouched) == ([], before)
    assert {name: dry[name] for name in dry if name.startswith("total")} == {
        name: live[name] for name in live if name.startswith("total")
    }
    assert {line.rsplit(" ", 1)[0] for line in gone} == named
    assert len(gone) == dry["totalInventoryEntriesDeleted"]


async def test_scope_is_every_location_unless_some_are_named(bench: Bench) -> None:
    """Facts of the delete call: ``allLocations`` overrides codes, and no codes mean all."""
    item = [{"partNumber": "^"}]
    everywhere = (await bench.delete_items(item, dryRun=True)).body["totalLocationsAffected"]
    one = (await bench.delete_items(item, dryRun=True, locationCodes=["ST-0001"])).body["totalLocationsAffected"]
    overridden = (await bench.delete_items(item, dryRun=True, locationCodes=["ST-0001"], allLocations=True)).body[
        "totalLocationsAffected"
    ]

    assert (everywhere, one, overridden) == (4, 1, 4)


async def test_nothing_found_is_no_error_and_makes_no_job(bench: Bench) -> None:
    """J-2: no affected location, no job, 200."""
    reply = await bench.delete_items([{"upc": "000000000000"}])

    assert (reply.status, reply.body["jobIDs"], reply.body["totalInventoryEntriesDeleted"]) == (200, [], 0)


async def test_part_numbers_that_look_like_patterns(bench: Bench) -> None:
    """I-6: operators search, ``[.]`` quotes, everything else is literal and case matters."""
    found = {}
    for text in ("BOLT-7.5", "^BOLT-7[.]5$", "BOLT-7", "^bolt", "BOLT-7[0-9.]5", "(BOLT-7.5)", "^.{4}-"):
        reply = await bench.delete_items([{"partNumber": text}], dryRun=True)
        found[text] = (reply.status, reply.body["totalProductsDeleted"])

    assert found == {
        "BOLT-7.5": (200, 1),
        "^BOLT-7[.]5$": (200, 1),
        "BOLT-7": (200, 0),
        "^bolt": (200, 0),
        "BOLT-7[0-9.]5": (200, 1),
        "(BOLT-7.5)": (200, 0),
        "^.{4}-": (200, 0),
    }


async def test_a_pattern_that_would_be_exponential_elsewhere_is_answered_at_once(bench: Bench) -> None:
    """I-6: nested repetition is linear; a thousand of them, too."""
    bench.simulator.load_inventory(1001, [_row("ST-0001", "a" * 200 + "!"), _row("ST-0001", "a" * 200)])
    hostile = [{"partNumber": "^" + "a*" * 60 + "$"}, {"partNumber": "a?" * 100 + "a" * 100}]
    reply = await bench.delete_items(hostile * 250, dryRun=True)

    assert (reply.status, reply.body["totalProductsDeleted"]) == (200, 2)


def _row(location: str, part_number: str) -> Any:
    from kibo_simulator.files.location_export import InventoryRow

    return InventoryRow(location, part_number, None, None, 1)


async def test_several_identifiers_of_one_item_must_all_match(bench: Bench) -> None:
    """I-1: an item that names two products at once names none."""
    contradiction = {"partNumber": "TNT-1001-BLK-S", "upc": "800001000029"}
    agreeing = {"partNumber": "TNT-1001-BLK-S", "upc": "800001000012"}
    totals = [
        (await bench.delete_items([item], dryRun=True)).body["totalProductsDeleted"]
        for item in (contradiction, agreeing)
    ]

    assert totals == [0, 1]


async def test_the_single_delete_takes_exactly_one_identifier(bench: Bench) -> None:
    """The delete call: one of partNumber, upc and sku, no more and no fewer."""
    path = f"{V5}/delete"
    good = await bench.send("POST", path, {"partNumber": "^JKT-", "dryRun": True})
    bad = [
        await bench.send("POST", path, body)
        for body in ({"dryRun": True}, {"partNumber": "a", "upc": "b"}, {"partNumber": ""})
    ]

    assert (good.status, good.body["totalProductsDeleted"]) == (200, 6)
    assert [reply.status for reply in bad] == [400, 400, 400]


HOSTILE: list[tuple[Any, str]] = [
    ("{", "$"),
    ("", "$"),
    ("[]", "$"),
    ("[" * 100_000, "$"),
    ('{"items":[{"upc":1}]}', "$.items[0].upc"),
    ('{"items":[{"upc":"1"},7]}', "$.items[1]"),
    ('{"items":{}}', "$.items"),
    ('{"items":[]}', "$.items"),
    ('{"items":[{}]}', "$.items[0]"),
    ('{"dryRun":"yes","items":[{"upc":"1"}]}', "$.dryRun"),
    ('{"items":[{"upc":"1"}],"locationCodes":["ST-0001","NOWHERE"]}', "$.locationCodes[1]"),
    ('{"items":[{"partNumber":"a["}]}', "$.items[0].partNumber"),
    ('{"items":[{"partNumber":"*a"}]}', "$.items[0].partNumber"),
    ('{"items":[{"sku":"a**"}]}', "$.items[0].sku"),
    (b'{"items":[{"upc":"\xff\xfe"}]}', "$"),
    ('{"items":[{"partNumber":"' + "[a]" * 400 + '"}]}', "$.items[0].partNumber"),
]


@pytest.mark.parametrize(("body", "path"), HOSTILE, ids=[str(index) for index in range(len(HOSTILE))])
async def test_hostile_bodies_name_the_place_and_change_nothing(bench: Bench, body: Any, path: str) -> None:
    """A wrong body is a 400 with the JSON path of what is wrong; no job, no change."""
    before = bench.dump()
    reply = await bench.send("POST", f"{V5}/deleteItems", body)

    assert reply.status == 400
    assert reply.body["items"][0]["additionalErrorData"][0]["value"] == path
    assert reply.body["errorCode"] == reply.body["error"]
    assert bench.simulator.runner.idle
    assert bench.dump() == before


async def test_a_thousand_items_pass_and_one_more_does_not(bench: Bench) -> None:
    """J-10: above 1,000 items the request is refused and nothing is enqueued."""
    thousand = [{"upc": f"{number:012d}"} for number in range(999)] + [TENT]
    accepted = await bench.delete_items(thousand)
    refused = await bench.delete_items([*thousand, TENT])

    assert (accepted.status, refused.status) == (200, 400)
    assert "1001 items" in refused.body["message"]


async def test_a_body_beyond_the_bound_is_413(make_bench: MakeBench) -> None:
    """Bodies are bounded; the answer is JSON."""
    from kibo_simulator.settings import BoundSettings

    bench = await make_bench(Settings(limits=UNLIMITED, sample=SAMPLE, bounds=BoundSettings(body_bytes=2_048)))
    reply = await bench.delete_items([{"upc": "1" * 3_000}])

    assert (reply.status, reply.body["errorCode"]) == (413, "VALIDATION_ERROR")


async def test_enqueueing_that_takes_too_long_enqueues_nothing(make_bench: MakeBench) -> None:
    """J-9: items times locations units; past the timeout 504 and no job, where half of it passes."""
    bench = await make_bench(settings(enqueue_unit_s=0.001, enqueue_timeout_s=3.0))
    items = [{"partNumber": "^"}] + [{"upc": f"{number:012d}"} for number in range(999)]
    refused = await bench.delete_items(items)
    idle = bench.simulator.runner.idle
    accepted = await bench.delete_items(items[:500])

    assert (refused.status, idle, accepted.status, len(accepted.body["jobIDs"])) == (504, True, 200, 4)


async def test_what_a_job_matches_is_decided_when_it_runs(bench: Bench) -> None:
    """J-7: a record that appears between enqueueing and running is deleted too."""
    await bench.delete_items([{"partNumber": "^LATE-"}, {"partNumber": "^JKT-"}])
    bench.simulator.load_inventory(1001, [_row("WH-001", "LATE-1")])
    bench.wait(600)
    await bench.send("GET", f"{V1}/queue")

    assert [line for line in bench.dump() if "LATE-1" in line] == []


async def test_a_job_whose_location_has_gone_fails_and_says_so(bench: Bench) -> None:
    """J-8: FAILED, with a message, and nothing touched there."""
    ids = (await bench.delete_items([{"partNumber": "^"}], locationCodes=["ST-0002", "ST-0001"])).body["jobIDs"]
    before = [line for line in bench.dump() if line.startswith("ST-0002")]
    bench.simulator.database.connection.execute("UPDATE locations SET active = 0 WHERE code = 'ST-0002'")
    bench.wait(600)
    jobs = [(await bench.send("GET", f"{V1}/queue/{job}")).body for job in ids]

    assert [(job["locationCode"], job["status"], job["success"]) for job in jobs] == [
        ("ST-0001", "SUCCESS", True),
        ("ST-0002", "FAILED", False),
    ]
    assert jobs[1]["messages"][0].startswith("LOCATION_NOT_FOUND")
    assert [line for line in bench.dump() if line.startswith("ST-0002")] == before


async def test_jobs_that_are_done_at_once(make_bench: MakeBench) -> None:
    """J-6: mode ``immediate`` for tests that do not care for time."""
    bench = await make_bench(settings(mode="immediate"))
    job = (await bench.delete_items([TENT])).body["jobIDs"][0]

    assert (await bench.send("GET", f"{V1}/queue/{job}")).body["status"] == "SUCCESS"


async def test_jobs_that_are_done_after_so_many_polls(make_bench: MakeBench) -> None:
    """J-6: mode ``after_polls``; a list call asks for every job it shows."""
    bench = await make_bench(settings(mode="after_polls", after_polls=3))
    ids = (await bench.delete_items([TENT], locationCodes=["WH-001", "ST-0002"])).body["jobIDs"]
    single = [(await bench.send("GET", f"{V1}/queue/{ids[0]}")).body["status"] for _ in range(2)]
    listed = {job["jobID"]: job["status"] for job in (await bench.send("GET", f"{V1}/queue")).body}

    assert single == ["PENDING", "PENDING"]
    assert listed == {ids[0]: "SUCCESS", **dict.fromkeys(ids[1:], "PENDING")}


async def test_the_list_filters_and_pages(bench: Bench) -> None:
    """Get Jobs: newest first, by location and type, by limit or by pageSize and startIndex; empty values are absent."""
    await bench.delete_items([{"partNumber": "^"}])
    queue = f"{V1}/queue"
    everything = [job["jobID"] for job in (await bench.send("GET", f"{queue}?locationCode=&limit=&types=")).body]
    paged = [job["jobID"] for job in (await bench.send("GET", f"{queue}?pageSize=2&startIndex=1")).body]
    here = (await bench.send("GET", f"{queue}?locationCode=WH-001&types=REFRESH&types=DELETE")).body
    none = (await bench.send("GET", f"{queue}?types=ADJUST")).body

    assert (everything, paged) == ([4, 3, 2, 1], [3, 2])
    assert ([job["locationCode"] for job in here], none) == (["WH-001"], [])


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=-1", "startIndex=-1", "types=EVERYTHING", "pageSize=9999999"]
)
async def test_a_wrong_query_names_its_parameter(bench: Bench, query: str) -> None:
    """A wrong parameter is a 400 that names it."""
    reply = await bench.send("GET", f"{V1}/queue?{query}")

    assert (reply.status, reply.body["items"][0]["additionalErrorData"][0]["value"]) == (
        400,
        query.split("=", maxsplit=1)[0],
    )


@pytest.mark.parametrize(("job", "status"), [("999", 404), ("abc", 400), ("-1", 400), ("9" * 30, 400)])
async def test_a_job_that_does_not_exist(bench: Bench, job: str, status: int) -> None:
    """404 in an envelope that both readers understand, 400 for what is no id."""
    reply = await bench.send("GET", f"{V1}/queue/{job}")

    assert reply.status == status
    assert {"error", "errorCode", "message", "correlationId"} <= reply.body.keys()


async def test_locations_with_more_workers_run_side_by_side_but_each_in_order(make_bench: MakeBench) -> None:
    """J-5: with two workers two locations are at work; a second job of a location waits for its first."""
    bench = await make_bench(settings(workers=2, jitter=0.0))
    await bench.delete_items([TENT], locationCodes=["WH-001"])
    await bench.delete_items([{"partNumber": "^JKT-"}], locationCodes=["WH-001"])
    await bench.delete_items([{"partNumber": "^JKT-"}], locationCodes=["ST-0002"])
    jobs = [(await bench.send("GET", f"{V1}/queue/{job}")).body["status"] for job in (1, 2, 3)]

    assert jobs == ["WORKING", "PENDING", "WORKING"]


async def test_no_job_has_the_name_of_a_file(bench: Bench) -> None:
    """A filter by file name finds nothing while jobs come from requests only; an empty one is no filter."""
    await bench.delete_items([{"partNumber": "."}])
    found = (await bench.send("GET", f"{V1}/queue?originalFilename=T_1001_REFRESH.csv")).body
    unfiltered = (await bench.send("GET", f"{V1}/queue?originalFilename=")).body

    assert ([], 4) == (found, len(unfiltered))


async def test_answers_are_cut_to_the_fields_asked_for(bench: Bench) -> None:
    """``responseFields``: empty counts as absent, names select, nonsense is a 400 that names it and changes nothing."""
    path = f"{V5}/deleteItems"
    whole = await bench.send("POST", f"{path}?responseFields=", {"items": [TENT], "dryRun": True})
    part = await bench.send("POST", f"{path}?responseFields=jobIDs,dryRun", {"items": [TENT], "dryRun": True})
    wrong = await bench.send("POST", f"{path}?responseFields=jobIDs(", {"items": [TENT]})
    queue = await bench.send("GET", f"{V1}/queue?responseFields=jobID")

    assert "totalProductsDeleted" in whole.body
    assert part.body == {"jobIDs": [], "dryRun": True}
    assert (wrong.status, wrong.body["items"][0]["additionalErrorData"][0]["value"]) == (400, "responseFields")
    assert queue.body == []


async def test_a_location_that_is_not_active_is_out_of_scope(bench: Bench) -> None:
    """J-3: what no job could delete is in no dry run either; naming it is LOCATION_NOT_FOUND."""
    bench.simulator.database.connection.execute("UPDATE locations SET active = 0 WHERE code = 'ST-0001'")
    everywhere = (await bench.delete_items([{"partNumber": "^"}], dryRun=True)).body["totalLocationsAffected"]
    named = await bench.delete_items([{"partNumber": "^"}], locationCodes=["ST-0001"])

    assert (everywhere, named.status, named.body["errorCode"]) == (3, 400, "LOCATION_NOT_FOUND")
