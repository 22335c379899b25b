"""Serves the routes of the control plane: access, query, body, turn, handler, and one envelope for refusals."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from hashlib import blake2b
from inspect import isawaitable
from typing import Any

import msgspec
from aiohttp import web

from kibo_simulator.simulator import Simulator
from kibo_simulator.web.control.access import check_access
from kibo_simulator.web.control.route import PREFIX, ControlCall, ControlRoute
from kibo_simulator.web.control.streams import Streams
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.gate import Gate
from kibo_simulator.web.visit import JSON_TYPE
from kibo_simulator.web.wire import decode

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]

_GONE = 499

_log = logging.getLogger("kibo_simulator")


class ControlPlane:
    """The routes of the control plane over one simulator.

    Args:
        simulator: what is taken in hand.
        gate: whose turn a route takes while it reads or changes state.
        routes: what is offered.
        operations: the names of the API's operations.
        token: opens the control plane to whoever sends it; without one only loopback is let in.

    Raises:
        ValueError: the token is blank.
    """

    def __init__(
        self,
        simulator: Simulator,
        gate: Gate,
        routes: Iterable[ControlRoute[Any]],
        operations: Iterable[str],
        *,
        token: str | None = None,
    ) -> None:
        if token is not None and not token.strip():
            raise ValueError("an empty control token would let everybody in")
        self._simulator = simulator
        self._gate = gate
        self._routes = tuple(routes)
        self._operations = frozenset(operations)
        self._token = token
        self.streams = Streams()
        # Numbers of their own: looking must not change what the API answers next (T-4).
        self._refusals = 0
        self._stem = blake2b(b"control:%d" % simulator.settings.seed, digest_size=8).hexdigest()

    def endpoints(self) -> list[tuple[str, str, Endpoint]]:
        """Method, path and endpoint of everything that is offered."""
        return [(route.method, route.full_path, self._endpoint(route)) for route in self._routes]

    async def nothing_here(self, request: web.Request) -> web.StreamResponse:
        """Refuse a path or method under the prefix that no route has."""

        async def missing(request: web.Request) -> web.StreamResponse:
            failure = request.match_info.http_exception
            if isinstance(failure, web.HTTPMethodNotAllowed):
                allowed = ", ".join(sorted(failure.allowed_methods))
                raise ApiError(405, "METHOD_NOT_ALLOWED", f"{request.method} is not offered here; {allowed} is")
            raise ApiError(404, "NOT_FOUND", f"there is nothing at {request.path[:200]}")

        return await self._guarded(missing)(request)

    def _endpoint(self, route: ControlRoute[Any]) -> Endpoint:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            _check_query(route, request)
            body = await _body(route, request)
            call = ControlCall(
                route, self._routes, self._operations, self._simulator, self._gate, self.streams, request, body
            )
            if not route.turn:
                return _response(route, await _answer(call))
            async with self._gate.turn:
                await self._gate.advance()
                answer = await _answer(call)
                if route.method != "GET":
                    self._simulator.save_pools(self._simulator.clock.now())
            return _response(route, answer)

        return self._guarded(endpoint)

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                check_access(request, self._token)
                return await endpoint(request)
            except ApiError as error:
                return self._refusal(request, error)
            except ConnectionError:
                # Whoever asked has gone in the middle of the answer; this one reaches nobody.
                return web.Response(status=_GONE)
            except web.HTTPException:
                raise
            except Exception:  # noqa: BLE001  # a defect of ours: whoever asked gets JSON and an id to find it by
                failure = ApiError(500, "UNEXPECTED_ERROR", "the simulator itself failed; see its log")
                response = self._refusal(request, failure)
                identity = response.headers["x-vol-correlation"]
                _log.exception("%s %s failed (%s)", request.method, request.path, identity)
                return response

        return guarded

    def _refusal(self, request: web.Request, error: ApiError) -> web.Response:
        self._refusals += 1
        identity = f"{self._stem}{self._refusals:016x}"
        headers = {"Content-Type": JSON_TYPE, "x-vol-correlation": identity}
        if error.status == 405:
            failure = request.match_info.http_exception
            assert isinstance(failure, web.HTTPMethodNotAllowed)
            headers["Allow"] = ", ".join(sorted(failure.allowed_methods))
        return web.Response(status=error.status, body=error.body(identity), headers=headers)


def is_control_path(path: str) -> bool:
    """Whether a path lies under the control plane's prefix."""
    return path == PREFIX or path.startswith(PREFIX + "/")


async def _answer(call: ControlCall[Any]) -> object:
    answer = call.route.handle(call)
    return await answer if isawaitable(answer) else answer


def _check_query(route: ControlRoute[Any], request: web.Request) -> None:
    """Refuse parameters that mean nothing: a misspelt filter would otherwise look like an answer."""
    known = [parameter.name for parameter in route.query]
    for name, value in request.query.items():
        if name not in known:
            accepted = f"{', '.join(known)} {'is' if len(known) == 1 else 'are'} accepted" if known else "none is"
            raise validation_error(name[:40], f"is no parameter of {route.method} {route.full_path}; {accepted}")
        if not value:
            # A variable that was never set, more often than not: what was meant is not the default.
            raise validation_error(name, "is empty; leave it out or give it a value")
        if len(request.query.getall(name)) > 1:
            raise validation_error(name, "stands here twice; one value is accepted")


async def _body(route: ControlRoute[Any], request: web.Request) -> Any:
    if route.streamed or (route.request is None and not request.can_read_body):
        return None
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise ApiError(413, "VALIDATION_ERROR", "the body is too large") from None
    except (web.HTTPException, web.RequestPayloadError) as error:
        raise ApiError(
            400, "VALIDATION_ERROR", f"$: the body is not readable: {' '.join(str(error).split())[:200]}"
        ) from None
    if route.request is None:
        # What is sent here was meant for something, and nothing would come of it.
        if body.strip() not in {b"", b"{}"}:
            raise validation_error("$", f"{route.method} {route.full_path} takes no body")
        return None
    return body if route.decoder is None else decode(route.decoder, body)


def _response(route: ControlRoute[Any], answer: object) -> web.StreamResponse:
    if isinstance(answer, web.StreamResponse):
        return answer
    body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
    return web.Response(status=route.status, body=body, headers={"Content-Type": JSON_TYPE})
