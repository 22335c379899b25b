"""Clients of batch jobs with one seeded defect each, through real HTTP in virtual time: BJ-1 alone catches them."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from kibo_scenarios.declaration import Declaration
from kibo_scenarios.drivers import ClientReport, Driver, Task
from kibo_scenarios.memory_transport import EXACT_TIMEOUTS
from kibo_scenarios.rules import Verdict
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario import ClientPlan, Network, Scenario, Work

LOGIN = "/api/platform/applications/authtickets/oauth"
JOBS = "/api/platform/data/batchJob"
PRODUCTS = "/api/commerce/catalog/admin/products"
CLIENT = Declaration(name="feeds", does=("batch-jobs",))
WORLD = Scenario(
    name="batch-jobs",
    title="",
    description="",
    seed=5,
    start=1_772_427_600_000_000,
    simulator={"sample": {"locations": 1, "products": 10}, "batch": {"base_s": 60}},
    network=Network(latency_ms=20),
    client=ClientPlan(),
    work=Work(),
    testable=(),
    expectations=(),
    time_limit=3600 * 1_000_000,
    file="",
)


@dataclass(slots=True)
class Feed:
    """Talks to the batch job service."""

    task: Task
    session: aiohttp.ClientSession
    token: str = ""

    async def log_in(self) -> None:
        """Fetch a token."""
        body = {
            "client_id": self.task.client_id,
            "client_secret": self.task.shared_secret,
            "grant_type": "client_credentials",
        }
        async with self.session.post(self.task.api_host + LOGIN, json=body) as answer:
            self.token = (await answer.json())["access_token"]

    async def send(self, method: str, path: str, body: Any = None) -> int:
        """Send a request and return the status of its answer."""
        headers = {"Authorization": f"Bearer {self.token}", "x-vol-tenant": str(self.task.tenant)}
        async with self.session.request(method, self.task.api_host + path, json=body, headers=headers) as answer:
            await answer.read()
            return answer.status


def driver(steps: str) -> Driver:
    """Return a client that takes these steps: c(reate), a(dd), s(tart), r(eset), x (cancel), w(ait for the end)."""

    async def drive(task: Task) -> ClientReport:
        timeout = aiohttp.ClientTimeout(total=None, ceil_threshold=EXACT_TIMEOUTS)
        async with aiohttp.ClientSession(connector=task.connect(), timeout=timeout) as session:
            feed = Feed(task, session)
            await feed.log_in()
            for number, step in enumerate(steps):
                product = {"productCode": f"p{number}", "content": {"productName": "x"}}
                requests: dict[str, tuple[str, str, Any]] = {
                    "c": ("POST", JOBS, {"code": "feed", "name": "feed", "domain": "Catalog"}),
                    "a": ("POST", f"{PRODUCTS}?batchJobCode=feed", product),
                    "s": ("POST", f"{JOBS}/actions/feed", {"action": "Start"}),
                    "r": ("POST", f"{JOBS}/actions/feed", {"action": "Reset"}),
                    "x": ("POST", f"{JOBS}/actions/feed", {"action": "Cancel"}),
                    "w": ("GET", f"{JOBS}/feed", None),
                }
                if step == "w":
                    await asyncio.sleep(600)
                await feed.send(*requests[step])
        return ClientReport()

    return drive


#: What each client does, step by step, and the rules that it breaks.
CLIENTS: dict[str, tuple[str, set[str]]] = {
    "good": ("caasw", set()),
    "good, resets after the end": ("caaswr", set()),
    "good, thinks better of it": ("caax", set()),
    "never starts its batch job": ("caa", {"BJ-1"}),
    "adds to a batch job after its start": ("casa", {"BJ-1"}),
    "resets a batch job while it runs": ("casr", {"BJ-1"}),
    "resets a batch job that never ran": ("car", {"BJ-1"}),
}


@pytest.mark.parametrize(("steps", "declared"), CLIENTS.values(), ids=CLIENTS)
def test_exactly_the_declared_rules_fail(steps: str, declared: set[str]) -> None:
    """BJ-1: each defect is caught by its rule and by no other; good clients are caught by none."""
    result = run_scenario(WORLD, driver=driver(steps), client=CLIENT)

    assert result.client_failure is None
    assert declared == {grade.rule.id for grade in result.grades if grade.verdict is Verdict.FAIL}
    assert {grade.rule.id: grade.verdict for grade in result.grades}["BJ-1"] is not Verdict.INCONCLUSIVE
