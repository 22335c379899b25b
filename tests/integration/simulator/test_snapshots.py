"""Snapshots over HTTP: saved, gone back to, carried to another simulator, refused when they are not sound (D-2)."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from kibo_simulator import ImageError, LimitsDocument, PoolLimit, SampleSettings, Settings, ShelfError, Simulator
from kibo_simulator.files.location_export import InventoryRow
from kibo_simulator.snapshots.seal import seal

from .conftest import START, V1, Bench, MakeBench, Reply

CONTROL = "/_simulator"
SAMPLE = SampleSettings(locations=4, products=48)
LIMITS = LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", 3, 200),))
ITEMS = [{"partNumber": "^JKT-"}]
OAUTH = "/api/platform/applications/authtickets/oauth"
CREDENTIALS = {"client_id": "sample.app", "client_secret": "sample-secret", "grant_type": "client_credentials"}


async def save(bench: Bench, name: str = "one", **options: Any) -> Reply:
    """Save a snapshot."""
    return await bench.send("POST", f"{CONTROL}/snapshots", {"name": name, **options})


async def restore(bench: Bench, name: str = "one") -> Reply:
    """Go back to a snapshot."""
    return await bench.send("POST", f"{CONTROL}/snapshots/{name}/restore")


async def state(bench: Bench) -> list[Any]:
    """What a client and the control plane see of the state."""
    control = [
        (await bench.send("GET", CONTROL + path)).body for path in ("/jobs", "/clock", "/limits", "/limits/status")
    ]
    return [*control, bench.dump()]


@pytest.mark.parametrize("durable", [False, True])
async def test_a_restore_brings_back_stock_jobs_limits_and_clock(
    make_bench: MakeBench, tmp_path: Path, *, durable: bool
) -> None:
    """D-2: what was done since is undone, unfinished jobs go on, the token from before is still good."""
    bench = await make_bench(Settings(limits=LIMITS, sample=SAMPLE), data=tmp_path / "a.db" if durable else None)
    ids = (await bench.delete_items(ITEMS)).body["jobIDs"]
    saved = await save(bench)
    before = await state(bench)
    bench.wait(3_600)
    await bench.send("PUT", f"{CONTROL}/limits", {"pools": []})
    await bench.delete_items([{"partNumber": "^TNT-"}])
    bench.wait(60)
    changed = await state(bench)
    restored = await restore(bench)
    after = await state(bench)
    bench.wait(60)
    job = await bench.send("GET", f"{V1}/queue/{ids[0]}")

    assert (saved.status, saved.body["at"], saved.body["tenants"]) == (201, "2026-03-02T05:00:00.000000Z", [1001])
    assert changed != before
    assert (restored.status, restored.body["now"]) == (200, "2026-03-02T05:00:00.000000Z")
    assert after == before
    assert (job.body["status"], job.headers["Date"]) == ("SUCCESS", "Mon, 02 Mar 2026 05:01:00 GMT")


@pytest.mark.parametrize("durable", [False, True])
async def test_a_reset_begins_again(make_bench: MakeBench, tmp_path: Path, *, durable: bool) -> None:
    """D-2: as freshly started, byte for byte; ids begin again, the journal is empty, the old token is unknown."""
    bench = await make_bench(data=tmp_path / "a.db" if durable else None)
    fresh = await make_bench()
    bench.wait(5)
    await bench.delete_items(ITEMS)
    bench.wait(50)
    bench.now[0] = START
    reset = await bench.send("POST", f"{CONTROL}/reset")
    entries = len(bench.simulator.journal)
    refused = await bench.send("GET", f"{V1}/queue")
    await bench.send("POST", f"{CONTROL}/reset")
    login = await bench.send("POST", OAUTH, CREDENTIALS)
    answers = [await one.delete_items(ITEMS) for one in (bench, fresh)]

    assert (reset.status, entries, refused.status) == (200, 0, 401)
    assert fresh.headers["Authorization"] == f"Bearer {login.body['access_token']}"
    assert answers[0] == answers[1]


async def test_a_restored_data_file_survives_a_restart(make_bench: MakeBench, tmp_path: Path) -> None:
    """D-1: what was gone back to is what the next start finds, settings and all; nothing is left beside it."""
    data = tmp_path / "kibo.db"
    other = await make_bench(Settings(limits=LIMITS, sample=SampleSettings(locations=2, products=10)))
    await save(other)
    file = await other.http.get(f"{CONTROL}/snapshots/one/file")
    first = await make_bench(data=data)
    await first.http.put(f"{CONTROL}/snapshots/sent/file", data=await file.read())
    await restore(first, "sent")
    expected = first.dump()
    first.simulator.close()
    second = await make_bench(data=data)
    limits = (await second.send("GET", f"{CONTROL}/limits")).body["pools"]

    assert second.dump() == expected == other.dump()
    assert limits[0]["rpm"] == 3
    assert not data.with_name("kibo.db.next").exists()


async def test_a_name_is_a_word_and_taken_once(bench: Bench) -> None:
    """Names are checked, an existing snapshot is replaced only when asked for, absent ones are 404."""
    wrong = [(await save(bench, name)).status for name in ("", "../up", "a/b", ".hidden", "x" * 81, "nul\0")]
    saved = [(await save(bench)).status, (await save(bench)).status, (await save(bench, replace=True)).status]
    missing = [
        (await restore(bench, "none")).status,
        (await bench.send("GET", f"{CONTROL}/snapshots/none")).status,
        (await bench.send("DELETE", f"{CONTROL}/snapshots/none")).status,
        (await bench.send("GET", f"{CONTROL}/snapshots/none/file")).status,
        (await restore(bench, "..%2Fone")).status,
    ]
    listed = (await bench.send("GET", f"{CONTROL}/snapshots")).body
    deleted = (await bench.send("DELETE", f"{CONTROL}/snapshots/one")).status

    assert (wrong, saved) == ([400] * 6, [201, 409, 201])
    assert missing == [404, 404, 404, 404, 400]
    assert (listed["folder"], [entry["name"] for entry in listed["snapshots"]], deleted) == (None, ["one"], 200)
    assert (await bench.send("GET", f"{CONTROL}/snapshots")).body["snapshots"] == []


def damaged(image: bytes, how: str) -> bytes:
    """A snapshot's file that is wrong in one way."""
    match how:
        case "not a database":
            return b"Dear Sir or Madam"
        case "cut short":
            return image[: len(image) // 2]
        case "scribbled over":
            return image[:8_192] + b"\xff" * 4_096 + image[12_288:]
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(image)
        database.executescript(how)
        changed = database.serialize()
    with TemporaryDirectory() as folder:
        # Whoever means harm can reckon a checksum as well.
        file = Path(folder, "changed")
        file.write_bytes(changed)
        seal(file)
        return file.read_bytes()


@pytest.mark.parametrize(
    "how",
    [
        "not a database",
        "cut short",
        "scribbled over",
        "PRAGMA user_version = 99",
        "DROP TABLE stock",
        "CREATE TRIGGER t AFTER DELETE ON stock BEGIN DELETE FROM tenants; END",
        "CREATE VIEW v AS SELECT 1",
        "DELETE FROM meta WHERE key = 'moment'",
        "UPDATE meta SET value = '{}' WHERE key = 'moment'",
        "UPDATE meta SET value = json_set(value, '$.settings.seed', 'x') WHERE key = 'moment'",
    ],
)
async def test_a_file_that_is_not_sound_is_refused_on_arrival(bench: Bench, how: str) -> None:
    """D-2: it is looked at before it is kept; nothing of it stays, and nothing has changed."""
    await save(bench)
    image = await (await bench.http.get(f"{CONTROL}/snapshots/one/file")).read()
    before = await state(bench)
    reply = await bench.http.put(f"{CONTROL}/snapshots/two/file", data=damaged(image, how))
    message = (await reply.json())["message"]
    names = [entry["name"] for entry in (await bench.send("GET", f"{CONTROL}/snapshots")).body["snapshots"]]

    assert (reply.status, names) == (400, ["one"])
    assert message.startswith("$: the file ")
    assert await state(bench) == before


BROKEN_LIMITS = """
    INSERT OR REPLACE INTO meta VALUES ('limits', '{');
    INSERT OR REPLACE INTO meta
    SELECT 'limits replaced', json_extract(value, '$.settings.limits') FROM meta WHERE key = 'moment'
"""
BROKEN_JOB = """
    INSERT INTO jobs (tenant_id, location_id, location_code, type, status, added, due, started, payload_id)
    VALUES (1001, 1, 'WH-001', 'DELETE', 'PENDING', 1, 1, 1, 77)
"""


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize(
    "how",
    [
        BROKEN_LIMITS,
        "INSERT INTO rate_pools VALUES ('1001', '/api/*', x'c1')",
        BROKEN_JOB,
    ],
)
async def test_a_restore_that_fails_leaves_everything_as_it_was(
    make_bench: MakeBench, tmp_path: Path, how: str, *, durable: bool
) -> None:
    """D-2: a file may look sound and still make no simulation; the old state goes on whole."""
    bench = await make_bench(data=tmp_path / "a.db" if durable else None)
    await save(bench)
    image = await (await bench.http.get(f"{CONTROL}/snapshots/one/file")).read()
    await bench.delete_items(ITEMS)
    sent = await bench.http.put(f"{CONTROL}/snapshots/two/file", data=damaged(image, how))
    before = await state(bench)
    reply = await restore(bench, "two")
    after = await state(bench)
    bench.wait(60)
    done = (await bench.send("GET", f"{CONTROL}/jobs")).body

    assert (sent.status, reply.status) == (200, 400)
    assert reply.body["message"].startswith("the snapshot ")
    assert after == before
    assert {job["status"] for job in done} == {"SUCCESS"}


async def test_what_is_this_machines_own_stays(make_bench: MakeBench) -> None:
    """Security: a file from elsewhere does not say where this machine writes, nor how much it holds."""
    bench = await make_bench()
    await save(bench)
    image = await (await bench.http.get(f"{CONTROL}/snapshots/one/file")).read()
    how = (
        "UPDATE meta SET value = json_set(value, '$.settings.files.drop', '/etc', '$.settings.files.remote', "
        "json('true'), '$.settings.bounds.body_bytes', 1024, '$.settings.jobs.workers', 5) WHERE key = 'moment'"
    )
    await bench.http.put(f"{CONTROL}/snapshots/two/file", data=damaged(image, how))
    restored = await restore(bench, "two")
    settings = bench.simulator.settings

    assert restored.status == 200
    assert (settings.files.drop, settings.files.remote, settings.bounds.body_bytes) == (None, False, 16 << 20)
    assert settings.jobs.workers == 5


async def test_a_snapshot_has_bounds(make_bench: MakeBench) -> None:
    """Number and size of snapshots are bounded, those that are sent as well."""
    settings = Settings(sample=SAMPLE)
    small = {"bounds": {"snapshots": 1, "snapshot_bytes": 65_536}}
    bench = await make_bench(msgspec.convert({**msgspec.to_builtins(settings), **small}, Settings))
    large = await save(bench)
    sent = await bench.http.put(f"{CONTROL}/snapshots/two/file", data=b"SQLite format 3\0" * 5_000)
    none = Settings(bounds=msgspec.structs.replace(settings.bounds, snapshots=0))
    full = await save(await make_bench(none))

    assert (large.status, sent.status, full.status) == (400, 413, 400)
    assert "at most 65,536 are kept" in large.body["message"]


async def test_a_simulator_begins_with_a_snapshot(make_bench: MakeBench, tmp_path: Path) -> None:
    """D-2: from a file, in memory or in a data file that is new; told settings go before, time never back (T-2)."""
    bench = await make_bench()
    await bench.delete_items(ITEMS)
    await save(bench)
    file = tmp_path / "one.snapshot"
    file.write_bytes(await (await bench.http.get(f"{CONTROL}/snapshots/one/file")).read())
    earlier = Settings(sample=None, start="2020-01-01T00:00:00Z")
    found = []
    for data, settings in ((None, None), (tmp_path / "b.db", None), (tmp_path / "b.db", None), (None, earlier)):
        again = Simulator(settings, wall=lambda: START, snapshot=file, data=data, clock_mode="manual")
        found.append((again.clock.now(), len(list(again.stock_records(1001))), again.runner.idle))
        again.clock.advance(60_000_000)
        again.advance()
        again.close()
    with pytest.raises(ImageError, match="is not a snapshot"):
        Simulator(snapshot=Path(__file__))

    assert found[0] == found[1] == found[3] == (START, len(bench.dump()), False)
    assert found[2][0] == START + 60_000_000


async def test_a_folder_of_snapshots_outlives_the_simulator(tmp_path: Path) -> None:
    """What was saved in a folder is there for the next run; files that are no snapshots say so in the list."""
    first = Simulator(Settings(sample=SAMPLE), snapshots=tmp_path / "kept", wall=lambda: START)
    first.snapshots.take("one", first.database.connection, first.moment())
    first.close()
    (tmp_path / "kept" / "junk.snapshot").write_text("nothing")
    second = Simulator(Settings(sample=SAMPLE), snapshots=tmp_path / "kept", wall=lambda: START)
    listed = [(snapshot.name, snapshot.at, snapshot.fault) for snapshot in second.snapshots.every()]
    second.close()

    assert listed == [("junk", None, "is not a snapshot"), ("one", START, None)]


async def test_faults_and_their_counts_go_back_too(bench: Bench) -> None:
    """D-2: a fault that had one use left has it again."""
    fault = {"match": {"operation": "getJobs", "times": 2}, "effect": {"kind": "status", "status": 503}}
    added = await bench.send("POST", f"{CONTROL}/faults", [fault])
    statuses = [(await bench.send("GET", f"{V1}/queue")).status]
    await save(bench)
    statuses += [(await bench.send("GET", f"{V1}/queue")).status for _ in range(2)]
    await restore(bench)
    statuses += [(await bench.send("GET", f"{V1}/queue")).status for _ in range(2)]

    assert added.status in {200, 201}, added.body
    assert statuses == [503, 503, 200, 503, 200]


@pytest.mark.parametrize("durable", [False, True])
def test_a_program_saves_restores_and_resets(tmp_path: Path, *, durable: bool) -> None:
    """D-2: the same without HTTP, for those who have the simulator in their own process."""
    data = tmp_path / "kibo.db" if durable else None
    simulator = Simulator(Settings(sample=SAMPLE), wall=lambda: START, data=data, snapshots=tmp_path / "kept")
    counts = [simulator.stock.count(1001)]
    simulator.load_inventory(1001, [InventoryRow("NEW", "A", None, None, 1)])
    simulator.save("one")
    simulator.reset()
    counts.append(simulator.stock.count(1001))
    simulator.restore("one")
    counts.append(simulator.stock.count(1001))
    with pytest.raises(ShelfError, match="there is a snapshot 'one'"):
        simulator.save("one")
    with pytest.raises(ShelfError, match="there is no snapshot 'two'"):
        simulator.restore("two")
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "kept").iterdir()}
    simulator.close()

    assert counts == [counts[0], counts[0], counts[0] + 1]
    assert modes == {0}
