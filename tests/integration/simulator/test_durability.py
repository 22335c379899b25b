"""State in a data file survives, and a run is a function of its inputs (D-1, J-11, T-2, T-4)."""

from pathlib import Path

import pytest

from kibo_simulator import DatabaseError, LimitsDocument, PoolLimit, SampleSettings, Settings, Simulator
from kibo_simulator.files.location_export import InventoryFileError

from .conftest import START, V1, V5, Bench, MakeBench

SECOND = 1_000_000
SAMPLE = SampleSettings(locations=4, products=48)
HEADER = "LocationCode,PartNumber,UPC,SKU,OnHand\n"
LIMITS = LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", 3, 200),))


async def test_jobs_tokens_limits_and_time_go_on_after_a_restart(make_bench: MakeBench, tmp_path: Path) -> None:
    """D-1: unfinished jobs continue, the token is still good, the restriction holds, ids go on (J-11)."""
    data = tmp_path / "kibo.db"
    first = await make_bench(Settings(limits=LIMITS, sample=SAMPLE), data=data)
    ids = (await first.delete_items([{"partNumber": "^JKT-"}])).body["jobIDs"]
    for _ in range(3):
        last = await first.send("GET", f"{V1}/queue/{ids[0]}")
    before = first.dump()
    first.simulator.close()
    second = await make_bench(Settings(limits=LIMITS, sample=SAMPLE), data=data)
    still = await second.send("GET", f"{V1}/queue/{ids[0]}", headers=first.headers)
    restored = second.dump()
    second.wait(61)
    done = await second.send("GET", f"{V1}/queue/{ids[-1]}", headers=first.headers)
    more = await second.delete_items([{"partNumber": "^TNT-"}])

    assert (last.status, still.status, still.headers["Retry-After"]) == (429, 429, "60")
    assert restored == before
    assert done.body["status"] == "SUCCESS"
    assert min(more.body["jobIDs"]) == max(ids) + 1


async def test_time_does_not_go_back_over_a_restart(tmp_path: Path) -> None:
    """T-2: a data file that has seen an instant is never reopened before it."""
    data = tmp_path / "kibo.db"
    first = Simulator(Settings(sample=SAMPLE), wall=lambda: START, data=data)
    first.close()
    second = Simulator(Settings(sample=SAMPLE, start="2020-01-01T00:00:00Z"), wall=lambda: START - 5, data=data)

    assert second.clock.now() == START
    second.close()


async def test_the_sample_is_added_once(tmp_path: Path) -> None:
    """D-1: reopening a data file does not bring deleted records back."""
    data = tmp_path / "kibo.db"
    first = Simulator(Settings(sample=SAMPLE), data=data)
    first.database.connection.execute("DELETE FROM stock")
    first.close()
    second = Simulator(Settings(sample=SAMPLE), data=data)

    assert list(second.stock_records(1001)) == []
    second.close()


