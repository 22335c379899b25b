"""Every kind of fault of requests on the wire: what a client sees, what was done, what counts, what is written down."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from kibo_simulator import LimitsDocument, PoolLimit, SampleSettings, Settings

from .conftest import V1, V5, Bench, MakeBench

ONE = {"partNumber": "TNT-1001-BLK-S"}
QUERY = {"type": "ANY", "items": [ONE]}
POOL = "/api/commerce/inventory/*"


async def put(bench: Bench, effect: dict[str, Any], **match: Any) -> str:
    """Put one fault down by the control plane, and return its id."""
    reply = await bench.send("POST", "/_simulator/faults", {"match": match, "effect": effect})
    assert 201 == reply.status, reply.body
    return str(reply.body["ids"][0])


async def faults(bench: Bench) -> Any:
    """What the control plane tells of the faults."""
    return (await bench.send("GET", "/_simulator/faults")).body


def last(bench: Bench) -> dict[str, Any]:
    """The newest entry of the journal."""
    return list(bench.simulator.journal.since())[-1].to_wire()


def used(bench: Bench) -> int:
    """Requests that count in the minute."""
    return sum(status.minute_used for status in bench.simulator.limiter.statuses(bench.now[0]))


async def until(condition: Callable[[], object]) -> None:
    """Let the simulator go on until something is so."""
    while not condition():  # noqa: ASYNC110  # nothing tells it but looking
        await asyncio.sleep(0)


async def rest(content: aiohttp.StreamReader, into: list[bytes]) -> None:
    """Read until there is no more."""
    while piece := await content.readany():
        into.append(piece)


@pytest.fixture
async def limited(make_bench: MakeBench) -> Bench:
    """A small sample tenant with wide limits, so that what counts can be seen."""
    return await make_bench(limits=LimitsDocument(pools=(PoolLimit(POOL, 20, 100),)))


async def test_a_status_stands_for_the_service_behind_the_limit(limited: Bench) -> None:
    """RL-11: it counts, nothing is done, headers and body are as they were written."""
    await put(limited, {"kind": "status", "status": 503, "headers": {"X-Why": "test"}, "body": {"a": 1}}, nth=2)
    replies = [await limited.delete_items([ONE]) for _ in range(3)]

    assert [200, 503, 200] == [reply.status for reply in replies]
    assert ({"a": 1}, "test") == (replies[1].body, replies[1].headers["X-Why"])
    assert 3 == used(limited)
    assert ([1, 2, 3], [4, 5, 6]) == (replies[0].body["jobIDs"], replies[2].body["jobIDs"])


@pytest.mark.parametrize(
    ("effect", "kind", "body"),
    [
        ({"status": 502, "body": "<html>"}, "text/plain", "<html>"),
        ({"status": 502, "body": ""}, "text/plain", ""),
        ({"status": 204}, "application/octet-stream", ""),
        ({"status": 304, "headers": {"Retry-After": "007"}}, "application/octet-stream", ""),
        ({"status": 502, "headers": {"content-type": "text/html"}, "body": "<p>"}, "text/html", "<p>"),
    ],
)
async def test_a_body_is_sent_as_it_is_written(bench: Bench, effect: dict[str, Any], kind: str, body: str) -> None:
    """A text goes out as it is, an empty one is no body."""
    await put(bench, {"kind": "status", **effect})
    async with bench.http.get(f"{V1}/queue", headers=bench.headers) as response:
        assert (effect["status"], kind, body) == (response.status, response.content_type, await response.text())


async def test_a_status_without_a_body_has_the_usual_envelope(bench: Bench) -> None:
    """Clients that parse every error find what they know, and the journal knows the header."""
    await put(bench, {"kind": "status", "status": 503, "headers": {"Retry-After": "7"}})
    reply = await bench.send("GET", f"{V1}/queue")

    assert ("SERVICE_UNAVAILABLE", 503, "7") == (
        reply.body["errorCode"], reply.body["statusCode"], reply.headers["Retry-After"],
    )  # fmt: skip
    assert (503, 7, "fault-1", False) == tuple(
        last(bench)[k] for k in ("status", "retryAfter", "fault", "responseLost")
    )


async def test_a_processed_request_can_be_answered_by_an_error(bench: Bench) -> None:
    """The state has changed, the client is told of a gateway's failure, the journal knows the jobs."""
    await put(bench, {"kind": "status", "status": 504, "processed": True}, operation="deleteItems", times=1)
    reply = await bench.delete_items([ONE])

    assert (504, [1, 2, 3], 1) == (reply.status, list(last(bench)["jobIds"]), len(last(bench)["summary"]["itemHashes"]))


