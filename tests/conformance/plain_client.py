"""A small client, written without the project's own, whose manners can be spoilt one at a time."""

import asyncio
import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

from kibo_scenarios.drivers import ClientReport, Task
from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.memory_transport import EXACT_TIMEOUTS

INVENTORY = "/api/commerce/inventory/v5/inventory"
QUEUE = "/api/commerce/inventory/v1/queue"
LOGIN = "/api/platform/applications/authtickets/oauth"
Batch = dict[str, Any]


def quoted(part_number: str) -> str:
    """Return an identifier that matches this part number only (I-6)."""
    if not set(part_number) & set(".*+?^$[]"):
        return part_number
    return "^" + "".join(f"[{char}]" if char in ".*+?$[]" else char for char in part_number) + "$"


def by_prefix(part_number: str) -> str:
    """Return a pattern for everything that begins like this part number: a naming convention, taken too far."""
    prefix, dash, _ = part_number.partition("-")
    return quoted(prefix).strip("^$").join(("^", dash)) if dash else quoted(part_number)


def doubling(failures: int) -> float:
    """Return the seconds to wait after so many failures: 1, 2, 4, and so on up to a minute."""
    return min(60.0, 2.0 ** (failures - 1))


@dataclass(frozen=True, slots=True)
class Manners:
    """How a plain client behaves; the defaults are good, a defect is one of them changed.

    Attributes:
        wait_share: Part of a Retry-After that is waited.
        headerless_wait_s: The wait after a 429 without a usable Retry-After.
        shared_gate: Whether a refusal stops all callers, or only the refused one.
        batch_size: Products per call.
        spacing_s: Seconds from the answer to a batch to the next batch.
        pace_s: Least seconds between any two requests of the pool.
        parallel: Sends all batches at once.
        poll_s: Seconds between polls.
        poll_growth: By what the interval between polls by id grows.
        by_id: Polls job by job, instead of listing the queue.
        after_the_end: Polls jobs that have ended.
        gated: Waits for the jobs of a batch before the next one.
        longest_wait_s: A cap on the wait that a Retry-After asks for.
        token_per_call: Fetches a token for each call.
        drop_last_ids: Forgets the job ids of the last batch.
        dry_run: Asks for the scope first.
        lose_last_batch: Never sends the last batch, and says nothing of it.
        failed_jobs: What it does about them: their scope again, nothing, or the whole batch again.
        retry_wait: Seconds to wait after so many failures of one request.
        attempts: Attempts for a request before it is given up.
        repeats_rejected: Sends a request again that was answered with 400, 403 or 404.
        adjusts: Adds one to a target at each location before anything else.
        asks_first: Asks the queue what became of an adjust without an answer.
        name: How it names products.
    """

    wait_share: float = 1.0
    headerless_wait_s: float = 60.0
    shared_gate: bool = True
    batch_size: int = 500
    spacing_s: float = 5.5
    pace_s: float = 0.0
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
    failed_jobs: Literal["their scope", "ignored", "whole batch"] = "their scope"
    retry_wait: Callable[[int], float] = field(default=doubling)
    attempts: int = 8
    repeats_rejected: bool = False
    adjusts: bool = False
    asks_first: bool = True
    name: Callable[[str], str] = field(default=quoted)


class GivenUpError(Exception):
    """A request was given up; the client goes on with the rest and reports it."""