def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A data file of somebody else is named, not touched."""
    data = tmp_path / "letter.txt"
    data.write_text("Dear Sir or Madam, " * 100)
    message = ""
    try:
        Simulator(data=data)
    except DatabaseError as error:
        message = str(error)

    assert message.startswith(str(data))
    assert data.read_text() == "Dear Sir or Madam, " * 100


async def test_the_same_requests_give_the_same_bytes(make_bench: MakeBench) -> None:
    """T-4: same seed, start and requests at the same times: identical answers, journal and store."""

    async def run(bench: Bench) -> list[object]:
        seen: list[object] = []
        for body in ({"items": [{"partNumber": "^JKT-"}]}, {"items": [{"partNumber": "BOLT-7.5"}], "dryRun": True}, {}):
            reply = await bench.send("POST", f"{V5}/deleteItems", body)
            seen.append((reply.status, reply.body, sorted(reply.headers.items())))
            bench.wait(1.5)
        seen.append([bytes(line) for line in bench.simulator.journal.ndjson()])
        seen.append(bench.dump())
        return seen

    assert await run(await make_bench()) == await run(await make_bench())


async def test_the_date_header_is_the_simulators(bench: Bench) -> None:
    """T-1: the Date header reads the one clock."""
    bench.wait(86_400)
    reply = await bench.send("GET", f"{V1}/queue", headers={"Authorization": ""})

    assert reply.headers["Date"] == "Tue, 03 Mar 2026 05:00:00 GMT"


async def test_limits_put_by_hand_and_the_clock_survive_a_restart(make_bench: MakeBench, tmp_path: Path) -> None:
    """D-1, T-2: what the control plane acknowledged is there afterwards; a changed configuration goes before it."""
    data = tmp_path / "kibo.db"
    first = await make_bench(Settings(limits=LIMITS, sample=SAMPLE), data=data)
    await first.send("PUT", "/_simulator/limits", {"pools": [{"route": "/api/*", "rpm": 7}]})
    moved = await first.send("POST", "/_simulator/clock/advance", {"seconds": 86_400})
    first.simulator.close()
    second = await make_bench(Settings(limits=LIMITS, sample=SAMPLE), data=data)
    kept = (await second.send("GET", "/_simulator/limits")).body["pools"]
    now = (await second.send("GET", "/_simulator/clock")).body["now"]
    second.simulator.close()
    third = await make_bench(Settings(limits=LimitsDocument(), sample=SAMPLE), data=data)
    configured = (await third.send("GET", "/_simulator/limits")).body["pools"]

    assert kept == [{"route": "/api/*", "rpm": 7, "rph": None}]
    assert now >= moved.body["now"]
    assert configured == [{"route": pool.route, "rpm": pool.rpm, "rph": pool.rph} for pool in LimitsDocument().pools]


def test_inventory_is_loaded_into_a_fresh_file_only(tmp_path: Path) -> None:
    """D-1: the same command line again does not bring back what was deleted since."""
    data = tmp_path / "kibo.db"
    empty = Settings(sample=SampleSettings(locations=0, products=0))
    rows = tmp_path / "a.csv"
    rows.write_text(HEADER + "L1,A,,,5\n")
    first = Simulator(empty, data=data, load=[rows])
    loaded = (first.loaded, [record.part_number for record in first.stock_records(1001)])
    first.database.connection.execute("DELETE FROM stock")
    first.close()
    second = Simulator(empty, data=data, load=[rows])

    assert (loaded, second.loaded, list(second.stock_records(1001))) == ((1, ["A"]), None, [])
    second.close()


def test_a_load_that_fails_leaves_no_half_filled_file(tmp_path: Path) -> None:
    """D-1: sample and inventory together or not at all."""
    data = tmp_path / "kibo.db"
    broken = tmp_path / "a.csv"
    broken.write_text(HEADER + "L1,A,,,5\nL1,B,,,x\n")
    with pytest.raises(InventoryFileError):
        Simulator(Settings(sample=SAMPLE), data=data, load=[broken])
    again = Simulator(Settings(sample=SampleSettings(locations=0, products=0)), data=data)

    assert list(again.stock_records(1001)) == []
    again.close()


async def test_no_token_is_given_twice_over_a_restart(make_bench: MakeBench, tmp_path: Path) -> None:
    """A-1: a revoked token stays revoked, also when the clock stood still over the restart."""
    data = tmp_path / "kibo.db"
    first = await make_bench(Settings(sample=SAMPLE), data=data)
    first.simulator.close()
    second = await make_bench(Settings(sample=SAMPLE), data=data)

    assert first.headers != second.headers


def test_a_manual_clock_goes_on_where_it_stood(tmp_path: Path) -> None:
    """T-2: months may pass between two runs; a clock that is moved by hand does not notice."""
    data = tmp_path / "kibo.db"
    started = Settings(sample=SAMPLE, start="2026-03-02T05:00:30Z")
    first = Simulator(started, clock_mode="manual", data=data, wall=lambda: START)
    first.clock.advance(SECOND)
    now = first.clock.now()
    first.close()
    for settings in (Settings(sample=SAMPLE), started):
        again = Simulator(settings, clock_mode="manual", data=data, wall=lambda: START + 10**14)

        assert again.clock.now() == now
        again.close()


def test_a_data_file_has_one_simulator_at_a_time(tmp_path: Path) -> None:
    """D-1: a second one is refused and says why; after the first has gone it is let in."""
    data = tmp_path / "kibo.db"
    first = Simulator(Settings(sample=SAMPLE), data=data)
    with pytest.raises(DatabaseError, match="another simulator is using it"):
        Simulator(Settings(sample=SAMPLE), data=data)
    first.close()

    Simulator(Settings(sample=SAMPLE), data=data).close()