async def test_a_reset_comes_before_everything(limited: Bench) -> None:
    """RL-11: the connection is reset, nothing was done or counted, and the journal says that no answer was made."""
    before = limited.dump()
    await put(limited, {"kind": "reset"}, operation="deleteItems")
    with pytest.raises(aiohttp.ClientOSError) as failure:
        await limited.delete_items([ONE])

    assert ConnectionResetError is type(failure.value.__cause__) or isinstance(failure.value, ConnectionResetError)
    assert (0, before, 0) == (used(limited), limited.dump(), len(list(limited.simulator.jobs.unfinished())))
    assert (0, True, "fault-1") == tuple(last(limited)[k] for k in ("status", "responseLost", "fault"))


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_an_answer_is_lost_after_the_work_was_done(limited: Bench, how: str) -> None:
    """The jobs are there, the request counts, the client sees a connection that ends without an answer."""
    await put(limited, {"kind": "lost_answer", "how": how}, operation="deleteItems", times=1)
    with pytest.raises(aiohttp.ServerDisconnectedError if how == "close" else aiohttp.ClientOSError):
        await limited.delete_items([ONE])

    assert (1, 3) == (used(limited), len(list(limited.simulator.jobs.unfinished())))
    entry = last(limited)
    assert (200, True, "fault-1", [1, 2, 3], 0) == (
        entry["status"], entry["responseLost"], entry["fault"], list(entry["jobIds"]), entry["bytesOut"],
    )  # fmt: skip


async def test_only_work_that_was_done_can_lose_its_answer(bench: Bench) -> None:
    """A refused request is no occurrence: the fault waits for one that succeeds."""
    await put(bench, {"kind": "lost_answer"}, operation="deleteItems", nth=1)

    assert 400 == (await bench.delete_items([])).status
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await bench.delete_items([ONE], dryRun=True)


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_body_is_cut_short(bench: Bench, how: str) -> None:
    """Content-Length promises more than comes: the client has the status and no whole body."""
    await put(bench, {"kind": "truncate", "keep_bytes": 10, "how": how}, operation="queryInventory")
    got: list[bytes] = []
    async with bench.http.post(V5, json=QUERY, headers=bench.headers) as response:
        promised = int(response.headers["Content-Length"])
        with pytest.raises(aiohttp.ClientPayloadError):
            await rest(response.content, got)

    assert (200, 10) == (response.status, sum(len(piece) for piece in got))
    assert promised > 10
    assert (10, True) == (last(bench)["bytesOut"], last(bench)["responseLost"])


@pytest.mark.parametrize("body", [None, "<html>Bad Gateway</html>"])
async def test_a_body_is_no_json(bench: Bench, body: str | None) -> None:
    """The status says 200, and the body cannot be read."""
    await put(bench, {"kind": "malformed", "body": body}, operation="queryInventory")
    async with bench.http.post(V5, json=QUERY, headers=bench.headers) as response:
        with pytest.raises(ValueError):
            await response.json()

        assert (200, "application/json") == (response.status, response.content_type)
    assert ("fault-1", False) == (last(bench)["fault"], last(bench)["responseLost"])


async def test_a_refusal_of_any_value_counts_nothing(limited: Bench) -> None:
    """RL-12: it stands in the limit's place, and no restriction begins."""
    await put(limited, {"kind": "throttle", "retry_after": 1234}, path="*/queue*", times=1)
    replies = [await limited.send("GET", f"{V1}/queue") for _ in range(2)]

    assert [429, 200] == [reply.status for reply in replies]
    assert ("1234", "", 1) == (replies[0].headers["Retry-After"], replies[0].body, used(limited))
    assert "OK" == limited.simulator.limiter.statuses(limited.now[0])[0].state


