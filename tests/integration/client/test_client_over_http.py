"""The whole client through real aiohttp, in virtual time, against a small stand-in with a script of mishaps."""

from __future__ import annotations

import json
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection

from kibo_client import (
    BulkDeleteOptions,
    BulkDeleteReport,
    CredentialsRefusedError,
    Event,
    JournalError,
    KiboClient,
    Scope,
    Settings,
    Target,
    UnreachableError,
    Wait,
)
from kibo_client.events import Sent
from kibo_client.retry import Action, AnswerClass, Effect, action_for
from kibo_client.transport import Transport, TransportError
from kibo_scenarios.memory_transport import Link, Links, MemoryConnector, MemoryNetwork, serve_in_memory
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

START = 1_800_000_000_000_000
SECOND = 1_000_000
SETTINGS = Settings(
    api_host="http://simulator.test", tenant=1001, site=1, client_id="app", shared_secret="hush", requests_per_minute=50
)
TARGETS = [Target(location, f"P{n}", str(n)) for n in range(3) for location in ("A", "B")]

Mishap = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Kibo:
    """Just enough of the API: tokens, dry runs, deletions, jobs that end after three seconds."""

    def __init__(self, loop: VirtualTimeLoop, mishaps: dict[str, list[Mishap]] | None = None) -> None:
        self.loop = loop
        self.mishaps = mishaps or {}
        self.stock = {(f"P{n}", str(n), location) for n in range(5) for location in ("A", "B", "C")}
        self.jobs: dict[int, tuple[int, str]] = {}
        self.calls: list[tuple[int, str]] = []
        self.headers: list[dict[str, str]] = []

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_post("/api/platform/applications/authtickets/oauth", self.wrapped("token", self.token))
        app.router.add_post("/api/commerce/inventory/v5/inventory/deleteItems", self.delete_items)
        app.router.add_get("/api/commerce/inventory/v1/queue/{id}", self.wrapped("getJob", self.job))
        app.router.add_get("/api/commerce/inventory/v1/queue", self.wrapped("listJobs", self.list_jobs))
        return app

    def wrapped(self, name: str, handler: Mishap) -> Mishap:
        """A handler that notes the call and lets a scripted mishap go first."""

        async def handle(request: web.Request) -> web.StreamResponse:
            self.calls.append((self.loop.now_us, name))
            self.headers.append(dict(request.headers))
            script = self.mishaps.get(name)
            return await (script.pop(0) if script else handler)(request)

        return handle

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Client credentials for a token."""
        asked = await request.json()
        if asked != {"client_id": "app", "client_secret": "hush", "grant_type": "client_credentials"}:
            return web.json_response({"errorCode": "UNAUTHORIZED", "message": "who are you"}, status=401)
        return web.json_response({"access_token": f"t0ken{len(self.calls)}", "expires_in": 3600})

    async def delete_items(self, request: web.Request) -> web.StreamResponse:
        """Both kinds, told apart by the body."""
        body = await request.json()
        handler = self.dry_run if body["dryRun"] else self.delete
        return await self.wrapped("dryRun" if body["dryRun"] else "delete", handler)(request)

    async def reach(self, request: web.Request) -> set[tuple[str, str, str]]:
        """What a body matches, all its identifiers being plain upcs."""
        body = await request.json()
        upcs = {item["upc"] for item in body["items"]}
        return {record for record in self.stock if record[1] in upcs and record[2] in body["locationCodes"]}

    async def dry_run(self, request: web.Request) -> web.StreamResponse:
        """The explicit scope."""
        found: dict[tuple[str, str], list[str]] = {}
        for part_number, upc, location in sorted(await self.reach(request)):
            found.setdefault((part_number, upc), []).append(location)
        items = [
            {"itemIdentifier": {"partNumber": p, "upc": u}, "locationCodes": where} for (p, u), where in found.items()
        ]
        total = sum(map(len, found.values()))
        return web.json_response({"totalInventoryEntriesDeleted": total, "itemsDeleted": items, "jobIDs": []})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """One job per location; the stock goes at once, the job ends later."""
        reach = await self.reach(request)
        self.stock -= reach
        ids = []
        for location in sorted({location for _, _, location in reach}):
            ids.append(len(self.jobs) + 1)
            self.jobs[ids[-1]] = (self.loop.now_us, location)
        return web.json_response({"jobIDs": ids})

    def shown(self, job_id: int) -> dict[str, Any]:
        """A job as JSON."""
        added, location = self.jobs[job_id]
        status = "SUCCESS" if self.loop.now_us - added >= 3 * SECOND else "WORKING"
        stamp = f"2027-01-15T08:00:{added / SECOND:06.3f}Z"
        return {"jobID": job_id, "status": status, "locationCode": location, "added": stamp}

    async def job(self, request: web.Request) -> web.StreamResponse:
        """One job."""
        return web.json_response(self.shown(int(request.match_info["id"])))

    async def list_jobs(self, request: web.Request) -> web.StreamResponse:
        """All jobs, newest first."""
        return web.json_response([self.shown(job_id) for job_id in sorted(self.jobs, reverse=True)])


def answering(status: int, body: bytes = b"", retry_after: str | None = None) -> Mishap:
    """A scripted answer."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return answer


