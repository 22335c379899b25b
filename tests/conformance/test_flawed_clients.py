"""Clients with one seeded defect each, through real HTTP in virtual time: exactly the declared rules must fail.

A rule that no client can break, or a client that breaks a rule it was not meant to, fails here.
"""

import asyncio
import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from kibo_scenarios.drivers import ClientReport, Task
from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.memory_transport import EXACT_TIMEOUTS
from kibo_scenarios.result import RunResult
from kibo_scenarios.rules import Verdict
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario import ClientPlan, Network, Scenario, Targets, Work

INVENTORY = "/api/commerce/inventory/v5/inventory"
QUEUE = "/api/commerce/inventory/v1/queue"
LOGIN = "/api/platform/applications/authtickets/oauth"
GUIDE_RULES = ("TH-1", "TH-2", "BA-1", "BA-2", "BA-4", "BA-5", "JB-1", "JB-4", "WF-1", "ST-1", "ST-2")


def quoted(part_number: str) -> str:
    """Return an identifier that matches this part number only (I-6)."""
    if not set(part_number) & set(".*+?^$[]"):
        return part_number
    return "^" + "".join(f"[{char}]" if char in ".*+?$[]" else char for char in part_number) + "$"


def by_prefix(part_number: str) -> str:
    """Return a pattern for everything that begins like this part number: a naming convention, taken too far."""
    prefix, dash, _ = part_number.partition("-")
    return quoted(prefix).strip("^$").join(("^", dash)) if dash else quoted(part_number)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a plain client behaves; the defaults are good, a defect is one of them changed."""

    wait_share: float = 1.0
    shared_gate: bool = True
    batch_size: int = 500
    spacing_s: float = 5.5
    parallel: bool = False
    poll_s: float = 10.0
    poll_growth: float = 1.5
    by_id: bool = False
    after_the_end: bool = False
    gated: bool = False
    longest_wait_s: float = 3600.0
    token_per_call: bool = False
    drop_last_ids: bool = False
    dry_run: bool = True
    lose_last_batch: bool = False
    name: Callable[[str], str] = field(default=quoted)


@dataclass(slots=True)
class PlainClient:
    """A small client, written without the project's own: a sequence of batches, and one poller beside it."""

    task: Task
    manners: Manners
    session: aiohttp.ClientSession
    token: str = ""
    closed_until: dict[str, int] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)

    async def call(self, caller: str, method: str, path: str, body: Any = None) -> Any:
        """Send a request until it is not refused any more; a refusal closes the gate of the caller, or of all."""
        gate = "" if self.manners.shared_gate else caller
        if self.manners.token_per_call:
            await self.log_in()
        for _ in range(50):
            # Others may close the gate further while one waits at it.
            while (wait := self.closed_until.get(gate, 0) - self.task.now()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait / 1_000_000)
            headers = {"Authorization": f"Bearer {self.token}", "x-vol-tenant": str(self.task.tenant)}
            async with self.session.request(method, self.task.api_host + path, json=body, headers=headers) as answer:
                if answer.status == 401:
                    await self.log_in()
                    continue
                if answer.status != 429:
                    return await answer.json() if answer.status == 200 else None
                asked = int(answer.headers["Retry-After"])
                seconds = min(asked * self.manners.wait_share, self.manners.longest_wait_s)
                self.closed_until[gate] = self.task.now() + round(seconds * 1_000_000)
        raise RuntimeError("refused fifty times")

    async def run(self) -> ClientReport:
        """Do the work and report nothing as undone."""
        await self.log_in()
        batches = self.batches()
        if self.manners.lose_last_batch:
            batches.pop()
        if self.manners.dry_run:
            for batch in batches:
                await self.call("submit", "POST", f"{INVENTORY}/deleteItems", {**batch, "dryRun": True})
        jobs: list[int] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(self.submit(batches, jobs))
            group.create_task(self.follow(jobs))
        return ClientReport()

    async def log_in(self) -> None:
        """Fetch a token."""
        body = {
            "client_id": self.task.client_id,
            "client_secret": self.task.shared_secret,
            "grant_type": "client_credentials",
        }
        async with self.session.post(self.task.api_host + LOGIN, json=body) as answer:
            self.token = (await answer.json())["access_token"]

    def batches(self) -> list[dict[str, Any]]:
        """Return the bodies of the deletions."""
        with self.task.export_file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        names = dict.fromkeys(self.manners.name(row["PartNumber"]) for row in rows)
        items = [{"partNumber": name} for name in names]
        locations = sorted({row["LocationCode"] for row in rows})
        size = self.manners.batch_size
        return [{"items": items[at : at + size], "locationCodes": locations} for at in range(0, len(items), size)]

    async def submit(self, batches: list[dict[str, Any]], jobs: list[int]) -> None:
        """Send the batches for good."""

        async def one(batch: dict[str, Any]) -> None:
            answer = await self.call("submit", "POST", f"{INVENTORY}/deleteItems", {**batch, "dryRun": False})
            if not (self.manners.drop_last_ids and batch is batches[-1]):
                jobs.extend((answer or {}).get("jobIDs", []))

        if self.manners.parallel:
            await asyncio.gather(*map(one, batches))
        else:
            for number, batch in enumerate(batches):
                if number:
                    await asyncio.sleep(self.manners.spacing_s)
                await one(batch)
                while self.manners.gated and not self.all_ended(jobs):  # noqa: ASYNC110 - the defect is to wait here
                    await asyncio.sleep(1)
        jobs.append(0)

    async def follow(self, jobs: list[int]) -> None:
        """Ask for the jobs until all have ended; a 0 says that no more will come."""
        interval = self.manners.poll_s
        while not (jobs and jobs[-1] == 0 and self.all_ended(jobs)):
            await asyncio.sleep(interval)
            if self.manners.by_id:
                interval = min(30, interval * self.manners.poll_growth)
                for job in [job for job in jobs if job and (self.manners.after_the_end or job not in self.ended)]:
                    self.note([await self.call("poll", "GET", f"{QUEUE}/{job}")])
            else:
                self.note(await self.call("poll", "GET", f"{QUEUE}?limit=1000"))

    def all_ended(self, jobs: list[int]) -> bool:
        """Whether every job so far was seen ended."""
        return self.ended.issuperset(filter(None, jobs))

    def note(self, shown: list[dict[str, Any]]) -> None:
        """Remember which jobs have ended."""
        self.ended |= {job["jobID"] for job in shown if job["status"] in {"SUCCESS", "FAILED"}}


