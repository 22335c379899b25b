"""Sends requests to a simulator that may die at any moment, and keeps account of what it counted against its limits."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import msgspec

from .beliefs import Beliefs, DurabilityError, PoolBelief
from .world import INVENTORY, Tenant

SECOND = 1_000_000
_QUEUE = f"{INVENTORY}/v1/queue"


class DeadError(Exception):
    """The simulator was killed before its answer was there in full."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An acknowledged request; ``at`` is an instant that it was certainly not finished before, by the Date header."""

    status: int
    body: Any
    at: int

    def good(self) -> Any:
        """The body of an answer that has to be 200.

        Raises:
            DurabilityError: it is not.
        """
        if self.status != 200:
            raise DurabilityError(f"expected 200, got {self.status}: {self.body}")
        return self.body


class Caller:
    """The requests of one life."""

    def __init__(self, session: aiohttp.ClientSession, beliefs: Beliefs, answered: Callable[[], None]) -> None:
        self._session = session
        self._beliefs = beliefs
        self._answered = answered

    async def call(
        self, method: str, path: str, body: object | None = None, *, tenant: Tenant | None = None, token: str = ""
    ) -> Reply:
        """Send a request; with ``tenant`` it is counted against that tenant's pool.

        Raises:
            DeadError: no full answer came.
        """
        pool = self._pool(tenant, path)
        sent = self._beliefs.clock
        if pool is not None:
            pool.sent(sent)
        try:
            async with self._session.request(
                method,
                path,
                data=None if body is None else msgspec.json.encode(body),
                headers={"Authorization": f"Bearer {token}"} if token else {},
            ) as response:
                content = await response.read()
        except TimeoutError:
            raise DurabilityError(f"{method} {path} was not answered in time") from None
        except (aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError) as error:
            raise DeadError(str(error)) from None
        finished = int(parsedate_to_datetime(response.headers["Date"]).timestamp()) * SECOND
        if pool is not None:
            pool.answered(sent, response.status, finished + SECOND)
            self._beliefs.clock = max(self._beliefs.clock, finished)
        self._answered()
        return Reply(response.status, msgspec.json.decode(content) if content else None, finished)

    async def lines(self, path: str) -> list[Any]:
        """Ask the control plane for JSON lines.

        Raises:
            DeadError: no full answer came.
        """
        try:
            async with self._session.get(path) as response:
                content = await response.read()
        except (aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError) as error:
            raise DeadError(str(error)) from None
        return [msgspec.json.decode(line) for line in content.splitlines()]

    async def control(self, method: str, path: str, body: object | None = None) -> Any:
        """Ask the control plane.

        Raises:
            DeadError: no full answer came.
        """
        return (await self.call(method, f"/_simulator/{path}", body)).good()

    def _pool(self, tenant: Tenant | None, path: str) -> PoolBelief | None:
        if tenant is None:
            return None
        return self._beliefs.pool(tenant.id, f"{_QUEUE}*" if path.startswith(_QUEUE) else f"{INVENTORY}/*")
