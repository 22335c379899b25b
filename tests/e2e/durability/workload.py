"""What concurrent clients do to a simulator until it is killed under their hands, each driven by a seed of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random
from typing import Any

from .beliefs import Beliefs, DurabilityError, Kind, Token, Write, WriterBelief
from .caller import SECOND, Caller, DeadError
from .world import INVENTORY, LOCATIONS, TENANTS, Tenant, instant

_OAUTH = "/api/platform/applications/authtickets/oauth"
_STEPS = 40
"""More than a life lasts; a bound all the same."""
_TOKENS_KEPT = 6


async def log_in(caller: Caller, beliefs: Beliefs, tenant: Tenant) -> Token:
    """Get a token and keep it in mind."""
    sent = beliefs.clock
    body = {
        "client_id": tenant.client_id,
        "client_secret": tenant.shared_secret,
        "grant_type": "client_credentials",
    }
    answer = (await caller.call("POST", _OAUTH, body)).good()
    token = Token(tenant.id, answer["access_token"], sent + (answer["expires_in"] - 1) * SECOND)
    beliefs.tokens.append(token)
    beliefs.acknowledged["token"] += 1
    return token


class Workload:
    """All clients of one life."""

    def __init__(self, caller: Caller, beliefs: Beliefs, seed: str, begin: Callable[[], None]) -> None:
        self._caller = caller
        self._beliefs = beliefs
        self._seed = seed
        self._begin = begin
        self._tokens: dict[int, str] = {}

    async def run(self) -> None:
        """Log in, tell that it begins, and let everybody work until the simulator is dead or all is done.

        Raises:
            DurabilityError: an answer cannot be.
        """
        try:
            for tenant in TENANTS:
                self._tokens[tenant.id] = (await log_in(self._caller, self._beliefs, tenant)).text
        except DeadError:
            return
        self._begin()
        clients: dict[str, Callable[[Random], Coroutine[Any, Any, None]]] = {"clock": self._move_clock}
        for tenant in TENANTS:
            clients[f"clerk {tenant.id}"] = partial(self._clerk, tenant)
            clients[f"poller {tenant.id}"] = partial(self._poll, tenant)
        for writer in self._beliefs.writers:
            clients[f"writer {writer.owner.tenant.id} {writer.owner.number}"] = partial(self._write, writer)
        try:
            async with asyncio.TaskGroup() as group:
                for name, client in clients.items():
                    group.create_task(self._until_dead(client(Random(f"{self._seed} {name}"))))
        except* DurabilityError as violations:
            raise violations.exceptions[0] from None

    @staticmethod
    async def _until_dead(client: Coroutine[Any, Any, None]) -> None:
        try:
            await client
        except DeadError:
            return

    # -- writers --------------------------------------------------------------------------------------------------

    async def _write(self, writer: WriterBelief, random: Random) -> None:
        doomed = list(writer.owner.doomed)
        random.shuffle(doomed)
        steps = {
            "refresh": 3, "adjust": 3, "sync-refresh": 3, "sync-adjust": 3, "deleteItems": 3, "delete": 2, "place": 1
        }  # fmt: skip
        for _ in range(_STEPS):
            (step,) = random.choices(list(steps), list(steps.values()))
            if step == "place":
                await self._save_place(writer)
            elif step == "deleteItems":
                names = [doomed.pop() for _ in range(min(writer.owner.items, len(doomed)))]
                if names:
                    items = [{"partNumber": name} for name in names]
                    await self._delete(writer, names, "deleteItems", {"items": items})
            elif step == "delete":
                if doomed:
                    name = doomed.pop()
                    await self._delete(writer, [name], "delete", {"partNumber": f"^{name}$"})
            else:
                await self._change(random, writer, step)

    async def _change(self, random: Random, writer: WriterBelief, step: str) -> None:
        queued = not step.startswith("sync-")
        names = random.sample(writer.owner.queued if queued else writer.owner.direct, writer.owner.items)
        location = random.choice(LOCATIONS)
        quantities = {name: self._beliefs.next_number() for name in names}
        kind: Kind = "REFRESH" if step.endswith("refresh") else "ADJUST"
        write = Write(kind, (location,), quantities, queued=queued)
        items = [{"partNumber": name, "quantity": quantity} for name, quantity in quantities.items()]
        answer = await self._attempt(writer, write, step, {"locationCode": location, "items": items})
        if not queued:
            writer.direct = write.applied(writer.direct)
        else:
            self._beliefs.note_jobs(writer, write, [answer["jobID"]], answer["floor"])

    async def _delete(self, writer: WriterBelief, names: list[str], step: str, body: dict[str, Any]) -> None:
        write = Write("DELETE", LOCATIONS, dict.fromkeys(names, 0), queued=True)
        answer = await self._attempt(writer, write, step, body)
        self._beliefs.note_jobs(writer, write, answer["jobIDs"], answer["floor"])

    async def _attempt(self, writer: WriterBelief, write: Write, step: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a write; unless it is answered, it stays in flight for ever."""
        tenant = writer.owner.tenant
        floor = self._beliefs.highest_job
        writer.in_flight = write
        reply = await self._caller.call(
            "POST", f"{INVENTORY}/v5/inventory/{step}", body, tenant=tenant, token=self._tokens[tenant.id]
        )
        answer = reply.good()
        writer.in_flight = None
        self._beliefs.acknowledged[step] += 1
        return {"floor": floor, **(answer if isinstance(answer, dict) else {})}

    async def _save_place(self, writer: WriterBelief) -> None:
        tenant = writer.owner.tenant
        key = (tenant.id, f"PLACE-{writer.owner.number}")
        number = self._beliefs.next_number()
        self._beliefs.places_in_flight[key] = number
        body = {
            "locationCode": key[1],
            "locationName": f"Place {number}",
            "active": True,
            "directShip": True,
            "pickup": True,
            "postalCode": str(number),
        }
        reply = await self._caller.call(
            "POST", f"{INVENTORY}/v1/location", body, tenant=tenant, token=self._tokens[tenant.id]
        )
        reply.good()
        del self._beliefs.places_in_flight[key]
        self._beliefs.places[key] = number
        self._beliefs.acknowledged["place"] += 1

    # -- everybody else -------------------------------------------------------------------------------------------

    async def _poll(self, tenant: Tenant, random: Random) -> None:
        """Ask for jobs, and remember which had ended; too often for the pool."""
        for _ in range(_STEPS):
            jobs = [job.id for writer in self._beliefs.writers if writer.owner.tenant == tenant for job in writer.jobs]
            path = f"{INVENTORY}/v1/queue/{random.choice(jobs)}" if jobs else f"{INVENTORY}/v1/queue"
            reply = await self._caller.call("GET", path, tenant=tenant, token=self._tokens[tenant.id])
            if reply.status == 429:
                self._beliefs.acknowledged["429"] += 1
                # As a client would: nothing more for a while.
                for _ in range(5):
                    await self._caller.control("GET", "health")
            elif jobs and reply.good()["status"] == "SUCCESS":
                self._beliefs.finished.add(reply.body["jobID"])

    async def _clerk(self, tenant: Tenant, random: Random) -> None:
        """Log in and out."""
        for _ in range(_STEPS // 2):
            await log_in(self._caller, self._beliefs, tenant)
            mine = [token for token in self._beliefs.tokens if token.tenant == tenant.id and token.revoked is False]
            spare = [token for token in mine if token.text != self._tokens[tenant.id]]
            if len(spare) > _TOKENS_KEPT or random.random() < 0.4:
                token = random.choice(spare)
                token.revoked = None
                path = f"/api/platform/applications/authtickets/{token.text}"
                (await self._caller.call("DELETE", path)).good()
                token.revoked = True
                self._beliefs.acknowledged["revocation"] += 1

    async def _move_clock(self, random: Random) -> None:
        """Let time pass, so that jobs begin and end among the requests."""
        for _ in range(_STEPS * 2):
            seconds = random.choice((0.05, 0.3, 0.6, 1.5, 4.0))
            answer = await self._caller.control("POST", "clock/advance", {"seconds": seconds})
            self._beliefs.clock = max(self._beliefs.clock, instant(answer["now"]))
            self._beliefs.acknowledged["clock"] += 1
