"""Faults of jobs, seen by a client that polls: failing, stalling, slow, and failing the first few times."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kibo_simulator import SampleSettings, Settings, read_faults
from kibo_simulator.jobs import JobSettings

from .conftest import V1, V5, Bench, MakeBench

ONE = {"partNumber": "TNT-1001-BLK-S"}
SAMPLE = SampleSettings(locations=4, products=48)
EXACT = Settings(sample=SAMPLE, jobs=JobSettings(base_s=10, per_record_s=0, jitter=0))


async def put(bench: Bench, effect: dict[str, Any], **match: Any) -> str:
    """Put one fault down by the control plane, and return its id."""
    reply = await bench.send("POST", "/_simulator/faults", {"match": match, "effect": effect})
    assert 201 == reply.status, reply.body
    return str(reply.body["ids"][0])


async def told(bench: Bench) -> dict[str, Any]:
    """What the control plane tells of the first fault."""
    fault: dict[str, Any] = (await bench.send("GET", "/_simulator/faults")).body["faults"][0]
    return fault


async def states(bench: Bench) -> str:
    """The first letters of the states of all jobs, oldest first, as the queue tells them."""
    jobs = (await bench.send("GET", f"{V1}/queue?pageSize=100")).body
    return "".join(job["status"][0] for job in sorted(jobs, key=lambda job: job["jobID"]))


async def test_a_job_fails_with_its_message(make_bench: MakeBench) -> None:
    """J-8: it takes its time, says why, its location's stock is untouched, and the others go on."""
    bench = await make_bench(EXACT)
    before = bench.dump()
    await put(bench, {"kind": "job_fail", "message": "disk full"}, job_type="DELETE", nth=2)
    reply = await bench.delete_items([ONE])
    bench.wait(15)
    halfway = await states(bench)
    bench.wait(15)
    job = (await bench.send("GET", f"{V1}/queue/2")).body

    assert ("SWP", "SFS") == (halfway, await states(bench))
    assert ("FAILED", False, ["disk full"]) == (job["status"], job["success"], job["messages"])
    assert {job["locationCode"]} == {line.split()[0] for line in bench.dump() if line.split()[1] == ONE["partNumber"]}
    assert (len(before) - 2, [1, 2, 3]) == (len(bench.dump()), reply.body["jobIDs"])
    fault = await told(bench)
    assert (3, 1, 0, True, [2]) == tuple(fault[k] for k in ("seen", "uses", "left", "consumed", "jobs"))


@pytest.mark.parametrize("per", ["location", "work"])
async def test_the_first_times_fail(make_bench: MakeBench, per: str) -> None:
    """Counted for each location, other work fails as well; for each work, only the same work has failed before."""
    bench = await make_bench(EXACT)
    await put(bench, {"kind": "job_fail"}, times=2, per=per, job_type="REFRESH")

    code = bench.dump()[0].split()[0]
    outcomes = [await refresh_at(bench, code, quantity) for quantity in (1, 1, 2, 1, 2, 2)]

    expected = {"location": "FFSSSS", "work": "FFFSFS"}[per]
    assert expected == "".join(outcome[0] for outcome in outcomes)


async def refresh_at(bench: Bench, code: str, quantity: int) -> str:
    """Refresh one product at a location, and tell how its job ended."""
    body = {"locationCode": code, "items": [{"partNumber": "A", "quantity": quantity}]}
    answer = await bench.send("POST", f"{V5}/refresh", body)
    bench.wait(11)
    return str((await bench.send("GET", f"{V1}/queue/{answer.body['jobID']}")).body["status"])


