"""A snapshot restored elsewhere behaves identically: every further answer is the same to the byte (D-2, T-4)."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.properties.simulator.workload import CONTROL, Actor, Step, opened_world, run_world, workloads
from tests.properties.world import draws
from tests.properties.world.draws import TENANTS

from kibo_scenarios.replay_file import Opening
from kibo_scenarios.virtual_time import VirtualTimeLoop
from kibo_simulator import Settings, Simulator


def known(jobs: bytes) -> dict[int, list[int]]:
    """The jobs that the tenants had been told of."""
    return msgspec.json.decode(jobs, type=dict[int, list[int]])


def _undated(answers: list[Any]) -> list[Any]:
    return [(status, [pair for pair in headers if pair[0] != "Date"], body) for status, headers, body in answers]


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(opening=draws.openings, before=workloads, after=workloads, elsewhere=st.booleans())
def test_a_restored_snapshot_behaves_identically(
    opening: Opening, before: list[Step], after: list[Step], *, elsewhere: bool
) -> None:
    """D-2: random work, a snapshot, and the same further work here and after a restore, there or in the same place."""

    async def first(simulator: Simulator, actor: Actor, loop: VirtualTimeLoop) -> Any:
        for tenant in TENANTS:
            await actor.log_in(tenant)
        await actor.work(before)
        assert (await actor.send("POST", f"{CONTROL}/snapshots", {"name": "one"}))[0] == 201
        since, at, tokens = simulator.journal.position, loop.wall_us(), dict(actor.tokens)
        jobs = msgspec.json.encode(actor.jobs)
        image = (await actor.send("GET", f"{CONTROL}/snapshots/one/file"))[2]
        answers = [await actor.work(after), await actor.journal(since)]
        return image, since, at, tokens, jobs, answers

    async def second(simulator: Simulator, actor: Actor, loop: VirtualTimeLoop) -> Any:
        actor.tokens = dict(tokens)
        actor.jobs = known(jobs)
        assert (await actor.send("PUT", f"{CONTROL}/snapshots/sent/file", image))[0] == 200
        if not elsewhere:
            # The state may have been anything before.
            await actor.work(after)
            actor.tokens = dict(tokens)
            actor.jobs = known(jobs)
        restored = await actor.send("POST", f"{CONTROL}/snapshots/sent/restore")
        assert restored[0] == 200, restored
        return [await actor.work(after), await actor.journal(since)]

    image, since, at, tokens, jobs, (expected, journal) = run_world(
        opening.started_at, lambda loop: opened_world(opening, loop), first, opening
    )
    if elsewhere:
        answers, again = run_world(
            at, lambda loop: Simulator(Settings(sample=None), wall=loop.wall_us), second, opening
        )
        assert again == journal
    else:
        # The memory network stamps the date by the loop, which goes on.
        answers, _ = run_world(at, lambda loop: opened_world(opening, loop), second, opening)
        expected, answers = _undated(expected), _undated(answers)
    differing = [pair for pair in zip(expected, answers, strict=True) if pair[0] != pair[1]]
    assert differing[:1] == []