HEADERS = [
    ({"retry_after": None}, None, None),
    ({"retry_after": "soon"}, "soon", "soon"),
    ({"retry_after": -5}, "-5", -5),
    ({"retry_after": 1.5}, "1.5", "1.5"),
    ({"retry_after": 90, "as_date": True}, "Mon, 02 Mar 2026 05:01:30 GMT", "Mon, 02 Mar 2026 05:01:30 GMT"),
]


@pytest.mark.parametrize(("effect", "header", "written"), HEADERS)
async def test_a_forced_refusal_may_have_a_strange_header(
    bench: Bench, effect: dict[str, Any], header: str | None, written: object
) -> None:
    """Missing, a text, negative, a fraction, a date: clients meet all of them, and the journal says what it was."""
    await put(bench, {"kind": "throttle", **effect})
    reply = await bench.send("GET", f"{V1}/queue")

    assert (429, header, written) == (reply.status, reply.headers.get("Retry-After"), last(bench)["retryAfter"])


@pytest.mark.parametrize(("effect", "header", "written"), HEADERS)
async def test_a_genuine_refusal_may_have_a_strange_header(
    make_bench: MakeBench, effect: dict[str, Any], header: str | None, written: object
) -> None:
    """RL-8: the restriction is the limit's own, only its header is another; the others keep theirs."""
    bench = await make_bench(limits=LimitsDocument(pools=(PoolLimit(POOL, 1, 9),)))
    await put(bench, {"kind": "retry_after", **effect}, nth=1)
    replies = [await bench.send("GET", f"{V1}/queue") for _ in range(3)]

    assert [200, 429, 429] == [reply.status for reply in replies]
    assert (header, "60") == tuple(reply.headers.get("Retry-After") for reply in replies[1:])
    assert [None, written, 60] == [entry.to_wire()["retryAfter"] for entry in bench.simulator.journal.since(1)]


async def test_a_token_expires_in_the_middle_of_a_run(limited: Bench) -> None:
    """A-1: the request is refused with 401, as all later ones with this token; the refresh token stays good."""
    login = {"client_id": "sample.app", "client_secret": "sample-secret", "grant_type": "client_credentials"}
    path = "/api/platform/applications/authtickets/oauth"
    tokens = (await limited.send("POST", path, login)).body
    limited.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    await put(limited, {"kind": "token_expired"}, nth=2)
    statuses = [(await limited.send("GET", f"{V1}/queue")).status for _ in range(3)]
    again = await limited.send("POST", path, {"refresh_token": tokens["refresh_token"], "grant_type": "refresh_token"})

    assert ([200, 401, 401], 200, 1) == (statuses, again.status, used(limited))
    assert ["fault-1", None] == [entry.fault for entry in limited.simulator.journal.since(3)][:2]


async def test_a_revoked_application_must_log_in_anew(bench: Bench) -> None:
    """A-1: all tokens are gone, the refresh token too; the secret still opens."""
    login = {"client_id": "sample.app", "client_secret": "sample-secret", "grant_type": "client_credentials"}
    path = "/api/platform/applications/authtickets/oauth"
    tokens = (await bench.send("POST", path, login)).body
    await put(bench, {"kind": "token_revoked"}, times=1)
    refused = await bench.send("GET", f"{V1}/queue")
    refresh = await bench.send("POST", path, {"refresh_token": tokens["refresh_token"], "grant_type": "refresh_token"})
    anew = await bench.send("POST", path, login)

    assert (401, 401, 200) == (refused.status, refresh.status, anew.status)