async def test_a_stalled_job_holds_the_queue_until_its_fault_is_removed(make_bench: MakeBench) -> None:
    """J-5: with one worker nobody passes it; then it takes the time that it takes."""
    bench = await make_bench(EXACT)
    fault = await put(bench, {"kind": "job_stall"}, nth=2)
    await bench.delete_items([ONE])
    bench.wait(3_000)
    stalled = await states(bench), (await bench.send("GET", "/_simulator/clock")).body["nextEventAt"]
    await bench.send("DELETE", f"/_simulator/faults/{fault}")
    bench.wait(9)
    working = await states(bench)
    bench.wait(1)
    ended = await states(bench)
    job = (await bench.send("GET", f"{V1}/queue/2")).body

    assert (("SWP", None), "SWP", "SSW") == (stalled, working, ended)
    assert ("2026-03-02T05:00:10.000Z", "2026-03-02T05:50:10.000Z") == (job["started"], job["finished"])


@pytest.mark.parametrize(
    ("effect", "takes"),
    [
        ({"kind": "job_stall", "for_s": 300}, 310),
        ({"kind": "job_slow", "factor": 3}, 30),
        ({"kind": "job_slow", "extra_s": 2.5}, 12.5),
        ({"kind": "job_slow", "factor": 0.5}, 5),
    ],
)
async def test_a_job_takes_longer_or_shorter(make_bench: MakeBench, effect: dict[str, Any], takes: float) -> None:
    """J-6: it ends at exactly its instant, and does what it was to do."""
    bench = await make_bench(EXACT)
    await put(bench, effect, nth=1)
    await bench.delete_items([ONE])
    bench.wait(takes - 0.001)
    before = await states(bench)
    bench.wait(0.001)

    assert ("W", "S") == (before[0], (await states(bench))[0])


@pytest.mark.parametrize(("mode", "polls", "end"), [("immediate", 0, "FSS"), ("after_polls", 2, "SSF")])
async def test_jobs_that_take_no_time_can_fail(make_bench: MakeBench, mode: Any, polls: int, end: str) -> None:
    """J-6: stalling means nothing to them and counts nothing."""
    bench = await make_bench(Settings(sample=SAMPLE, jobs=JobSettings(mode=mode)))
    await put(bench, {"kind": "job_stall"})
    await put(bench, {"kind": "job_fail"}, nth=1)
    await bench.delete_items([ONE])
    # The list is polled newest first.
    seen = [await states(bench) for _ in range(polls + 1)][-1]

    assert (end, 0) == (seen, (await told(bench))["seen"])


async def test_what_is_done_at_once_can_fail(bench: Bench) -> None:
    """J-8: a job that is finished as it is answered can be a failed one."""
    await put(bench, {"kind": "job_fail", "message": "no"}, location="*", nth=1)
    code = next(line.split()[0] for line in bench.dump() if line.split()[1] == ONE["partNumber"])
    item = {**ONE, "orderID": 1, "orderItemID": 1, "quantity": 1, "locationCode": code}
    allocate = {"items": [item], "runSynchronous": True}
    first, second = [(await bench.send("POST", f"{V5}/allocate", allocate)).body for _ in range(2)]

    assert (("FAILED", ["no"]), "SUCCESS") == ((first["status"], first["messages"]), second["status"])


async def test_only_the_jobs_that_are_meant(make_bench: MakeBench) -> None:
    """Type, location and tenant choose; what does not match is not counted."""
    bench = await make_bench(EXACT)
    codes = sorted({line.split()[0] for line in bench.dump() if line.split()[1] == ONE["partNumber"]})
    await put(bench, {"kind": "job_fail"}, location=codes[1][:-1] + "?", job_type=["DELETE", "ADJUST"], tenant=1001)
    await put(bench, {"kind": "job_fail"}, tenant=2002)
    await put(bench, {"kind": "job_fail"}, job_type="REFRESH")
    await bench.delete_items([ONE])
    bench.wait(100)
    await states(bench)
    seen = [fault["seen"] for fault in (await bench.send("GET", "/_simulator/faults")).body["faults"]]

    assert ([0, 0], True) == (seen[1:], seen[0] >= 1)