def dropping(kibo: list[Kibo] | None = None) -> Mishap:
    """Drop the connection without an answer; after carrying out the deletion if a server is given."""

    async def drop(request: web.Request) -> web.StreamResponse:
        if kibo:
            await kibo[0].delete(request)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    return drop


def run(
    mishaps: dict[str, list[Mishap]] | None = None,
    *,
    settings: Settings = SETTINGS,
    targets: list[Target] = TARGETS,
    options: BulkDeleteOptions | None = None,
    links: Links | None = None,
    box: list[Kibo] | None = None,
    **arguments: Any,
) -> tuple[BulkDeleteReport, Kibo]:
    """One bulk deletion from beginning to end."""

    async def main(loop: VirtualTimeLoop) -> tuple[BulkDeleteReport, Kibo]:
        kibo = Kibo(loop, mishaps)
        if box is not None:
            box.append(kibo)
        network = MemoryNetwork(links or Link.delayed(20_000))
        async with serve_in_memory(kibo.application(), network), MemoryConnector(network) as connector:
            now = lambda: START + loop.now_us  # noqa: E731 - shorter than a function
            async with KiboClient(settings, connector=connector, now=now, random=Random(1)) as client:
                report = await client.bulk_delete(targets, options, **arguments)
            return report, kibo

    return run_virtual(main, start_us=START)


def times(kibo: Kibo, name: str) -> list[int]:
    """When calls of one kind arrived."""
    return [at for at, called in kibo.calls if called == name]


def test_a_plain_run_deletes_the_targets_and_nothing_else() -> None:
    """ST-1, ST-2, WF-1, WF-3, and the headers every call carries."""
    report, kibo = run()

    assert report.outcome == "deleted"
    assert kibo.stock == {(f"P{n}", str(n), w) for n in range(5) for w in "ABC" if n >= 3 or w == "C"}
    assert Counter(name for _, name in kibo.calls) == {"token": 1, "dryRun": 1, "delete": 1, "getJob": 2}
    assert {h["x-vol-tenant"] for h in kibo.headers[1:]} == {"1001"}
    assert {h["Authorization"] for h in kibo.headers[1:]} == {"Bearer t0ken1"}
    assert report.jobs == {"SUCCESS": 2}


@pytest.mark.parametrize(("value", "least_s"), [("900", 900), ("3600", 3600), (None, 60), ("soon", 60), ("0", 60)])
def test_a_429_is_waited_out(value: str | None, least_s: int) -> None:
    """TH-1, TH-3, TH-4: in full, and not noticeably longer."""
    report, kibo = run({"dryRun": [answering(429, retry_after=value)]})
    first, second = times(kibo, "dryRun")

    assert least_s <= (second - first) / SECOND <= least_s * 1.0002 + 0.2
    assert report.outcome == "deleted"


def test_a_401_leads_to_one_new_token_and_one_retry() -> None:
    """RT-4: the second 401 in a row gives the request up, and its targets are named."""
    once, _ = run({"dryRun": [answering(401)]})
    twice, kibo = run({"dryRun": [answering(401), answering(401)]})

    assert once.outcome == "deleted"
    assert Counter(name for _, name in kibo.calls) == {"token": 2, "dryRun": 2}
    assert len(twice.undone) == len(TARGETS)


def test_refused_credentials_stop_everything() -> None:
    """Nothing was sent, so it is an error rather than a report; the secret is not in it."""
    wrong = Settings(api_host="http://simulator.test", tenant=1, client_id="app", shared_secret="wrong-secret")
    with pytest.raises(CredentialsRefusedError, match="who are you") as caught:
        run(settings=wrong)

    assert "wrong-secret" not in str(caught.value)


