"""A snapshot restored elsewhere behaves identically: every further answer is the same to the byte (D-2, T-4)."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.properties.simulator.every_timestamp import MINUTE, SECOND
from tests.properties.world import draws
from tests.properties.world.draws import TENANTS

from kibo_scenarios.memory_transport import MemoryNetwork, memory_session, serve_in_memory
from kibo_scenarios.replay_file import Opening
from kibo_scenarios.replay_secrets import secret_of
from kibo_scenarios.virtual_time import VirtualTimeLoop
from kibo_simulator import Settings, Simulator
from kibo_simulator.files.location_export import InventoryRow
from kibo_simulator.web import build_application

HOST = "127.0.0.1"
ORDER = "v1/order"
CONTROL = "/_simulator"


@dataclass(frozen=True)
class Step:
    """A pause in microseconds, then a request in the name of a tenant; no body for GET."""

    pause: int
    tenant: int
    method: str
    path: str
    body: dict[str, Any] | None = None


def _named(identity: tuple[str | None, ...]) -> dict[str, str]:
    return {name: text for name, text in zip(("partNumber", "upc", "sku"), identity, strict=True) if text is not None}


def _written(operation: str, location: str, lines: Sequence[Any]) -> tuple[str, str, dict[str, Any]]:
    items = [_named(line.identity) | {"quantity": line.quantity} for line in lines]
    return "POST", f"v5/inventory/{operation}", {"locationCode": location, "items": items}


def _deleted(items: Sequence[Any], locations: Sequence[str], *, dry: bool) -> tuple[str, str, dict[str, Any]]:
    body: dict[str, Any] = {"items": [_named(item) for item in items], "dryRun": dry, "explicit": True}
    return "POST", "v5/inventory/deleteItems", body | ({"locationCodes": list(locations)} if locations else {})


def _ordered(operation: str, order: int, item: Any, quantity: int) -> tuple[str, str, dict[str, Any]]:
    line = _named(item) | {"quantity": quantity, "orderID": order, "orderItemID": order, "locationCode": "EAST"}
    return "POST", f"{ORDER}/{operation}", {"items": [line]}


requests = st.one_of(
    st.builds(_written, st.just("refresh"), draws.locations, draws.lines),
    st.builds(_written, st.just("adjust"), draws.locations, draws.additions),
    st.builds(_deleted, st.lists(draws.deleted_items, max_size=3), draws.scopes, dry=st.booleans()),
    st.builds(
        _ordered,
        st.sampled_from(("allocate", "deallocate", "fulfill")),
        st.integers(1, 3),
        draws.named_identities,
        st.integers(1, 6),
    ),
    st.builds(lambda number: ("GET", f"v1/queue/{number}", None), st.integers(1, 12)),
    st.just(("GET", "v1/queue", None)),
    st.just(("POST", "v5/inventory", {"type": "ANY", "items": [{"partNumber": "A-1"}, {"upc": "100"}]})),
    st.just(("GET", "v1/nowhere", None)),
    st.just(("LOGIN", "", None)),
    st.builds(
        lambda name: ("POST", "v1/tagCategory", {"name": name, "tags": [{"tagValue": "a", "isDefault": True}]}),
        st.sampled_from(("Color", "Grade")),
    ),
)
pauses = st.one_of(
    st.integers(0, 3 * SECOND), st.sampled_from((0, 60 * SECOND, 900 * SECOND, 1_800 * SECOND, MINUTE - 1))
)
workloads = st.lists(
    st.builds(lambda pause, tenant, request: Step(pause, tenant, *request), pauses, st.sampled_from(TENANTS), requests),
    max_size=14,
)


class Actor:
    """Whoever sends requests, and the tokens it was given."""

    def __init__(self, session: aiohttp.ClientSession, opening: Opening, loop: VirtualTimeLoop) -> None:
        self.session = session
        self.opening = opening
        self.loop = loop
        self.tokens: dict[int, str] = {}

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[Any, ...]:
        """One request; everything that came back."""
        data = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        async with self.session.request(method, f"http://{HOST}{path}", data=data, headers=headers) as response:
            return response.status, sorted(response.headers.items()), await response.read()

    async def log_in(self, tenant: int) -> tuple[Any, ...]:
        """Get a token."""
        account = next(entry for entry in self.opening.tenants if entry.id == tenant)
        body = {"client_id": account.client_id, "client_secret": secret_of(account), "grant_type": "client"}
        answer = await self.send("POST", "/api/platform/applications/authtickets/oauth", body)
        self.tokens[tenant] = msgspec.json.decode(answer[2])["access_token"]
        return answer

    async def work(self, steps: Sequence[Step]) -> list[Any]:
        """Take the steps and return what was answered, and then what the journal and the control plane say."""
        answers = []
        start = self.loop.wall_us()
        due = 0
        for step in steps:
            due += step.pause
            await _until(self.loop, start + due)
            if step.method == "LOGIN":
                answers.append(await self.log_in(step.tenant))
            else:
                token = self.tokens.get(step.tenant, "none")
                path = f"/api/commerce/inventory/{step.path}"
                answers.append(await self.send(step.method, path, step.body, Authorization=f"Bearer {token}"))
        for tenant in TENANTS:
            answers.append(await self.send("GET", f"{CONTROL}/inventory?tenant={tenant}"))
            answers.append(await self.send("GET", f"{CONTROL}/jobs?tenant={tenant}"))
        answers += [await self.send("GET", f"{CONTROL}/{path}") for path in ("limits", "limits/status", "clock")]
        return answers

    async def journal(self, since: int) -> tuple[Any, ...]:
        """The journal after an entry."""
        return await self.send("GET", f"{CONTROL}/journal?since={since}")


async def _until(loop: VirtualTimeLoop, instant: int) -> None:
    import asyncio

    if instant > loop.wall_us():
        await asyncio.sleep((instant - loop.wall_us()) / SECOND)


def _run(
    at: int, make: Callable[[VirtualTimeLoop], Simulator], act: Callable[..., Awaitable[Any]], opening: Opening
) -> Any:
    """Serve a simulator in a virtual world that begins at an instant, and act in it."""
    loop = VirtualTimeLoop(start_us=at)

    async def main() -> Any:
        async with AsyncExitStack() as stack:
            simulator = make(loop)
            stack.callback(simulator.close)
            network = MemoryNetwork()
            await stack.enter_async_context(serve_in_memory(build_application(simulator), network, HOST))
            session = await stack.enter_async_context(
                memory_session(network, headers={"Content-Type": "application/json"})
            )
            return await act(simulator, Actor(session, opening, loop), loop)

    try:
        return loop.run_until_complete(main())
    finally:
        loop.close()


def _opened(opening: Opening, loop: VirtualTimeLoop) -> Simulator:
    simulator = Simulator(msgspec.structs.replace(opening.settings, sample=None), wall=loop.wall_us)
    for tenant in opening.tenants:
        simulator.add_tenant(tenant.id, site=1, name="T", client_id=tenant.client_id, shared_secret=secret_of(tenant))
        for code in tenant.locations:
            simulator.stock.add_location(tenant.id, code, code)
        simulator.load_inventory(
            tenant.id,
            [
                InventoryRow(line.location_code, line.part_number, line.upc, line.sku, line.on_hand, line.safety_stock)
                for line in tenant.inventory
            ],
        )
    return simulator


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
        image = (await actor.send("GET", f"{CONTROL}/snapshots/one/file"))[2]
        answers = [await actor.work(after), await actor.journal(since)]
        return image, since, at, tokens, answers

    async def second(simulator: Simulator, actor: Actor, loop: VirtualTimeLoop) -> Any:
        actor.tokens = dict(tokens)
        assert (await actor.send("PUT", f"{CONTROL}/snapshots/sent/file", image))[0] == 200
        if not elsewhere:
            # The state may have been anything before.
            await actor.work(after)
            actor.tokens = dict(tokens)
        restored = await actor.send("POST", f"{CONTROL}/snapshots/sent/restore")
        assert restored[0] == 200, restored
        return [await actor.work(after), await actor.journal(since)]

    image, since, at, tokens, (expected, journal) = _run(
        opening.started_at, lambda loop: _opened(opening, loop), first, opening
    )
    if elsewhere:
        answers, again = _run(at, lambda loop: Simulator(Settings(sample=None), wall=loop.wall_us), second, opening)
        assert again == journal
    else:
        # The memory network stamps the date by the loop, which goes on.
        answers, _ = _run(at, lambda loop: _opened(opening, loop), second, opening)
        expected, answers = _undated(expected), _undated(answers)
    differing = [pair for pair in zip(expected, answers, strict=True) if pair[0] != pair[1]]
    assert differing[:1] == []