def as_killed(data: Path) -> Path:
    """What a kill leaves of a data file: it and its log as they are on the disk, copied."""
    for file in list(data.parent.glob(data.name + "*")):
        shutil.copy(file, data.parent / f"killed-{file.name}")
    return data.parent / f"killed-{data.name}"


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("at", [0, 5, 15])
async def test_faults_survive_a_restart(make_bench: MakeBench, tmp_path: Path, at: float, *, killed: bool) -> None:
    """D-1: plan, counts, held and doomed jobs are state; an end at any instant changes nothing about them."""
    data = tmp_path / "state.db"
    first = await make_bench(EXACT, data=data)
    await put(first, {"kind": "job_fail", "message": "planned"}, nth=1)
    await put(first, {"kind": "job_stall"}, nth=2)
    await put(first, {"kind": "status", "status": 503}, operation="getJob", nth=[1, 3])
    await first.delete_items([ONE])
    statuses = [(await first.send("GET", f"{V1}/queue/1")).status]
    first.wait(at)
    await states(first)
    before = (await first.send("GET", "/_simulator/faults")).body
    if killed:
        data = as_killed(data)
    else:
        first.simulator.close()
    second = await make_bench(EXACT, data=data)
    after = (await second.send("GET", "/_simulator/faults")).body
    second.wait(100)
    stalled = await states(second)
    statuses += [(await second.send("GET", f"{V1}/queue/1")).status for _ in range(3)]
    await second.send("DELETE", "/_simulator/faults")
    second.wait(20)

    assert before == after
    assert ("FWP", "FSS", [503, 200, 503, 200]) == (stalled, await states(second), statuses)
    assert {"consumed": True, "faults": []} == (await second.send("GET", "/_simulator/faults")).body


async def test_jobs_that_were_never_enqueued_meet_no_faults(make_bench: MakeBench) -> None:
    """J-9: jobs that an enqueue time-out undoes take no use of a job fault with them."""
    bench = await make_bench(EXACT)
    await put(bench, {"kind": "job_fail"}, nth=1)
    await put(bench, {"kind": "enqueue_timeout"}, nth=1)
    late = await bench.delete_items([ONE])
    nothing = await told(bench)
    await bench.delete_items([ONE])
    bench.wait(100)

    assert (504, 0, []) == (late.status, nothing["seen"], nothing["jobs"])
    assert "FSS" == await states(bench)


@pytest.mark.parametrize("durable", [False, True])
async def test_snapshots_hold_the_faults(make_bench: MakeBench, tmp_path: Path, *, durable: bool) -> None:
    """D-2: counts, held and doomed jobs come back with the rest; a reset leaves what the configuration says."""
    (planned,) = read_faults({"id": "kept", "match": {"operation": "getJob", "nth": 9}, "effect": {"kind": "reset"}})
    bench = await make_bench(replace(EXACT, faults=(planned,)), data=tmp_path / "state.db" if durable else None)
    await put(bench, {"kind": "job_stall"}, nth=2)
    await put(bench, {"kind": "status", "status": 503}, operation="getJobs", nth=[1, 3])
    await bench.delete_items([ONE])
    statuses = [(await bench.send("GET", f"{V1}/queue")).status]
    bench.wait(15)
    before = (await bench.send("GET", "/_simulator/faults")).body
    await bench.send("POST", "/_simulator/snapshots", {"name": "one"})
    await bench.send("DELETE", "/_simulator/faults")
    bench.wait(100)
    freed = await states(bench)
    await bench.send("POST", "/_simulator/snapshots/one/restore")
    after = (await bench.send("GET", "/_simulator/faults")).body
    bench.wait(100)
    statuses += [(await bench.send("GET", f"{V1}/queue")).status for _ in range(3)]
    stalled = await states(bench)
    await bench.send("POST", "/_simulator/reset")
    left = (await bench.send("GET", "/_simulator/faults")).body["faults"]

    assert (before, "SSS", "SWP", [503, 200, 503, 200]) == (after, freed, stalled, statuses)
    assert [("kept", 0)] == [(fault["id"], fault["seen"]) for fault in left]
