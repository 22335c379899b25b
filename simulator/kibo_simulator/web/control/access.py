"""Decides who may use the control plane: the holder of its token or, without one, this machine alone."""

import hmac
import ipaddress

from aiohttp import web

from kibo_simulator.web.errors import ApiError

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})


def check_access(request: web.Request, token: str | None) -> None:
    """Let a request pass, or not.

    A page in a browser on this machine is not this machine: its requests carry an ``Origin``, or a ``Host`` that is
    not a loopback name.

    Raises:
        ApiError: 401 where a token is set and was not sent, 403 where none is set and the request is not local.
    """
    if token is not None:
        told = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(told.encode(), token.encode()):
            raise ApiError(401, "UNAUTHORIZED", "the control plane needs Authorization: Bearer with its token")
        return
    remote = request.remote
    local = remote is not None and ipaddress.ip_address(remote).is_loopback
    host = request.headers.get("Host", "").rpartition(":")[0] or request.headers.get("Host", "")
    if not local or "Origin" in request.headers or host not in _LOCAL_HOSTS:
        raise ApiError(403, "FORBIDDEN", "the control plane answers to loopback only; set --control-token to open it")