@pytest.mark.parametrize("mode", ["timed", "immediate"])
async def test_enqueueing_times_out(make_bench: MakeBench, mode: Any) -> None:
    """J-9: 504, nothing at all was enqueued, ids go on without a hole; dry runs are no occurrence."""
    settings = Settings(sample=SampleSettings(locations=4, products=48))
    settings = Settings(sample=settings.sample, jobs=type(settings.jobs)(mode=mode))
    bench = await make_bench(settings)
    before = bench.dump()
    await put(bench, {"kind": "enqueue_timeout"}, nth=1)
    dry = await bench.delete_items([ONE], dryRun=True)
    late = await bench.delete_items([ONE])
    jobs, stock, entry = (
        bench.simulator.jobs.newest(1001, location_code=None, types=(), limit=9, offset=0),
        bench.dump(),
        last(bench),
    )
    again = await bench.delete_items([ONE])

    assert (200, 504, [], before) == (dry.status, late.status, jobs, stock)
    assert (504, [], "fault-1", 1) == (
        entry["status"],
        list(entry["jobIds"]),
        entry["fault"],
        entry["summary"]["items"],
    )
    assert [1, 2, 3] == again.body["jobIDs"]


async def test_the_first_fault_that_is_meant_wins(bench: Bench) -> None:
    """At one place the order of the document decides; a fault that is used up makes room for the next."""
    for status, times in ((501, 1), (502, 1), (503, None)):
        await put(bench, {"kind": "status", "status": status}, **({"times": times} if times else {}))
    statuses = [(await bench.send("GET", f"{V1}/queue")).status for _ in range(4)]

    assert [501, 502, 503, 503] == statuses
    assert [(4, 1, 0), (4, 1, 0), (4, 2, None)] == [
        (fault["seen"], fault["uses"], fault["left"]) for fault in (await faults(bench))["faults"]
    ]


@pytest.mark.parametrize("kind", ["status", "throttle", "lost_answer"])
async def test_every_request_may_fail_the_first_time(bench: Bench, kind: str) -> None:
    """Counted for each request by itself: the same again succeeds, another one fails first."""
    effect = {"kind": kind, "status": 503} if kind == "status" else {"kind": kind}
    await put(bench, effect, per="request", times=1)

    async def outcome(path: str, body: object = None) -> bool:
        try:
            return (await bench.send("GET" if body is None else "POST", path, body)).status == 200
        except aiohttp.ServerDisconnectedError:
            return False

    two = {"type": "ANY", "items": [ONE, {"partNumber": "B"}]}
    asked = [f"{V1}/queue", f"{V1}/queue?limit=5", f"{V1}/queue"]
    told = [await outcome(path) for path in asked] + [await outcome(V5, body) for body in (QUERY, two, QUERY, two)]

    assert [False, False, True, False, False, True, True] == told
    assert 4 == (await faults(bench))["faults"][0]["uses"]


async def test_a_body_that_is_slow_to_come_does_not_turn_the_limit_back(limited: Bench) -> None:
    """RL-3, RL-4: where faults must know the content, a request has arrived when its body has."""
    await put(limited, {"kind": "status", "status": 503}, per="request", nth=9)
    sent = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"type": "ANY",'
        await sent.wait()
        yield b'"items": [{"partNumber": "A"}]}'

    before = limited.simulator.moment().correlations
    slow = asyncio.create_task(limited.http.post(V5, data=slowly(), headers=limited.headers))
    await until(lambda: limited.simulator.moment().correlations > before)
    limited.wait(900)
    await limited.send("GET", f"{V1}/queue")
    sent.set()
    reply = await slow

    assert (200, 2, 2) == (reply.status, used(limited), limited.simulator.limiter.statuses(limited.now[0])[0].hour_used)


async def test_the_control_plane_is_never_faulted(bench: Bench) -> None:
    """Whoever breaks everything can still repair it, and nothing of that is in the journal."""
    await put(bench, {"kind": "reset"})
    told = await faults(bench)
    removed = await bench.send("DELETE", "/_simulator/faults/fault-1")
    gone = await bench.send("DELETE", "/_simulator/faults/fault-1")

    assert (False, 0, ["fault-1"], 404) == (
        told["consumed"],
        told["faults"][0]["uses"],
        removed.body["removed"],
        gone.status,
    )
    assert 200 == (await bench.send("GET", f"{V1}/queue")).status


