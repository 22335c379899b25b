"""Other tenants beside the client under test: they send requests of their own, over HTTP like everybody else.

What they do is no evidence about the client; `world.of_client` leaves it out. Their tokens are handed to them, so that
no token call of theirs is taken for the client's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiohttp

from kibo_scenarios.memory_transport import EXACT_TIMEOUTS
from kibo_scenarios.moments import SECOND
from kibo_scenarios.pace import Pace, Stage
from kibo_scenarios.surroundings import Neighbour
from kibo_simulator import Settings, Simulator

_QUEUE: Final = "/api/commerce/inventory/v1/queue"
#: Without a usable Retry-After a neighbour waits for as long as the smallest documented value says.
_DEFAULT_WAIT_S: Final = 60


@asynccontextmanager
async def neighbours_at_work(
    neighbours: Sequence[Neighbour], simulator: Simulator, where: Stage, pace: Pace, now: Callable[[], int]
) -> AsyncIterator[None]:
    """Let neighbours send their requests until the client has ended."""
    began = now()
    work = [
        asyncio.create_task(_keep_asking(neighbour, simulator, where, pace, now, began), name="a neighbour")
        for neighbour in neighbours
    ]
    try:
        yield
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def _keep_asking(
    neighbour: Neighbour, simulator: Simulator, where: Stage, pace: Pace, now: Callable[[], int], began: int
) -> None:
    begins, ends = neighbour.active
    timeout = aiohttp.ClientTimeout(total=None, ceil_threshold=EXACT_TIMEOUTS)
    async with aiohttp.ClientSession(where.api_host, connector=where.connect(), timeout=timeout) as session:
        await asyncio.sleep(begins / SECOND)
        token = _token(simulator, neighbour)
        turn = now()
        while ends is None or turn < began + ends:
            await asyncio.sleep(max(0, turn - now()) / SECOND)
            turn += round(neighbour.every_s * SECOND)
            # Faults may hit neighbours as well; they take what comes.
            with suppress(aiohttp.ClientError):
                headers = {"Authorization": f"Bearer {token}"}
                async with session.get(_QUEUE, params={"limit": 1}, headers=headers) as answer:
                    if answer.status == 401:
                        token = _token(simulator, neighbour)
                    elif answer.status == 429:
                        turn = max(turn, now() + _told(answer) * pace.divisor * SECOND)


def _token(simulator: Simulator, neighbour: Neighbour) -> str:
    owner = next(each for _, each in simulator.settings.every_tenant() if each.tenant == neighbour.tenant)
    tokens = simulator.access.login(owner.client_id, owner.shared_secret, simulator.clock.now())
    assert tokens is not None, "the settings of the run have this application"
    return tokens.access_token


def _told(answer: aiohttp.ClientResponse) -> int:
    told = answer.headers.get("Retry-After", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 9 else _DEFAULT_WAIT_S


def unknown_tenant(neighbours: Sequence[Neighbour], settings: Settings) -> tuple[int, int] | None:
    """Return place and number of the first neighbour that is none of the further tenants; None when all are."""
    known = {tenant.tenant for tenant in settings.tenants}
    return next(((i, each.tenant) for i, each in enumerate(neighbours) if each.tenant not in known), None)