def test_a_host_that_never_answered_is_given_up_soon() -> None:
    """C15: nothing was sent, so it is one error rather than a report of records, after three attempts."""
    waits: list[Wait] = []

    def show(event: Event | Wait) -> None:
        assert isinstance(event, Wait)
        waits.append(event)

    elsewhere = replace(SETTINGS, auth_host="http://nowhere.test")
    with pytest.raises(UnreachableError, match=r"^cannot reach http://nowhere\.test: ") as caught:
        run(settings=elsewhere, on_event=show)

    assert (caught.value.url, caught.value.permanent) == ("http://nowhere.test", False)
    assert [wait.until - START for wait in waits] == [1_040_000, 3_080_000]


def test_an_api_host_that_never_answered_is_given_up_as_soon() -> None:
    """C15: likewise where only the authentication host answers; no word of TLS is said of plain http."""
    elsewhere = replace(SETTINGS, auth_host=SETTINGS.api_host, api_host="http://nowhere.test")
    events: list[Event | Wait] = []
    with pytest.raises(UnreachableError, match=r"cannot reach http://nowhere\.test") as caught:
        run(settings=elsewhere, on_event=events.append)

    assert "ssl" not in str(caught.value)
    assert sum(isinstance(event, Sent) for event in events) == 3


def test_a_certificate_that_is_not_trusted_is_no_case_for_patience() -> None:
    """RT-3: one attempt, and the way out is told; in the middle of a run it stops everything."""
    refused = ssl.SSLCertVerificationError("self-signed certificate")
    refused.verify_message = "self-signed certificate"
    key = ConnectionKey("t.test", 443, True, True, None, None, None)

    attempts: list[str] = []

    class Untrusting(aiohttp.BaseConnector):
        async def connect(self, *_arguments: Any, **_named: Any) -> Connection:
            attempts.append("t.test")
            raise aiohttp.ClientConnectorCertificateError(key, refused)

    async def main(_loop: VirtualTimeLoop) -> UnreachableError:
        settings = replace(SETTINGS, api_host="https://t.test")
        async with Untrusting() as connector, KiboClient(settings, connector=connector, now=lambda: START) as client:
            with pytest.raises(UnreachableError) as caught:
                await client.bulk_delete(TARGETS)
            return caught.value

    error = run_virtual(main, start_us=START)

    assert (error.url, error.permanent, attempts) == ("https://t.test", True, ["t.test"])
    assert error.message == (
        "its certificate is not trusted (self-signed certificate); name a file with its issuer in SSL_CERT_FILE"
    )
    assert {action_for(AnswerClass.CANNOT_BE_SENT, effect) for effect in Effect} == {Action.STOP}


def test_server_errors_are_retried_with_growing_waits_and_then_given_up() -> None:
    """RT-1, RT-2, RT-3: waits grow, attempts end, and what was given up is named."""
    report, kibo = run({"dryRun": [answering(503, b'{"message":"later"}')] * 8})
    at = times(kibo, "dryRun")
    waits = [b - a for a, b in pairwise(at)]

    assert len(at) == 8
    assert waits[0] >= SECOND // 2
    assert waits == sorted(waits)
    assert {entry.reason for entry in report.undone} == {"its dry run failed: given up after 8 attempts: 503 later"}


def test_a_refusal_is_not_retried() -> None:
    """RT-4: a 400 is final, and its message reaches the report."""
    report, kibo = run({"delete": [answering(400, b'{"errorCode":"VALIDATION_ERROR","message":"no"}')]})

    assert len(times(kibo, "delete")) == 1
    assert report.undone[0].reason == "its submission failed: 400 VALIDATION_ERROR: no"


def test_a_lost_answer_is_looked_up_in_the_queue() -> None:
    """The server committed and the answer was lost: the jobs are found, followed, and verified by a dry run."""
    box: list[Kibo] = []
    report, kibo = run({"delete": [dropping(box)]}, box=box)

    assert report.outcome == "deleted"
    assert report.deleted_records == len(TARGETS)
    assert Counter(name for _, name in kibo.calls)["delete"] == 1
    assert report.jobs == {"SUCCESS": 2}


def test_a_lost_request_is_sent_again_after_a_fresh_dry_run() -> None:
    """The request never had an effect: the queue shows no jobs, so it is checked and submitted again."""
    report, kibo = run({"delete": [dropping()]})

    assert report.outcome == "deleted"
    assert Counter(name for _, name in kibo.calls)["delete"] == 2
    assert Counter(name for _, name in kibo.calls)["dryRun"] == 2
    first, second = times(kibo, "delete")
    assert second - first >= 5 * SECOND


