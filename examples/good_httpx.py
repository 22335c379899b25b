"""A well-behaved bulk deletion on httpx, with tenacity for the retries. Needs: pip install httpx tenacity.

One request at a time, so there is nothing to coordinate: a wait of the sequence is a wait of all. The rules that it
keeps are named beside the lines that keep them (docs/rules.md).
"""

import json
import os
import random
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

INVENTORY = "/api/commerce/inventory/v5/inventory"
QUEUE = "/api/commerce/inventory/v1/queue"
TASK: dict[str, Any] = json.loads(Path(os.environ["KIBO_TASK_FILE"]).read_text(encoding="utf-8"))
#: Where time is compressed, a second of the rules is shorter than one of ours; Retry-After has been divided already.
SECOND: float = 1 / TASK["clock"]["divideDelaysBy"]
PATTERN_CHARACTERS = set(".*+?^$[]")
RESUBMISSIONS = 2
BACK_OFF = wait_random_exponential(multiplier=2 * SECOND, min=SECOND, max=60 * SECOND)


class Budget:
    """Keeps requests under the limits: as many in any 60 s and in any hour as the server admits, at most (TH-6)."""

    def __init__(self, per_minute: int | None, per_hour: int | None) -> None:
        limits = ((per_minute, 61 * SECOND), (per_hour, 3601 * SECOND))
        self.windows: list[tuple[deque[float], float]] = [
            (deque([-1e9] * most, maxlen=most), span) for most, span in limits if most
        ]

    def take(self) -> None:
        """Wait until one more request is allowed, and count it."""
        free = max((sent[0] + span for sent, span in self.windows), default=0.0)
        time.sleep(max(0.0, free - time.monotonic()))
        for sent, _ in self.windows:
            sent.append(time.monotonic())


def wait(state: RetryCallState) -> float:
    """How long before the next attempt: what a 429 says, in full (TH-1, TH-3); else longer each time (RT-1, RT-2)."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == 429:
        asked = error.response.headers.get("Retry-After", "")
        seconds = float(asked) if asked.isascii() and asked.isdigit() else 60 * SECOND  # TH-4
        return seconds + random.uniform(0.1, 1.0) * SECOND  # noqa: S311
    return SECOND + BACK_OFF(state)


def worth_repeating(error: BaseException) -> bool:
    """429, 5xx and broken connections pass; what the API refuses stays refused (RT-4)."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    return isinstance(error, httpx.TransportError)


