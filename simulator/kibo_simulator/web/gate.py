"""What every request passes through, in this order: access, limits, routing, body, handler, journal (RL-11).

Nothing between the arrival of the headers and the limiter's decision waits. Once its body is read a request waits for
its turn; from then to its journal entry no other request is carried out, however often a long operation pauses.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from hashlib import blake2b
from typing import Final, cast

import msgspec
from aiohttp import web

from kibo_simulator.journal import JournalEntry
from kibo_simulator.journal.secrets import masked_path, masked_query
from kibo_simulator.simulator import Simulator
from kibo_simulator.tenants import Grant, tenant_of_host
from kibo_simulator.timestamps import SECOND, http_date
from kibo_simulator.web.answers import answer_of
from kibo_simulator.web.beside import stepping
from kibo_simulator.web.errors import ApiError, error_body, validation_error
from kibo_simulator.web.operations import Answer, Call, Steps, spellings
from kibo_simulator.web.query_string import parameters_of, quoted
from kibo_simulator.web.response_fields import Selection, SelectionError, parse_selection, select
from kibo_simulator.web.visit import JSON_TYPE, Visit

OPERATION_ATTRIBUTE: Final = "kibo_operation"

_NOTHING_CHANGES: Final = nullcontext()
Veto = Callable[[Call], None]

_log = logging.getLogger("kibo_simulator")


class Gate:
    """Turns aiohttp requests into calls of operations and their answers into responses."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.turn = asyncio.Lock()
        """Held by whoever changes or reads state: pauses of long operations let nobody else in."""
        self.clock_set = asyncio.Event()
        """Set by whoever changes how the clock runs, for those who sleep until an instant."""
        self.observed = True
        """Cleared by whoever knows that nobody looks at answers on their way, so that they need not be fit for it."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request of the API."""
        visit = self.visit(request)
        try:
            self.let_in(request, visit)
            if not self.throttled(visit):
                self.route(request, visit)
                await self.read(request, visit)
        except ApiError as error:
            visit.refuse(error)
        # Not "async with", which makes two coroutines more for each request.
        await self.turn.acquire()
        try:
            await self.carry_out(visit)
            finished = self._simulator.clock.now()
            self.note(request, visit, finished)
            if not visit.saved:
                self._simulator.save_pools(finished)
        finally:
            self.turn.release()
        return self.answer(request, visit, finished)

    def visit(self, request: web.Request) -> Visit:
        """A request that arrives now."""
        simulator = self._simulator
        return Visit(
            simulator.clock.now(),
            simulator.clock.source_now(),
            simulator.next_correlation(),
            getattr(request.match_info.handler, OPERATION_ATTRIBUTE, None),
        )

    async def advance(self) -> int:
        """Bring the simulation up to now, letting others have the processor between two things that happen (T-3).

        Whoever calls this has the turn.
        """
        return await stepping(self._simulator.advancing())

    # -- before the body ------------------------------------------------------------------------------------------

    def let_in(self, request: web.Request, visit: Visit) -> None:
        """Access, and the rate pool that the request would draw on (A-1, A-2, RL-1).

        Raises:
            ApiError: 401 or 403.
        """
        operation = visit.operation
        if operation is None or not operation.open:
            visit.grant = self._grant(request, visit.arrived)
            visit.era = self._simulator.access.era
            # All aliases of an operation share its pool, whichever of them a route names (RL-1).
            paths = spellings(request.path) if operation is None else operation.pool_paths
            if operation is None or not operation.unlimited:
                visit.pool = self._simulator.limiter.pool_for(visit.grant.tenant_id, *paths)

    def throttled(self, visit: Visit) -> bool:
        """Ask the pool; True when it refuses, and then the visit has its 429 (RL-5 to RL-12)."""
        retry_after = visit.pool.admit(visit.arrived) if visit.pool is not None else 0
        if not retry_after:
            return False
        self.throttle(visit, retry_after)
        if visit.pool is not None and visit.pool.just_restricted:
            self._simulator.announcer.tell("limit", visit.pool.status(visit.arrived))
        return True

    def throttle(self, visit: Visit, retry_after: int | str | None) -> None:
        """Answer with 429; what waits is told in the header and, where there is one, in the body (RL-12)."""
        visit.status = 429
        visit.retry_after = retry_after
        document = visit.pool.document if visit.pool is not None else self._simulator.limiter.document
        if document.throttle_body == "json":
            wait = f"wait {retry_after} seconds" if isinstance(retry_after, int) else "try again later"
            visit.payload = error_body(429, "TOO_MANY_REQUESTS", f"too many requests; {wait}", visit.correlation_id)

    @staticmethod
    def route(request: web.Request, visit: Visit) -> None:
        """Refuse what no operation is at.

        Raises:
            ApiError: 404 or 405.
        """
        if visit.operation is None:
            failure = request.match_info.http_exception
            if isinstance(failure, web.HTTPMethodNotAllowed):
                allowed = ", ".join(sorted(failure.allowed_methods))
                visit.headers["Allow"] = allowed
                raise ApiError(405, "METHOD_NOT_ALLOWED", f"{request.method} is not offered here; {allowed} is")
            raise ApiError(404, "NOT_FOUND", f"there is nothing at {request.path[:200]}")

    def known_grant(self, request: web.Request, now: int) -> Grant | None:
        """What the request's access token opens, if it has a good one; refuses nobody."""
        token = self.token(request)
        return self._simulator.access.check(token, now) if token else None

    @staticmethod
    def token(request: web.Request) -> str:
        """The access token that a request carries, empty when there is none (A-1)."""
        authorization = request.headers.get("Authorization", "")
        if authorization[:7].lower() == "bearer ":
            return authorization[7:].strip()
        return request.headers.get("x-vol-app-claims", "").strip()

    def _grant(self, request: web.Request, now: int) -> Grant:
        """In whose name the request is made (A-1, A-2).

        Raises:
            ApiError: 401 without a good token, 403 when the token is another tenant's.
        """
        simulator = self._simulator
        token = self.token(request)
        grant = simulator.access.check(token, now) if token else None
        named = self.named_tenant(request)
        if grant is None:
            if simulator.settings.access.auth == "on":
                what = "is unknown, revoked or expired" if token else "is missing"
                raise ApiError(401, "UNAUTHORIZED", f"the access token {what}")
            tenant_id = named or simulator.default_tenant
            if tenant_id is None or simulator.tenants.get(tenant_id) is None:
                raise ApiError(403, "FORBIDDEN", f"there is no tenant {tenant_id}")
            return Grant(tenant_id, "anonymous", 0)
        if named is not None and named != grant.tenant_id:
            raise ApiError(403, "FORBIDDEN", f"the token belongs to tenant {grant.tenant_id}, not to {named}")
        return grant

    @staticmethod
    def named_tenant(request: web.Request) -> int | None:
        """The tenant that header or host name speak of (A-2).

        Raises:
            ApiError: 403 when the header is no number.
        """
        text = request.headers.get("x-vol-tenant", "").strip()
        if not text:
            host = request.headers.get("Host", "")
            return tenant_of_host(host) if host.startswith("t") else None
        if not text.isascii() or not text.isdigit() or len(text) > 10:
            raise ApiError(403, "FORBIDDEN", "x-vol-tenant is not a tenant number")
        return int(text)

    # -- the body and after ---------------------------------------------------------------------------------------

    async def read(self, request: web.Request, visit: Visit) -> None:
        """Read the body of a request that was let in, and make a call of it.

        Raises:
            ApiError: 413 or 400.
        """
        if request.body_exists:
            await self.read_body(request, visit)
        raw = request.rel_url.raw_query_string
        call = Call(
            simulator=self._simulator,
            tenant_id=visit.grant.tenant_id if visit.grant else 0,
            now=visit.arrived,
            path=request.match_info,
            query=parameters_of(raw),
            body=visit.body,
            secure=request.secure,
            correlation_id=visit.correlation_id,
            uri=request.path,
            query_string=request.query_string if quoted(raw) else raw,
            headers=request.headers,
        )
        if visit.operation is not None and visit.operation.before is not None:
            await visit.operation.before(call)
        visit.call = call

    async def read_body(self, request: web.Request, visit: Visit) -> None:
        """Read the body alone.

        Raises:
            ApiError: 413 or 400.
        """
        if request.body_exists:
            try:
                visit.body = await request.read()
            except web.HTTPRequestEntityTooLarge:
                most = self._simulator.settings.bounds.body_bytes
                raise ApiError(413, "VALIDATION_ERROR", f"the body is larger than {most} bytes") from None
            except (web.HTTPException, web.RequestPayloadError, ConnectionError) as error:
                reason = " ".join(str(error).split())[:200]
                raise ApiError(400, "VALIDATION_ERROR", f"the body is not readable: {reason}") from None

    async def carry_out(self, visit: Visit, veto: Veto | None = None) -> None:
        """Bring time up to date and run the handler, where there is anything to run; whoever calls has the turn.

        ``veto`` may refuse what is about to be committed.
        """
        now = self._simulator.caught_up()
        if now is None:
            now = await self.advance()
        if visit.call is not None:
            visit.call.now = now
            try:
                self._still_there(visit)
                await self._perform(visit.call, visit, veto)
                visit.done = True
            except ApiError as error:
                visit.refuse(error)

    def _still_there(self, visit: Visit) -> None:
        """Refuse a request whose tenant has gone while its body came: it was removed, or the state restored."""
        simulator = self._simulator
        if visit.grant is not None and visit.era is not simulator.access.era:
            if simulator.tenants.get(visit.grant.tenant_id) is None:
                raise ApiError(401, "UNAUTHORIZED", f"tenant {visit.grant.tenant_id} is not there any more")
            visit.era = simulator.access.era

    async def _perform(self, call: Call, visit: Visit, veto: Veto | None) -> None:
        """Run the handler, all or nothing (D-1)."""
        operation = visit.operation
        assert operation is not None
        selection = _selection(call) if "responseFields" in call.query else None
        try:
            with _NOTHING_CHANGES if operation.reads else self._simulator.database.transaction():
                handled = operation.handle(call)
                # Answers are looked for by their exact type: `isinstance` asks their metaclass about anything else.
                answer = handled if type(handled) is Answer else await stepping(cast("Steps", handled))
                visit.status, visit.payload = answer.status, _cut(answer.encoded(), selection)
                if not operation.reads:
                    if veto is not None:
                        veto(call)
                    # One commit for effect and count: a kill in between must not part them (D-1).
                    self._simulator.save_pools(call.now)
            visit.saved = not operation.reads
        except ApiError:
            raise
        except sqlite3.Error as error:
            self._simulator.reload()
            _log.exception("the database refused %s", operation.name)
            raise ApiError(500, "UNEXPECTED_ERROR", f"the simulator's database refused: {error}") from error
        except Exception as error:
            # A defect of the simulator itself: the client must still get JSON, and the state must be whole.
            self._simulator.reload()
            _log.exception("%s failed", operation.name)
            raise ApiError(500, "UNEXPECTED_ERROR", "the simulator itself failed; see its log") from error

    def note(self, request: web.Request, visit: Visit, finished: int) -> None:
        """Write the journal entry; it is there before the answer leaves."""
        simulator = self._simulator
        call = visit.call
        grant = visit.grant
        operation = visit.operation
        path = masked_path(request.path)
        raw_query = request.rel_url.raw_query_string
        if operation is not None and operation.name == "deleteTicket":
            # The last segment is a token.
            path = operation.paths[0]
        # A refused body was never understood: there are no details to work out from it.
        details = call.details if call is not None and visit.done else None
        simulator.journal.append(
            JournalEntry(
                seq=simulator.journal.next_sequence(),
                at=visit.arrived,
                real_at=visit.real_at,
                tenant=grant.tenant_id if grant else None,
                client=grant.client_id if grant else None,
                method=request.method,
                path=path,
                query=masked_query(request.query_string if call is None else call.query_string, raw_query),
                operation=operation.name if operation else None,
                pool=visit.pool.name if visit.pool else None,
                body_hash=blake2b(visit.body, digest_size=8).digest() if visit.body else b"",
                summary=call.summary if call else {},
                status=visit.status,
                retry_after=visit.retry_after,
                job_ids=call.job_ids if call else (),
                bytes_in=len(visit.body) or request.content_length or 0,
                bytes_out=len(visit.payload) if visit.bytes_sent is None else visit.bytes_sent,
                finished_at=finished,
                details=details,
                fault=visit.fault,
                response_lost=visit.response_lost,
            )
        )

    def answer(self, request: web.Request, visit: Visit, finished: int) -> web.StreamResponse:
        """The answer of a visit, as it leaves."""
        return answer_of(request, visit, finished, observed=self.observed)


def _cut(encoded: bytes | bytearray, selection: Selection | None) -> bytes | bytearray:
    """A body as JSON, cut to the fields that were asked for."""
    if selection is None or not encoded:
        return encoded
    return msgspec.json.encode(select(msgspec.json.decode(encoded), selection))


def _selection(call: Call) -> Selection | None:
    """The fields that were asked for; None for all.

    Raises:
        ApiError: 400.
    """
    text = call.text("responseFields")
    try:
        return None if text is None else parse_selection(text)
    except SelectionError as error:
        raise validation_error("responseFields", str(error)) from None


def not_an_api_path(correlation_id: str, path: str, now: int) -> web.Response:
    """404 for what is neither API nor control plane."""
    body = error_body(404, "NOT_FOUND", f"there is nothing at {path[:200]}", correlation_id)
    return web.Response(status=404, body=body, headers={"Content-Type": JSON_TYPE, "Date": http_date(now // SECOND)})