def driver(manners: Manners) -> Callable[[Task], Any]:
    """Return a driver that lets a plain client with these manners do the task."""

    async def drive(task: Task) -> ClientReport:
        timeout = aiohttp.ClientTimeout(total=None, ceil_threshold=EXACT_TIMEOUTS)
        async with aiohttp.ClientSession(connector=task.connect(), timeout=timeout) as session:
            return await PlainClient(task, manners, session).run()

    return drive


def scenario(
    *, rpm: int | None = None, rph: int | None = None, products: int = 1_300, per_record_s: float = 0.02
) -> Scenario:
    """Return a small world: three locations, four products in five to be deleted."""
    limit = {"route": "/api/commerce/inventory/*", "rpm": rpm, "rph": rph}
    return Scenario(
        name="conformance",
        title="",
        description="",
        seed=5,
        start=1_772_427_600_000_000,
        simulator={
            "sample": {"locations": 3, "products": products},
            "limits": {"pools": [limit], "extension": "off"},
            "jobs": {"base_s": 5, "per_record_s": per_record_s},
        },
        network=Network(latency_ms=20),
        client=ClientPlan(rpm=rpm or "unknown", rph=rph or "unknown"),
        work=Work(targets=Targets(products=0.8)),
        testable=(),
        expectations=(),
        time_limit=48 * 3600 * 1_000_000,
        file="",
    )


FREE = scenario()
#: Jobs take minutes, so that waiting for them shows.
SLOW = scenario(per_record_s=0.2)
#: Three dry runs and a live deletion fill the first minute while jobs are open and batches unsent.
TIGHT = scenario(rpm=4, per_record_s=0.2)
#: The hour is spent before all jobs have ended, and Retry-After is 3600.
SCARCE = scenario(rph=7, per_record_s=0.05)
#: Work for several minutes at the least spacing, well within the limits.
LONG = scenario(rpm=50, rph=200, products=700)


