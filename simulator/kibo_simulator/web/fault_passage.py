"""The way through the gate while faults are in force: the same stages, and between them the places of faults (RL-11).

A request meets at most one fault. What is delayed waits in simulated time, without the turn: others go on meanwhile.
"""

import asyncio
import math
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec.structs import replace

from kibo_simulator.clock import LATEST
from kibo_simulator.fault_book import FaultBook
from kibo_simulator.faults import Place, RequestFacts, Use
from kibo_simulator.faults.effects import (
    Dribble,
    Effect,
    EnqueueTimeout,
    LostAnswer,
    Malformed,
    Reset,
    RetryAfterHeader,
    Status,
    Throttle,
    TokenExpired,
    TokenRevoked,
    Truncate,
)
from kibo_simulator.simulator import Simulator
from kibo_simulator.timestamps import SECOND, http_date
from kibo_simulator.web.errors import ApiError, error_body
from kibo_simulator.web.gate import Gate
from kibo_simulator.web.hanging_up import gone, hang_up
from kibo_simulator.web.operations import Call
from kibo_simulator.web.visit import Visit
from kibo_simulator.web.waiting import wait_until

_MOST_PIECES: Final = 10_000
_CODES: Final = {
    500: "UNEXPECTED_ERROR",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
    429: "TOO_MANY_REQUESTS",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
}


