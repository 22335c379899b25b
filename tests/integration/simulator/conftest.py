"""A simulator behind real HTTP on a loopback port, on a clock that the test moves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from kibo_simulator import LimitsDocument, SampleSettings, Settings, Simulator
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.web import build_application

SECOND = 1_000_000
START = 1_772_427_600 * SECOND  # 2026-03-02T05:00:00Z
V5 = "/api/commerce/inventory/v5/inventory"
V1 = "/api/commerce/inventory/v1"


@dataclass
class Reply:
    """What came back."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Bench:
    """One simulator, one HTTP client with a token, and the hand on the clock."""

    simulator: Simulator
    http: Any
    now: list[int]
    headers: dict[str, str] = field(default_factory=dict)

    def wait(self, seconds: float) -> None:
        """Let simulated time pass."""
        self.now[0] += round(seconds * SECOND)

    async def send(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        """One request with the token; a body that is not bytes is sent as JSON."""
        kind = {"data": body} if isinstance(body, bytes | str) else {} if body is None else {"json": body}
        headers = self.headers | more.pop("headers", {})
        async with self.http.request(method, path, headers=headers, **kind, **more) as response:
            text = await response.text()
            is_json = response.content_type == "application/json"
            parsed = await response.json() if text and is_json else text
            return Reply(response.status, parsed, dict(response.headers))

    async def delete_items(self, items: list[dict[str, str]], **options: Any) -> Reply:
        """One call of deleteItems."""
        return await self.send("POST", f"{V5}/deleteItems", {"items": items, **options})

    def dump(self) -> list[str]:
        """Every record as a sortable line."""
        return [
            f"{record.location_code} {record.part_number} {record.on_hand}"
            for record in self.simulator.stock_records(1001)
        ]


MakeBench = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def make_bench() -> AsyncIterator[MakeBench]:
    """A function that starts a simulator; everything it started is closed afterwards."""
    async with AsyncExitStack() as stack:

        async def make(
            settings: Settings | None = None,
            *,
            limits: LimitsDocument = UNLIMITED,
            data: Path | None = None,
            control_token: str | None = None,
        ) -> Bench:
            now = [START]
            chosen = settings or Settings(limits=limits, sample=SampleSettings(locations=4, products=48))
            simulator = Simulator(chosen, wall=lambda: now[0], data=data)
            server = TestServer(build_application(simulator, control_token=control_token))
            http = await stack.enter_async_context(TestClient(server))
            stack.callback(simulator.close)
            bench = Bench(simulator, http, now)
            login = await bench.send(
                "POST",
                "/api/platform/applications/authtickets/oauth",
                {"client_id": "sample.app", "client_secret": "sample-secret", "grant_type": "client_credentials"},
            )
            bench.headers = {"Authorization": f"Bearer {login.body['access_token']}"}
            return bench

        yield make


@pytest.fixture
async def bench(make_bench: MakeBench) -> Bench:
    """A small sample tenant without limits."""
    return await make_bench()
