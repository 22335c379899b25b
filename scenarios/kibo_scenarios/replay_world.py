"""A fresh simulator behind real HTTP in virtual time that takes requests one by one and writes down what it answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import msgspec
from yarl import URL

from kibo_scenarios.memory_transport import MemoryNetwork, memory_session, serve_in_memory
from kibo_scenarios.moments import format_utc
from kibo_scenarios.replay_file import Closing, Exchange, Method, Opening, ReplayFile, embedded
from kibo_scenarios.replay_secrets import Veil, secret_of
from kibo_scenarios.virtual_time import VirtualTimeLoop
from kibo_simulator import Simulator
from kibo_simulator.files.location_export import InventoryRow
from kibo_simulator.web import build_application

HOST = "simulator.test"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, secrets and all."""

    status: int
    retry_after: str | None
    text: str = field(repr=False)


class ReplayWorld:
    """One world under recording.

    Every request takes no simulated time. Requests and answers are kept with names in the place of secrets.
    """

    def __init__(
        self, opening: Opening, simulator: Simulator, session: aiohttp.ClientSession, loop: VirtualTimeLoop
    ) -> None:
        self.opening = opening
        self.simulator = simulator
        self.veil = Veil(opening.tenants)
        self.exchanges: list[Exchange] = []
        self._session = session
        self._loop = loop

    def __repr__(self) -> str:
        return f"<ReplayWorld after {len(self.exchanges)} exchanges>"

    async def send(self, method: Method, path: str, headers: dict[str, str], body: str = "") -> Reply:
        """Send one request as it is, names revealed, and keep the exchange."""
        at = format_utc(self._loop.wall_us())
        veil = self.veil
        revealed = {name: veil.reveal(value) for name, value in headers.items()}
        content = veil.reveal(body).encode() if body else None
        # The path is sent to the letter: a replay must not be tidied up on its way.
        url = URL(f"http://{HOST}{veil.reveal(path)}", encoded=True)
        async with self._session.request(method, url, headers=revealed, data=content) as response:
            text = await response.text()
            reply = Reply(response.status, response.headers.get("Retry-After"), text)
        veil.learn(path, text)
        self.exchanges.append(
            Exchange(
                at=at,
                method=method,
                path=veil.hide(path),
                headers={name: veil.hide(value) for name, value in headers.items()},
                body=embedded(veil.hide(body)),
                status=reply.status,
                retry_after=reply.retry_after,
                answer=embedded(veil.hide(text)),
            )
        )
        return reply

    def stock(self) -> tuple[str, ...]:
        """Every record of every tenant as a text."""
        return tuple(
            f"{tenant.id} {record.location_code} {record.part_number or '-'} {record.upc or '-'} {record.sku or '-'} "
            f"on hand {record.on_hand}, allocated {record.allocated}, pending {record.pending}, "
            f"safety stock {record.safety_stock}, floor {record.floor}"
            for tenant in self.opening.tenants
            for record in self.simulator.stock_records(tenant.id)
        )

    def recording(self, note: str = "") -> ReplayFile:
        """Everything so far as a file."""
        return ReplayFile(self.opening, tuple(self.exchanges), Closing(self.stock(), note))


@asynccontextmanager
async def open_world(opening: Opening, loop: VirtualTimeLoop) -> AsyncIterator[ReplayWorld]:
    """Build the world of an opening in a running virtual loop; it is gone at the end."""
    settings = msgspec.structs.replace(opening.settings, sample=None, start=None)
    simulator = Simulator(settings, wall=loop.wall_us)
    try:
        for tenant in opening.tenants:
            simulator.add_tenant(
                tenant.id,
                site=tenant.site,
                name=f"Tenant {tenant.id}",
                client_id=tenant.client_id,
                shared_secret=secret_of(tenant),
            )
            for code in tenant.locations:
                simulator.stock.add_location(tenant.id, code, code)
            simulator.load_inventory(
                tenant.id,
                [
                    InventoryRow(
                        line.location_code,
                        line.part_number,
                        line.upc,
                        line.sku,
                        line.on_hand,
                        line.safety_stock,
                        line.floor,
                    )
                    for line in tenant.inventory
                ],
            )
        network = MemoryNetwork()
        plain = {"Content-Type": "application/json"}
        async with (
            serve_in_memory(build_application(simulator), network, HOST),
            memory_session(network, headers=plain) as session,
        ):
            yield ReplayWorld(opening, simulator, session, loop)
    finally:
        simulator.close()
