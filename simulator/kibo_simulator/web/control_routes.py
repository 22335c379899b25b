"""The control plane under ``/_simulator``: outside limits, journal and access, open to loopback or a token only.

It is how a person or a test takes the simulation in hand: its clock, its limits, and what clients did.
"""

import asyncio
import hmac
import io
import ipaddress
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from kibo_simulator.clock import ClockError, ClockMode
from kibo_simulator.files.location_export import write_location_export
from kibo_simulator.rate_limits import LimitsDocument, LimitsError, PoolStatus
from kibo_simulator.simulator import Simulator
from kibo_simulator.timestamps import SECOND, InstantError, iso_microseconds, parse_instant
from kibo_simulator.web.errors import ApiError, error_body, validation_error
from kibo_simulator.web.gate import JSON_TYPE, Gate
from kibo_simulator.web.lookup_wire import record_body
from kibo_simulator.web.wire import decode, job_body

PREFIX = "/_simulator"

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_MOST_EVENTS = 1_000_000
_RECORDS_AT_ONCE = 500
_EVENTS_BETWEEN_PAUSES = 8


class ClockRequest(Struct, forbid_unknown_fields=True):
    """Body of ``PUT clock``: any of mode, speed and the instant to jump to."""

    mode: Literal["real", "scaled", "manual"] | None = None
    speed: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    now: str | None = None


class AdvanceRequest(Struct, rename="camel", forbid_unknown_fields=True):
    """Body of ``POST clock/advance``: exactly one of the three."""

    seconds: Annotated[float, Meta(ge=0, le=10_000_000_000)] | None = None
    to_next_event: bool | None = None
    until_idle: bool | None = None