@pytest.mark.slow
async def test_an_answer_is_late_without_holding_others_up(bench: Bench) -> None:
    """T-2: by a clock that is moved by hand it leaves when its instant has come; others go on meanwhile."""
    await bench.send("PUT", "/_simulator/clock", {"mode": "manual"})
    await put(bench, {"kind": "latency", "delay_s": 90}, operation="deleteItems")
    late = asyncio.create_task(bench.delete_items([ONE]))
    await until(lambda: list(bench.simulator.jobs.unfinished()))
    other = await bench.send("GET", f"{V1}/queue/1")
    pending = len(bench.simulator.journal)
    await bench.send("POST", "/_simulator/clock/advance", {"seconds": 89})
    early = late.done()
    moved = await bench.send("POST", "/_simulator/clock/advance", {"toNextEvent": True})
    reply = await late

    assert (200, 2, False, "2026-03-02T05:01:30.000000Z") == (other.status, pending, early, moved.body["now"])
    assert (200, "Mon, 02 Mar 2026 05:01:30 GMT") == (reply.status, reply.headers["Date"])
    assert ("2026-03-02T05:00:00.000000Z", "2026-03-02T05:01:30.000000Z", "fault-1") == tuple(
        last(bench)[k] for k in ("startedAt", "finishedAt", "fault")
    )


@pytest.mark.slow
async def test_who_leaves_before_a_late_answer_has_lost_it(bench: Bench) -> None:
    """The journal does not wait for the answer's time once nobody waits for the answer."""
    await bench.send("PUT", "/_simulator/clock", {"mode": "manual"})
    await put(bench, {"kind": "latency", "delay_s": 3600}, operation="deleteItems")
    with pytest.raises(asyncio.TimeoutError):
        await bench.send("POST", f"{V5}/deleteItems", {"items": [ONE]}, timeout=aiohttp.ClientTimeout(total=0.05))
    await until(lambda: last(bench)["operation"] == "deleteItems")

    assert (200, True, "fault-1") == tuple(last(bench)[k] for k in ("status", "responseLost", "fault"))


async def test_a_clock_that_begins_to_run_takes_waits_along(bench: Bench) -> None:
    """T-2: an answer that waits for a clock moved by hand leaves by itself once the clock runs."""
    await bench.send("PUT", "/_simulator/clock", {"mode": "manual"})
    await put(bench, {"kind": "latency", "delay_s": 90}, operation="deleteItems")
    late = asyncio.create_task(bench.delete_items([ONE]))
    await until(lambda: list(bench.simulator.jobs.unfinished()))
    bench.wait(1_000)
    await bench.send("PUT", "/_simulator/clock", {"mode": "scaled", "speed": 10})
    waiting = late.done()
    bench.wait(9)
    await bench.send("GET", f"{V1}/queue")

    assert (False, 200, "2026-03-02T05:01:30.000000Z") == (waiting, (await late).status, last(bench)["finishedAt"])


async def test_a_body_comes_in_pieces(bench: Bench) -> None:
    """Each piece leaves at its instant, and the journal has the entry before the last one does."""
    await bench.send("PUT", "/_simulator/clock", {"mode": "manual"})
    await put(bench, {"kind": "dribble", "piece_bytes": 400, "every_s": 10}, operation="queryInventory")
    pieces: list[bytes] = []
    async with bench.http.post(V5, json=QUERY, headers=bench.headers) as response:
        whole = int(response.headers["Content-Length"])
        while sum(len(piece) for piece in pieces) < whole:
            pieces.append(await response.content.readany())
            known = len(bench.simulator.journal)
            await bench.send("POST", "/_simulator/clock/advance", {"toNextEvent": True})

    entry = last(bench)
    assert (200, [400] * (whole // 400), [whole % 400]) == (
        response.status, [len(piece) for piece in pieces[:-1]], [len(pieces[-1])],
    )  # fmt: skip
    assert (f"2026-03-02T05:00:{10 * (len(pieces) - 1):02d}.000000Z", "fault-1", False, whole, 2) == (
        *(entry[k] for k in ("finishedAt", "fault", "responseLost", "bytesOut")), known,
    )  # fmt: skip