def test_a_dropped_get_is_not_resent_behind_our_back() -> None:
    """Every request is paid for: aiohttp's own second attempt is refused, ours comes ten seconds later."""
    report, kibo = run({"getJob": [dropping()]})
    at = times(kibo, "getJob")

    assert at[1] - at[0] >= 10 * SECOND
    assert report.requests["getJob"] == len(at)
    assert report.outcome == "deleted"


def test_an_unreadable_answer_is_an_answer() -> None:
    """Half a body, HTML, the wrong shape: never a crash."""
    report, _ = run(
        {
            "dryRun": [answering(200, b'{"items'), answering(200, b"<html>")],
            "getJob": [answering(200, b"[]")],
            "token": [answering(500, b"oops"), answering(200, b"{}")],
        }
    )

    assert report.outcome == "deleted"


def test_a_black_hole_ends_in_a_timeout() -> None:
    """No answer within the time allowed is an unknown outcome, at the exact second."""
    settings = Settings(
        api_host="http://simulator.test", tenant=1, client_id="a", shared_secret="s", request_timeout_s=7.5
    )

    async def main(loop: VirtualTimeLoop) -> tuple[str, bool, int]:
        network = MemoryNetwork(Link.black_hole())
        kibo = Kibo(loop)
        async with (
            serve_in_memory(kibo.application(), network),
            MemoryConnector(network) as connector,
            Transport(settings, now=lambda: START + loop.now_us, connector=connector) as transport,
        ):
            with pytest.raises(TransportError) as caught:
                await transport.call("GET", "/")
        return str(caught.value), caught.value.sent, loop.now_us

    assert run_virtual(main, start_us=START) == ("no token: no answer within 7.5 s", False, 7_500_000)


def test_the_scope_is_confirmed_before_anything_is_deleted() -> None:
    """C1: the answer no leaves everything as it was, and everything named."""
    asked: list[Scope] = []

    async def no(scope: Scope) -> bool:
        asked.append(scope)
        return False

    report, kibo = run(confirm=no)

    assert (asked[0].records, asked[0].products, asked[0].locations) == (6, 3, 2)
    assert times(kibo, "delete") == []
    assert (report.outcome, len(report.undone)) == ("stopped", 6)


def test_a_dry_run_only_deletes_nothing() -> None:
    """The scope is found and that is all."""
    report, kibo = run(options=BulkDeleteOptions(dry_run_only=True))

    assert (report.outcome, report.ok, report.undone) == ("dry run", True, ())
    assert Counter(name for _, name in kibo.calls) == {"token": 1, "dryRun": 1}


def test_a_run_resumes_from_any_prefix_of_its_journal(tmp_path: Path) -> None:
    """C8: cut anywhere, even in the middle of a line, a run goes on where it was and submits nothing twice."""
    journal = tmp_path / "run.jsonl"
    whole, _ = run(journal=journal)
    lines = journal.read_bytes().splitlines(keepends=True)

    assert b"hush" not in journal.read_bytes()
    for cut in range(1, len(lines) + 1):
        journal.write_bytes(b"".join(lines[:cut]) + (lines[cut][:20] if cut < len(lines) else b""))
        # The stand-in has forgotten everything, so what was submitted is gone for it only if it is submitted again.
        report, _ = run(journal=journal)
        assert report.requested_records == whole.requested_records
        assert report.deleted_records + report.not_found_records + len(report.undone) == len(TARGETS)


def test_a_journal_of_other_targets_is_refused(tmp_path: Path) -> None:
    """Nothing is sent on the strength of a journal that belongs to another run."""
    journal = tmp_path / "run.jsonl"
    run(journal=journal)
    with pytest.raises(JournalError, match="belongs to other targets"):
        run(journal=journal, targets=TARGETS[:1])
    journal.write_text('{"some": "json"}\n', encoding="utf-8")
    with pytest.raises(JournalError, match=r"run\.jsonl:1: is not a run journal"):
        run(journal=journal)


def test_the_report_is_plain_json() -> None:
    """The report survives a round trip and names what the guide asks for."""
    report, _ = run({"dryRun": [answering(429, retry_after="60")]})
    shown = json.loads(json.dumps(report.to_json_dict()))

    assert shown["throttled"] == [{"at": "2027-01-15T08:00:00.120Z", "retryAfterS": 60, "operation": "dryRun"}]
    assert shown["requested"] == {"records": 6, "products": 3, "locations": 2}
    assert shown["requests"] == {"dryRun": 2, "delete": 1, "getJob": 2}