_clock_request = msgspec.json.Decoder(ClockRequest)
_advance_request = msgspec.json.Decoder(AdvanceRequest)
_limits_request = msgspec.json.Decoder(LimitsDocument)

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlPlane:
    """The endpoints of the control plane over one simulator."""

    def __init__(self, simulator: Simulator, gate: Gate, *, version: str, token: str | None = None) -> None:
        self._simulator = simulator
        self._gate = gate
        if token is not None and not token.strip():
            raise ValueError("an empty control token would let everybody in")
        self._version = version
        self._token = token

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Method, path and endpoint of everything that is offered."""
        plain: tuple[tuple[str, str, Callable[[web.Request, bytes], Any]], ...] = (
            ("GET", "/health", self._health),
            ("GET", "/clock", self._get_clock),
            ("PUT", "/clock", self._put_clock),
            ("GET", "/limits", self._get_limits),
            ("PUT", "/limits", self._put_limits),
            ("GET", "/limits/status", self._limits_status),
            ("DELETE", "/journal", self._clear_journal),
            ("GET", "/jobs", self._jobs),
        )
        routes = [(method, PREFIX + path, self._endpoint(handler)) for method, path, handler in plain]
        routes.append(("GET", f"{PREFIX}/journal", self._guarded(self._journal)))
        routes.append(("GET", f"{PREFIX}/inventory", self._guarded(self._inventory)))
        routes.append(("POST", f"{PREFIX}/clock/advance", self._guarded(self._advance)))
        return routes

    # -- who may ---------------------------------------------------------------------------------------------------

    def _check(self, request: web.Request) -> None:
        """Refuse everybody but the token's holder or, without a token, this machine.

        A page in a browser on this machine is not this machine: its requests carry an ``Origin``, or a ``Host`` that
        is not a loopback name.
        """
        if self._token is not None:
            told = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(told.encode(), self._token.encode()):
                raise ApiError(401, "UNAUTHORIZED", "the control plane needs Authorization: Bearer with its token")
            return
        remote = request.remote
        local = remote is not None and ipaddress.ip_address(remote).is_loopback
        host = request.headers.get("Host", "").rpartition(":")[0] or request.headers.get("Host", "")
        if not local or "Origin" in request.headers or host not in _LOCAL_HOSTS:
            raise ApiError(
                403, "FORBIDDEN", "the control plane answers to loopback only; set --control-token to open it"
            )

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                self._check(request)
                return await endpoint(request)
            except ApiError as error:
                body = error_body(error.status, error.code, error.message, "", error.faults)
                return web.Response(status=error.status, body=body, headers={"Content-Type": JSON_TYPE})

        return guarded

    def _endpoint(self, handler: Callable[[web.Request, bytes], Any]) -> Endpoint:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            body = await _body(request)
            async with self._gate.turn:
                await self._gate.advance()
                answer = handler(request, body)
                if request.method != "GET":
                    self._simulator.save_pools(self._simulator.clock.now())
            return _json(answer)

        return self._guarded(endpoint)

    def _tenant(self, request: web.Request) -> int:
        text = request.query.get("tenant", "")
        if not text:
            tenant = self._simulator.default_tenant
            if tenant is None:
                raise ApiError(404, "NOT_FOUND", "there is no tenant")
            return tenant
        if not text.isascii() or not text.isdigit() or self._simulator.access.tenant(int(text[:10])) is None:
            raise validation_error("tenant", f"there is no tenant {text[:20]!r}")
        return int(text)

    @staticmethod
    def _whole(request: web.Request, name: str) -> int | None:
        text = request.query.get(name, "")
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise validation_error(name, f"expected a whole number, got {text[:40]!r}")
        return int(text)

    # -- health and clock ------------------------------------------------------------------------------------------

    def _health(self, request: web.Request, body: bytes) -> dict[str, Any]:
        return {"status": "ok", "version": self._version}

    def _get_clock(self, request: web.Request, body: bytes) -> dict[str, Any]:
        simulator = self._simulator
        following = simulator.next_event_at()
        return {
            "mode": simulator.clock.mode,
            "speed": simulator.clock.speed,
            "now": iso_microseconds(simulator.clock.now()),
            "nextEventAt": None if following is None else iso_microseconds(following),
        }

    def _put_clock(self, request: web.Request, body: bytes) -> dict[str, Any]:
        wanted = decode(_clock_request, body)
        clock = self._simulator.clock
        mode: ClockMode | None = wanted.mode if wanted.speed is None else wanted.mode or "scaled"
        if wanted.speed is not None and mode != "scaled":
            raise validation_error("$.speed", "a speed goes with mode scaled")
        try:
            if wanted.now is not None:
                clock.set_now(parse_instant(wanted.now))
        except (InstantError, ClockError) as error:
            raise validation_error("$.now", str(error)) from None
        if mode is not None:
            clock.set_mode(mode, wanted.speed or 1.0)
        self._simulator.advance()
        return self._get_clock(request, body)

    async def _advance(self, request: web.Request) -> web.StreamResponse:
        """Move the clock ahead by seconds, to the next event, or until every job has ended."""
        wanted = decode(_advance_request, await _body(request))
        told = [wanted.seconds is not None, bool(wanted.to_next_event), bool(wanted.until_idle)]
        if sum(told) != 1:
            raise validation_error("$", "needs exactly one of seconds, toNextEvent and untilIdle")
        simulator = self._simulator
        async with self._gate.turn:
            await self._gate.advance()
            if wanted.seconds is not None:
                try:
                    simulator.clock.advance(round(wanted.seconds * SECOND))
                except ClockError as error:
                    raise validation_error("$.seconds", str(error)) from None
                await self._gate.advance()
            else:
                await self._advance_by_events(once=bool(wanted.to_next_event))
            simulator.save_pools(simulator.clock.now())
            return _json(self._get_clock(request, b""))

    async def _advance_by_events(self, *, once: bool) -> None:
        simulator = self._simulator
        for count in range(_MOST_EVENTS):
            if not count % _EVENTS_BETWEEN_PAUSES:
                await asyncio.sleep(0)
            following = simulator.next_event_at()
            if following is None or (not once and simulator.runner.idle):
                return
            simulator.clock.set_now(max(following, simulator.clock.now()))
            await self._gate.advance()
            if once:
                return

    # -- limits ----------------------------------------------------------------------------------------------------

    def _get_limits(self, request: web.Request, body: bytes) -> LimitsDocument:
        return self._simulator.limiter.document

    def _put_limits(self, request: web.Request, body: bytes) -> LimitsDocument:
        document = decode(_limits_request, body)
        try:
            self._simulator.set_limits(document)
        except LimitsError as error:
            raise validation_error(error.path, error.message) from None
        return document

    def _limits_status(self, request: web.Request, body: bytes) -> list[dict[str, Any]]:
        now = self._simulator.clock.now()
        return [
            _status_body(status) for status in self._simulator.limiter.statuses(now, self._simulator.default_tenant)
        ]

    # -- journal, jobs, stock --------------------------------------------------------------------------------------

    async def _journal(self, request: web.Request) -> web.StreamResponse:
        """The journal as NDJSON; ``X-Journal-Dropped`` says how many entries are gone."""
        if request.query.get("format", "ndjson") != "ndjson":
            raise validation_error("format", "expected ndjson")
        journal = self._simulator.journal
        lines = journal.ndjson(self._whole(request, "since") or 0, self._whole(request, "limit"))
        return web.Response(
            body=b"".join(lines),
            headers={"Content-Type": "application/x-ndjson", "X-Journal-Dropped": str(journal.dropped)},
        )

    def _clear_journal(self, request: web.Request, body: bytes) -> dict[str, Any]:
        cleared = len(self._simulator.journal)
        self._simulator.journal.clear()
        return {"cleared": cleared}

    def _jobs(self, request: web.Request, body: bytes) -> list[dict[str, Any]]:
        limit = self._whole(request, "limit")
        jobs = self._simulator.jobs.newest(
            self._tenant(request),
            location_code=None,
            types=(),
            limit=1_000 if limit is None else limit,
            offset=0,
        )
        return [job_body(job) for job in jobs]

    async def _inventory(self, request: web.Request) -> web.StreamResponse:
        """All records of a tenant: JSON lines, or a Location Export with ``format=csv``."""
        tenant_id = self._tenant(request)
        async with self._gate.turn:
            await self._gate.advance()
            return await self._dump(request, tenant_id)

    async def _dump(self, request: web.Request, tenant_id: int) -> web.StreamResponse:
        wanted = request.query.get("format", "jsonl")
        if wanted not in {"jsonl", "csv"}:
            raise validation_error("format", "expected jsonl or csv")
        content_type = "application/x-ndjson" if wanted == "jsonl" else "text/csv; charset=utf-8"
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        records = self._simulator.stock_records(tenant_id)
        header = wanted == "csv"
        while chunk := list(islice(records, _RECORDS_AT_ONCE)) or header:
            if wanted == "csv":
                file = io.StringIO()
                write_location_export(chunk if isinstance(chunk, list) else (), file, header=header)
                header = False
                text = file.getvalue().encode()
            else:
                assert isinstance(chunk, list)
                text = b"".join(msgspec.json.encode(record_body(record, tenant_id)) + b"\n" for record in chunk)
            await response.write(text)
            # Writing waits only when the reader is slow; others must have their turn in any case.
            await asyncio.sleep(0)
        await response.write_eof()
        return response


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise ApiError(413, "VALIDATION_ERROR", "the body is too large") from None


def _json(answer: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), headers={"Content-Type": JSON_TYPE})


def _status_body(status: PoolStatus) -> dict[str, Any]:
    until = status.restricted_until
    return {
        "pool": status.pool,
        "rpm": status.rpm,
        "rph": status.rph,
        "minuteUsed": status.minute_used,
        "hourUsed": status.hour_used,
        "buckets": status.buckets,
        "state": status.state,
        "restrictedUntil": None if until is None else iso_microseconds(until),
    }