class Api:
    """The few calls that are needed, with one token for all of them (WF-3)."""

    def __init__(self, http: httpx.Client, budget: Budget) -> None:
        self.http = http
        self.budget = budget
        self.attempts = Retrying(
            retry=retry_if_exception(worth_repeating), wait=wait, stop=stop_after_attempt(12), reraise=True
        )  # RT-3

    def log_in(self) -> None:
        """Fetch a token."""
        credentials = {
            "client_id": os.environ["KIBO_CLIENT_ID"],
            "client_secret": os.environ["KIBO_SHARED_SECRET"],
            "grant_type": "client_credentials",
        }
        url = os.environ["KIBO_AUTH_HOST"] + "/api/platform/applications/authtickets/oauth"
        answer = self.attempts(self._checked, "POST", url, credentials)
        self.http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request until it is answered; an expired token is renewed once."""
        try:
            return self.attempts(self._counted, method, path, body)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 401:
                raise
        self.log_in()
        return self.attempts(self._counted, method, path, body)

    def _counted(self, method: str, path: str, body: Any) -> Any:
        self.budget.take()
        return self._checked(method, path, body)

    def _checked(self, method: str, path: str, body: Any) -> Any:
        response = self.http.request(method, path, json=body)
        response.raise_for_status()
        return response.json()


def identifier(item: dict[str, str]) -> dict[str, str]:
    """Name a product so that nothing else matches: identifiers with pattern characters are quoted (ST-2)."""
    for name, value in sorted(item.items(), reverse=True):
        if not PATTERN_CHARACTERS & set(value):
            return {name: value}
    quoted = "".join(f"[{char}]" if char in PATTERN_CHARACTERS - {"]"} else char for char in item["partNumber"])
    return {"partNumber": f"^{quoted}$"}


def poll_times() -> Iterator[float]:
    """When to look at the queue: every 10 s, then less often, up to 30 s (JB-1, JB-2)."""
    interval = 10.5 * SECOND
    while True:
        yield time.monotonic() + interval
        interval = min(30 * SECOND, interval * 1.25)


class Deletion:
    """The batches of one task and the jobs that they turn into."""

    def __init__(self, api: Api, spacing: float) -> None:
        self.api = api
        self.spacing = spacing
        self.open: dict[int, dict[str, Any]] = {}
        self.failed: list[tuple[dict[str, Any], str]] = []
        self.given_up: list[tuple[dict[str, Any], str]] = []
        self.polls = poll_times()
        self.next_poll = next(self.polls)

    def find(self, batch: dict[str, Any]) -> bool:
        """Ask for the scope of a batch before it is sent for good (WF-1)."""
        return self.send(batch, dry_run=True) is not None

    def submit(self, batch: dict[str, Any]) -> None:
        """Send a batch for good, and remember all of its jobs before anything else happens (BA-4, JB-4)."""
        answer = self.send(batch, dry_run=False)
        self.open.update(dict.fromkeys(answer["jobIDs"] if answer else (), batch))
        # The spacing is a matter of time: jobs are looked at meanwhile, and not waited for (BA-5, BA-6).
        self.pass_time(time.monotonic() + self.spacing)

    def send(self, batch: dict[str, Any], *, dry_run: bool) -> Any:
        """Send a batch; one that is rejected, or fails too often, is given up and reported (RT-3, ST-1)."""
        try:
            return self.api.call("POST", f"{INVENTORY}/deleteItems", {**batch, "dryRun": dry_run})
        except httpx.HTTPError as error:
            self.given_up.append((batch, str(error)))
            return None

    def pass_time(self, until: float) -> None:
        """Wait, and look at the queue when it is time to."""
        while self.next_poll <= until and self.open:
            time.sleep(max(0.0, self.next_poll - time.monotonic()))
            self.look()
        time.sleep(max(0.0, until - time.monotonic()))

    def look(self) -> None:
        """Note which jobs have ended (JB-3)."""
        listed = self.api.call("GET", f"{QUEUE}?limit={len(self.open) + 1000}")
        for job in listed:
            if job["jobID"] in self.open and job["status"] in {"SUCCESS", "FAILED"}:
                batch = self.open.pop(job["jobID"])
                if job["status"] == "FAILED":
                    self.failed.append((batch, job["locationCode"]))
        self.next_poll = next(self.polls)

    def finish(self) -> None:
        """Follow all jobs to their end."""
        while self.open:
            time.sleep(max(0.0, self.next_poll - time.monotonic()))
            self.look()


def main() -> int:
    """Do the task and leave a report; 1 when something was left undone."""
    limits = TASK["limits"]
    budget = Budget(limits["requestsPerMinute"], limits["requestsPerHour"])
    items, size = [identifier(item) for item in TASK["items"]], min(500, TASK["batchSize"])  # BA-1, BA-2, BA-3
    batches = [
        {"items": items[at : at + size], "locationCodes": TASK["locationCodes"]} for at in range(0, len(items), size)
    ]
    undone: list[dict[str, Any]] = []
    headers = {"x-vol-tenant": os.environ["KIBO_TENANT"]}
    with httpx.Client(base_url=os.environ["KIBO_API_HOST"], headers=headers, timeout=600, trust_env=False) as http:
        api = Api(http, budget)
        api.log_in()
        deletion = Deletion(api, TASK["spacingSeconds"] + SECOND / 2)
        for batch in [batch for batch in batches if deletion.find(batch)]:
            deletion.submit(batch)
        deletion.finish()
        for _ in range(RESUBMISSIONS):  # JB-5: what failed, and no more
            again, deletion.failed = deletion.failed, []
            for batch, location in again:
                deletion.submit({**batch, "locationCodes": [location]})
            deletion.finish()
    of = dict(zip(map(json.dumps, items), TASK["items"], strict=True))
    given_up = [({**batch, "locationCodes": [location]}, "its job failed") for batch, location in deletion.failed]
    for batch, reason in given_up + deletion.given_up:
        undone += [
            {"locationCode": location, **of[json.dumps(item)], "reason": reason}
            for location in batch["locationCodes"]
            for item in batch["items"]
        ]
    Path(TASK["reportFile"]).write_text(json.dumps({"undone": undone}), encoding="utf-8")
    return 1 if undone else 0


if __name__ == "__main__":
    sys.exit(main())