class FaultPassage:
    """Serves requests while there are faults for them."""

    def __init__(self, simulator: Simulator, gate: Gate) -> None:
        self._simulator = simulator
        self._gate = gate

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request of the API, with the fault that it meets."""
        gate = self._gate
        visit = gate.visit(request)
        if self._simulator.faults.plan.by_content:
            # Refused again, with its reason, where the body is wanted.
            with suppress(ApiError):
                await gate.read_body(request, visit)
            self._arrives(visit)
        meeting = _Meeting(self._simulator.faults, self._facts(request, visit), visit.arrived)
        if isinstance(meeting.at(Place.ARRIVED), Reset):
            visit.status = 0
            with suppress(ApiError):
                await gate.read_body(request, visit)
        else:
            await self._before(request, visit, meeting)

        def veto(call: Call) -> None:
            if call.job_ids and isinstance(meeting.at(Place.ENQUEUED), EnqueueTimeout):
                message = "enqueueing took too long (injected fault); nothing was enqueued"
                raise ApiError(504, "GATEWAY_TIMEOUT", message)
            # What is counted here is committed with the effect: a kill must not part them (D-1).
            self._after(visit, meeting)

        async with gate.turn:
            await gate.carry_out(visit, veto)
            if isinstance(meeting.effect, EnqueueTimeout):
                assert visit.call is not None
                # The jobs were undone in the database; the runner has still to forget them.
                visit.call.job_ids = ()
                self._simulator.reload()
            if visit.status and not visit.saved:
                self._after(visit, meeting)
            finished = self._simulator.clock.now()
            if meeting.use is None:
                gate.note(request, visit, finished)
            self._simulator.save_pools(finished)
        if meeting.use is None:
            return gate.answer(request, visit, finished)
        return await self._leave(request, visit, meeting.use, finished)

    def _arrives(self, visit: Visit) -> None:
        """Say that a request arrives only now: it had to wait, and the limit must not be asked about the past."""
        visit.arrived = self._simulator.clock.now()

    def _facts(self, request: web.Request, visit: Visit) -> RequestFacts:
        grant = self._gate.known_grant(request, visit.arrived)
        tenant = grant.tenant_id if grant else None
        if tenant is None:
            try:
                tenant = self._gate.named_tenant(request)
            except ApiError:
                tenant = None
        name = visit.operation.name if visit.operation else None
        content = ""
        if self._simulator.faults.plan.by_content:
            line = f"{request.method} {request.path}?{request.query_string}\n".encode()
            content = blake2b(line + visit.body, digest_size=8).hexdigest()
        return RequestFacts(request.method, request.path, name, tenant, has_token=grant is not None, content=content)

    async def _before(self, request: web.Request, visit: Visit, meeting: "_Meeting") -> None:
        """Everything up to the body: access, limits, routing, and the faults at these places."""
        gate = self._gate
        if isinstance(meeting.effect, TokenExpired | TokenRevoked):
            async with gate.turn:
                self._take_token(request, visit, meeting.effect)
            self._arrives(visit)
        try:
            gate.let_in(request, visit)
            if visit.grant is not None:
                meeting.facts = replace(meeting.facts, tenant=visit.grant.tenant_id)
            if isinstance(effect := meeting.at(Place.LET_IN), Throttle):
                gate.throttle(visit, _retry_after(effect, visit.arrived))
            elif gate.throttled(visit):
                meeting.answered(visit)
                if isinstance(effect := meeting.at(Place.REFUSED), RetryAfterHeader):
                    gate.throttle(visit, _retry_after(effect, visit.arrived))
            elif isinstance(effect := meeting.at(Place.ADMITTED), Status):
                await gate.read_body(request, visit)
                _fill(visit, effect)
            else:
                gate.route(request, visit)
                await gate.read(request, visit)
        except ApiError as error:
            visit.refuse(error)

    def _take_token(self, request: web.Request, visit: Visit, effect: Effect) -> None:
        access = self._simulator.access
        grant = self._gate.known_grant(request, visit.arrived)
        if grant is None:
            return
        with self._simulator.database.transaction():
            if isinstance(effect, TokenRevoked):
                access.revoke_all(grant.client_id)
            else:
                access.expire(self._gate.token(request))

    @staticmethod
    def _after(visit: Visit, meeting: "_Meeting") -> None:
        """The places at which there is an answer."""
        meeting.answered(visit)
        if visit.call is not None and visit.status < 400:
            effect = meeting.at(Place.CARRIED_OUT)
            if isinstance(effect, Status):
                _fill(visit, effect)
        effect = meeting.at(Place.LEAVING)
        if isinstance(effect, Malformed):
            visit.payload = visit.payload[:-1] + b"," if effect.body is None else effect.body.encode()

    # -- the answer leaves -----------------------------------------------------------------------------------------

    async def _leave(self, request: web.Request, visit: Visit, use: Use, finished: int) -> web.StreamResponse:
        """Let the answer go, or not; the journal entry is there before its last byte leaves."""
        visit.fault = use.fault_id
        effect = use.effect
        try:
            if use.delay:
                await self._wait(request, finished + use.delay)
            visit.response_lost = gone(request) or isinstance(effect, Reset | LostAnswer | Truncate)
            if isinstance(effect, Dribble) and not visit.response_lost:
                return await self._dribble(request, visit, effect)
        except asyncio.CancelledError:
            # The simulator is being stopped: nobody will get this answer.
            visit.response_lost = True
            self._note(request, visit)
            raise
        now = self._simulator.clock.now()
        if isinstance(effect, Reset | LostAnswer):
            visit.bytes_sent = 0
            self._note(request, visit)
            hang_up(request, "reset" if isinstance(effect, Reset) else effect.how)
        elif isinstance(effect, Truncate) and not gone(request):
            return await self._truncate(request, visit, effect, now)
        else:
            self._note(request, visit)
        return self._gate.answer(request, visit, now)

    def _note(self, request: web.Request, visit: Visit) -> None:
        """Write the journal entry, unless it was written: a connection may break after its last byte was promised."""
        if not visit.noted:
            visit.noted = True
            self._gate.note(request, visit, self._simulator.clock.now())

    async def _wait(self, request: web.Request, until: int) -> None:
        clock = self._simulator.clock
        # Another state with another clock may have been taken up meanwhile: its time is not the one waited for.
        await wait_until(
            clock, self._simulator.agenda, until, lambda: gone(request) or self._simulator.clock is not clock
        )

    async def _truncate(self, request: web.Request, visit: Visit, effect: Truncate, now: int) -> web.StreamResponse:
        body = visit.payload
        kept = len(body) // 2 if effect.keep_bytes is None else effect.keep_bytes
        visit.bytes_sent = min(kept, len(body) - 1)
        self._note(request, visit)
        response = _announced(visit, now)
        with suppress(ConnectionError):
            await response.prepare(request)
            await response.write(body[: visit.bytes_sent])
        hang_up(request, effect.how)
        return response

    async def _dribble(self, request: web.Request, visit: Visit, effect: Dribble) -> web.StreamResponse:
        body = visit.payload
        size = max(effect.piece_bytes, math.ceil(len(body) / _MOST_PIECES))
        began = self._simulator.clock.now()
        response = _announced(visit, began)
        visit.bytes_sent = 0
        try:
            await response.prepare(request)
            for index, at in enumerate(range(0, len(body), size)):
                if index:
                    await self._wait(request, began + round(index * effect.every_s * SECOND))
                visit.bytes_sent = at
                visit.response_lost = gone(request)
                last = at + size >= len(body)
                if last and not visit.response_lost:
                    visit.bytes_sent = len(body)
                if last or visit.response_lost:
                    self._note(request, visit)
                if visit.response_lost:
                    break
                await response.write(body[at : at + size])
        except ConnectionError:
            visit.response_lost = True
            self._note(request, visit)
        return response


class _Meeting:
    """One request and the one fault that it meets on its way."""

    __slots__ = ("_book", "_now", "effect", "facts", "use")

    def __init__(self, book: FaultBook, facts: RequestFacts, now: int) -> None:
        self._book = book
        self._now = now
        self.facts = facts
        self.use: Use | None = None
        self.effect: Effect | None = None

    def at(self, place: Place) -> Effect | None:
        """What happens to the request at a place; nothing more once something has happened."""
        if self.use is not None:
            return None
        self.use = self._book.for_request(place, self.facts, self._now)
        if self.use is not None:
            self.effect = self.use.effect
        return self.effect

    def answered(self, visit: Visit) -> None:
        """There is an answer now."""
        self.facts = replace(self.facts, status=visit.status, has_body=len(visit.payload) > 1)


def _fill(visit: Visit, effect: Status) -> None:
    """Put the answer of the fault in the place of any other."""
    visit.status = effect.status
    visit.headers = {}
    visit.retry_after = None
    if effect.body is None:
        code = _CODES.get(effect.status, "INJECTED_FAULT")
        message = "the simulator was told to answer like this (injected fault)"
        visit.payload = b"" if effect.status < 400 else error_body(effect.status, code, message, visit.correlation_id)
    elif isinstance(effect.body, str):
        visit.payload = effect.body.encode()
        visit.headers["Content-Type"] = "text/plain; charset=utf-8"
    else:
        visit.payload = msgspec.json.encode(effect.body)
    for name, value in effect.headers.items():
        if name.lower() == "retry-after":
            visit.retry_after = int(value) if value.isdigit() and str(int(value)) == value else value
        else:
            visit.headers["Content-Type" if name.lower() == "content-type" else name] = value


def _retry_after(effect: Throttle | RetryAfterHeader, now: int) -> int | str | None:
    """The header as the fault wants it."""
    value: Any = effect.retry_after
    if effect.as_date:
        return http_date(min(now + math.ceil(value) * SECOND, LATEST) // SECOND)
    return value if value is None or isinstance(value, int) else str(value)


def _announced(visit: Visit, now: int) -> web.StreamResponse:
    """A response that announces the whole body and has sent nothing of it yet."""
    response = web.StreamResponse(status=visit.status, headers=visit.all_headers(now))
    response.content_length = len(visit.payload)
    return response