@dataclass(slots=True)
class PlainClient:
    """A sequence of batches, and one poller beside it."""

    task: Task
    manners: Manners
    session: aiohttp.ClientSession
    token: str = ""
    closed_until: dict[str, int] = field(default_factory=dict)
    batch_of: dict[int, Batch] = field(default_factory=dict)
    ended: dict[int, dict[str, Any]] = field(default_factory=dict)
    given_up: list[tuple[Batch, str]] = field(default_factory=list)
    all_sent: bool = False
    next_slot: int = 0

    async def call(self, caller: str, method: str, path: str, body: Any = None) -> Any:
        """Send a request until it is answered; a refusal closes the gate of the caller, or of all.

        Raises:
            GivenUpError: It was rejected, or failed too often.
        """
        manners = self.manners
        if manners.token_per_call:
            await self.log_in()
        failures, renewed = 0, False
        for _ in range(300):
            await self.pass_the_gate("" if manners.shared_gate else caller)
            status, answer, retry_after = await self.attempt(method, path, body)
            if status == 200:
                return answer
            if status == 429:
                self.close_the_gate("" if manners.shared_gate else caller, retry_after)
            elif status == 401 and not renewed:
                renewed = True
                await self.log_in()
            elif status == 0 or status >= 500:
                failures += 1
                if path.endswith("/adjust") and manners.asks_first and await self.has_job_at(body["locationCode"]):
                    return {}
                if failures >= manners.attempts:
                    raise GivenUpError(f"{method} {path} failed {failures} times")
                await asyncio.sleep(manners.retry_wait(failures))
            elif manners.repeats_rejected:
                await asyncio.sleep(1)
            else:
                raise GivenUpError(f"{method} {path} was answered with {status}")
        raise RuntimeError(f"{method} {path} did not come to an end")

    async def attempt(self, method: str, path: str, body: Any) -> tuple[int, Any, str]:
        """Send a request once; status, answer and Retry-After, status 0 when no answer came."""
        headers = {"Authorization": f"Bearer {self.token}", "x-vol-tenant": str(self.task.tenant)}
        try:
            async with self.session.request(method, self.task.api_host + path, json=body, headers=headers) as answer:
                content = await answer.json() if answer.status == 200 else None
                return answer.status, content, answer.headers.get("Retry-After", "")
        except aiohttp.ClientError:
            return 0, None, ""

    async def pass_the_gate(self, gate: str) -> None:
        """Wait until the gate is open, and keep the distance to the request before."""
        # Others may close the gate further while one waits at it.
        while (wait := max(self.closed_until.get(gate, 0), self.next_slot) - self.task.now()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait / 1_000_000)
        self.next_slot = self.task.now() + round(self.manners.pace_s * 1_000_000)

    def close_the_gate(self, gate: str, retry_after: str) -> None:
        """Let nobody through for as long as the manners think right."""
        manners = self.manners
        seconds = manners.headerless_wait_s
        if retry_after.isdigit():
            seconds = min(int(retry_after) * manners.wait_share, manners.longest_wait_s)
        self.closed_until[gate] = self.task.now() + round(seconds * 1_000_000)

    async def run(self) -> ClientReport:
        """Do the work and report what was given up."""
        await self.log_in()
        batches = self.batches()
        if self.manners.lose_last_batch:
            batches.pop()
        if self.manners.adjusts:
            await self.adjust(batches[0])
        if self.manners.dry_run:
            batches = [batch for batch in batches if await self.found(batch)]
        async with asyncio.TaskGroup() as group:
            group.create_task(self.submit(batches))
            group.create_task(self.follow())
        for _ in range(2):
            again = self.to_do_again()
            if not again:
                break
            for batch in again:
                await asyncio.sleep(self.manners.spacing_s)
                await self.delete(batch)
            await self.follow()
        if self.manners.failed_jobs != "ignored":
            for batch in self.to_do_again():
                self.given_up.append((batch, "its job failed"))
        return ClientReport(undone=self.undone())

    async def log_in(self) -> None:
        """Fetch a token, and try again where that fails."""
        body = {
            "client_id": self.task.client_id,
            "client_secret": self.task.shared_secret,
            "grant_type": "client_credentials",
        }
        for failures in range(1, 9):
            async with self.session.post(self.task.api_host + LOGIN, json=body) as answer:
                if answer.status == 200:
                    self.token = (await answer.json())["access_token"]
                    return
            await asyncio.sleep(self.manners.retry_wait(failures))
        raise GivenUpError("no token could be had")

    def rows(self) -> list[dict[str, str]]:
        """Return the rows of the Location Export."""
        with self.task.export_file.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def batches(self) -> list[Batch]:
        """Return the bodies of the deletions."""
        rows = self.rows()
        names = dict.fromkeys(self.manners.name(row["PartNumber"]) for row in rows)
        items = [{"partNumber": name} for name in names]
        locations = sorted({row["LocationCode"] for row in rows})
        size = self.manners.batch_size
        return [{"items": items[at : at + size], "locationCodes": locations} for at in range(0, len(items), size)]

    async def adjust(self, batch: Batch) -> None:
        """Add one to a target at each location."""
        by_name = {self.manners.name(row["PartNumber"]): row["PartNumber"] for row in self.rows()}
        part_number = by_name[batch["items"][0]["partNumber"]]
        for location in batch["locationCodes"]:
            body = {"locationCode": location, "items": [{"partNumber": part_number, "quantity": 1}]}
            answer = await self.call("submit", "POST", f"{INVENTORY}/adjust", body)
            if "jobID" in answer:
                self.batch_of[answer["jobID"]] = {"items": [], "locationCodes": []}

    async def has_job_at(self, location: str) -> bool:
        """Whether the queue has a job of this location."""
        return bool(await self.call("submit", "GET", f"{QUEUE}?locationCode={location}"))

    async def found(self, batch: Batch) -> bool:
        """Ask for the scope of a batch; what is rejected is left out."""
        try:
            await self.call("submit", "POST", f"{INVENTORY}/deleteItems", {**batch, "dryRun": True})
        except GivenUpError as error:
            self.given_up.append((batch, str(error)))
            return False
        return True

    async def delete(self, batch: Batch, *, forget: bool = False) -> None:
        """Send a batch for good."""
        try:
            answer = await self.call("submit", "POST", f"{INVENTORY}/deleteItems", {**batch, "dryRun": False})
        except GivenUpError as error:
            self.given_up.append((batch, str(error)))
            return
        if not forget:
            self.batch_of.update(dict.fromkeys(answer["jobIDs"], batch))

    async def submit(self, batches: list[Batch]) -> None:
        """Send the batches one after the other, or all at once."""
        drop = self.manners.drop_last_ids
        if self.manners.parallel:
            await asyncio.gather(*map(self.delete, batches))
        else:
            for number, batch in enumerate(batches):
                if number:
                    await asyncio.sleep(self.manners.spacing_s)
                await self.delete(batch, forget=drop and batch is batches[-1])
                while self.manners.gated and not self.all_ended():  # noqa: ASYNC110 - the defect is to wait here
                    await asyncio.sleep(1)
        self.all_sent = True

    async def follow(self) -> None:
        """Ask for the jobs until all have ended."""
        interval = self.manners.poll_s
        while not (self.all_sent and self.all_ended()):
            await asyncio.sleep(interval)
            if self.manners.by_id:
                interval = min(30, interval * self.manners.poll_growth)
                for job in [job for job in self.batch_of if self.manners.after_the_end or job not in self.ended]:
                    self.note([await self.call("poll", "GET", f"{QUEUE}/{job}")])
            else:
                self.note(await self.call("poll", "GET", f"{QUEUE}?limit=1000"))

    def all_ended(self) -> bool:
        """Whether every job so far was seen ended."""
        return self.ended.keys() >= self.batch_of.keys()

    def note(self, shown: list[dict[str, Any]]) -> None:
        """Remember which jobs have ended."""
        for job in shown:
            if job["status"] in {"SUCCESS", "FAILED"}:
                self.ended.setdefault(job["jobID"], job)

    def to_do_again(self) -> list[Batch]:
        """Return what is to be sent again for the jobs that have failed, each named once."""
        again = []
        for number, batch in list(self.batch_of.items()):
            if self.ended[number]["status"] == "FAILED":
                del self.batch_of[number]
                if self.manners.failed_jobs == "whole batch":
                    again.append(batch)
                elif self.manners.failed_jobs == "their scope":
                    again.append({**batch, "locationCodes": [self.ended[number]["locationCode"]]})
        return again

    def undone(self) -> dict[RecordKey, str]:
        """Return the records of what was given up."""
        why = {
            (location, item["partNumber"]): reason
            for batch, reason in self.given_up
            for location in batch["locationCodes"]
            for item in batch["items"]
        }
        named = [(row, (row["LocationCode"], self.manners.name(row["PartNumber"]))) for row in self.rows()]
        return {
            RecordKey(row["LocationCode"], row["PartNumber"], row["UPC"] or None, row["SKU"] or None): why[place]
            for row, place in named
            if place in why
        }


def driver(manners: Manners) -> Callable[[Task], Any]:
    """Return a driver that lets a plain client with these manners do the task."""

    async def drive(task: Task) -> ClientReport:
        timeout = aiohttp.ClientTimeout(total=None, ceil_threshold=EXACT_TIMEOUTS)
        async with aiohttp.ClientSession(connector=task.connect(), timeout=timeout) as session:
            return await PlainClient(task, manners, session).run()

    return drive
