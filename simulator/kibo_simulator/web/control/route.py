"""What a route of the control plane is: a declaration that serving, description and documentation are made from."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

import msgspec
from aiohttp import web

from kibo_simulator.simulator import Simulator
from kibo_simulator.web.control.streams import Streams
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.gate import Gate

PREFIX = "/_simulator"

JSON = "application/json"
NDJSON = "application/x-ndjson"

BodyT = TypeVar("BodyT")

ParameterKind = Literal["text", "whole", "flag", "tenant"]

_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class ControlParameter:
    """A query parameter: what it does, of what kind it is, and for a text what may be chosen."""

    name: str
    does: str
    kind: ParameterKind = "text"
    choices: tuple[str, ...] = ()


TENANT = ControlParameter("tenant", "The tenant that is meant; the first when absent.", "tenant")


@dataclass(frozen=True, kw_only=True)
class ControlRoute(Generic[BodyT]):
    """One thing the control plane does.

    ``path`` follows `PREFIX` and may have ``{names}``. ``request`` is the type that a JSON body is decoded to before
    the handler sees it; ``bytes`` hands it over as it came, and None leaves it unread; so does ``streamed``, for
    handlers that read a large body piece by piece. ``described_as`` is the type of JSON in a body of bytes.
    ``answers`` is the type of the JSON answer, or of one line where ``media`` is NDJSON. A handler returns the answer,
    or a response of its own; it may be a coroutine. ``turn`` says that no request is carried out meanwhile and that
    time is up to date; a handler that waits for its reader goes without. ``refuses`` are the statuses of refusals
    beside 400, 401, 403, 404 for a path with names, and 413 for a body.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    name: str
    summary: str
    handle: "Callable[[ControlCall[BodyT]], object | Awaitable[object]]"
    request: type[BodyT] | None = None
    described_as: Any = None
    accepts: tuple[str, ...] = (JSON,)
    streamed: bool = False
    answers: Any = None
    media: tuple[str, ...] = (JSON,)
    status: int = 200
    query: tuple[ControlParameter, ...] = ()
    turn: bool = True
    refuses: tuple[int, ...] = ()

    @cached_property
    def decoder(self) -> "msgspec.json.Decoder[BodyT] | None":
        """Decodes the body; None where there is none or where it is left as it is."""
        if self.request is None or self.request is bytes:
            return None
        return msgspec.json.Decoder(self.request)

    @property
    def full_path(self) -> str:
        """The path as a client writes it."""
        return PREFIX + self.path


@dataclass(frozen=True, slots=True)
class ControlCall(Generic[BodyT]):
    """One request to the control plane that was let in, its body read and decoded.

    ``offered`` are all routes of the control plane, ``operations`` the names of all operations of the API.
    """

    route: ControlRoute[BodyT]
    offered: tuple[ControlRoute[Any], ...]
    operations: frozenset[str]
    simulator: Simulator
    gate: Gate
    streams: Streams
    request: web.Request
    body: BodyT

    @property
    def path(self) -> Mapping[str, str]:
        """The values of the names in the route's path."""
        return self.request.match_info

    def text(self, name: str) -> str | None:
        """A query parameter; empty counts as absent.

        Raises:
            ApiError: 400 when it is none of the declared choices, or too long.
        """
        declared = self._declared(name)
        text = self.request.query.get(name) or None
        if text is not None and declared.choices and text not in declared.choices:
            raise validation_error(name, f"expected {' or '.join(declared.choices)}, got {text[:40]!r}")
        if text is not None and len(text) > _LONGEST_TEXT:
            raise validation_error(name, f"expected at most {_LONGEST_TEXT} characters")
        return text

    def whole(self, name: str) -> int | None:
        """A query parameter that is a whole number, not negative.

        Raises:
            ApiError: 400 that names the parameter.
        """
        self._declared(name)
        text = self.request.query.get(name, "")
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise validation_error(name, f"expected a whole number, got {text[:40]!r}")
        return int(text)

    def flag(self, name: str) -> bool:
        """A query parameter that is true or false; false when absent.

        Raises:
            ApiError: 400 that names the parameter.
        """
        self._declared(name)
        text = self.request.query.get(name, "") or "false"
        if text not in {"true", "false"}:
            raise validation_error(name, f"expected true or false, got {text[:40]!r}")
        return text == "true"

    def tenant(self) -> int:
        """The tenant that the query names, or the first.

        Raises:
            ApiError: 400 when there is no such tenant, 404 when there is none at all.
        """
        self._declared(TENANT.name)
        text = self.request.query.get(TENANT.name, "")
        if not text:
            tenant = self.simulator.default_tenant
            if tenant is None:
                raise ApiError(404, "NOT_FOUND", "there is no tenant")
            return tenant
        if not text.isascii() or not text.isdigit() or self.simulator.tenants.get(int(text[:10])) is None:
            raise validation_error(TENANT.name, f"there is no tenant {text[:20]!r}")
        return int(text[:10])

    def _declared(self, name: str) -> ControlParameter:
        """The declaration of a parameter: what is read but not declared would be missing in every description."""
        return next(parameter for parameter in self.route.query if parameter.name == name)
