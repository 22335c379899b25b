"""Random work of two tenants against a simulator in virtual time: what the tests of snapshots and isolation share."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
from hypothesis import strategies as st
from tests.properties.simulator.every_timestamp import MINUTE, SECOND
from tests.properties.world import draws
from tests.properties.world.draws import TENANTS

from kibo_scenarios.memory_transport import MemoryNetwork, memory_session, serve_in_memory
from kibo_scenarios.replay_file import Opening
from kibo_scenarios.replay_secrets import secret_of
from kibo_scenarios.virtual_time import VirtualTimeLoop
from kibo_simulator import Simulator
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
    st.builds(lambda back: ("GET", f"v1/queue/{{{back}}}", None), st.integers(0, 6)),
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
_steps = st.builds(
    lambda pause, tenant, request: Step(pause, tenant, *request), pauses, st.sampled_from(TENANTS), requests
)
workloads = st.lists(_steps, max_size=14)
busy_workloads = st.lists(_steps, min_size=12, max_size=30)


class Actor:
    """Whoever sends requests, and the tokens it was given."""

    def __init__(self, session: aiohttp.ClientSession, opening: Opening, loop: VirtualTimeLoop) -> None:
        self.session = session
        self.opening = opening
        self.loop = loop
        self.tokens: dict[int, str] = {}
        self.jobs: dict[int, list[int]] = {}

    async def ask(self, step: Step) -> tuple[Any, ...]:
        """One step; ``{n}`` in its path is the n-th newest job that its tenant was told of."""
        if step.method == "LOGIN":
            return await self.log_in(step.tenant)
        known = self.jobs.setdefault(step.tenant, [])
        path = re.sub(r"\{(\d)\}", lambda back: str([0, *known][-1 - int(back[1]) % (len(known) + 1)]), step.path)
        token = self.tokens.get(step.tenant, "none")
        answer = await self.send(
            step.method, f"/api/commerce/inventory/{path}", step.body, Authorization=f"Bearer {token}"
        )
        told = re.findall(rb'"jobIDs?":\[?(\d+(?:,\d+)*)', answer[2])
        known += sorted({int(number) for group in told for number in group.split(b",")} - set(known))
        return answer

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
            await self.until(start + due)
            answers.append(await self.ask(step))
        for tenant in TENANTS:
            answers.append(await self.send("GET", f"{CONTROL}/inventory?tenant={tenant}"))
            answers.append(await self.send("GET", f"{CONTROL}/jobs?tenant={tenant}"))
        answers += [await self.send("GET", f"{CONTROL}/{path}") for path in ("limits", "limits/status", "clock")]
        return answers

    async def until(self, instant: int) -> None:
        """Let time come to an instant."""
        if instant > self.loop.wall_us():
            await asyncio.sleep((instant - self.loop.wall_us()) / SECOND)

    async def journal(self, since: int) -> tuple[Any, ...]:
        """The journal after an entry."""
        return await self.send("GET", f"{CONTROL}/journal?since={since}")


def run_world(
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


def opened_world(opening: Opening, loop: VirtualTimeLoop) -> Simulator:
    """The simulator of an opening, with its tenants and their stock."""
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
