"""Whatever goes wrong, the journal tells it as the client saw it, and nothing is broken that was not meant."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as msgspec_replace

from kibo_scenarios.memory_transport import EXACT_TIMEOUTS, MemoryNetwork, memory_session, serve_in_memory
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual
from kibo_simulator import LimitsDocument, PoolLimit, SampleSettings, Settings, Simulator, read_faults
from kibo_simulator.web import build_application

START = 1_772_427_600_000_000
INVENTORY = "/api/commerce/inventory/v5/inventory"
ONE = [{"partNumber": "TNT-1001-BLK-S"}]
CALLS: dict[str, tuple[str, str, Any]] = {
    "getJobs": ("GET", "/api/commerce/inventory/v1/queue", None),
    "getJob": ("GET", "/api/commerce/inventory/v1/queue/1", None),
    "queryInventory": ("POST", INVENTORY, {"type": "ANY", "items": ONE}),
    "deleteItems": ("POST", f"{INVENTORY}/deleteItems", {"items": ONE}),
    "nothing": ("GET", "/api/commerce/inventory/v5/nothing", None),
    "wrong": ("POST", f"{INVENTORY}/deleteItems", {"items": 5}),
}
SETTINGS = Settings(
    sample=SampleSettings(locations=2, products=12),
    limits=LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", 6, 60),)),
)

delays = st.sampled_from(
    [{}, {"delay_s": 2}, {"delay_s": 8}, {"delay_s": {"distribution": "uniform", "low": 1, "high": 9}}]
)
effects = st.builds(
    lambda effect, delay: effect | delay,
    st.sampled_from(
        [
            {"kind": "reset"},
            {"kind": "lost_answer"},
            {"kind": "lost_answer", "how": "reset"},
            {"kind": "truncate"},
            {"kind": "malformed"},
            {"kind": "dribble", "piece_bytes": 40, "every_s": 1},
            {"kind": "throttle", "retry_after": 7},
            {"kind": "throttle", "retry_after": None},
            {"kind": "retry_after", "retry_after": "soon"},
            {"kind": "status", "status": 503},
            {"kind": "status", "status": 502, "body": "no", "processed": True},
            {"kind": "enqueue_timeout"},
            {"kind": "token_expired"},
            {"kind": "latency", "delay_s": 1},
        ]
    ),
    delays,
)
matches = st.fixed_dictionaries(
    {},
    optional={
        "operation": st.sampled_from(["getJobs", "deleteItems", ["getJob", "queryInventory"]]),
        "nth": st.integers(1, 3),
        "times": st.integers(1, 2),
        "probability": st.just(0.5),
    },
)
faults = st.lists(st.fixed_dictionaries({"match": matches, "effect": effects}), max_size=3)


@dataclass(frozen=True)
class Seen:
    """What a client saw of one request: ``whole`` when the answer came to its end."""

    whole: bool
    status: int = 0
    size: int = 0
    retry_after: str | None = None
    took: int = 0


async def seen(session: aiohttp.ClientSession, call: str, number: int, token: str, loop: VirtualTimeLoop) -> Seen:
    """Send one request that tells its number, and say what came of it within five and a half seconds."""
    method, path, body = CALLS[call]
    began = loop.time()
    # No delay below comes to an end at the same instant.
    patience = aiohttp.ClientTimeout(total=5.5, ceil_threshold=EXACT_TIMEOUTS)
    try:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.request(
            method, path, params={"n": number}, json=body, headers=headers, timeout=patience
        ) as answer:
            size = len(await answer.read())
    except (aiohttp.ClientError, TimeoutError):
        return Seen(whole=False)
    return Seen(True, answer.status, size, answer.headers.get("Retry-After"), round((loop.time() - began) * 1_000_000))


@settings(deadline=None, max_examples=60)
@given(faults, st.lists(st.sampled_from(sorted(CALLS)), min_size=1, max_size=10))
def test_the_journal_tells_what_the_client_saw(told: list[dict[str, Any]], calls: list[str]) -> None:
    """One entry for each request: its answer was lost exactly if the client got no whole one, else it is the same."""

    async def main(loop: VirtualTimeLoop) -> tuple[list[Seen], list[dict[str, Any]], list[int], list[int]]:
        simulator = Simulator(msgspec_replace(SETTINGS, faults=read_faults(told)), wall=loop.wall_us)
        try:
            grant = simulator.access.login("sample.app", "sample-secret", loop.wall_us())
            assert grant is not None
            network = MemoryNetwork()
            application = build_application(simulator)
            async with (
                serve_in_memory(application, network),
                memory_session(network, "http://simulator.test") as session,
            ):
                found = [
                    await seen(session, call, number, grant.access_token, loop) for number, call in enumerate(calls)
                ]
                # Whoever left early is noticed a moment later.
                await asyncio.sleep(20)
            entries = sorted(
                (entry.to_wire() for entry in simulator.journal.since()), key=lambda entry: int(entry["query"][2:])
            )
            jobs = [job.id for job in simulator.jobs.newest(1001, location_code=None, types=(), limit=99, offset=0)]
            uses = [fault.uses for fault in simulator.faults.plan]
            return found, entries, jobs, uses
        finally:
            simulator.close()

    found, entries, jobs, uses = run_virtual(main, start_us=START)

    assert len(calls) == len(entries)
    for answer, entry in zip(found, entries, strict=True):
        assert answer.whole is not entry["responseLost"]
        assert entry["fault"] is not None or answer.whole
        if answer.whole:
            header = None if entry["retryAfter"] is None else str(entry["retryAfter"])

            assert (answer.status, answer.size, answer.retry_after) == (entry["status"], entry["bytesOut"], header)
            assert answer.status != 500
    assert sorted(job for entry in entries for job in entry["jobIds"]) == sorted(jobs)
    assert sum(entry["fault"] is not None for entry in entries) == sum(uses)