def failed(result: RunResult) -> set[str]:
    """Return all rules that failed."""
    assert result.client_failure is None
    return {grade.rule.id for grade in result.grades if grade.verdict is Verdict.FAIL}


MATRIX: list[tuple[str, Scenario, Manners, set[str]]] = [
    ("good", FREE, Manners(), set()),
    ("good, by id", SLOW, Manners(by_id=True), set()),
    ("good, refused", TIGHT, Manners(), set()),
    ("good, refused for an hour", SCARCE, Manners(poll_s=120), set()),
    ("good, long", LONG, Manners(batch_size=25), {"BA-3"}),
    ("waits half", TIGHT, Manners(wait_share=0.5), {"TH-1"}),
    ("only the refused call waits", TIGHT, Manners(shared_gate=False), {"TH-2"}),
    ("caps its wait", SCARCE, Manners(longest_wait_s=600, poll_s=120), {"TH-1", "TH-3"}),
    ("no pacing", scenario(rpm=4, rph=200), Manners(), {"TH-6"}),
    ("sleeps twice too long", LONG, Manners(batch_size=25, spacing_s=11), {"TH-7", "BA-3"}),
    ("sends 1,001", FREE, Manners(batch_size=1_001), {"BA-1", "BA-2", "ST-1"}),
    ("sends 800", FREE, Manners(batch_size=800), {"BA-2"}),
    ("one item per call", scenario(products=30), Manners(batch_size=1), {"BA-3"}),
    ("submits in parallel", FREE, Manners(parallel=True), {"BA-4", "BA-5"}),
    ("back to back", FREE, Manners(spacing_s=1), {"BA-5"}),
    ("gates on job success", SLOW, Manners(gated=True), {"BA-6"}),
    ("polls every second", FREE, Manners(poll_s=1), {"JB-1"}),
    ("fixed interval", SLOW, Manners(by_id=True, poll_growth=1), {"JB-2"}),
    ("polls for ever", SLOW, Manners(by_id=True, after_the_end=True), {"JB-3"}),
    ("drops the last ids", TIGHT, Manners(drop_last_ids=True), {"JB-4"}),
    ("goes live at once", FREE, Manners(dry_run=False), {"WF-1"}),
    ("token per call", FREE, Manners(token_per_call=True), {"WF-3"}),
    ("loses the last batch", FREE, Manners(lose_last_batch=True), {"ST-1"}),
    ("deletes by prefix", FREE, Manners(name=by_prefix), {"ST-2"}),
    ("pattern characters unquoted", FREE, Manners(name=str), {"ST-1"}),
]


@pytest.mark.parametrize(
    ("world", "manners", "declared"),
    [pytest.param(*row[1:], id=row[0]) for row in MATRIX],
)
def test_exactly_the_declared_rules_fail(world: Scenario, manners: Manners, declared: set[str]) -> None:
    """Each defect is caught by its rule, and by no other; the good client is caught by none."""
    assert declared == failed(run_scenario(world, driver=driver(manners)))


def test_every_rule_of_the_guide_can_fail() -> None:
    """The matrix names a flawed client for each of the eleven rules, and for more."""
    assert set(GUIDE_RULES) <= set().union(*(declared for *_, declared in MATRIX))


def test_the_good_client_is_conclusive_where_it_is_refused() -> None:
    """TH-1 and TH-2 pass, and do not merely abstain, when a good client meets a 429 with work waiting."""
    result = run_scenario(TIGHT, driver=driver(Manners()))
    verdicts = {grade.rule.id: grade.verdict for grade in result.grades}

    assert dict.fromkeys(GUIDE_RULES, Verdict.PASS) == {rule: verdicts[rule] for rule in GUIDE_RULES}


def test_naming_what_was_not_done_satisfies_st1() -> None:
    """ST-1: a client that loses its last batch but says so has told the truth."""

    async def honest(task: Task) -> ClientReport:
        await driver(Manners(lose_last_batch=True))(task)
        with task.export_file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        keys = (RecordKey(r["LocationCode"], r["PartNumber"], r["UPC"] or None, r["SKU"] or None) for r in rows)
        return ClientReport(undone=dict.fromkeys(keys, "not sent"))

    assert set() == failed(run_scenario(FREE, driver=honest))
