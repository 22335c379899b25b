"""What one tenant is told and has never depends on what another does at the same time (D-3)."""

import re
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.properties.simulator.workload import CONTROL, Actor, Step, busy_workloads, opened_world, run_world
from tests.properties.world import draws
from tests.properties.world.draws import START, TENANTS

from kibo_scenarios.moments import format_utc
from kibo_scenarios.replay_file import Opening, TenantLine
from kibo_scenarios.virtual_time import VirtualTimeLoop
from kibo_simulator import LimitsDocument, PoolLimit, Settings, Simulator
from kibo_simulator.rate_limits import Scope

# Numbers that are given out in one row to everybody; who gets which says nothing about anybody's stock or jobs.
_SHARED_NUMBERS = re.compile(
    rb'"(?:jobID|jobIDs|productID|inventoryIDs|inventoryID|id|tagCategoryID|tagID|correlationId|access_token|'
    rb'refresh_token|seq|requestHash|jobIds)":(?:\[[^\]]*\]|"[^"]*"|\d+)'
)


def plain(answer: tuple[Any, ...]) -> tuple[Any, ...]:
    """An answer without the numbers that all tenants share."""
    status, headers, body = answer
    kept = [(name, value) for name, value in headers if name not in {"x-vol-correlation", "Content-Length"}]
    message = re.sub(rb"\b\d+\b", b"N", body) if status >= 400 else body
    return status, kept, _SHARED_NUMBERS.sub(b"", message)


def crowded(opening: Opening, scope: Scope) -> Opening:
    """The opening with limits that are soon met, and tokens that outlive the work."""
    old = opening.settings
    pools = old.limits.pools or (PoolLimit("/api/commerce/inventory/*", 4, 12),)
    limits = msgspec.structs.replace(old.limits, scope=scope, pools=pools)
    access = msgspec.structs.replace(old.access, token_lifetime_s=86_400)
    return msgspec.structs.replace(opening, settings=msgspec.structs.replace(old, limits=limits, access=access))


async def _seen(actor: Actor, steps: list[tuple[int, Step]], tenant: int, loop: VirtualTimeLoop) -> list[Any]:
    """Take the steps, each so long after the beginning; what the tenant was answered and has at the end."""
    start = loop.wall_us()
    await actor.log_in(tenant)
    answers = []
    for due, step in steps:
        await actor.until(start + due)
        answer = await actor.ask(step)
        if step.tenant == tenant:
            answers.append(plain(answer))
    ends = [await actor.send("GET", f"{CONTROL}/{path}?tenant={tenant}") for path in ("inventory", "jobs")]
    answers += map(plain, ends)
    pools = msgspec.json.decode((await actor.send("GET", f"{CONTROL}/limits/status?tenant={tenant}"))[2])
    return [*answers, [pool for pool in pools if pool["pool"].startswith(f"{tenant} ")]]


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(
    opening=draws.openings.map(lambda drawn: crowded(drawn, "tenant")),
    work=busy_workloads,
    tenant=st.sampled_from(TENANTS),
)
def test_a_tenant_is_alone_in_the_world(opening: Opening, work: list[Step], tenant: int) -> None:
    """D-3: the same requests at the same times are answered the same, whether or not the other one is at work."""
    due = 0
    both: list[tuple[int, Step]] = []
    for step in work:
        due += step.pause
        both.append((due, step))
    alone = [(at, step) for at, step in both if step.tenant == tenant]
    end = (due, Step(0, tenant, "GET", "v1/queue"))

    def run(steps: list[tuple[int, Step]]) -> list[Any]:
        async def act(simulator: Simulator, actor: Actor, loop: VirtualTimeLoop) -> list[Any]:
            for other in TENANTS:
                await actor.log_in(other)
            return await _seen(actor, [*steps, end], tenant, loop)

        seen: list[Any] = run_world(opening.started_at, lambda loop: opened_world(opening, loop), act, opening)
        return seen

    assert run(both) == run(alone)


def test_in_an_environment_pool_tenants_are_in_each_others_way() -> None:
    """RL-1: with the scope of the environment one tenant's requests use up what the other may."""

    def opening(scope: Scope) -> Opening:
        limits = LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", rpm=5),), scope=scope)
        tenants = tuple(TenantLine(tenant, f"app.{tenant}", locations=(), inventory=()) for tenant in TENANTS)
        return Opening(start=format_utc(START), settings=Settings(limits=limits, sample=None), tenants=tenants)

    async def act(simulator: Simulator, actor: Actor, loop: VirtualTimeLoop) -> list[int]:
        noisy, quiet = TENANTS
        for tenant in TENANTS:
            await actor.log_in(tenant)
        for _ in range(5):
            await actor.ask(Step(0, noisy, "GET", "v1/queue"))
        return [(await actor.ask(Step(0, tenant, "GET", "v1/queue")))[0] for tenant in (noisy, quiet)]

    def run(scope: Scope) -> Any:
        return run_world(START, lambda loop: opened_world(opening(scope), loop), act, opening(scope))

    assert (run("tenant"), run("environment")) == ([429, 200], [429, 429])
