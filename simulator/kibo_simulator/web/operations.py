"""What an operation is: a name, a method, its paths, and a function from a call to an answer.

Handlers do no I/O. By the time one runs, the body has been read and time has been brought up to date; it decides,
changes state in one transaction, and returns. One that may take long is a generator that pauses: the event loop then
serves others their bytes, but no other request is carried out in between.
"""

import re
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from kibo_simulator.journal import Details
from kibo_simulator.simulator import Simulator
from kibo_simulator.web.errors import validation_error


class Call(msgspec.Struct):
    """One request, authenticated and read. Handlers note in ``summary`` what the journal should know of it."""

    simulator: Simulator
    tenant_id: int
    now: int
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: bytes
    secure: bool
    correlation_id: str = ""
    uri: str = ""
    query_string: str = ""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    summary: dict[str, Any] = msgspec.field(default_factory=dict)
    job_ids: tuple[int, ...] = ()
    details: Details | None = None
    prepared: Any = None

    @property
    def content_type(self) -> str:
        """What the body is said to be, in lower case and without parameters; empty where nothing is said."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def host(self) -> str:
        """The host that the request names, empty when it names none."""
        return self.headers.get("Host", "")

    def text(self, name: str) -> str | None:
        """A query parameter; empty counts as absent, as some of Kibo's SDKs send empty ones."""
        values = self.query.get(name)
        return (values[-1] or None) if values else None

    def texts(self, name: str) -> list[str]:
        """A query parameter that may be repeated or separated by commas."""
        values = self.query.get(name)
        return [part for value in values for part in value.split(",") if part] if values else []

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        """A query parameter that is a whole number within bounds.

        Raises:
            ApiError: 400 that names the parameter.
        """
        text = self.text(name) if name in self.query else None
        if text is None:
            return None
        if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 12:
            raise validation_error(name, f"expected a whole number, got {text[:40]!r}")
        number = int(text)
        if not least <= number <= most:
            raise validation_error(name, f"expected {least} to {most}, got {number}")
        return number

    def flag(self, name: str) -> bool | None:
        """A query parameter that is true or false.

        Raises:
            ApiError: 400 that names the parameter.
        """
        text = self.text(name) if name in self.query else None
        if text is None:
            return None
        if text.lower() not in {"true", "false"}:
            raise validation_error(name, f"expected true or false, got {text[:40]!r}")
        return text.lower() == "true"


class Answer(msgspec.Struct, frozen=True):
    """A successful answer: status and body; None for an empty one, bytes or a bytearray for ready JSON."""

    body: Any
    status: int = 200

    def encoded(self) -> bytes | bytearray:
        """The body as JSON."""
        if isinstance(self.body, bytes | bytearray):
            return self.body
        return b"" if self.body is None else msgspec.json.encode(self.body)


Steps = Generator[None, None, Answer]
"""A long operation: pauses wherever others may have the processor, and returns its answer at the end."""

Handler = Callable[[Call], Answer | Steps]
ParameterKind = Literal["text", "texts", "whole", "flag"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter that an operation reads, and the method of `Call` it is read with."""

    name: str
    kind: ParameterKind = "text"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing the API does.

    ``open`` operations need no token, ``reads`` change nothing, ``unlimited`` ones are in no rate pool, and
    ``pool_path`` decides the pool where the request's own path does not. ``request`` is the type of the body and
    ``query`` the parameters; the handler reads both itself, these two are for whoever describes the API, and so are
    ``statuses``: what else than 200 an answer that is no refusal can have, and when.
    """

    name: str
    method: str
    paths: tuple[str, ...]
    handle: Handler
    open: bool = False
    reads: bool = False
    unlimited: bool = False
    pool_path: str | None = None
    request: type[Any] | None = None
    before: Callable[[Call], Awaitable[None]] | None = None
    query: tuple[Parameter, ...] = ()
    statuses: tuple[tuple[int, str], ...] = ()

    @property
    def pool_paths(self) -> tuple[str, ...]:
        """The paths that decide which rate pool the operation draws on."""
        return self.paths if self.pool_path is None else (self.pool_path, *self.paths)


def inventory_paths(path: str, version: str = "v5") -> tuple[str, ...]:
    """The four prefixes under which Kibo's inventory calls are known; the published version's comes first."""
    other = "v1" if version == "v5" else "v5"
    prefixes = (version, other, f"api/{version}", f"api/{other}")
    return tuple(f"/api/commerce/inventory/{prefix}{path}" for prefix in prefixes)


_INVENTORY_PATH = re.compile(r"/api/commerce/inventory/(?:api/)?v[15](/.*)")


def spellings(path: str) -> tuple[str, ...]:
    """All the ways to write a path that no operation is known by, itself included."""
    found = _INVENTORY_PATH.fullmatch(path)
    return inventory_paths(found[1].rstrip("/")) if found else (path,)
